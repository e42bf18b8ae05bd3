"""Classifiers: features, estimators, hyperparameters, the catalog of recipes and what they cost.

scikit-learn estimators on arrays; nothing here knows datasets, runs or pages. Import
`RECIPES`, `get` and `Recipe` from here, the estimators from their modules.
"""

from .catalog import RECIPES, REFERENCE, get
from .hyperparameters import Hyperparameter
from .recipe import SEED, Recipe

__all__ = ["RECIPES", "REFERENCE", "SEED", "Hyperparameter", "Recipe", "get"]
