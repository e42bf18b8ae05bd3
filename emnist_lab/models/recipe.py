"""What a recipe is: an unfitted pipeline with its rationale, stages and hyperparameters."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ..errors import TrainingError
from . import cost_estimates
from .cost_estimates import CostEstimate
from .hyperparameters import Hyperparameter

SEED = 25  # the reference's random_state


@dataclass(frozen=True)
class Recipe:
    """A representation and a classifier.

    Attributes
    ----------
    name, title : str
        ``"hog-qda"``, and what people read.
    rationale : str
        One line on why it is in the catalog.
    sees : {"pixels", "edges"}
        What its classifier learns from.
    make : callable
        (seed) -> unfitted pipeline on uint8 (N, 28, 28).
    stages : tuple of (str, float)
        What each step of the pipeline does, for people, and its usual share
        of the time.
    hyperparameters : tuple of Hyperparameter
        What may be changed.
    adapt : callable, optional
        (pipeline, images of each class that has any): sets what depends on
        how many images there are.
    min_images_per_class : int
        Training images a class that it needs at least.
    prior : {"equal", "training"}
        For which class frequencies its runs answer; see `emnist_lab.runs.class_prior`.
    members : tuple of float
        Of a pool of classifiers: the usual share of the time that each member's fit takes.
    group : str
        What it sees, more finely, to choose by: a key of `emnist_lab.models.catalog.GROUPS`.
    """

    name: str
    title: str
    rationale: str
    sees: str
    make: Callable[[int], Pipeline]
    stages: tuple[tuple[str, float], ...]
    hyperparameters: tuple[Hyperparameter, ...] = ()
    adapt: Callable[[Pipeline, np.ndarray], None] | None = None
    min_images_per_class: int = 1
    prior: str = "equal"
    members: tuple[float, ...] = ()
    group: str = ""

    @property
    def classifier(self) -> str:
        """The classifier alone, for people, where what it sees is said beside it.

        Examples
        --------
        >>> from emnist_lab.models import get
        >>> get("hog-logistic").classifier
        'Logistic regression'
        """
        return self.title.partition(" on ")[0]

    @property
    def step_unit(self) -> str:
        """What a step of its curve is: "epoch" or "iteration"."""
        epochs = any(one.help.startswith("Epochs") for one in self.hyperparameters)
        return "epoch" if epochs else "iteration"

    def expected(self, images: int) -> CostEstimate:
        """What to expect of training on so many images; see `emnist_lab.models.cost_estimates`.

        Parameters
        ----------
        images : int

        Returns
        -------
        CostEstimate
        """
        return cost_estimates.estimate(self.name, images)

    def expected_seconds(self, images: int) -> float:
        """Rough time to train and measure on so many images, with the start of a process."""
        return self.expected(images).seconds

    def defaults(self) -> dict[str, Any]:
        """Value of each hyperparameter as the recipe has it: name -> value."""
        params = self.make(SEED).get_params()
        return {one.name: params[one.name] for one in self.hyperparameters}

    def library_defaults(self) -> dict[str, Any]:
        """scikit-learn's own default of each hyperparameter, by name; not of what is ours."""
        params, found = self.make(SEED).get_params(), {}
        for one in self.hyperparameters:
            step, _, leaf = one.name.rpartition("__")
            kind = type(params.get(step))
            if kind.__module__.startswith("sklearn."):
                found[one.name] = inspect.signature(kind).parameters[leaf].default
        return found

    def hyperparameter(self, name: str) -> Hyperparameter:
        """One that may be changed, by its name with or without its step.

        Parameters
        ----------
        name : str

        Returns
        -------
        Hyperparameter

        Raises
        ------
        TrainingError
            The recipe has no such hyperparameter.

        Examples
        --------
        >>> from emnist_lab.models import get
        >>> get("hog-qda").hyperparameter("reg_param").name
        'classifier__estimator__reg_param'
        """
        for one in self.hyperparameters:
            if name in (one.name, one.label):
                return one
        known = ", ".join(one.label for one in self.hyperparameters)
        remedy = f"choose among {known}" if known else "none of its settings can be changed"
        raise TrainingError(f"{self.name} has no setting {str(name)[:60]!r}: {remedy}.")

    def checked(self, params: dict[str, Any]) -> dict[str, Any]:
        """Hyperparameters to change, as scikit-learn takes them.

        Parameters
        ----------
        params : dict
            Name of a hyperparameter, with or without its step, -> value.

        Returns
        -------
        dict
            Those that differ from the recipe's own.

        Raises
        ------
        TrainingError
            The recipe has no such hyperparameter, or a value is out of range.

        Examples
        --------
        >>> from emnist_lab.models import get
        >>> get("hog-qda").checked({"reg_param": "0.2", "n_components": 140})
        {'classifier__estimator__reg_param': 0.2}
        """
        defaults, changed = self.defaults(), {}
        for name, value in params.items():
            found = self.hyperparameter(name)
            value = found.checked(value)
            if value != defaults[found.name]:
                changed[found.name] = value
        return changed

    def pipeline(
        self, seed: int = SEED, counts: np.ndarray | None = None, params: dict | None = None
    ) -> Pipeline:
        """Unfitted pipeline on uint8 (N, 28, 28).

        Parameters
        ----------
        seed : int
            For everything random.
        counts : ndarray of shape (C,), optional
            Training images of each class that has any.
        params : dict, optional
            Hyperparameters to change; see `checked`.

        Returns
        -------
        sklearn.pipeline.Pipeline

        Raises
        ------
        TrainingError
            See `checked`.

        Examples
        --------
        >>> from emnist_lab.models import get
        >>> list(get("hog-lda").pipeline(params={"cell": 5}).named_steps)
        ['hog', 'classifier']
        """
        made = self.make(seed).set_params(**self.checked(params or {}))
        if self.adapt is not None and counts is not None:
            self.adapt(made, counts)
        return made
