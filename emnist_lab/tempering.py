"""A run made honest about its sureness: temperature scaling, stored with the run."""

from datetime import UTC, datetime

import numpy as np

from . import calibration
from .errors import RunError
from .manifest import SCORES
from .metrics import Report
from .recipe import SEED
from .runs import Run

_FEWEST = 100  # images to fit one number on, and to say what it brings


def tempered(run: Run, seed: int = SEED) -> Run:
    """A copy of a run whose probabilities are scaled by the temperature that suits them.

    The temperature is fitted on all kept test scores. What it brings is
    measured honestly: each half of the images at a temperature that was fitted
    on the other half (``manifest["tempered"]``).

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
        The run has no test scores, too few, or has a temperature already.
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
            f"temperature: train it again with a test part of {_FEWEST} or more."
        )
    found = round(calibration.temperature(labels, scores), 4)
    crossed = Report(labels, calibration.cross_fitted(labels, scores, seed), run.classes)
    fresh = Report(labels, calibration.scaled(scores, found), run.classes)
    made = Run(
        {
            **run.manifest,
            "name": f"{run.name}-calibrated",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "temperature": found,
            "tempered": {
                "from": run.name,
                "images": len(labels),
                "seed": seed,
                "cross_fitted_log_loss": crossed.log_loss,
                "cross_fitted_calibration_error": crossed.calibration_error,
            },
            "scores": {
                name: value if np.isfinite(value) else None
                for name, value in fresh.summary().items()
            },
            "files": {SCORES: {}},
        }
    )
    made.model = run.model
    made.test_scores = (labels, fresh.scores)
    return made
