"""Sweeps: hyperparameter searches with cross-validation, by scikit-learn's own searches.

A sweep is planned (`plan`, of a `search_space` and `folds`), searched (`search`, whose every
`fold_fit` goes to a `fit_journal`), looked at (`results`) and kept (`sweep_store`);
`hyperparameter_search` does all of it. May import `runs` and what is below it.
"""

from .cross_validated_comparison import compare_recipes, paired_differences
from .hyperparameter_search import resume, sweep
from .search_space import Range

__all__ = ["Range", "compare_recipes", "paired_differences", "resume", "sweep"]
