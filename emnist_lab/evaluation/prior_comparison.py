"""What a run's accuracy would be if it answered for other class frequencies."""

import numpy as np
import pandas as pd

from ..metrics.report import Report
from ..runs import class_prior
from .evaluation import Evaluation

MEASURED = "measured"  # as frequent as in the part that is measured on


def comparable(evaluation: Evaluation) -> bool:
    """Whether the run's training prior is known, and nothing was done to its answers since."""
    run = evaluation.run
    own = evaluation.report.classes == run.classes
    return own and "prior" in run.manifest and run.temperature == 1


def compare_priors(evaluation: Evaluation) -> pd.DataFrame:
    """Metrics of a run's answers, changed to other class frequencies by Bayes' rule.

    Parameters
    ----------
    evaluation : Evaluation
        For which `comparable` is true.

    Returns
    -------
    DataFrame
        A row each for ``"equal"``, ``"training"``, ``"measured"`` (the frequencies of the part
        itself) and, where the run answers for one, ``"given"``: ``prior``, ``now`` (whether the
        run answers for it), ``accuracy``, ``mean_recall`` (balanced accuracy: every class counts
        alike), ``top3_accuracy``, ``log_loss`` (nats).

    Examples
    --------
    >>> import emnist_lab as lab
    >>> from emnist_lab.evaluation.evaluation import stored_evaluation
    >>> train, test = (lab.load("balanced", part, root="demo") for part in ("train", "test"))
    >>> run = lab.fit("pixels-bayes", train.sample(470), test.sample(94))
    >>> compare_priors(stored_evaluation(run)).query("now").prior.tolist()
    ['equal']
    """
    about, report = evaluation.run.manifest["prior"], evaluation.report
    wanted = {
        class_prior.EQUAL: class_prior.EQUAL,
        class_prior.TRAINING: class_prior.TRAINING,
        # a class that the part has no image of keeps a chance, or a row could be empty
        MEASURED: np.maximum(np.bincount(report.labels, minlength=len(report.classes)), 0.5),
    }
    if about["answers_for"] == class_prior.GIVEN:
        wanted[class_prior.GIVEN] = class_prior.GIVEN
    rows = []
    for prior, frequencies in wanted.items():
        is_now = prior == about["answers_for"]
        found = report
        if not is_now:
            weights = class_prior.weights(about, frequencies)
            scores = class_prior.change(report.scores, about, weights)
            found = Report(report.labels, scores, report.classes)
        values = found.summary()
        rows.append(
            {
                "prior": prior,
                "now": is_now,
                "accuracy": values["accuracy"],
                "mean_recall": float(found.per_class["recall"].mean()),
                "top3_accuracy": values["top3_accuracy"],
                "log_loss": values["log_loss"],
            }
        )
    return pd.DataFrame(rows)
