"""Temperature scaling: a run whose probabilities say how often it is right, stored as a run."""

from datetime import UTC, datetime

from ..errors import RunError
from ..metrics import calibration
from ..metrics.report import Report
from ..models.recipe import SEED
from .manifest import LONGEST, SCORES
from .run import Run
from .run_folders import LONGEST_NAME

_FEWEST = 100  # images to fit one number on, and to say what it brings
_SUFFIX = ", temperature-scaled"


def with_temperature(run: Run, seed: int = SEED) -> Run:
    """A copy of a run whose probabilities are scaled by the temperature that suits them.

    The temperature is fitted on all kept test scores, so the new run's own
    ``manifest["scores"]`` are measured on the images that it was fitted on;
    the title says "temperature-scaled". ``manifest["tempered"]`` keeps what it
    brings, measured without bias: ``cross_fitted_log_loss`` (nats) and
    ``cross_fitted_calibration_error`` (0..1) have each half of the images at a
    temperature that was fitted on the other half, ``before_log_loss`` and
    ``before_calibration_error`` are the same without scaling. Beside them
    stand ``from`` (the run's name), ``images`` (how many) and ``seed``.

    Parameters
    ----------
    run : Run
        With test scores, and without a temperature yet.
    seed : int
        For the halves.

    Returns
    -------
    Run
        In memory: `Run.save` keeps it. It gives the same answers, with other
        probabilities.

    Raises
    ------
    RunError
        The run has no test scores, too few (of every class, too), or has a temperature
        already; or no temperature makes the cross-fitted log loss lower.
    """
    if run.temperature != 1:
        raise RunError(
            f"The run {run.name} is calibrated already (temperature {run.temperature:.3f}): choose "
            "the run that it was made from."
        )
    labels, scores = run.test_scores
    if len(labels) < _FEWEST:
        raise RunError(
            f"The run {run.name} was measured on {len(labels)} images, too few to fit a "
            f"temperature: train it again with a test subset of {_FEWEST} or more."
        )
    try:
        halves = calibration.cross_fitted(labels, scores, seed)
    except ValueError as error:  # no class has an image for each half
        raise RunError(
            f"The run {run.name} was measured on too few images of a class to fit a temperature: "
            "train it again with a test subset of two or more a class."
        ) from error
    found = round(calibration.fit_temperature(labels, scores), 4)
    before, crossed = Report(labels, scores, run.classes), Report(labels, halves, run.classes)
    if found in calibration.RANGE or not crossed.log_loss < before.log_loss:
        raise RunError(
            f"A temperature wouldn't mend the probabilities of the run {run.name}: keep it as it "
            "is."
        )
    fresh = Report(labels, calibration.apply_temperature(scores, found), run.classes)
    made = Run(
        {
            **run.manifest,
            "name": f"{run.name[: LONGEST_NAME - 11]}-calibrated",
            "title": run.manifest["title"][: LONGEST - len(_SUFFIX)] + _SUFFIX,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "temperature": found,
            "tempered": {
                "from": run.name,
                "images": len(labels),
                "seed": seed,
                "before_log_loss": before.log_loss,
                "before_calibration_error": before.calibration_error,
                "cross_fitted_log_loss": crossed.log_loss,
                "cross_fitted_calibration_error": crossed.calibration_error,
            },
            "scores": fresh.recorded(),
            "files": {SCORES: {}},
        }
    )
    made.model = run.model
    made.test_scores = (labels, fresh.scores)
    return made
