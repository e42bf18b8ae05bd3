"""A matrix of classes to look into: every cell and every label can be hovered and picked.

Altair's rectangles can be picked, but axis labels can't, and 2,209 marks are slow to redraw;
Plotly's heat maps send no picks to Streamlit. So this is a canvas of our own.
"""

from collections.abc import Callable

import numpy as np
import streamlit as st

from emnist_lab.metrics.percent import percent
from emnist_lab.ui.components.component_files import files_beside

_HTML = """
<div class="plot"><div class="across"></div><div class="down"></div>
<div class="box"><div class="frame"><canvas tabindex="0" role="application"></canvas></div>
<div class="more left" aria-hidden="true">‹</div><div class="more right" aria-hidden="true">›</div>
</div></div>
<div class="legend"><span class="of"></span><div class="scale"><div class="colours"></div>
<div class="ticks"></div></div></div>
<div class="tip" hidden></div><div class="said" aria-live="polite"></div>
"""


_matrix = st.components.v2.component(
    "emnist_lab_matrix",
    html=_HTML,
    **files_beside(__file__),
)

_CONFUSION = {
    "cell": "{true} predicted as {read}: {count}\n{of_true} of {true}\n{of_read} of what is "
    "predicted as {read}",
    "right": "{true}, correct: {count}\n{of_true} of {true}\n{of_read} of what is predicted as "
    "{read}",
    "row": "All of {true}: what it is predicted as",
    "column": "All that is predicted as {read}",
}
_SOME = {
    key: text.partition("\n")[0] if key in ("cell", "right") else text
    for key, text in _CONFUSION.items()
}
_PAIR = {"pair": "{true} and {read}: AUC {value}"}
_AXES = {"across": "predicted class", "down": "true class"}
_POWER, _PAIR_POWER = 0.4, 0.5  # of the colour scale
_TICKS = 4  # of the legend, beside its lower end


def largest_value(shown: np.ndarray, hide_diagonal: bool) -> float:
    """What the darkest colour stands for, so that two matrices can share it.

    Parameters
    ----------
    shown : ndarray of shape (C, C)
    hide_diagonal : bool
        As for `confusion_matrix`.

    Returns
    -------
    float
    """
    off = ~np.eye(len(shown), dtype=bool) if hide_diagonal else np.ones(shown.shape, bool)
    return max(float(shown[off].max(initial=0)), 1e-12)


def legend_ticks(top: float, as_shares: bool, power: float = _POWER) -> list[tuple[float, str]]:
    """Where a colour scale from 0 to a value is labelled, and how.

    Parameters
    ----------
    top : float
        What the last colour stands for.
    as_shares : bool
        Whether values are shares, to be written in per cent.
    power : float
        Of the scale.

    Returns
    -------
    list of (float, str)
        Place in 0..1 and label, from the left; none touches another.

    Examples
    --------
    >>> legend_ticks(100, False)
    [(0.0, '0'), (0.302, '5'), (0.525, '20'), (0.758, '50'), (1.0, '100')]
    """
    if top < (1e-4 if as_shares else 1):
        return [(0.0, "0"), (1.0, "")]
    steps = [a * 10.0**power_of_ten for power_of_ten in range(-4, 6) for a in (1, 2, 5)]
    found, last = [], 1.0
    for value in [top, *reversed(steps)]:
        place = (value / top) ** power
        if place > last or (found and last - place < 0.2) or place < 0.1:
            continue
        if not as_shares and value < 1:
            continue
        small = f"{100 * value:.1g}%"  # a label of the scale, not a share that was measured
        label = percent(value, 0) if value >= 0.01 else small
        found.append((round(place, 3), label if as_shares else f"{value:,.0f}"))
        last = place
        if len(found) == _TICKS:
            break
    return [(0.0, "0%" if as_shares else "0"), *reversed(found)]


def confusion_matrix(
    counts: np.ndarray,
    shown: np.ndarray,
    names: list[str],
    order: np.ndarray,
    *,
    key: str,
    selected: tuple[int | None, int | None] = (None, None),
    on_pick: Callable[[int | None, int | None], None],
    hide_diagonal: bool = False,
    as_shares: bool = False,
    whole: bool = True,
    unit: str = "images",
    top: float | None = None,
) -> None:
    """A confusion matrix whose cells and labels can be picked.

    Colours follow a power scale, so that a single error is told from none.

    Parameters
    ----------
    counts : ndarray of shape (C, C), dtype int64
        Row is the true class, column the predicted one.
    shown : ndarray of shape (C, C)
        What colours tell: counts, or shares of rows or columns.
    names : list of str
    order : ndarray of shape (C,), dtype int64
        Classes from the top left.
    key : str
        Of the widget.
    selected : tuple of int or None
        True class and predicted class; None for all.
    on_pick : callable
        Called with these two before the page runs again.
    hide_diagonal : bool
        Correct predictions are left out, and colours tell errors alone.
    as_shares : bool
        Whether large cells bear shares instead of counts.
    whole : bool
        Whether these are all classes; else shares of a row or column aren't told,
        for they would leave out what isn't shown.
    unit : str
        What `shown` counts, for the legend of the colours.
    top : float, optional
        What the darkest colour stands for: matrices beside each other share it.
        By default the largest value; see `largest_value`.
    """
    top = top or largest_value(shown, hide_diagonal)
    values = np.round((np.clip(shown, 0, top) / top) ** _POWER, 3)
    _show(
        values.ravel().tolist(),
        counts,
        shown.ravel().round(4).tolist() if as_shares else None,
        names,
        order,
        key=key,
        label="Confusion matrix; arrow keys move, Enter shows the images of a cell",
        words=_CONFUSION if whole else _SOME,
        selected=selected,
        on_pick=on_pick,
        hidden=hide_diagonal,
        square=False,
        axes=_AXES,
        legend={"of": unit, "ticks": legend_ticks(top, as_shares)},
    )


def pair_matrix(
    areas: np.ndarray,
    names: list[str],
    order: np.ndarray,
    *,
    key: str,
    selected: tuple[int | None, int | None] = (None, None),
    on_pick: Callable[[int | None, int | None], None],
) -> None:
    """A symmetric matrix of pairwise areas: the darker, the worse a pair is told apart.

    Parameters
    ----------
    areas : ndarray of shape (C, C), dtype float64
        NaN where undefined.
    names, order, key, selected, on_pick
        As for `confusion_matrix`.
    """
    gap = 1 - areas
    top = max(float(np.nanmax(gap, initial=0.0)), 1e-6)
    values = [
        None if np.isnan(value) else round(float(value), 3)
        for value in ((np.clip(gap, 0, top) / top) ** _PAIR_POWER).ravel()
    ]
    shares = [None if np.isnan(value) else round(float(value), 6) for value in areas.ravel()]
    _show(
        values,
        np.zeros(areas.shape, np.int64),
        shares,
        names,
        order,
        key=key,
        label="Pairwise ROC AUC; arrow keys move, Enter shows a pair",
        words=_PAIR,
        selected=selected,
        on_pick=on_pick,
        hidden=True,
        square=True,
        axes={"across": "class", "down": "class"},
        legend={
            "of": "AUC of the pair",
            "ticks": [
                (place, f"{1 - top * place ** (1 / _PAIR_POWER):.4f}") for place in (0, 0.5, 1)
            ],
        },
    )


def _show(
    values, counts, shares, names, order, *, key, selected, on_pick, hidden, label, **more
) -> None:
    def picked():
        value = st.session_state[key].picked
        if isinstance(value, dict):
            on_pick(value.get("true"), value.get("read"))

    _matrix(
        key=key,
        data={
            "values": values,
            "counts": counts.ravel().tolist(),
            "shares": shares,
            "names": names,
            "order": order.tolist(),
            "label": label,
            "selected": {
                axis: one
                for axis, one in zip(("true", "read"), selected, strict=True)
                if one is not None
            },
            "hidden": hidden,
            "most": 1_200,
            **more,
        },
        on_picked_change=picked,
    )
