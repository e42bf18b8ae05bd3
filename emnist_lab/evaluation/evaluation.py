"""A run measured on a part: Run × Part -> Evaluation, and the report in it."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..callbacks import ProgressCallback
from ..data.part import Part
from ..errors import TrainingError
from ..metrics.report import Report
from ..runs.run import Run
from . import class_matching
from .class_matching import ALL, LEAVE_OUT, PRESENT, Coverage

_WITHOUT = {
    ALL: "their recall and AUC are undefined and left out of the averages.",
    PRESENT: "probabilities are over the other classes, as if the run knew that it is none of "
    "these.",
}


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
    coverage : Coverage
        Which of its classes the run is measured on.
    """

    run: Run
    report: Report
    name: str
    fingerprint: str
    generated: bool
    part: Part | None
    stored: bool
    coverage: Coverage = field(default_factory=Coverage)

    @functools.cached_property
    def key(self) -> tuple:
        """What the numbers depend on, to keep what is computed from them by."""
        manifest = json.dumps(self.run.manifest, sort_keys=True, default=str)
        digest = hashlib.sha256(manifest.encode("utf-8", "surrogatepass")).hexdigest()
        measured = self.fingerprint, self.stored, self.coverage.over, *self.report.classes
        return self.run.name, str(self.run.folder), digest, *measured

    @property
    def absent(self) -> list[str]:
        """Names of the classes that there are no images of."""
        known = self.coverage.absent
        return self.report.absent if known is None else list(known)

    def remarks(self) -> list[str]:
        """What has to be said of its classes beside the numbers, a sentence each; often nothing."""
        coverage, said = self.coverage, []
        if self.absent:
            names = ", ".join(self.absent)
            said.append(f"The test subset has no image of {names}: {_WITHOUT[coverage.over]}")
        if coverage.joined:
            said.append(f"Both cases of a letter are one class here: {', '.join(coverage.joined)}.")
        if coverage.left_out:
            total, names = sum(coverage.left_out.values()), ", ".join(coverage.left_out)
            were = "1 image was" if total == 1 else f"{total:,} images were"
            said.append(f"{were} left out, of classes that the run doesn't know: {names}.")
        return said

    @property
    def stem(self) -> str:
        """What files are called, without their ending."""
        measured = "" if self.stored else "-measured-here"
        return f"{'generated-' if self.generated else ''}{self.run.name}{measured}"

    @property
    def note(self) -> str:
        """What a figure that is passed on must still say."""
        over = ", probabilities over the classes present" if self.coverage.over == PRESENT else ""
        return f"{self.run.name}, measured on: {self.name}{over}"


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


def evaluate_part(
    run: Run,
    part: Part,
    progress: ProgressCallback | None = None,
    *,
    over: str = ALL,
    unknown: str = LEAVE_OUT,
) -> Evaluation:
    """Measure a run on a part, from the model.

    Parameters
    ----------
    run : Run
    part : Part
        Images with labels. It may have some of the run's classes only, or others too, and another
        way to tell the two cases of a letter apart: see
        `emnist_lab.evaluation.class_matching.match`.
    progress : callable, optional
        As for `Run.predict_proba`.
    over : {"all", "present"}
        Whether probabilities are over all classes of the run, or over those that have images.
        Areas under ROC curves are of those that have images, either way.
    unknown : {"leave-out", "refuse"}
        What becomes of images whose class the run doesn't know.

    Returns
    -------
    Evaluation

    Raises
    ------
    RunError
        The run knows none of the classes, or not all where that is refused; or its model can't be
        opened.
    TrainingError
        There are no images, or a choice is none.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> test = lab.load("balanced", "test", root="demo").sample(94)
    >>> found = evaluate_part(lab.open_run("hog-qda"), test)
    >>> len(found.report.labels), found.generated, found.stored
    (94, True, False)
    >>> few = evaluate_part(lab.open_run("hog-qda"), test.choose("ABC"), over="present")
    >>> few.report.classes, len(few.absent)
    (['A', 'B', 'C'], 44)
    """
    if over not in class_matching.OVER:
        raise TrainingError(f"There is no choice {over!r}: write {' or '.join((ALL, PRESENT))}.")
    part, coverage = class_matching.match(run, part, unknown)
    scores = _joined(run.predict_proba(part.images, progress), coverage.members)
    report = Report(part.labels, scores, part.classes)
    generated = run.generated or part.generated
    found = Evaluation(
        run, report, part.name, part.fingerprint, generated, part, stored=False, coverage=coverage
    )
    return among_present(found) if over == PRESENT else found


def _joined(scores: np.ndarray, members: Sequence[Sequence[int]] | None) -> np.ndarray:
    """Probabilities of classes that several of the run's count as."""
    if members is None:
        return scores
    return np.stack([scores[:, list(own)].sum(axis=1) for own in members], axis=1)


def among_present(evaluation: Evaluation) -> Evaluation:
    """The same answers, as if the run knew that only classes which have images can be.

    Parameters
    ----------
    evaluation : Evaluation
        Over all classes.

    Returns
    -------
    Evaluation
        Probabilities are renormalised over the classes that have images.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> test = lab.load("balanced", "test", root="demo").choose("ABC").sample(9)
    >>> found = among_present(evaluate_part(lab.open_run("hog-qda"), test))
    >>> found.report.scores.shape, found.coverage.over
    ((9, 3), 'present')
    """
    report, part, coverage = evaluation.report, evaluation.part, evaluation.coverage
    present = np.unique(report.labels)
    fewer = report.over([report.classes[one] for one in present])
    members = coverage.members or tuple((one,) for one in range(len(report.classes)))
    return replace(
        evaluation,
        report=fewer,
        part=part and replace(part, labels=fewer.labels, classes=fewer.classes),
        coverage=replace(
            coverage,
            over=PRESENT,
            members=tuple(members[one] for one in present),
            absent=tuple(evaluation.absent),
        ),
    )


def evaluate(
    run: Run,
    test: Part,
    progress: ProgressCallback | None = None,
    *,
    over: str = ALL,
    unknown: str = LEAVE_OUT,
) -> Report:
    """Measure a run on a part, from the model: the report of `evaluate_part`.

    Parameters
    ----------
    run, test, progress, over, unknown
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
    return evaluate_part(run, test, progress, over=over, unknown=unknown).report


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
