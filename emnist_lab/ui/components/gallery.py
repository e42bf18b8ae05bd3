"""Sprite gallery: hundreds of images sent as one picture, each of them pickable."""

import base64
import hashlib
from collections.abc import Callable

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails

_COLUMNS = 32  # of the sprite, not of the page: the page wraps as its width asks for

_CSS = """
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--tile), 1fr));
  gap: 3px; max-height: min(var(--most), var(--el-gallery-most, 100vh)); overflow-y: auto;
  padding: 3px; }
.tile { aspect-ratio: 1; padding: 0; border: 0; border-radius: 4px; cursor: pointer;
  background: #000 var(--sprite) no-repeat; outline-offset: 1px; }
.tile[hidden] { display: none; }
.tile:hover { outline: 2px solid var(--st-primary-color); }
.tile:focus-visible, .tile[aria-pressed=true] { outline: 3px solid var(--st-primary-color); }
"""

# Positions are percentages, so that tiles may stretch with the page.
_JS = """
const GAP = 3;
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const grid = parentElement.querySelector('.grid');
  grid.style.setProperty('--tile', data.tile + 'px');
  grid.style.setProperty('--most', data.height + 'px');
  grid.setAttribute('aria-label', data.label);
  if (grid.dataset.key !== data.key) {
    grid.dataset.key = data.key;
    // One short address for all tiles: setting the picture itself hundreds of times takes a second.
    if (grid.sprite) URL.revokeObjectURL(grid.sprite);
    const bytes = Uint8Array.from(atob(data.sprite), (c) => c.charCodeAt(0));
    grid.sprite = URL.createObjectURL(new Blob([bytes], { type: 'image/png' }));
    grid.style.setProperty('--sprite', `url(${grid.sprite})`);
    const across = Math.max(data.columns - 1, 1), down = Math.max(data.rows - 1, 1);
    grid.replaceChildren(...data.titles.map((title, i) => {
      const tile = document.createElement('button');
      tile.className = 'tile';
      tile.type = 'button';
      tile.title = title;
      tile.setAttribute('aria-label', title);
      tile.style.backgroundSize = `${data.columns * 100}% ${data.rows * 100}%`;
      const x = (i % data.columns) / across * 100, y = Math.floor(i / data.columns) / down * 100;
      tile.style.backgroundPosition = `${x}% ${y}%`;
      return tile;
    }));
    const marked = grid.children[data.selected];  // a link may have led to it
    grid.scrollTop = marked ? marked.offsetTop - grid.offsetTop - 2 * marked.offsetHeight : 0;
  }
  const tiles = [...grid.children];
  // One stop for Tab: the tile that was looked at last, at first the one that is marked.
  const stop = (i) => tiles.forEach((tile, j) => { tile.tabIndex = i === j ? 0 : -1; });
  const mark = (i) => tiles.forEach((t, j) => t.setAttribute('aria-pressed', String(i === j)));
  mark(data.selected);
  const known = tiles.findIndex((tile) => tile.tabIndex === 0 && tile.hasAttribute('tabindex'));
  if (known < 0 || data.selected !== grid.selected) stop(Math.max(data.selected, 0));
  grid.selected = data.selected;
  tiles.forEach((tile, i) => {
    tile.onclick = () => { mark(i); setTriggerValue('picked', data.ids[i]); };
    tile.onfocus = () => stop(i);
  });
  const across = () => getComputedStyle(grid).gridTemplateColumns.split(' ').length;
  grid.onkeydown = (event) => {
    const shown = tiles.filter((tile) => !tile.hidden), at = shown.indexOf(event.target);
    const row = across(), last = shown.length - 1;
    const to = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row,
      Home: 0, End: last,
    }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    shown[to]?.focus();
  };
  if (!data.whole) return;
  // As many rows as there is room for, each of them full.
  const fit = () => {
    if (!grid.clientWidth) return;
    tiles.forEach((tile) => { tile.hidden = false; });
    const row = across(), high = tiles[0].getBoundingClientRect().height + GAP;
    const rows = Math.min(Math.floor(data.height / high), Math.floor(tiles.length / row));
    tiles.forEach((tile, i) => { tile.hidden = i >= Math.max(rows * row, 1); });
    if (tiles.find((tile) => tile.tabIndex === 0)?.hidden) stop(0);
  };
  grid.style.overflow = 'hidden';
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(grid.parentElement);
  return () => observer.disconnect();
}
"""

_gallery = st.components.v2.component(
    "emnist_lab_gallery", html='<div class="grid" role="group"></div>', css=_CSS, js=_JS
)


@st.cache_resource(max_entries=64, show_spinner=False)
def _encode(content: str, columns: int, _images: np.ndarray) -> str:
    """A sprite of images as base64; a class looks at the same ones, and compressing takes long."""
    sheet = thumbnails.png(thumbnails.sprite(_images, columns))
    return base64.b64encode(sheet).decode("ascii")


def gallery(
    images: np.ndarray,
    ids: list,
    titles: list[str],
    *,
    key: str,
    label: str,
    selected=None,
    on_pick: Callable[[object], None] | None = None,
    tile: int = 40,
    height: int = 460,
    whole_rows: bool = False,
) -> None:
    """Show images as one sprite; a click or Enter picks one.

    It is one stop for the Tab key: arrow keys, Home and End move inside it.

    Parameters
    ----------
    images : ndarray of shape (N, 28, 28), dtype uint8
        At least one.
    ids : list
        N JSON values; the one of the picked image is given to `on_pick`.
    titles : list of str
        N texts, shown on hover and read to those who can't see.
    key : str
        Of the widget.
    label : str
        What the gallery shows, for those who can't see.
    selected : optional
        The id that is marked.
    on_pick : callable, optional
        Called with an id before the page runs again.
    tile : int
        Smallest side of a tile in CSS pixels.
    height : int
        The gallery scrolls beyond this many CSS pixels.
    whole_rows : bool
        It doesn't scroll: as many of the images show as fill rows within `height`.
    """
    columns = min(_COLUMNS, len(images))
    content = hashlib.sha256(np.ascontiguousarray(images)).hexdigest()
    encoded = _encode(content, columns, images)

    def picked():
        value = st.session_state[key].picked
        if value is not None and on_pick is not None:
            on_pick(value)

    _gallery(
        key=key,
        data={
            "key": f"{hash((encoded, tuple(titles)))}",
            "sprite": encoded,
            "columns": columns,
            "rows": -(-len(images) // columns),
            "titles": titles,
            "ids": ids,
            "selected": ids.index(selected) if selected in ids else -1,
            "tile": tile,
            "height": height,
            "label": label,
            "whole": whole_rows,
        },
        on_picked_change=picked,
    )
