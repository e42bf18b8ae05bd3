"""The recipes to choose from, grouped by what their classifiers see, with what to expect."""

import math
from collections.abc import Callable

import streamlit as st

from emnist_lab.metrics.percent import percent
from emnist_lab.models import catalog
from emnist_lab.models.recipe import Recipe
from emnist_lab.ui.components.component_files import files_beside
from emnist_lab.ui.formatting import about_seconds

_HTML = """<div class="recipes"><button class="chosen" type="button"></button>
<div class="all" role="radiogroup" aria-label="Recipe"></div></div>"""


_list = st.components.v2.component(
    "emnist_lab_recipes",
    html=_HTML,
    **files_beside(__file__),
)


def recipe_list(
    chosen: Recipe, images: int, known: bool, *, key: str, on_pick: Callable[[str], None]
) -> None:
    """Show all recipes; a click or the arrow keys choose one.

    Parameters
    ----------
    chosen : Recipe
        The one that is marked.
    images : int
        To train on: what to expect is for so many.
    known : bool
        Whether accuracies are known for these classes.
    key : str
        Of the widget.
    on_pick : callable
        Called with a recipe's name before the page runs again.
    """

    def picked() -> None:
        value = st.session_state[key].picked
        if value in catalog.RECIPES:
            on_pick(value)

    groups = [
        {
            "title": title,
            "about": about,
            "recipes": [_row(one, images, known) for one in catalog.grouped()[group]],
        }
        for group, (title, about) in catalog.GROUPS.items()
    ]
    _list(
        key=key,
        data={"groups": groups, "chosen": chosen.name, "title": chosen.title, "known": known},
        on_picked_change=picked,
    )


def _row(recipe: Recipe, images: int, known: bool) -> dict:
    found = recipe.expected(images)
    accuracy = found.accuracy if known and math.isfinite(found.accuracy) else 0.0
    share, time = percent(accuracy, 0), about_seconds(found.seconds)
    spoken = f"{recipe.title}, {recipe.name}"
    spoken += f", accuracy about {share}" if accuracy else ""
    return {
        "name": recipe.name,
        "title": recipe.classifier,
        "accuracy": accuracy,
        "percent": share,
        "time": time,
        "spoken": f"{spoken}, about {time}",
        "recommended": recipe.name == catalog.RECOMMENDED,
    }
