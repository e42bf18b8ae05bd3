"""How far a sweep is, from the ends of its fits."""

import time
from collections.abc import Callable

from ...runs.progress import Progress
from .candidates import Candidate
from .fit_journal import FitRecord
from .plan import Plan


class SweepProgress:
    """Turns ends of fits into the progress of a sweep.

    Parameters
    ----------
    plan : Plan
    progress : callable or None
        Called with a `Progress`.
    known : dict of str to FitRecord
        Fits that the journal had before.

    Attributes
    ----------
    seen : dict of str to FitRecord
        Fits that ended.
    """

    def __init__(
        self,
        plan: Plan,
        progress: Callable[[Progress], None] | None,
        known: dict[str, FitRecord],
    ) -> None:
        self.plan, self.progress = plan, progress
        self.begun = time.perf_counter()
        self.total = max(plan.total_work(), 1e-9)
        self._work: dict[tuple, float] = {}
        self.seen = {key: one for key, one in known.items() if not one.failed}
        self.done = self.before = sum(map(self._of, self.seen.values()))
        self._tell("starts", self.done)

    def _of(self, record: FitRecord | Candidate) -> float:
        kind = (record.recipe, record.images)
        if kind not in self._work:
            self._work[kind] = self.plan.work(Candidate(record.recipe, {}, record.images))
        return self._work[kind]

    def ended(self, record: FitRecord) -> None:
        """A fit ended, or was found in the journal."""
        if record.key in self.seen:
            return
        self.seen[record.key] = record
        self.done += self._of(record)
        candidate = Candidate(record.recipe, record.settings, record.images)
        where = f"fold {record.fold + 1}"
        if self.plan.folds.repeats > 1:
            where = f"repeat {record.repeat + 1}, {where}"
        score = record.scores.get(self.plan.metric)
        what = f"{self.plan.metric} {score:.4f}" if score is not None else "failed"
        self._tell(f"{self._name(candidate)}: {where}, {what}", self.done)

    def within(self, candidate: Candidate, one: Progress) -> None:
        """A fit goes on."""
        done = self.done + self._of(candidate) * one.fraction
        self._tell(f"{self._name(candidate)}: {one.title}", done)

    def _name(self, candidate: Candidate) -> str:
        return candidate.name if self.plan.compares else candidate.label

    def _tell(self, title: str, done: float) -> None:
        if self.progress is None:
            return
        share = min(done / self.total, 1.0)
        elapsed = time.perf_counter() - self.begun
        fresh = done - self.before
        known = fresh > 0.01 * (self.total - self.before)
        self.progress(
            Progress(
                stage=1,
                stages=1,
                title=title,
                step=min(len(self.seen), self.plan.fits),
                steps=self.plan.fits,
                unit="fit",
                fraction=share,
                elapsed=elapsed,
                remaining=elapsed * max(self.total - done, 0) / fresh if known else float("nan"),
            )
        )
