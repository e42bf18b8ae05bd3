"""The catalogue on the Train page: choosing a recipe, what to expect of it, its settings."""

import math
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from emnist_lab import expectations, recipes
from emnist_lab.recipe import Recipe
from emnist_lab.settings import Setting, as_text
from emnist_lab.ui import panel
from emnist_lab.ui.markup import plain, size

__all__ = ["as_text", "choose_recipe", "glance", "room", "say_expected", "settings"]

_LEAST_ROOM = 32 * 2**20  # bytes: scores and what a file system takes beside the model


def choose_recipe() -> Recipe:
    """Selection of a recipe, kept in the address."""
    name = st.radio("Recipe", list(recipes.RECIPES), key="recipe", bind="query-params")
    return recipes.get(name)


def say_expected(recipe: Recipe, images: int) -> None:
    """What the recipe takes and gives on so many images.

    Parameters
    ----------
    recipe : Recipe
    images : int
    """
    found = recipe.expected(images)
    if not math.isfinite(found.seconds):
        st.caption("What to expect of this recipe wasn't measured yet.")
        return
    how = (
        f"Interpolated between fits that were measured, on the "
        f"{expectations.measured()['data']}, with the recipe's own settings."
    )
    with st.container(horizontal=True):
        st.metric("Time, about", panel.seconds(found.seconds), help=how + " On two cores.")
        st.metric("Accuracy, about", f"{found.accuracy:.0%}", help=how)
        st.metric("Memory, about", size(found.peak), help=how)
        st.metric("Model, about", size(found.size), help=how)


def room(recipe: Recipe, images: int) -> int:
    """Bytes that must be free on the disk before the recipe is trained."""
    model = recipe.expected(images).size
    return _LEAST_ROOM + (int(2 * model) if math.isfinite(model) else 0)


def settings(recipe: Recipe) -> dict[str, Any]:
    """The recipe's settings to change, in a box that opens; values as they were typed.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    dict
        Name of the setting -> value; `Recipe.checked` judges them.
    """
    if not recipe.settings:
        return {}
    defaults = recipe.defaults()
    # Widgets forget when a page is left: what was typed is kept beside them.
    kept = st.session_state.setdefault("settings", {})
    with st.expander("Settings", icon=":material/tune:"):
        with st.container(horizontal=True):
            values = {
                one.name: _field(one, defaults[one.name], f"{recipe.name}:{one.name}", kept)
                for one in recipe.settings
            }
        st.caption("The names are scikit-learn's.")

        def back() -> None:
            for one in recipe.settings:
                key = f"{recipe.name}:{one.name}"
                kept.pop(key, None)
                st.session_state.pop(key, None)

        st.button("The recipe's own settings", icon=":material/undo:", on_click=back)
    return values


def _field(setting: Setting, default: Any, key: str, kept: dict) -> Any:
    """One setting's widget."""
    own = default if setting.kind == "whole" else as_text(default)
    st.session_state.setdefault(key, kept.get(key, own))
    about = f"{setting.help} The recipe's own: {as_text(default)}."
    if setting.kind == "whole":
        low, high = int(setting.low), int(setting.high)
        value = st.number_input(setting.label, low, high, key=key, help=about, width=170)
    elif setting.kind == "choice":
        options = [as_text(one) for one in setting.choices]
        value = st.selectbox(setting.label, options, key=key, help=about, width=170)
    else:
        value = st.text_input(setting.label, key=key, help=about, width=170)
    kept[key] = value
    return value


def glance(images: int, chosen: Recipe) -> None:
    """Time against accuracy of all recipes on so many images, as measured.

    Parameters
    ----------
    images : int
    chosen : Recipe
        Is marked.
    """
    rows = []
    for recipe in recipes.RECIPES.values():
        found = recipe.expected(images)
        if math.isfinite(found.seconds):
            sees = recipe.name.partition("-")[0]
            rows.append(
                {
                    "recipe": recipe.name,
                    "what it sees": {"pixels": "pixels", "whitened": "pixels"}.get(sees, "edges"),
                    "seconds": found.seconds,
                    "accuracy": found.accuracy,
                    "chosen": recipe.name == chosen.name,
                }
            )
    if not rows:
        st.caption("Nothing was measured yet: `python -m emnist_lab measure` does.")
        return
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("seconds", scale=alt.Scale(type="log", nice=True), title="seconds to train, about"),
        y=alt.Y(
            "accuracy",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format="%"),
            title="accuracy, about",
        ),
        color=alt.Color(
            "what it sees",
            scale=alt.Scale(domain=["pixels", "edges"], range=["#e0721c", "#4a90e2"]),
            legend=alt.Legend(orient="top", title="the classifier sees"),
        ),
        tooltip=[
            "recipe",
            alt.Tooltip("seconds", format=".0f"),
            alt.Tooltip("accuracy", format=".1%"),
        ],
    )
    points = base.mark_point(filled=True).encode(
        size=alt.condition("datum.chosen", alt.value(260), alt.value(90)),
        shape=alt.Shape("what it sees", legend=None),
    )
    names = base.mark_text(align="left", dx=9, fontSize=12).encode(text="recipe")
    st.altair_chart((points + names).properties(height=380))
    st.caption(
        f"All recipes on about {images:,} images, between fits that were measured on the "
        f"{plain(expectations.measured()['data'])}. Up and to the left is better. The same "
        "classifier rises when it sees edges (HOG) instead of pixels."
    )
