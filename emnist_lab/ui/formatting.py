"""Small pieces of HTML that Streamlit has no element for: number grids and bars."""

import html
import math
import re

import numpy as np

from emnist_lab.metrics.percent import percent

_GRID = """<style>
.el-grid{overflow-x:auto;max-width:100%}
.el-grid table{border-collapse:collapse;font:500 10px/1 ui-monospace,Menlo,Consolas,monospace;
 font-variant-numeric:tabular-nums}
.el-grid td{width:22px;min-width:22px;height:18px;padding:0;text-align:center;border:0}
.el-grid.small table{font-size:9px}
.el-grid.small td{width:20.8px;min-width:20.8px;height:14.5px}
</style>"""

_BARS = """<style>
.el-bars{display:grid;grid-template-columns:auto 1fr auto;gap:.45rem .8rem;align-items:center;
 font-variant-numeric:tabular-nums;max-width:640px}
.el-bars b{font-size:1.5rem;line-height:1.2;white-space:nowrap}
.el-bars div{background:rgba(128,140,160,.18);border-radius:5px;height:1.4rem;overflow:hidden}
.el-bars i{display:block;height:100%;min-width:2px;background:#8aa4c8;border-radius:5px;
 transition:width .15s}
.el-bars i.first{background:#1f6feb}
.el-bars span{text-align:right;min-width:4.2em}
</style>"""


def plain(text: str) -> str:
    """Text for Markdown that shows as it is: names from files mustn't become links or pictures.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
    """
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|~:$&])", r"\\\1", text)


def size(count: float) -> str:
    """Bytes for people.

    Parameters
    ----------
    count : float

    Returns
    -------
    str
        "12.5 kB", "3.9 MB", "1.4 GB".
    """
    if count >= 1e9:
        return f"{count / 1e9:,.1f} GB"
    if count >= 1e5:
        return f"{count / 1e6:,.1f} MB"
    return f"{count / 1e3:,.1f} kB"


def number_grid(image: np.ndarray, small: bool = False) -> str:
    """The 28×28 integers of an image, each on its own grey.

    Parameters
    ----------
    image : ndarray of shape (28, 28), dtype uint8
    small : bool
        So that it fits beside something else.

    Returns
    -------
    str
        An HTML table that scrolls sideways where the page is narrow.
    """
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="background:rgb({v},{v},{v});color:{_legible_on(v)}">{v}</td>' for v in row
        )
        + "</tr>"
        for row in image.tolist()
    )
    label = f"{image.shape[0]} by {image.shape[1]} pixel values"
    table = f'<table aria-label="{label}">{rows}</table>'
    kind = "el-grid small" if small else "el-grid"
    # It scrolls by the keyboard, too.
    return f'{_GRID}<div class="{kind}" tabindex="0" role="region" aria-label="Array">{table}</div>'


def _legible_on(grey: int) -> str:
    """A colour of text that has a contrast of 4.5 at least; zeros are less bright than the ink."""
    return "#000" if grey > 117 else "#fff" if grey > 79 else "#c4c9d4"


def bars(names: list[str], probabilities: list[float]) -> str:
    """Probabilities as labelled bars, likeliest first and marked.

    Parameters
    ----------
    names : list of str
    probabilities : list of float
        0..1, same length.

    Returns
    -------
    str
        HTML.
    """
    rows = "".join(
        f'<b>{html.escape(name)}</b><div><i class="{"" if place else "first"}" '
        f'style="width:{chance:.1%}"></i></div><span>{html.escape(percent(chance))}</span>'
        for place, (name, chance) in enumerate(zip(names, probabilities, strict=True))
    )
    return f'{_BARS}<div class="el-bars">{rows}</div>'


def seconds(value: float | None) -> str:
    """Duration for people: "42 s", "3 min 05 s", "…" when unknown."""
    if value is None or not math.isfinite(value):
        return "…"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def about_seconds(value: float | None) -> str:
    """Expected duration for people, no finer than it is known.

    Parameters
    ----------
    value : float or None

    Returns
    -------
    str
        "6 s", "25 s", "4 min", "1 h 20 min"; "…" when unknown.

    Examples
    --------
    >>> [about_seconds(one) for one in (6.2, 23.8, 83, 464, 5000)]
    ['6 s', '25 s', '1 min 20 s', '8 min', '1 h 20 min']
    """
    if value is None or not math.isfinite(value):
        return "…"
    step = 1 if value < 15 else 5 if value < 60 else 10 if value < 180 else 60
    whole = max(round(value / step) * step, 1) if value < 3600 else round(value / 600) * 600
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def about_size(count: float) -> str:
    """Expected bytes for people, at two digits: "450 MB", "1.4 GB".

    Parameters
    ----------
    count : float

    Examples
    --------
    >>> [about_size(one) for one in (450_320_000, 1_380_000_000, 312_000, 8_400_000)]
    ['450 MB', '1.4 GB', '0.3 MB', '8.4 MB']
    """
    unit, name = (1e9, "GB") if count >= 1e9 else (1e6, "MB")
    value = count / unit
    if value < 10:
        return f"{value:.1f} {name}"
    step = 10 ** (len(str(round(value))) - 2)
    return f"{round(value / step) * step} {name}"
