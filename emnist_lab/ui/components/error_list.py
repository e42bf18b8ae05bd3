"""A list of confusions to pick from: each row has some of its images, its words and a bar."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.formats.base import SIDE

_CSS = """
.rows { display: flex; flex-direction: column; font: 14px/1.2 var(--st-font);
  color: var(--st-text-color); }
.row { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 10px;
  align-items: center; font: inherit; color: inherit; text-align: left; padding: 3px 8px 3px 4px;
  border: 0; border-radius: 6px; background: none; cursor: pointer; min-height: 35px; }
.row + .row { box-shadow: 0 -1px rgba(128, 136, 152, .25); }
.row:hover { background: var(--st-secondary-background-color); }
.row:hover .words, .row:hover .go { color: var(--st-link-color); }
.row:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
.pictures { display: flex; gap: 2px; min-width: var(--wide); }
.pictures span { width: 28px; height: 28px; border-radius: 3px;
  background: #000 var(--sprite) no-repeat; }
.count { display: grid; grid-template-columns: auto 12px; gap: 2px 6px; justify-items: end;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 64px; height: 4px; border-radius: 2px; background: rgba(128, 136, 152, .25);
  grid-row: 2; }
.bar i { display: block; height: 100%; border-radius: 2px; background: #d95f02; }
.go { grid-row: 1 / 3; grid-column: 2; align-self: center; font-size: 20px; opacity: .7; }
"""

_JS = """
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const rows = parentElement.querySelector('.rows');
  rows.setAttribute('aria-label', data.label);
  const most = Math.max(...data.rows.map((row) => row.images), 0);
  rows.style.setProperty('--wide', `${30 * most}px`);  // words begin below each other
  if (rows.sprite) URL.revokeObjectURL(rows.sprite);
  if (data.sprite) {
    const bytes = Uint8Array.from(atob(data.sprite), (c) => c.charCodeAt(0));
    rows.sprite = URL.createObjectURL(new Blob([bytes], { type: 'image/png' }));
    rows.style.setProperty('--sprite', `url(${rows.sprite})`);
  }
  const make = (name, kind, inside = []) => {
    const made = document.createElement(name);
    made.className = kind;
    made.append(...inside);
    return made;
  };
  rows.replaceChildren(...data.rows.map((row, at) => {
    const pictures = [...Array(row.images).keys()].map((i) => {
      const one = make('span', '');
      one.style.backgroundPosition = `-${28 * i}px -${28 * at}px`;
      return one;
    });
    const fill = document.createElement('i');
    fill.style.width = 100 * row.share + '%';
    const button = make('button', 'row', [
      make('span', 'pictures', pictures),
      make('span', 'words', [row.words]),
      make('span', 'count', [
        make('span', '', [row.count]), make('span', 'bar', [fill]), make('span', 'go', ['\\u203a']),
      ]),
    ]);
    button.type = 'button';
    button.title = row.about;
    button.setAttribute('aria-label', row.about);
    button.onclick = () => setTriggerValue('picked', row.id);
    return button;
  }));
}
"""

_list = st.components.v2.component(
    "emnist_lab_errors", html='<div class="rows" role="group"></div>', css=_CSS, js=_JS
)


@dataclass(frozen=True)
class Row:
    """One row of the list.

    Attributes
    ----------
    id : str
        What picking it gives.
    words, count : str
        Left and right.
    share : float
        0..1, of the bar.
    about : str
        The whole as a sentence: shown on hover, and read to those who can't see.
    images : ndarray of shape (K, 28, 28), dtype uint8, or None
        Examples; every row of a list has at most as many as the first.
    """

    id: str
    words: str
    count: str
    share: float
    about: str
    images: np.ndarray | None = None


def error_list(
    rows: Sequence[Row], *, key: str, label: str, on_pick: Callable[[str], None]
) -> None:
    """Show rows that can be picked, each as a button.

    Parameters
    ----------
    rows : sequence of Row
    key : str
        Of the widget.
    label : str
        What the list is, for those who can't see.
    on_pick : callable
        Called with a row's `id` before the page runs again.
    """

    def picked():
        value = st.session_state[key].picked
        if value is not None:
            on_pick(value)

    counts = [0 if row.images is None else len(row.images) for row in rows]
    _list(
        key=key,
        data={
            "label": label,
            "sprite": _sprite(rows, max(counts, default=0)),
            "rows": [
                {
                    "id": row.id,
                    "words": row.words,
                    "count": row.count,
                    "share": round(row.share, 4),
                    "about": row.about,
                    "images": count,
                }
                for row, count in zip(rows, counts, strict=True)
            ],
        },
        on_picked_change=picked,
    )


def _sprite(rows: Sequence[Row], columns: int) -> str:
    """All examples as one picture, a line a row, in base64; nothing where there are none."""
    if not columns:
        return ""
    sheet = np.zeros((len(rows), columns, SIDE, SIDE), np.uint8)
    for line, row in zip(sheet, rows, strict=True):
        if row.images is not None:
            line[: len(row.images)] = row.images
    return _encode(hashlib.sha256(sheet).hexdigest(), columns, sheet)


@st.cache_resource(max_entries=64, show_spinner=False)
def _encode(content: str, columns: int, _sheet: np.ndarray) -> str:
    pixels = thumbnails.sprite(_sheet.reshape(-1, SIDE, SIDE), columns)
    return base64.b64encode(thumbnails.png(pixels)).decode("ascii")
