"""A file of a picture -> its pixels, upright, small enough to work on; or one sentence why not."""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from ...errors import InkError
from ..picture_ink import on_contrasting_ground
from . import perspective

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # none that hands a file to others
ENDINGS = ("png", "jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp", "ppm", "pgm", "heic", "heif")
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"mif1")  # brands of what phones make
MOST_PIXELS = 64_000_000  # some 260 MB where each has four bytes
LARGEST_FILE = 64 * 2**20  # bytes
# Between this and half of it is the longer side that pictures are worked on at: a line of
# writing, one in forty on a page, is then still 32 to 64 pixels high.
LONGEST_SIDE = 2600
_SHORTEST_SIDE = 200  # and what the longer side of small ones is enlarged to
_SMALLEST = 8  # pixels: less holds no character
_THIN = 50  # times as long as wide: no writing

# Pictures that Pillow warns of are refused here, in one sentence.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture to look for ink in.

    Attributes
    ----------
    pixels : ndarray of shape (h, w), dtype float32, or (h, w, 3), dtype uint8
        Grey values or colours, 0..255; what lies behind transparent pixels contrasts with the
        others.
    size : (int, int)
        Width and height of the upright picture.
    scale : float
        Its pixels a pixel of `pixels`, along each side; less than 1 where it was enlarged.
    back : ndarray of shape (3, 3), optional
        Takes points of `pixels` to where they were before it was straightened.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    scale: float
    back: np.ndarray | None = None

    def straightened(self, pixels: np.ndarray, back: np.ndarray) -> "Photo":
        """A part of it that was straightened; see `perspective.straighten`.

        Parameters
        ----------
        pixels : ndarray of shape (h, w) or (h, w, 3)
        back : ndarray of shape (3, 3)
            Takes its points to this photo's pixels.

        Returns
        -------
        Photo
        """
        whole = back if self.back is None else self.back @ back
        return replace(self, pixels=pixels, back=whole)

    def turned(self, degrees: int) -> "Photo":
        """The photo turned clockwise.

        Parameters
        ----------
        degrees : int
            0, 90, 180 or 270.

        Returns
        -------
        Photo

        Raises
        ------
        InkError
            Another angle.

        Examples
        --------
        >>> Photo(np.zeros((200, 300)), (300, 200), 1.0).turned(90).size
        (200, 300)
        """
        if degrees not in (0, 90, 180, 270):
            raise InkError(f"A picture can't be turned by {degrees} degrees: say 90, 180 or 270.")
        pixels = np.ascontiguousarray(np.rot90(self.pixels, -degrees // 90))
        size = self.size if degrees % 180 == 0 else self.size[::-1]
        return replace(self, pixels=pixels, size=size)

    def in_picture(self, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        """A box in the upright picture.

        Parameters
        ----------
        box : tuple of float
            Left, top, right, bottom in pixels of `pixels`.

        Returns
        -------
        tuple of int

        Examples
        --------
        >>> Photo(np.zeros((200, 200)), (300, 300), 1.5).in_picture((10, 20, 30, 40))
        (15, 30, 45, 60)
        """
        at = np.array([box], float)
        if self.back is not None:
            at = perspective.project_boxes(self.back, at)
        at = np.round(at[0] * self.scale).clip(0, [*self.size, *self.size])
        return tuple(at.astype(int).tolist())

    @property
    def grey(self) -> np.ndarray:
        """Shape (h, w), dtype float32: 0 is black, 255 is white."""
        if self.pixels.ndim == 2:
            return self.pixels
        return np.asarray(Image.fromarray(self.pixels).convert("L"), np.float32)


def open_photo(source: str | os.PathLike | bytes | BinaryIO) -> Photo:
    """Open a picture of any common kind.

    Parameters
    ----------
    source : path-like, bytes or binary file
        PNG, JPEG, HEIC, GIF (its first frame), TIFF, WebP, BMP or PPM, of any mode and depth.

    Returns
    -------
    Photo
        As the camera was held: turned as its EXIF data say.

    Raises
    ------
    InkError
        It is no picture, damaged, or too large.
    """
    with _decoding_errors(), _opened(_bytes(source)) as picture:
        size = _checked(picture.size)
        # JPEG is decoded at a fraction of its size where it can be: faster, and less memory.
        factor = _factor(size)
        picture.draft("RGB", (size[0] // factor, size[1] // factor))
        return _photo(picture, size)


def _checked(size: tuple[int, int]) -> tuple[int, int]:
    """`size`, before a pixel is unpacked, if it can be writing."""
    width, height = size
    if width * height > MOST_PIXELS:
        raise InkError(
            f"The picture has {width * height / 1e6:,.0f} megapixels, more than "
            f"{MOST_PIXELS / 1e6:.0f}: make it smaller, or cut out the writing."
        )
    if max(size) < _SMALLEST:
        raise InkError(f"The picture is {width} by {height} pixels, too small: choose another.")
    if max(size) > _THIN * min(size):
        raise InkError(
            f"The picture is {width} by {height} pixels, too thin for writing: choose another."
        )
    return size


@contextmanager
def _decoding_errors() -> Iterator[None]:
    """Raise every error of a decoder as an `InkError` of one sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise InkError("There is no such picture: check the spelling.") from error
    except UnidentifiedImageError as error:
        raise InkError(
            "This isn't a picture that is known, or it is damaged: save it anew as PNG or JPEG."
        ) from error
    except Image.DecompressionBombError as error:
        raise InkError(
            f"The picture has more than {MOST_PIXELS / 1e6:.0f} megapixels: make it smaller, "
            "or cut out the writing."
        ) from error
    # Its decoders raise all of these on damaged files.
    except (
        OSError,
        ValueError,
        TypeError,
        SyntaxError,
        EOFError,
        IndexError,
        OverflowError,
        RuntimeError,
        MemoryError,
    ) as error:
        raise InkError(
            "The picture can't be decoded, so it is damaged or too large: "
            "save it again as PNG or JPEG."
        ) from error


def _opened(data: bytes) -> Image.Image:
    """A picture of which nothing but its header is decoded."""
    if data[:5] == b"%PDF-":
        raise InkError("This is a PDF, no picture: save its page as PNG or JPEG, or photograph it.")
    formats = FORMATS
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        from pillow_heif import register_heif_opener  # only where a phone's picture comes

        register_heif_opener(thumbnails=False)
        formats = ("HEIF",)
    return Image.open(io.BytesIO(data), formats=formats)


def _bytes(source: str | os.PathLike | bytes | BinaryIO) -> bytes:
    if isinstance(source, bytes):
        read = source
    elif isinstance(source, str | os.PathLike):
        if Path(source).is_dir():
            raise InkError("This is a folder: name a picture.")
        with open(source, "rb") as file:
            read = file.read(LARGEST_FILE + 1)
    else:
        read = source.read(LARGEST_FILE + 1)
    if not read:
        raise InkError("The file is empty: choose another, or take the picture again.")
    if len(read) > LARGEST_FILE:
        raise InkError(
            f"The file is larger than {LARGEST_FILE >> 20} MiB: save it as JPEG, or smaller."
        )
    return read


def from_pixels(picture: Image.Image | np.ndarray) -> Photo:
    """Take a picture that is open already.

    Parameters
    ----------
    picture : PIL image or ndarray of shape (H, W), (H, W, 3) or (H, W, 4), dtype uint8

    Returns
    -------
    Photo

    Raises
    ------
    InkError
        An array of another shape or type; a picture that can't be decoded, or is too large.

    Examples
    --------
    >>> photo = from_pixels(np.full((300, 400), 255, np.uint8))
    >>> photo.size, photo.scale, photo.grey.shape
    ((400, 300), 1.0, (300, 400))
    """
    if isinstance(picture, np.ndarray):
        deep = picture.ndim == 3 and picture.shape[2] in (3, 4)
        if picture.dtype != np.uint8 or not (picture.ndim == 2 or deep) or picture.size == 0:
            raise InkError(
                f"A picture of shape {picture.shape} and type {picture.dtype} can't be read: "
                "send uint8 of shape (H, W), (H, W, 3) or (H, W, 4)."
            )
        picture = Image.fromarray(picture)
    with _decoding_errors():
        return _photo(picture, _checked(picture.size))


def preview(
    source: str | os.PathLike | bytes | BinaryIO, longest: int = 1600, turned: int = 0
) -> bytes:
    """A picture to show: upright, in colour, no larger than a screen.

    Parameters
    ----------
    source : path-like, bytes or binary file
        See `open_photo`.
    longest : int
        Pixels of the longer side, at most.
    turned : int
        Degrees clockwise to turn it by: 0, 90, 180 or 270.

    Returns
    -------
    bytes
        A JPEG.

    Raises
    ------
    InkError
        See `open_photo`.
    """
    with _decoding_errors(), _opened(_bytes(source)) as picture:
        size = _checked(picture.size)
        exif = picture.getexif().get(ExifTags.Base.Orientation, 1)
        picture.draft("RGB", (longest, longest))
        if picture.mode.startswith(("I", "F")):
            shown = Image.fromarray(_photo(picture, size).grey.clip(0, 255).astype(np.uint8))
            exif = 1
        else:
            if picture.mode in ("L", "RGB", "RGBA"):  # before it is copied
                picture.thumbnail((longest, longest), Image.Resampling.BOX)
            shown = on_contrasting_ground(picture) if _is_clear(picture) else picture
            shown = shown.convert("RGB")
        shown.thumbnail((longest, longest), Image.Resampling.BOX)
        out = io.BytesIO()
        _upright(shown, exif).rotate(-turned, expand=True).save(out, "JPEG", quality=85)
        return out.getvalue()


def _is_clear(picture: Image.Image) -> bool:
    return "transparency" in picture.info or "A" in picture.mode or "a" in picture.mode


def _upright(picture: Image.Image, turned: int) -> Image.Image:
    picture.getexif()[ExifTags.Base.Orientation] = turned
    return ImageOps.exif_transpose(picture)


def _factor(size: tuple[int, int]) -> int:
    return -(-max(size) // LONGEST_SIDE)


def _photo(picture: Image.Image, size: tuple[int, int]) -> Photo:
    """A picture of `size`, of which a fraction may be decoded already."""
    turned = picture.getexif().get(ExifTags.Base.Orientation, 1)
    factor = _factor(size)
    reduced = _reduced(picture, max(factor // round(size[0] / picture.width), 1))
    if turned in (5, 6, 7, 8):
        size = size[::-1]
    upright = _upright(reduced, turned)
    larger = -(-_SHORTEST_SIDE // max(size))
    if larger > 1:
        upright = upright.resize([side * larger for side in size], Image.Resampling.BICUBIC)
    pixels = np.asarray(upright)
    if pixels.ndim == 2:
        pixels = pixels.astype(np.float32).clip(0, 255)
    return Photo(pixels, size, factor / larger)


def _reduced(picture: Image.Image, factor: int) -> Image.Image:
    """A picture, grey or in colour, made smaller by a whole factor."""
    if picture.mode.startswith(("I", "F")):  # more than 8 bits
        deep = np.asarray(picture)
        if not np.isfinite(deep).all():
            raise InkError("The picture holds pixels that aren't numbers: save it as PNG.")
        low, high = float(deep.min()), float(deep.max())
        deep = np.asarray(Image.fromarray(deep.astype(np.float32)).reduce(factor))
        return Image.fromarray((deep - low) * (255 / (high - low) if high > low else 0))
    clear = _is_clear(picture)
    if picture.mode not in ("L", "RGB", "LA", "RGBA", "YCbCr") or "transparency" in picture.info:
        picture = picture.convert("RGBA" if clear else "RGB")
    picture = picture.reduce(factor)
    if clear:
        return on_contrasting_ground(picture)
    return picture if picture.mode == "L" else picture.convert("RGB")
