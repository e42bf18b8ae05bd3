"""The catalog on the Train page: choosing a recipe, what to expect of it, its hyperparameters."""

import math
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.evaluation import figures, leaderboard
from emnist_lab.metrics.percent import percent
from emnist_lab.models import catalog, cost_estimates
from emnist_lab.models.hyperparameters import Hyperparameter, as_text
from emnist_lab.models.recipe import Recipe
from emnist_lab.ui import address, messages
from emnist_lab.ui.components.recipe_list import recipe_list
from emnist_lab.ui.formatting import about_seconds, about_size, plain

__all__ = [
    "as_text",
    "choose_hyperparameters",
    "chosen_recipe",
    "glance",
    "list_recipes",
    "room",
    "say_expected",
]

# Session keys: values as they were typed, and how often they were put back.
_VALUES, _TURN = "train-hyperparameters", "train-hyperparameters-turn"
_PLACE = {"key": "train-recipe", "parameter": "recipe"}  # of the choice: session and address
_CLASSES = 47  # of balanced, which recipes were measured on
_LEAST_ROOM = 32 * 2**20  # bytes: scores and what a file system takes beside the model


def chosen_recipe() -> Recipe:
    """The recipe that is chosen, kept in the address; see `list_recipes`."""
    asked = st.query_params.get(_PLACE["parameter"])
    found = catalog.get(address.choice(list(catalog.RECIPES), catalog.RECOMMENDED, **_PLACE))
    if asked is not None and asked not in catalog.RECIPES:
        messages.keep_notice(
            "recipe",
            f"There is no recipe “{plain(asked[:200])}”: `{found.name}` is chosen. Pick another "
            "below.",
        )
    messages.show_notice("recipe")
    return found


def list_recipes(chosen: Recipe, images: int, classes: int) -> None:
    """Show all recipes to choose from, with what to expect of each.

    Parameters
    ----------
    chosen : Recipe
    images, classes : int
        To train on; see `say_expected`.
    """

    def choose(name: str) -> None:
        messages.withdraw_notice("recipe")
        address.choose(name, catalog.RECOMMENDED, **_PLACE)

    recipe_list(chosen, images, classes == _CLASSES, key="train-recipes", on_pick=choose)


def say_expected(recipe: Recipe, images: int, classes: int) -> None:
    """What the recipe takes and gives on so many images, in a line.

    Parameters
    ----------
    recipe : Recipe
    images : int
    classes : int
        Accuracy is known for as many as were measured only.
    """
    found = recipe.expected(images)
    if not math.isfinite(found.seconds):
        st.markdown("What to expect of this recipe wasn't measured yet.")
        return
    accuracy = f"accuracy **{percent(found.accuracy, 0)}**, " if classes == _CLASSES else ""
    st.markdown(
        f"About **{about_seconds(found.seconds)}**, {accuracy}memory {about_size(found.peak)}, "
        f"model {about_size(found.size)}",
        help=f"Interpolated between fits that were measured, on the "
        f"{cost_estimates.measured()['data']}, with the recipe's own hyperparameters; time on two "
        "cores, with about 4 s to start a process and to read the images.",
        width="content",
    )


def room(recipe: Recipe, images: int) -> int:
    """Bytes that must be free on the disk before the recipe is trained."""
    model = recipe.expected(images).size
    return _LEAST_ROOM + (int(2 * model) if math.isfinite(model) else 0)


def choose_hyperparameters(recipe: Recipe) -> dict[str, Any]:
    """The recipe's hyperparameters to change, in a box that opens; values as they were typed.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    dict
        Name -> value; `Recipe.checked` judges them.
    """
    if not recipe.hyperparameters:
        return {}
    defaults, library = recipe.defaults(), recipe.library_defaults()
    # Widgets forget when a page is left: what was typed is kept beside them.
    session = st.session_state
    kept, turn = session.setdefault(_VALUES, {}), session.get(_TURN, 0)
    with st.expander("Hyperparameters", icon=":material/tune:"):
        with st.container(horizontal=True):
            values = {
                one.name: _field(one, defaults[one.name], library, (recipe.name, turn), kept)
                for one in recipe.hyperparameters
            }
        st.caption("The names are scikit-learn's, where it has such a setting; others are ours.")

        def back() -> None:
            for one in recipe.hyperparameters:
                kept.pop(f"{recipe.name}:{one.name}", None)
            session[_TURN] = turn + 1  # new fields, or the browser keeps what they show

        st.button("The recipe's own hyperparameters", icon=":material/undo:", on_click=back)
    return values


def _field(
    parameter: Hyperparameter, default: Any, library: dict, of: tuple[str, int], kept: dict
) -> Any:
    """A hyperparameter's widget, of a recipe and a turn: its value is its default, never state.

    Streamlit tells the browser once of a value that is set by state, in the run that sets it.
    When another run begins before that message left, it is lost: the browser shows the least
    value or none, and sends that back. A default is in every message.
    """
    name, turn = of
    known = f"{name}:{parameter.name}"
    key = f"train-{known}:{turn}"
    own = default if parameter.kind == "whole" else as_text(default)
    value = kept.get(known, own)
    about = f"{parameter.help} The recipe's own: {as_text(default)}."
    if parameter.name in library:
        about += f" scikit-learn's default: {as_text(library[parameter.name])}."
    if parameter.kind == "whole":
        low, high = int(parameter.low), int(parameter.high)
        value = st.number_input(parameter.label, low, high, value, key=key, help=about, width=170)
    elif parameter.kind == "choice":
        options = [as_text(one) for one in parameter.choices]
        at = options.index(value)
        value = st.selectbox(parameter.label, options, at, key=key, help=about, width=170)
    else:
        value = st.text_input(parameter.label, value, key=key, help=about, width=170)
    kept[known] = value
    return value


_COLOURS = ["#e0721c", "#b8860b", "#4a90e2", "#8a5cd6"]  # of the groups


def glance(images: int, chosen: Recipe) -> None:
    """Time against accuracy of all recipes on so many images, as measured.

    Parameters
    ----------
    images : int
    chosen : Recipe
        Is marked.
    """
    table = _expected(images)
    if table.empty:
        st.caption("Nothing was measured yet: `python -m emnist_lab measure-recipes` does.")
        return
    table = table.assign(
        front=leaderboard.pareto(table["seconds"], table["accuracy"]),
        chosen=table["recipe"] == chosen.name,
    )
    st.altair_chart(
        _scatter(table),
        alt="Accuracy over time of all recipes; on the Pareto front: "
        + ", ".join(table.loc[table["front"], "recipe"]),
    )
    st.caption(
        f"All recipes on about {images:,} images, {_CLASSES} classes: test accuracy over time, "
        "between fits that were measured. Up and to the left is better. The same classifier "
        "rises when it sees edges (HOG) instead of pixels."
    )


def _expected(images: int) -> pd.DataFrame:
    rows = []
    for recipe in catalog.RECIPES.values():
        found = recipe.expected(images)
        if math.isfinite(found.seconds):
            rows.append(
                {
                    "recipe": recipe.name,
                    "what it sees": catalog.GROUPS[recipe.group][0],
                    "seconds": found.seconds,
                    "accuracy": found.accuracy,
                    "title": recipe.title,
                    "about": f"{percent(found.accuracy, 0)} in {about_seconds(found.seconds)}",
                }
            )
    return pd.DataFrame(rows)


def _labels(table: pd.DataFrame) -> pd.Series:
    """Names of the points that matter most, as far as they don't cover each other."""
    x, y = np.log(table["seconds"]), table["accuracy"]
    x, y = x / max(np.ptp(x), 1e-9), y / max(np.ptp(y), 1e-9)
    weight = 4 * table["chosen"] + 3 * (table["recipe"] == catalog.REFERENCE)
    weight += 2 * (y == y.max()) + table["front"] * (1 + y / 10)
    kept: list[int] = []
    for row in weight[weight > 0].sort_values(ascending=False, kind="stable").index:
        if all(abs(x[row] - x[one]) > 0.28 or abs(y[row] - y[one]) > 0.13 for one in kept):
            kept.append(row)
    return table["recipe"].where(table.index.isin(kept), "")


def _scatter(table: pd.DataFrame) -> alt.LayerChart:
    spot = table["seconds"]
    middle = math.sqrt(spot.min() * spot.max())
    data = table.assign(label=_labels(table), right=spot > middle)
    pad = 0.08 * max(table["accuracy"].max() - table["accuracy"].min(), 0.02)
    base = alt.Chart(data).encode(
        x=alt.X("seconds:Q", title="time to train and measure, s (about)")
        .scale(type="log", domain=[spot.min() * 0.8, spot.max() * 1.25], nice=False)
        .axis(values=figures.SECONDS),
        y=alt.Y("accuracy:Q", title="test accuracy (about)")
        .scale(domain=[table["accuracy"].min() - pad, table["accuracy"].max() + pad], nice=False)
        .axis(format="%"),
        color=alt.Color("what it sees:N", title="the classifier sees")
        .scale(domain=[title for title, _ in catalog.GROUPS.values()], range=_COLOURS)
        .legend(orient="top", columns=2),
        tooltip=["title", "recipe", "about"],
    )
    points = base.mark_point(filled=True, opacity=1).encode(
        size=alt.condition("datum.chosen", alt.value(260), alt.value(90)),
        shape=alt.Shape("what it sees:N", title="the classifier sees")
        .scale(domain=[title for title, _ in catalog.GROUPS.values()])
        .legend(orient="top", columns=2),
    )
    names = [
        base.transform_filter(alt.datum.right == right)
        .mark_text(align="right" if right else "left", dx=-9 if right else 9, dy=-10, fontSize=12)
        .encode(text="label:N")
        for right in (False, True)
    ]
    return alt.layer(points, *names).properties(height=380)
