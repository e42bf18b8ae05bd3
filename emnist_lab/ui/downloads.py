"""A figure as PNG and SVG, its numbers as CSV."""

from collections.abc import Callable

import streamlit as st


def downloads(stem: str, make: Callable[[str], bytes], csv: Callable[[], str]) -> None:
    """Buttons for files that are made when they are asked for.

    Parameters
    ----------
    stem : str
        What the files are called, without their ending; names the widgets too.
    make : callable
        ``"png"`` or ``"svg"`` -> the figure.
    csv : callable
        -> the numbers.
    """
    with st.container(horizontal=True):
        for kind, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
            st.download_button(
                kind.upper(),
                lambda kind=kind: make(kind),
                f"{stem}.{kind}",
                mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"{stem}-{kind}",
            )
        download_csv(stem, csv)


def download_csv(stem: str, csv: Callable[[], str], label: str = "CSV") -> None:
    """Button for a table alone.

    Parameters
    ----------
    stem : str
        See `downloads`.
    csv : callable
        -> the table.
    label : str
        Of the button.
    """
    st.download_button(
        label,
        csv,
        f"{stem}.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"{stem}-csv",
    )
