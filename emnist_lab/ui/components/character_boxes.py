"""A picture with numbered boxes over it, and the character of each box with its readings."""

import base64
from collections.abc import Callable

import numpy as np
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.handwriting.characters import Character
from emnist_lab.metrics.percent import percent

_PICTURE_CSS = """
.shown { position: relative; line-height: 0; max-width: 100%; }
.shown img { width: 100%; height: auto; border-radius: 6px; }
.box { position: absolute; padding: 0; margin: 0; background: none; cursor: pointer;
  border: 2px solid #1f6feb; border-radius: 3px; }
.box.joined { border: 2px dashed #d9730d; }
.box.given { border-color: #1a7f5a; }
.box:hover, .box:focus-visible { background: rgba(31, 111, 235, .18); outline: none; }
.box[aria-pressed=true] { border-color: #d6006c; border-width: 3px;
  background: rgba(214, 0, 108, .16); }
.box span { position: absolute; left: -2px; bottom: 100%; font: 600 11px/1.25 var(--st-font);
  color: #fff; background: #1f6feb; padding: 0 3px; border-radius: 3px 3px 3px 0; }
.box.joined span { background: #b45309; }
.box.given span { background: #1a7f5a; }
.box[aria-pressed=true] span { background: #d6006c; z-index: 2; }
.shown.small .box { border-width: 1px; }
.shown.small .box:not([aria-pressed=true]):not(:hover) span { display: none; }
"""

_PICTURE_JS = """
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const shown = parentElement.querySelector('.shown');
  if (shown.dataset.key !== data.key) {
    shown.dataset.key = data.key;
    if (shown.address) URL.revokeObjectURL(shown.address);
    const bytes = Uint8Array.from(atob(data.picture), (c) => c.charCodeAt(0));
    shown.address = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
    const img = document.createElement('img');
    img.src = shown.address;
    img.alt = data.label;
    img.style.aspectRatio = `${data.size[0]} / ${data.size[1]}`;
    shown.replaceChildren(img, ...data.boxes.map(([left, top, right, bottom], i) => {
      const box = document.createElement('button');
      box.type = 'button';
      const share = (value, whole) => `${value / whole * 100}%`;
      box.style.left = share(left, data.size[0]);
      box.style.top = share(top, data.size[1]);
      box.style.width = share(right - left, data.size[0]);
      box.style.height = share(bottom - top, data.size[1]);
      const number = document.createElement('span');
      number.textContent = i + 1;
      box.append(number);
      return box;
    }));
  }
  const boxes = [...shown.querySelectorAll('button')];
  boxes.forEach((box, i) => {
    box.className = `box ${data.kinds[i]}`;
    box.title = data.titles[i];
    box.setAttribute('aria-label', data.titles[i]);
    box.setAttribute('aria-pressed', String(i === data.selected));
    box.onclick = () => setTriggerValue('picked', i);
  });
  shown.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = boxes[boxes.indexOf(event.target) + step];
    if (step && to) { event.preventDefault(); to.focus(); }
  };
  // Numbers are for boxes that have room for one.
  const fit = () => {
    const mean = data.boxes.reduce((sum, box) => sum + box[2] - box[0], 0) / data.boxes.length;
    shown.classList.toggle('small', mean / data.size[0] * shown.clientWidth < 18);
  };
  fit();
  const observer = new ResizeObserver(fit);
  observer.observe(shown);
  return () => observer.disconnect();
}
"""

_CARDS_CSS = """
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 6px;
  max-height: 420px; overflow-y: auto; padding: 3px; font-variant-numeric: tabular-nums; }
.card { display: grid; grid-template-columns: auto 1fr; gap: 8px; align-items: center; padding: 6px;
  border: 1px solid rgba(128, 140, 160, .3); border-radius: 6px; cursor: pointer; text-align: left;
  background: none; color: var(--st-text-color); font: 400 12px/1.25 var(--st-font); }
.card:hover, .card:focus-visible { outline: 2px solid var(--st-primary-color); }
.card[aria-pressed=true] { outline: 3px solid var(--st-primary-color); }
.card i { width: 56px; height: 56px; border-radius: 4px; image-rendering: pixelated;
  background: #000 var(--sprite) no-repeat; }
.card b { display: block; opacity: .65; font-weight: 500; }
.card div { display: grid; grid-template-columns: 1fr auto; column-gap: 4px; }
.card div span:nth-child(-n+2) { font-weight: 700; }
.card.given b { color: #1a7f5a; opacity: 1; font-weight: 700; }
.card.joined b { color: #b45309; opacity: 1; }
"""

_CARDS_JS = """
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  const cards = parentElement.querySelector('.cards');
  if (cards.dataset.key !== data.key) {
    cards.dataset.key = data.key;
    if (cards.sprite) URL.revokeObjectURL(cards.sprite);
    const bytes = Uint8Array.from(atob(data.sprite), (c) => c.charCodeAt(0));
    cards.sprite = URL.createObjectURL(new Blob([bytes], { type: 'image/png' }));
    cards.style.setProperty('--sprite', `url(${cards.sprite})`);
    const count = data.readings.length;
    cards.replaceChildren(...data.readings.map((readings, i) => {
      const card = document.createElement('button');
      card.type = 'button';
      const image = document.createElement('i');
      image.style.backgroundSize = `100% ${count * 100}%`;
      image.style.backgroundPosition = `0 ${i / Math.max(count - 1, 1) * 100}%`;
      const side = document.createElement('span');
      const list = document.createElement('div');
      for (const [name, probability] of readings) {
        for (const text of [name, probability]) {
          const cell = document.createElement('span');
          cell.textContent = text;
          list.append(cell);
        }
      }
      side.append(document.createElement('b'), list);
      card.append(image, side);
      return card;
    }));
    cards.scrollTop = 0;
  }
  [...cards.children].forEach((card, i) => {
    card.className = `card ${data.kinds[i]}`;
    card.title = data.titles[i];
    card.querySelector('b').textContent = data.heads[i];
    card.setAttribute('aria-label', data.titles[i]);
    card.setAttribute('aria-pressed', String(i === data.selected));
    card.onclick = () => setTriggerValue('picked', i);
    if (i === data.selected && cards.at !== data.key + i) {
      cards.at = data.key + i;
      cards.scrollTop = Math.max(card.offsetTop - cards.offsetTop - 80, 0);
    }
  });
}
"""

_PICTURE_HTML = '<div class="shown" role="group"></div>'
_CARDS_HTML = '<div class="cards" role="group"></div>'
_picture = st.components.v2.component(
    "emnist_lab_boxes",
    html=_PICTURE_HTML,
    css=_PICTURE_CSS,
    js=_PICTURE_JS,
)
_cards = st.components.v2.component(
    "emnist_lab_cards", html=_CARDS_HTML, css=_CARDS_CSS, js=_CARDS_JS
)


def _picked(key: str, on_pick: Callable[[int], None]) -> Callable[[], None]:
    def picked():
        value = st.session_state[key].picked
        if value is not None:
            on_pick(int(value))

    return picked


def _kinds(characters: list[Character], given: dict[int, str]) -> list[str]:
    return [
        "given" if index in given else "joined" if one.joined else ""
        for index, one in enumerate(characters)
    ]


def boxes(
    picture: bytes,
    size: tuple[int, int],
    characters: list[Character],
    best: list[str],
    given: dict[int, str],
    *,
    key: str,
    selected: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show a picture with a numbered box around each character; a click picks one.

    Parameters
    ----------
    picture : bytes
        A JPEG.
    size : (int, int)
        Width and height that boxes refer to.
    characters : list of Character
        At least one.
    best : list of str
        What each is read as.
    given : dict of int to str
        What a person says that some are.
    key : str
        Of the widget.
    selected : int
        The one that is marked.
    on_pick : callable
        Called with the number of the picked one, from 0, before the page runs again.
    """
    _picture(
        key=key,
        data={
            "key": f"{hash((picture, tuple(one.box for one in characters)))}",
            "picture": base64.b64encode(picture).decode("ascii"),
            "size": size,
            "boxes": [one.box for one in characters],
            "kinds": _kinds(characters, given),
            "titles": _titles(characters, best, given),
            "selected": selected,
            "label": f"The picture, with {len(characters)} characters found",
        },
        on_picked_change=_picked(key, on_pick),
    )


def cards(
    characters: list[Character],
    readings: list[list[tuple[str, float]]],
    given: dict[int, str],
    *,
    key: str,
    selected: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show each character as the model sees it, beside its likeliest readings.

    Parameters
    ----------
    characters : list of Character
        At least one.
    readings : list of list of (str, float)
        Name and probability of each character's likeliest classes.
    given, key, selected, on_pick
        See `boxes`.
    """
    sheet = thumbnails.png(thumbnails.sprite(np.stack([one.image for one in characters]), 1))
    _cards(
        key=key,
        data={
            "key": f"{hash((sheet, str(readings)))}",
            "sprite": base64.b64encode(sheet).decode("ascii"),
            "readings": [
                [(name, percent(probability, 0)) for name, probability in one] for one in readings
            ],
            "kinds": _kinds(characters, given),
            "heads": [
                f"{index + 1}: is {given[index]}" if index in given else f"{index + 1}"
                for index in range(len(characters))
            ],
            "titles": _titles(characters, [one[0][0] for one in readings], given),
            "selected": selected,
        },
        on_picked_change=_picked(key, on_pick),
    )


def _titles(characters: list[Character], best: list[str], given: dict[int, str]) -> list[str]:
    return [
        f"{index + 1}: read as {name}"
        + (f", corrected to {given[index]}" if index in given else "")
        + (", touches others" if one.joined else "")
        for index, (one, name) in enumerate(zip(characters, best, strict=True))
    ]
