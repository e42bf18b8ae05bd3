"""The catalog: a name, a scikit-learn pipeline, and the reason it is there.

A recipe is a representation × a classifier, named so: ``hog-qda``. To add one:

1. In `pixel_recipes` or `gradient_recipes`, by what its classifier sees: a function that makes the
   unfitted pipeline from a seed, and an entry in ``RECIPES``. The page, the command line, the
   benchmarks and the tests take it from there.
2. Only for an estimator of its own: a class in this package, marked with
   `emnist_lab.models.trusted_types.trusted`, or a saved run of it can't be opened.
3. ``python -m emnist_lab measure-recipes NAME --root DIR`` measures what the Train page says to
   expect (``cost_estimates.json``); until then it says that nothing was measured.
"""

from ..errors import TrainingError
from . import gradient_recipes, pixel_recipes
from .recipe import SEED, Recipe

__all__ = ["RECIPES", "REFERENCE", "SEED", "Recipe", "get"]

REFERENCE = "pixels-logistic"
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (*pixel_recipes.RECIPES, *gradient_recipes.RECIPES)
}


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
