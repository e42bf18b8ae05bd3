"""Pictures of any size -> 28×28 greys: what `image_folder` and `parquet` call in a process.

What has 28×28 pixels stays as it is. A larger or smaller character is made into an image as
EMNIST's makers made theirs; clothes and other signs are reduced as a whole.
"""

import io
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ...errors import DatasetError
from .base import CHUNK, SIDE
from .validation import invert_if_dark_on_light, reading_errors

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")  # Pillow's others aren't needed: less to attack
_LARGEST = 2**20  # bytes of one picture: a character at 1,200×900 and a colour profile fit in
_MOST_PIXELS = 2**22  # of one picture
_LIGHT = 160  # mean brightness of ink, from which it is light
# Pillow's warnings of hostile pictures: what matters is refused, in our words.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
AS_IT_IS, SCALED, EMPTY = range(3)  # what was done to a picture


class PictureReader:
    """Decodes pictures one after the other, and counts what was done to them.

    Parameters
    ----------
    characters : bool
        Whether they show handwritten characters, which are cut out and centred; else the whole
        picture is reduced.

    Attributes
    ----------
    sizes : collections.Counter
        ``"64×64"`` -> pictures of that size that were scaled.

    Examples
    --------
    >>> out = io.BytesIO()
    >>> Image.new("L", (64, 64), 255).save(out, "PNG")
    >>> reader = PictureReader()
    >>> image, done = reader.grey(out.getvalue(), "x.png")
    >>> image.shape, done == EMPTY, reader.sizes
    ((28, 28), True, Counter({'64×64': 1}))
    """

    def __init__(self, characters: bool = True):
        self.characters = characters
        self.sizes: Counter[str] = Counter()

    def grey(self, content: bytes, name: str) -> tuple[np.ndarray, int]:
        """Decode one picture.

        Parameters
        ----------
        content : bytes
            A PNG, JPEG, BMP, TIFF or WebP file.
        name : str
            Of the picture, for messages.

        Returns
        -------
        image : ndarray of shape (28, 28), dtype uint8
            Colour is turned to grey, and what is transparent to paper. Ink bright on black where
            it was scaled; as it stands in the file where it wasn't.
        done : int
            `AS_IT_IS`, `SCALED`, or `EMPTY`: nothing stands out from the paper.

        Raises
        ------
        DatasetError
            It is damaged, of another format or depth, or too large.
        """
        picture = decode(content, name)
        if picture.shape == (SIDE, SIDE):
            return picture, AS_IT_IS
        height, width = picture.shape
        self.sizes[f"{width}×{height}"] += 1
        return self.scaled(picture)

    def scaled(self, picture: np.ndarray) -> tuple[np.ndarray, int]:
        """Make a grey picture of another size into one of 28×28; see `grey`."""
        from ..emnist_image import from_grey  # which needs SciPy

        if not self.characters:
            return reduce_whole(picture), SCALED
        image = from_grey(picture)
        return (np.zeros((SIDE, SIDE), np.uint8), EMPTY) if image is None else (image, SCALED)


def reduce_whole(picture: np.ndarray) -> np.ndarray:
    """A picture of anything, aspect kept, ink bright on black: (H, W) -> (28, 28) uint8."""
    edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    paper = int(np.median(edge))
    square = Image.new("L", (max(picture.shape),) * 2, paper)
    height, width = picture.shape
    square.paste(
        Image.fromarray(picture), ((square.width - width) // 2, (square.width - height) // 2)
    )
    small = np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return 255 - small if paper > 127 else small


def decode(content: bytes, name: str) -> np.ndarray:
    """A picture's grey pixels.

    Parameters
    ----------
    content, name
        As for `PictureReader.grey`.

    Returns
    -------
    ndarray of shape (H, W), dtype uint8

    Raises
    ------
    DatasetError
        As for `PictureReader.grey`.
    """
    if len(content) > _LARGEST:
        raise DatasetError(
            f"{name} has more than {_LARGEST >> 20} MB, which one character never needs: save all "
            "pictures anew, smaller and as PNG."
        )
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:  # before a pixel is unpacked
                raise DatasetError(
                    f"{name} has {picture.width:,}×{picture.height:,} pixels, and "
                    f"{_MOST_PIXELS:,} are read at most: scale all pictures down."
                )
            if picture.mode[0] in "IF":
                raise DatasetError(
                    f"{name} has more than 8 bits a pixel: save all pictures with 8 bits."
                )
            if picture.size != (SIDE, SIDE):
                picture = ImageOps.exif_transpose(picture)  # as a camera was held
            if picture.has_transparency_data:
                picture = _on_paper(picture.convert("RGBA"))
            return np.asarray(picture.convert("L"))
    except DatasetError:
        raise
    except Image.DecompressionBombError as error:
        raise DatasetError(
            f"{name} has millions of pixels, and {_MOST_PIXELS:,} are read at most: scale all "
            "pictures down."
        ) from error
    except Exception as error:  # a damaged picture can make its decoder fail in any way
        raise DatasetError(
            f"{name} can't be read as a picture: copy it again, or save it as PNG."
        ) from error


def _on_paper(picture: Image.Image) -> Image.Image:
    """What is transparent becomes white; black where the ink is light, which white would hide."""
    pixels = np.asarray(picture)
    opaque = pixels[..., 3] >= 128
    light = opaque.any() and not opaque.all() and pixels[opaque][:, :3].mean() > _LIGHT
    paper = Image.new("RGBA", picture.size, "black" if light else "white")
    return Image.alpha_composite(paper, picture)


def decode_files(place: str, files: list[str], characters: bool = True) -> Iterator:
    """Pictures, for a process of its own: decoders crash, and unpack more than they show.

    Parameters
    ----------
    place : str
        Folder.
    files : list of str
        Names below it.
    characters : bool
        See `PictureReader`.

    Yields
    ------
    images : ndarray of shape (at most `CHUNK`, 28, 28), dtype uint8
    done : ndarray of shape (at most `CHUNK`,), dtype uint8
        What was done to each; both again until all are read.
    sizes : dict of str to int
        At the end; see `PictureReader`.

    Raises
    ------
    DatasetError
        A picture is damaged, or too large.
    """
    reader = PictureReader(characters)
    for start in range(0, len(files), CHUNK):
        some = files[start : start + CHUNK]
        block, done = np.empty((len(some), SIDE, SIDE), np.uint8), np.empty(len(some), np.uint8)
        for position, name in enumerate(some):
            path = Path(place, name)
            with reading_errors(path, "picture"), open(path, "rb") as file:
                block[position], done[position] = reader.grey(file.read(_LARGEST + 1), name)
        yield block
        yield done
    yield dict(reader.sizes.most_common(100))


def tell_scaled(
    images: np.ndarray, done: np.ndarray, sizes: dict[str, int], characters: bool = True
) -> tuple[str, ...]:
    """Invert what is dark on light of the pictures that weren't scaled, and say what was done.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        Changed in place.
    done : ndarray of shape (N,), dtype uint8
        See `decode_files`.
    sizes : dict of str to int
    characters : bool

    Returns
    -------
    tuple of str
        Notes.
    """
    as_they_are = done == AS_IT_IS
    if as_they_are.all():
        return invert_if_dark_on_light(images)
    some = images[as_they_are]
    notes = invert_if_dark_on_light(some)
    images[as_they_are] = some
    scaled = int((~as_they_are).sum())
    which = f"{next(iter(sizes))} pixels" if len(sizes) == 1 else f"sizes from {_span(sizes)}"
    how = (
        "the character cut out, centred and reduced as EMNIST's makers did"
        if characters
        else "reduced as a whole"
    )
    notes += (f"{scaled:,} pictures of {which} were scaled to {SIDE}×{SIDE}: {how}.",)
    if empty := int((done == EMPTY).sum()):
        notes += (f"{empty:,} of them show nothing that stands out, and are empty images.",)
    return notes


def _span(sizes: dict[str, int]) -> str:
    """The smallest and the largest of sizes, as text."""
    ordered = sorted(sizes, key=lambda size: max(map(int, size.split("×"))))
    return f"{ordered[0]} to {ordered[-1]} pixels"
