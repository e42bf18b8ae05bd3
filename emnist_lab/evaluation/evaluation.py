"""A run measured on a part: Run × Part -> Evaluation, and the report in it."""

import functools
import hashlib
import json
from dataclasses import dataclass

from ..callbacks import ProgressCallback
from ..data.part import Part
from ..errors import TrainingError
from ..metrics.report import Report
from ..runs.run import Run


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a run says of a part: kept scores, or probabilities that it gave now.

    Attributes
    ----------
    run : Run
    report : Report
    name, fingerprint : str
        The part's honest name and fingerprint.
    generated : bool
        Whether the run or the part was made from generated images.
    part : Part or None
        The images; None where they aren't at hand.
    stored : bool
        Whether the numbers are those that came with the run.
    """

    run: Run
    report: Report
    name: str
    fingerprint: str
    generated: bool
    part: Part | None
    stored: bool

    @functools.cached_property
    def key(self) -> tuple:
        """What the numbers depend on, to keep what is computed from them by."""
        manifest = json.dumps(self.run.manifest, sort_keys=True, default=str)
        digest = hashlib.sha256(manifest.encode("utf-8", "surrogatepass")).hexdigest()
        return self.run.name, str(self.run.folder), digest, self.fingerprint, self.stored

    @property
    def stem(self) -> str:
        """What files are called, without their ending."""
        measured = "" if self.stored else "-measured-here"
        return f"{'generated-' if self.generated else ''}{self.run.name}{measured}"

    @property
    def note(self) -> str:
        """What a figure that is passed on must still say."""
        return f"{self.run.name}, measured on: {self.name}"


def stored_evaluation(run: Run, part: Part | None = None) -> Evaluation:
    """What a run's kept test scores say.

    Parameters
    ----------
    run : Run
        With test scores.
    part : Part, optional
        Images at hand; they go in only where they are those of the scores.

    Returns
    -------
    Evaluation

    Raises
    ------
    RunError
        It has no scores, or damaged ones.

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> found = stored_evaluation(open_run("hog-qda"))
    >>> found.stored, round(found.report.accuracy, 1)
    (True, 0.9)
    """
    report, about = run.report(), run.manifest["data"]["test"]
    fits = part is not None and part.fingerprint == about["fingerprint"]
    return Evaluation(
        run,
        report,
        about["name"],
        about["fingerprint"],
        run.generated,
        part if fits else None,
        stored=True,
    )


def evaluate_part(run: Run, part: Part, progress: ProgressCallback | None = None) -> Evaluation:
    """Measure a run on a part, from the model.

    Parameters
    ----------
    run : Run
    part : Part
        Images with labels, of the run's classes; of others only these are taken.
    progress : callable, optional
        As for `Run.predict_proba`.

    Returns
    -------
    Evaluation

    Raises
    ------
    RunError
        The run has other classes, or its model can't be opened.
    TrainingError
        There are no images.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> test = lab.load("balanced", "test", root="demo").sample(94)
    >>> found = evaluate_part(lab.open_run("hog-qda"), test)
    >>> len(found.report.labels), found.generated, found.stored
    (94, True, False)
    """
    part = run.own_part(part)
    run.check_classes(part.classes)
    if len(part) == 0:
        raise TrainingError("There are no images to measure on: choose another part.")
    report = Report(part.labels, run.predict_proba(part.images, progress), part.classes)
    generated = run.generated or part.generated
    return Evaluation(run, report, part.name, part.fingerprint, generated, part, stored=False)


def evaluate(run: Run, test: Part, progress: ProgressCallback | None = None) -> Report:
    """Measure a run on a part, from the model: the report of `evaluate_part`.

    Parameters
    ----------
    run, test, progress
        As for `evaluate_part`.

    Returns
    -------
    metrics.Report

    Raises
    ------
    RunError, TrainingError
        See `evaluate_part`.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> test = lab.load("balanced", "test", root="demo").sample(47)
    >>> evaluate(lab.open_run("hog-qda"), test).confusion.sum().item()
    47
    """
    return evaluate_part(run, test, progress).report


def fingerprint_of_test_part(run: Run) -> str | None:
    """Fingerprint of the images that a run was measured on; None for one that wasn't.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str or None

    Examples
    --------
    >>> from emnist_lab import open_run
    >>> len(fingerprint_of_test_part(open_run("hog-qda")))
    32
    """
    test = run.manifest["data"].get("test")
    return test["fingerprint"] if test else None
