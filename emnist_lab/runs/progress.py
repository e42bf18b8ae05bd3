"""How far a fit is: from scikit-learn's fit callbacks, stages, steps and a learning curve."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from ..data.part import Part
from ..errors import TrainingCancelled
from ..metrics import scores
from ..models.recipe import Recipe

_UNITS = {  # scikit-learn's name of a task -> what people call it; others are too fine to show
    "lbfgs-iter": "iteration",
    "hog-batch": "batch",
    "epoch": "epoch",
    "trees": "step",
}


@dataclass(frozen=True)
class Progress:
    """How far a fit is.

    Attributes
    ----------
    stage, stages : int
        Which step of the recipe, from 1, of how many.
    title : str
        What it does.
    step, steps : int or None
        Iterations, epochs, batches or the like done within the stage, where it has any.
    unit : str
        What a step is.
    fraction : float
        Share of the whole work that is done, 0..1: an estimate from the
        stages' usual shares. An optimiser that converges early ends early.
    elapsed, remaining : float
        Seconds; the latter is an estimate, NaN while there is nothing to go by.
    loss, score : float or None
        Log loss on training images and accuracy on held-out ones, at most
        2,000 of each, after this iteration.
    """

    stage: int
    stages: int
    title: str
    step: int | None = None
    steps: int | None = None
    unit: str = "step"
    fraction: float = 0.0
    elapsed: float = 0.0
    remaining: float = float("nan")
    loss: float | None = None
    score: float | None = None


def as_json(progress: Progress) -> dict:
    """`progress` as plain values; NaN becomes None.

    Parameters
    ----------
    progress : Progress

    Returns
    -------
    dict
    """
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value
        for name, value in asdict(progress).items()
    }


def _member(context) -> int | None:
    """Which member of a pool a task belongs to, if any."""
    return context.task_id if context.source_task_name == "member" else None


@dataclass
class FitCallback:
    """scikit-learn fit callback that turns tasks into `Progress`, and stops when asked to.

    Attributes
    ----------
    recipe : Recipe
    pipeline : sklearn.pipeline.Pipeline
        What is fitted.
    train : Part or None
        Images whose log loss is followed; nothing is where it is None.
    test : Part or None
        Images whose accuracy is followed.
    progress : callable or None
        Called with a `Progress`.
    cancel : callable or None
        `TrainingCancelled` is raised once it returns True.
    curve : list of dict
        What was measured: ``step``, ``seconds``, ``loss``, ``score``.
    """

    recipe: Recipe
    pipeline: object
    train: Part | None
    test: Part | None
    progress: Callable[[Progress], None] | None
    cancel: Callable[[], bool] | None
    curve: list[dict[str, float]] = field(default_factory=list)
    watching: float = 0.0  # seconds spent on measuring, which the fit isn't charged for
    max_propagation_depth = None

    def __post_init__(self):
        self.begun = time.perf_counter()
        self.stage = 0
        # features and labels to measure on, made when the first iteration asks for them
        self.samples: list[tuple[np.ndarray, np.ndarray]] | None = None

    def setup(self, estimator, context):
        """Nothing to prepare: part of scikit-learn's callback protocol."""

    def teardown(self, estimator, context):
        """Nothing to release: part of scikit-learn's callback protocol."""

    def on_fit_task_begin(self, estimator, context):
        """A stage begins, or an iteration does."""
        self._stop_if_asked()
        # A task right below the pipeline is a stage; a pipeline within a stage has none of its own.
        if context.parent is not None and context.parent.parent is None:
            self.stage = context.task_id
            self._tell()

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """An iteration or a batch is done."""
        self._stop_if_asked()
        name, above = context.task_name, context.parent
        if above is None or (name == "hog-batch" and above.parent.parent is not None):
            return
        if name == "epoch-part":
            within = (context.task_id + 1) / above.max_subtasks
            steps, member = above.parent.max_subtasks, _member(above.parent)
            self._tell(above.task_id + within, steps, "epoch", member=member)
            return
        if name not in _UNITS:
            return
        step, steps = context.task_id + 1, above.max_subtasks
        if name == "lbfgs-iter":
            steps -= 1  # scikit-learn counts one empty task after the last iteration
        loss, score, member = None, None, _member(above)
        followed = fitted_estimator is not None and self.train is not None
        if followed and not member:  # of a pool, the first is followed
            loss, score = self._measure(fitted_estimator)
            self.curve.append({"step": step, "seconds": self.seconds, "loss": loss, "score": score})
        self._tell(step, steps, _UNITS[name], loss, score, member)

    @property
    def seconds(self) -> float:
        """Seconds of fitting so far."""
        return time.perf_counter() - self.begun - self.watching

    def _stop_if_asked(self):
        if self.cancel is not None and self.cancel():
            raise TrainingCancelled("Training was cancelled; nothing was kept.")

    def _measure(self, classifier) -> tuple[float, float | None]:
        start = time.perf_counter()
        if self.samples is None:
            before = self.pipeline[:-1]
            self.samples = [
                (before.transform(part.images) if len(before) else part.images, part.labels)
                for part in (self.train, self.test)
                if part is not None
            ]
        probabilities = classifier.predict_proba(self.samples[0][0])
        places = np.searchsorted(classifier.classes_, self.samples[0][1])
        loss = scores.log_loss(places, probabilities)
        score = None
        if len(self.samples) > 1:
            score = float((classifier.predict(self.samples[1][0]) == self.samples[1][1]).mean())
        self.watching += time.perf_counter() - start
        return loss, score

    def _tell(self, step=None, steps=None, unit="step", loss=None, score=None, member=None):
        if self.progress is None:
            return
        shares = [share for _, share in self.recipe.stages]
        done = sum(shares[: self.stage])
        if step is not None and steps:
            within = step / steps
            if member is not None and self.recipe.members:
                within *= self.recipe.members[member]
                within += sum(self.recipe.members[:member])
            done += shares[self.stage] * within
        elapsed = time.perf_counter() - self.begun
        self.progress(
            Progress(
                stage=self.stage + 1,
                stages=len(shares),
                title=self.recipe.stages[self.stage][0],
                step=step if step is None else max(int(step), 1),
                steps=steps,
                unit=unit,
                fraction=min(done, 1.0),
                elapsed=elapsed,
                remaining=elapsed * (1 - done) / done if done > 0.02 else float("nan"),
                loss=loss,
                score=score,
            )
        )
