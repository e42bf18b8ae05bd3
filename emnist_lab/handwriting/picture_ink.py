"""The pixels of a picture of one character -> its ink, cut out."""

import numpy as np
from PIL import Image, ImageOps

from ..data.emnist_image import bounding_box, otsu, without_specks
from ..errors import InkError, first_line

_FAINTEST = 24  # grey levels (of 255) between paper and ink, below which a picture is empty
_MOSTLY, _ONE_COLOUR = 0.5, 12  # share that is opaque, and spread of its colours: ink, or a photo
_LIGHT = 160  # mean brightness of ink, from which it is light
_LARGEST_SIDE = 1024  # pictures are reduced to this before anything else


def isolate_ink(picture: Image.Image | np.ndarray) -> np.ndarray:
    """Tell ink from paper, and cut it out.

    Parameters
    ----------
    picture
        See `emnist_lab.handwriting.ink.from_picture`.

    Returns
    -------
    ndarray of shape (H, W), dtype float32
        How strong the ink is, in grey levels; 0 is paper, two pixels of it on each side.

    Raises
    ------
    InkError
        See `emnist_lab.handwriting.ink.from_picture`.

    Examples
    --------
    >>> picture = np.full((60, 60), 255, np.uint8)
    >>> picture[10:50, 28:33] = 55
    >>> ink = isolate_ink(picture)
    >>> ink.shape, float(ink.max())
    ((44, 9), 200.0)
    """
    grey = _grey(picture)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = float(np.median(edge))
    darker, lighter = paper - grey.min(), grey.max() - paper
    ink = (paper - grey) if darker >= lighter else (grey - paper)
    ink = ink.clip(min=0)
    if max(darker, lighter) < _FAINTEST:
        raise InkError(
            "Nothing in the picture stands out from its background: use a darker pen or more light."
        )
    mask = without_specks(ink > otsu(ink))
    if max(mask.any(axis=1).sum(), mask.any(axis=0).sum()) < 3:
        raise InkError("A single dot can't be read: show a whole digit or letter.")
    return np.pad(np.where(mask, ink, 0)[bounding_box(mask)], 2).astype(np.float32)


def _grey(picture: Image.Image | np.ndarray) -> np.ndarray:
    try:
        if isinstance(picture, np.ndarray):
            if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.size == 0:
                raise InkError(
                    f"A picture of shape {picture.shape} and type {picture.dtype} can't be read: "
                    "send uint8 of shape (H, W), (H, W, 3) or (H, W, 4)."
                )
            picture = Image.fromarray(picture)
        picture = ImageOps.exif_transpose(picture)
        if max(picture.size) > _LARGEST_SIDE:
            picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE), Image.Resampling.BOX)
        if picture.mode.startswith(("I", "F")):  # 16 bits or more: the darkest is 0, the lightest 1
            deep = np.asarray(picture, np.float32)
            if not np.isfinite(deep).all():
                raise InkError("The picture holds pixels that aren't numbers: save it as PNG.")
            span = float(deep.max() - deep.min())
            return (deep - deep.min()) * (255 / span) if span else np.zeros_like(deep)
        return np.asarray(on_contrasting_ground(picture).convert("L"), np.float32)
    except InkError:
        raise
    except (OSError, ValueError, TypeError, SyntaxError, Image.DecompressionBombError) as error:
        raise InkError(
            f"The picture can't be decoded ({first_line(error)}): save it as PNG or JPEG."
        ) from error


def on_contrasting_ground(picture: Image.Image) -> Image.Image:
    """Put what is transparent on a ground that the rest stands out from.

    Parameters
    ----------
    picture : PIL image
        Of any mode that can become RGBA.

    Returns
    -------
    PIL image
        RGB. Dark ink lies on white, light ink on black; where most of a picture is opaque, as
        in a photo with cut corners, its own median colour fills the rest.

    Examples
    --------
    >>> pen = Image.new("RGBA", (9, 9), (255, 255, 255, 0))
    >>> pen.putpixel((4, 4), (255, 255, 255, 255))
    >>> on_contrasting_ground(pen).getpixel((0, 0))
    (0, 0, 0)
    """
    clear = picture.convert("RGBA")
    pixels = np.asarray(clear)
    opaque = pixels[:, :, 3] >= 128
    ground = (255, 255, 255)
    if opaque.any() and not opaque.all():
        seen = pixels[opaque][:, :3]
        drawn = opaque.mean() <= _MOSTLY or seen.std(axis=0).max() < _ONE_COLOUR
        if drawn:
            ground = (0, 0, 0) if seen.mean() > _LIGHT else ground
        else:
            ground = tuple(np.median(seen, axis=0).astype(int).tolist())
    return Image.alpha_composite(Image.new("RGBA", clear.size, ground), clear).convert("RGB")
