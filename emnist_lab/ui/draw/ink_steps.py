"""How a drawing becomes what a model sees: its steps as small pictures, and the array itself."""

import base64
import html

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.formats.base import SIDE
from emnist_lab.handwriting.ink import Raster
from emnist_lab.ui import formatting
from emnist_lab.ui.downloads import download_csv

# Name and what is done, for people, of each of `Raster.stages`.
_ABOUT = {
    "ink": ("Ink", "Each stroke is drawn with a line as wide as EMNIST's pens, at one size."),
    "blur": ("Blur", "A Gaussian blur softens the edges, as NIST's was."),
    "crop": ("Crop", "The empty edges around the ink are cut off."),
    "centre": ("Centre", "It is put in the middle of a square, with a border of 2 of 28 pixels."),
    "shrink": ("Shrink", "Bicubic interpolation makes 28 × 28 pixels of it."),
    "scale": ("Scale", "The brightest pixel becomes 255: this is what the model sees."),
}
_WIDE = 140  # CSS pixels of the square that a character is centred in: five to one of 28
_STYLE = f"""<style>
.el-steps{{display:grid;grid-template-columns:repeat(auto-fit,minmax({_WIDE}px,1fr));gap:14px 18px}}
.el-steps figure{{margin:0;min-width:0}}
.el-steps div{{width:{_WIDE}px;height:{_WIDE}px;display:grid;place-items:center}}
.el-steps img{{display:block;border-radius:3px;box-shadow:0 0 0 1px rgba(128,140,160,.45)}}
.el-steps .few{{image-rendering:pixelated}}
.el-steps figure:last-child img{{box-shadow:0 0 0 2px #1f6feb}}
.el-steps b{{display:block;margin-top:6px;font-size:14px;line-height:1.3}}
.el-steps small{{display:block;font-size:12.5px;line-height:1.35;opacity:.78;max-width:190px}}
</style>"""


def steps(drawing: Raster) -> None:
    """Show each step with its name, its size and what is done in it.

    Parameters
    ----------
    drawing : Raster
    """
    found = drawing.stages
    scale = _WIDE / max(max(pixels.shape) for _, pixels in found)
    shown = "".join(
        _step(place, *_ABOUT[key], pixels, scale) for place, (key, pixels) in enumerate(found, 1)
    )
    st.html(f'{_STYLE}<div class="el-steps">{shown}</div>')


def _step(place: int, name: str, about: str, pixels: np.ndarray, scale: float) -> str:
    """A picture of a step, at the scale of all of them; the final pixels as large squares."""
    height, width = pixels.shape
    few = max(height, width) <= SIDE
    by = _WIDE / SIDE if few else scale
    source = base64.b64encode(thumbnails.png(pixels)).decode()
    return (
        f'<figure><div><img class="{"few" if few else ""}" decoding="sync" '
        f'width="{width * by:.0f}" height="{height * by:.0f}" '
        f'alt="{name}: {width} by {height} pixels" src="data:image/png;base64,{source}"></div>'
        f"<figcaption><b>{place}. {name}</b><small>{width} × {height}. "
        f"{html.escape(about)}</small></figcaption></figure>"
    )


def array(image: np.ndarray, stem: str) -> None:
    """Show an image as numbers, and hand them out.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
    stem : str
        What files are called, without their ending.
    """
    st.caption(
        f"`uint8` of shape `(28, 28)`: 0 is paper, 255 is ink; {int((image > 0).sum())} of 784 "
        f"are above 0, their mean is {image.mean():.1f}. A run on pixels gets these as one row "
        "of 784 numbers."
    )
    st.html(formatting.number_grid(image))
    with st.container(horizontal=True):
        st.download_button(
            "PNG",
            lambda: thumbnails.png(image),
            f"{stem}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
            key="draw-array-png",
        )
        download_csv(
            stem, lambda: "\n".join(",".join(map(str, row)) for row in image.tolist()) + "\n"
        )
