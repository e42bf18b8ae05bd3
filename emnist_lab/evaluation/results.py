"""An evaluation as plain values, for other programs."""

import math
from typing import Any

from ..metrics import definitions
from ..runs import class_prior
from .class_matching import ALL
from .evaluation import Evaluation, fingerprint_of_test_part


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """What a run was measured on, its numbers, and whether they are its manifest's.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    dict
        The report's summary by name; beside it ``run``, ``recipe``, ``trained_on``, ``data``,
        ``images``, ``over`` (see `emnist_lab.evaluation.evaluation.evaluate_part`),
        ``classes_without_images``, ``left_out`` (classes that the run doesn't know -> images),
        ``cases_joined`` (letters whose cases are one class), ``manifest`` (the kept numbers),
        ``same_data_as_manifest``, ``equals_manifest`` (None on other data), ``most_missed`` and
        ``confused_pairs``, and ``answers_for``, the class frequencies (see
        `emnist_lab.runs.class_prior`). An undefined number is NaN.

    Examples
    --------
    >>> from emnist_lab.evaluation.evaluation import stored_evaluation
    >>> from emnist_lab.runs import open_run
    >>> found = as_json(stored_evaluation(open_run("hog-qda")))
    >>> found["recipe"], found["same_data_as_manifest"], found["equals_manifest"]
    ('hog-qda', True, True)
    """
    run, report, coverage = evaluation.run, evaluation.report, evaluation.coverage
    summary, kept = report.summary(), run.manifest["scores"]
    same_data = evaluation.fingerprint == fingerprint_of_test_part(run) and coverage.over == ALL
    # Older manifests hold fewer numbers; NaN is kept as null.
    equal = all(
        _equal(key, kept[key], value, len(report.labels))
        for key, value in summary.items()
        if key in kept
    )
    return {
        "run": run.name,
        "recipe": run.manifest["recipe"],
        "trained_on": run.manifest["data"]["train"]["name"],
        "answers_for": class_prior.describe(run.manifest.get("prior")),
        "data": evaluation.name,
        "images": len(report.labels),
        **summary,
        "over": coverage.over,
        "classes_without_images": evaluation.absent,
        "left_out": coverage.left_out,
        "cases_joined": list(coverage.joined),
        "manifest": kept,
        "same_data_as_manifest": same_data,
        "equals_manifest": equal if same_data else None,
        "most_missed": report.most_missed(),
        "confused_pairs": report.confused_pairs(10).to_dict("records"),
    }


def _equal(name: str, kept: float | None, value: float, images: int) -> bool:
    """Whether a number is the manifest's, measured on whatever processor.

    BLAS kernels sum in their own order. Between those of x86 the probabilities of the
    shipped runs differ by 1e-6, and by 1e-3 where a pixel is rounded otherwise: 4e-5 of a
    calibration error. Where two classes are nearly as likely, one image may be read otherwise.
    """
    if kept is None:
        return math.isnan(value)
    # An image more or less, and no second.
    one = 1.5 / images if definitions.get(name).steps_by_image else 0
    return math.isclose(kept, value, rel_tol=1e-4, abs_tol=one)
