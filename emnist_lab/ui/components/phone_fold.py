"""Filters that a phone shows on demand, so that pictures come first; a wide page always shows them.

A page can't ask how wide it is before it is drawn, so the browser decides, by style alone.
"""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_CSS = """
/* What stands beside a selection is as high as it is. */
:is([class*=st-key-folded-], .st-key-draw-header) button[data-variant=segmented_control] {
  min-height: 2.5rem; }
[class*=st-key-folded-] [data-testid=stCheckbox] { display: flex; min-height: 2.5rem;
  align-items: center; margin: 0 !important; }
.st-key-samples-body h2 { font-size: 1.5rem; padding: 0; }
.el-fold, [data-testid=stLayoutWrapper]:has(> [class*=st-key-fold-of-]) { display: none; }
@media (max-width: 640px) {
  [data-testid=stLayoutWrapper]:has(> [class*=st-key-fold-of-]) { display: block; }
  .st-key-samples-body { --el-gallery-most: 28vh; }
  [data-testid=stLayoutWrapper]:has(> .st-key-samples-facts) { display: none; }
  .el-fold { display: flex; width: 100%; align-items: center; gap: .5rem; padding: .55rem .75rem;
    font: inherit; font-size: .95rem; color: var(--st-text-color); text-align: left;
    background: var(--st-secondary-background-color); border-radius: .5rem; cursor: pointer;
    border: 1px solid color-mix(in srgb, var(--st-text-color) 20%, transparent); }
  .el-fold span { flex: 1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
  .el-fold:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
  .el-fold i { font-style: normal; }
  .el-fold[aria-expanded=true] i { rotate: 180deg; }
  body:not([data-el-unfolded]) [data-testid=stLayoutWrapper]:has(> [class*=st-key-folded-]) {
    display: none; }
}
"""
_JS = """
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('.el-fold'), body = document.body;
  button.querySelector('span').textContent = data.label;
  const say = () => button.setAttribute('aria-expanded', 'elUnfolded' in body.dataset);
  button.onclick = () => { body.toggleAttribute('data-el-unfolded'); say(); };
  say();
}
"""

_fold = st.components.v2.component(
    "emnist_lab_fold",
    html='<button type="button" class="el-fold"><span></span><i aria-hidden="true">▾</i></button>',
    css=_CSS,
    js=_JS,
    isolate_styles=False,
)


def button_place(key: str) -> DeltaGenerator:
    """Where the button goes that opens a row of `folded_row`; only a phone shows it.

    Parameters
    ----------
    key : str
        Of the row.

    Returns
    -------
    DeltaGenerator
    """
    return st.container(key=f"fold-of-{key}")


def folded_row(key: str) -> DeltaGenerator:
    """A row of widgets that a phone shows on demand.

    Parameters
    ----------
    key : str

    Returns
    -------
    DeltaGenerator
        Where they go.
    """
    return st.container(key=f"folded-{key}", horizontal=True, vertical_alignment="bottom")


def show_button(place: DeltaGenerator, label: str, key: str) -> None:
    """What opens the row on a phone, once it is known what is chosen in it.

    Parameters
    ----------
    place : DeltaGenerator
        Of `button_place`.
    label : str
        What is chosen: "Filters: train, A".
    key : str
        Of the widget.
    """
    with place:
        _fold(key=key, data={"label": label})
