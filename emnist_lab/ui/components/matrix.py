"""A matrix of classes to look into: every cell and every label can be hovered and picked.

Altair's rectangles can be picked, but axis labels can't, and 2,209 marks are slow to redraw;
Plotly's heat maps send no picks to Streamlit. So this is a canvas of our own.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

_HTML = (
    '<div class="frame"><canvas tabindex="0" role="application"></canvas></div>'
    '<div class="tip" hidden></div><div class="said" aria-live="polite"></div>'
)


def _read(kind: str) -> str:
    return Path(__file__).with_name(f"matrix.{kind}").read_text(encoding="utf-8")


_matrix = st.components.v2.component(
    "emnist_lab_matrix", html=_HTML, css=_read("css"), js=_read("js")
)

_CONFUSION = {
    "cell": "{true} read as {read}: {count}\n{of_true} of {true}\n{of_read} of what is read as "
    "{read}",
    "right": "{true} read right: {count}\n{of_true} of {true}\n{of_read} of what is read as {read}",
    "row": "All of {true}: what it is read as",
    "column": "All that is read as {read}",
}
_SOME = {
    key: text.partition("\n")[0] if key in ("cell", "right") else text
    for key, text in _CONFUSION.items()
}
_PAIR = {"pair": "{true} and {read}: AUC {value}"}


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
) -> None:
    """A confusion matrix whose cells and labels can be picked.

    Colours follow a power scale, so that a single error is told from none.

    Parameters
    ----------
    counts : ndarray of shape (C, C), dtype int64
        Row is the true class, column what it is read as.
    shown : ndarray of shape (C, C)
        What colours tell: counts, or shares of rows or columns.
    names : list of str
    order : ndarray of shape (C,), dtype int64
        Classes from the top left.
    key : str
        Of the widget.
    selected : tuple of int or None
        True class and class that it is read as; None for all.
    on_pick : callable
        Called with these two before the page runs again.
    hide_diagonal : bool
        Right answers are left out, and colours tell errors alone.
    as_shares : bool
        Whether large cells bear shares instead of counts.
    whole : bool
        Whether these are all classes; else shares of a row or column aren't told,
        for they would leave out what isn't shown.
    """
    off = ~np.eye(len(names), dtype=bool) if hide_diagonal else np.ones(shown.shape, bool)
    top = max(float(shown[off].max(initial=0)), 1e-12)
    values = np.round((np.clip(shown, 0, top) / top) ** 0.4, 3)
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
        for value in ((np.clip(gap, 0, top) / top) ** 0.5).ravel()
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
    )


def _show(
    values, counts, shares, names, order, *, key, label, words, selected, on_pick, hidden, square
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
            "words": words,
            "selected": {
                axis: one
                for axis, one in zip(("true", "read"), selected, strict=True)
                if one is not None
            },
            "hidden": hidden,
            "square": square,
            "most": 900,
        },
        on_picked_change=picked,
    )
