"""Measure a run on a part: Run × Part -> Report."""

from ..callbacks import ProgressCallback
from ..data.part import Part
from ..errors import TrainingError
from ..metrics import report
from ..runs.run import Run


def evaluate(run: Run, test: Part, progress: ProgressCallback | None = None) -> report.Report:
    """Measure a run on a part, from the model.

    Parameters
    ----------
    run : Run
        The classifier.
    test : Part
        Images with labels, of the run's classes; of others only these are taken.
    progress : callable, optional
        As for `Run.predict_proba`.

    Returns
    -------
    metrics.Report

    Raises
    ------
    RunError
        The run has other classes, or its model can't be opened.
    TrainingError
        There are no images.
    """
    test = run.own_part(test)
    run.check_classes(test.classes)
    if len(test) == 0:
        raise TrainingError("There are no images to measure on: choose another part.")
    return report.Report(test.labels, run.predict_proba(test.images, progress), test.classes)
