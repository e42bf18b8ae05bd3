"""How strongly the class frequencies of training enter a fitted classifier's probabilities."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.pipeline import Pipeline

from .ensemble import LogOpinionPool


def prior_exponent(model) -> float:
    """Power to which class frequencies stand in a classifier's probabilities.

    By Bayes' rule they stand there once. Where Gaussians' log probabilities are scaled by a
    temperature, the prior is scaled with them; in a pool it stands as its members' mean.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    float
        1 for all but quadratic discriminants with a temperature, and pools of them.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> prior_exponent(open_run("pixels-logistic").model)
    1.0
    >>> 0 < prior_exponent(open_run("hog-qda").model) < 1
    True
    """
    if isinstance(model, Pipeline):
        return prior_exponent(model[-1])
    if isinstance(model, LogOpinionPool):
        return float(np.average([prior_exponent(one) for one in model.estimators_],
                                weights=model.weights))  # fmt: skip
    if _tempered(model):
        scaled = np.mean([one.calibrators[0].beta_ for one in model.calibrated_classifiers_])
        return float(min(scaled, 1.0))  # more than once comes of few images that are told apart
    return 1.0


def may_differ(model) -> bool:
    """Whether `prior_exponent` of a classifier may be another than 1, fitted or not."""
    if isinstance(model, Pipeline):
        return may_differ(model[-1])
    if isinstance(model, LogOpinionPool):
        return any(may_differ(one) for _, one in model.estimators)
    return _tempered(model)


def _tempered(model) -> bool:
    return (
        isinstance(model, CalibratedClassifierCV)
        and model.method == "temperature"
        and isinstance(model.estimator, QuadraticDiscriminantAnalysis)
    )
