"""The catalog: a name, a scikit-learn pipeline, and the reason it is there.

A recipe is a representation × a classifier, named so: ``hog-qda``. To add one:

1. In `pixel_recipes` or `gradient_recipes`, by what its classifier sees: a function that makes the
   unfitted pipeline from a seed, and an entry in ``RECIPES``, with its group of `GROUPS`. The page,
   the command line, the benchmarks and the tests take it from there.
2. Only for an estimator of its own: a class in this package, marked with
   `emnist_lab.models.trusted_types.trusted`, or a saved run of it can't be opened.
3. ``python -m emnist_lab measure-recipes NAME --root DIR`` measures what the Train page says to
   expect (``cost_estimates.json``); until then it says that nothing was measured.
"""

from ..errors import TrainingError
from . import gradient_recipes, pixel_recipes
from .recipe import SEED, Recipe

__all__ = ["GROUPS", "RECIPES", "RECOMMENDED", "REFERENCE", "SEED", "Recipe", "get", "grouped"]

REFERENCE = "pixels-logistic"
RECOMMENDED = "hog-qda"  # within a percent of the best that takes seconds, and says how sure it is
# What classifiers see: key -> title and a line, in the order in which they are to be read.
GROUPS = {
    "pixels": ("Pixels", "the grey values as they come"),
    "whitened": ("Whitened pixels", "principal components of equal variance"),
    "edges": ("Edges (HOG)", "histograms of oriented gradients"),
    "augmented": ("Augmented images", "warped anew while it trains"),
}
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (*pixel_recipes.RECIPES, *gradient_recipes.RECIPES)
}


def grouped() -> dict[str, list[Recipe]]:
    """Recipes by what their classifiers see, in the order of `GROUPS`.

    Returns
    -------
    dict of str to list of Recipe

    Examples
    --------
    >>> [recipe.name for recipe in grouped()["whitened"]]
    ['whitened-logistic', 'pixels-lda']
    """
    return {key: [one for one in RECIPES.values() if one.group == key] for key in GROUPS}


def get(name: str) -> Recipe:
    """Recipe by name.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.

    Returns
    -------
    Recipe

    Raises
    ------
    TrainingError
        There is none of that name; the message lists those there are.

    Examples
    --------
    >>> get("hog-qda").title
    'Quadratic discriminant on gradients (HOG)'
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise TrainingError(
            f"There is no recipe {name!r}: choose one of {', '.join(RECIPES)}."
        ) from None
