"""An embedding of images: each is a mark, hovering shows it, a loop drawn round some chooses them.

Altair has no lasso, and its tooltips need every image as a text of its own; Embedding Atlas
asks for PyTorch. So this is a canvas of our own, with all images in one picture.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.evaluation import figures
from emnist_lab.ui.components.component_files import files_beside

_TOOLS = {  # what a button does: its name, and its icon as an SVG path of 24 units
    "move": (
        "Move the view instead of choosing",
        "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
    ),
    "in": ("Nearer", "M12 5v14M5 12h14"),
    "out": ("Farther", "M5 12h14"),
    "whole": ("The whole", "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"),
}
_BUTTONS = "".join(
    f'<button type="button" data-act="{act}" title="{name}" aria-label="{name}">'
    f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{icon}"/></svg></button>'
    for act, (name, icon) in _TOOLS.items()
)
_HTML = f"""
<div class="frame"><div class="stage"><canvas class="base"></canvas>
<canvas class="over" tabindex="0" role="application"></canvas></div>
<div class="below"><div class="legend"></div><div class="hint">Draw round images to choose them,
or click one; Shift adds. Ctrl and wheel, or two fingers, zoom.</div>
<div class="tools" role="toolbar" aria-label="View of the embedding">{_BUTTONS}</div></div></div>
<div class="tip" hidden><canvas width="28" height="28"></canvas><span></span></div>
<div class="said" aria-live="polite"></div>
"""


_scatter = st.components.v2.component(
    "emnist_lab_scatter",
    html=_HTML,
    **files_beside(__file__),
)


@dataclass(frozen=True)
class Mark:
    """How a group of points is drawn.

    Attributes
    ----------
    text : str
        Drawn at each point; a dot where it is empty.
    light, dark : str
        CSS colours on light and on dark ground.
    name : str
        In the legend; none where it is empty.
    size : float
        Of the usual size.
    """

    text: str
    light: str
    dark: str
    name: str = ""
    size: float = 1.0


# Told apart by shape as well, for the colour-blind.
CORRECT_OR_NOT = (
    Mark("", *(figures.PLAIN[dark] for dark in (False, True)), "correct", 0.8),
    Mark("×", *(figures.PALETTE[dark][1] for dark in (False, True)), "misclassified", 1.4),
)


def by_class(classes: Sequence[str]) -> tuple[Mark, ...]:
    """A mark a class: its own character, which needs no legend.

    Parameters
    ----------
    classes : sequence of str
        One character each.

    Returns
    -------
    tuple of Mark
        Their hues differ most between neighbours of the alphabet.
    """
    return tuple(
        Mark(text, f"oklch(0.5 0.16 {hue:.1f})", f"oklch(0.8 0.13 {hue:.1f})")
        for text, hue in zip(classes, np.arange(len(classes)) * 137.508 % 360, strict=True)
    )


def scatter(
    points: np.ndarray,
    images: np.ndarray,
    titles: list[str],
    groups: np.ndarray,
    marks: Sequence[Mark],
    *,
    key: str,
    label: str,
    on_brush: Callable[[list[int]], None],
    selected: Sequence[int] = (),
    height: int = 560,
) -> None:
    """Show a map of images; some are chosen with a loop, one with a click or Enter.

    Parameters
    ----------
    points : ndarray of shape (N, 2), dtype float64
        At least one; both axes are drawn to one scale.
    images : ndarray of shape (N, 28, 28), dtype uint8
    titles : list of str
        N texts, shown below the enlarged image.
    groups : ndarray of shape (N,), dtype int64
        Indices of `marks`; the last group is drawn on top.
    marks : sequence of Mark
        `CORRECT_OR_NOT`, `by_class`, or others.
    key : str
        Of the widget.
    label : str
        What the map shows, for those who can't see.
    on_brush : callable
        Called before the page runs again with the places (0..N-1, ascending) of
        the images that are chosen; with none of them where the choice is undone.
    selected : sequence of int
        Places of the chosen images: what `on_brush` was told. The others fade.
    height : int
        At most this many CSS pixels; a narrow page has a square map.
    """

    def brushed():
        value = st.session_state[key].brushed
        if isinstance(value, dict):
            on_brush([int(place) for place in value.get("indices", []) if 0 <= place < len(points)])

    _scatter(
        key=key,
        data=_data(points, images, titles, groups, marks, label, selected, height),
        on_brushed_change=brushed,
    )


def _data(points, images, titles, groups, marks, label, selected, height) -> dict:
    """What the canvas is told."""
    columns = int(np.ceil(np.sqrt(len(images))))
    # 16 greys look the same and halve what is sent.
    coarse = np.round(thumbnails.sprite(images, columns) / 17).astype(np.uint8) * 17
    sheet = base64.b64encode(thumbnails.png(coarse)).decode("ascii")
    low, high = points.min(axis=0), points.max(axis=0)
    placed = (points - (low + high) / 2) / max(float((high - low).max()) / 2, 1e-12)
    x, y = placed.round(4).T.tolist()
    return {
        "key": f"{hash((sheet, tuple(x), tuple(y)))}",
        "x": x,
        "y": y,
        "sheet": sheet,
        "columns": columns,
        "titles": titles,
        "groups": groups.tolist(),
        "marks": [asdict(mark) for mark in marks],
        "selected": [int(place) for place in selected],
        "label": f"{label}; arrow keys move, Enter chooses, Escape undoes, plus and minus zoom",
        "height": height,
    }
