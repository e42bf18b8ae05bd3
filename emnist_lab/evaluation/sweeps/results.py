"""A sweep as people look at it: candidates with their scores and spread, the best, its refit."""

import functools
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from ...data.part import Part
from ...errors import TrainingError
from ...metrics import METRICS, definitions
from ...models import catalog
from ...models.hyperparameters import as_text
from ...models.recipe import Recipe
from ...runs import training
from ...runs.progress import Progress
from ...runs.run import Run
from .candidates import Candidate, Result, better
from .fit_journal import FitRecord

_KEYS = tuple(one.key for one in METRICS)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Candidates that were cross-validated over the same folds.

    Attributes
    ----------
    manifest : dict
        What was asked, of which images; see `emnist_lab.evaluation.sweeps.sweep_store`.
    records : tuple of FitRecord
        All fits that ended.
    name : str
        Of its folder, once kept.
    owner : str or None
        Visitor of a server whom it belongs to.
    """

    manifest: dict[str, Any]
    records: tuple[FitRecord, ...]
    name: str = ""
    owner: str | None = None
    recipes: tuple[Recipe, ...] = field(default=(), repr=False)

    @property
    def metric(self) -> str:
        """What candidates are ranked by: a key of `emnist_lab.metrics.METRICS`."""
        return self.manifest["metric"]

    @property
    def splits(self) -> int:
        """How often each candidate is fitted."""
        return self.manifest["folds"] * self.manifest["repeats"]

    @property
    def fits(self) -> int:
        """How many fits it takes."""
        return self.manifest["fits"]

    @property
    def complete(self) -> bool:
        """Whether all fits have ended."""
        return self.manifest["finished"] is not None

    @property
    def comparison(self) -> bool:
        """Whether recipes are compared, in place of settings of one."""
        return self.manifest["kind"] == "comparison"

    @property
    def generated(self) -> bool:
        """Whether the images are a model's, not people's."""
        return self.manifest["data"]["generated"]

    @property
    def notes(self) -> list[str]:
        """What a person should know of it, a sentence each; see `plan.Plan`."""
        return self.manifest["notes"]

    @property
    def title(self) -> str:
        """What was searched, for people."""
        return ", ".join(one["title"] for one in self.manifest["recipes"])

    @property
    def axes(self) -> list[str]:
        """scikit-learn's names of the hyperparameters that candidates differ in."""
        names = (name for one in self.manifest["candidates"] for name in one["settings"])
        return list(dict.fromkeys([*self.manifest["space"], *names]))

    @functools.cached_property
    def results(self) -> tuple[Result, ...]:
        """Its candidates, in the order in which they are tried."""
        planned = [_candidate(one) for one in self.manifest["candidates"]]
        found: dict[tuple, dict[tuple[int, int], FitRecord]] = {
            _identity(one): {} for one in planned
        }
        candidates = {_identity(one): one for one in planned}
        for record in self.records:
            one = Candidate(record.recipe, record.settings, record.images)
            candidates.setdefault(_identity(one), one)
            found.setdefault(_identity(one), {})[record.repeat, record.fold] = record
        return tuple(
            Result(
                candidates[key],
                tuple(record for _, record in sorted(found[key].items())),
                self.splits,
            )
            for key in found
        )

    @functools.cached_property
    def ranking(self) -> tuple[Result, ...]:
        """Candidates that were fitted on every split, best first.

        Those with most training images come first, as in the last round of successive halving;
        among equals, the one that was tried first.
        """

        def place(one: Result) -> tuple[float, float]:
            return -(one.candidate.images or 0), -better(self.metric, one.mean(self.metric))

        usable = (one for one in self.results if one.complete)
        return tuple(sorted((one for one in usable if not math.isnan(place(one)[1])), key=place))

    @property
    def best(self) -> Result:
        """The candidate that ranks first.

        Raises
        ------
        TrainingError
            None was fitted on every split.
        """
        if not self.ranking:
            raise TrainingError(
                "This sweep has no best candidate yet: none was fitted on every fold; resume it."
            )
        return self.ranking[0]

    def table(self, splits: bool = False) -> pd.DataFrame:
        """A row a candidate, the best first, then those without a rank.

        Parameters
        ----------
        splits : bool
            Whether the scores on each split by `metric` stand in it too.

        Returns
        -------
        pandas.DataFrame
            ``rank`` (NaN for none), ``recipe``, a column a hyperparameter, ``images``, ``fits``,
            mean and standard deviation of each metric (``accuracy``, ``accuracy_std``), ``fit_s``
            (mean seconds), ``reason``.

        Examples
        --------
        >>> import emnist_lab as lab
        >>> train = lab.load("balanced", "train", root="demo").sample(470)
        >>> found = lab.sweep("pixels-bayes", train, sizes=(100, 200)).table()
        >>> found["images"].tolist(), found["fits"].tolist()
        ([200.0, 100.0], [3, 3])
        """
        rank = {id(one): place for place, one in enumerate(self.ranking, 1)}
        axes = {name: name.rpartition("__")[2] for name in self.axes}
        rows = []
        for one in (*self.ranking, *(rest for rest in self.results if id(rest) not in rank)):
            row: dict[str, Any] = {"rank": rank.get(id(one)), "recipe": one.candidate.recipe}
            row |= {
                label: _shown(one.candidate.settings[name])
                if name in one.candidate.settings
                else None
                for name, label in axes.items()
            }
            row |= {"images": one.train_images, "fits": len(one.records)}
            for key in _KEYS:
                row |= {key: one.mean(key), f"{key}_std": one.std(key)}
            times = [record.fit_s for record in one.records if not record.failed]
            row |= {"fit_s": float(np.mean(times)) if times else math.nan, "reason": one.reason}
            if splits:
                scores = {(one.repeat, one.fold): one.scores for one in one.records}
                row |= {
                    f"{self.metric}_{place + 1}": scores.get(
                        divmod(place, self.manifest["folds"]), {}
                    ).get(self.metric, math.nan)
                    for place in range(self.splits)
                }
            rows.append(row)
        frame = pd.DataFrame(rows)
        return frame.astype({"rank": float, "images": float})

    def fit_table(self) -> pd.DataFrame:
        """A row a fit: the candidate, ``repeat`` and ``fold`` from 1, every score, seconds."""
        axes = {name: name.rpartition("__")[2] for name in self.axes}
        rows = []
        for one in self.results:
            for record in one.records:
                settings = {
                    label: _shown(record.settings[name]) if name in record.settings else None
                    for name, label in axes.items()
                }
                rows.append(
                    {"recipe": record.recipe, **settings}
                    | {"repeat": record.repeat + 1, "fold": record.fold + 1, "seed": record.seed}
                    | {"train_images": record.train_images, "test_images": record.test_images}
                    | {key: record.scores.get(key, math.nan) for key in _KEYS}
                    | {"fit_s": record.fit_s, "score_s": record.score_s, "reason": record.reason}
                )
        return pd.DataFrame(rows)

    def csv(self) -> str:
        """`table` with the scores on each split, as CSV with a line of names.

        Returns
        -------
        str
            A text that a spreadsheet would take for a formula begins with an apostrophe.
        """
        frame = self.table(splits=True)
        for name in frame.select_dtypes(exclude="number"):
            frame[name] = frame[name].map(
                lambda value: f"'{value}" if str(value)[:1] in ("=", "+", "@") else value
            )
        text = io.StringIO()
        frame.to_csv(text, index=False, lineterminator="\n")
        return text.getvalue()

    def refit(
        self,
        train: Part,
        test: Part | None = None,
        *,
        result: Result | None = None,
        progress: Callable[[Progress], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Run:
        """Fit a candidate on all images: a run, whose manifest names this sweep.

        Parameters
        ----------
        train, test : Part
            See `emnist_lab.runs.training.fit`.
        result : Result, optional
            The best by default.
        progress, cancel : callable, optional
            See `emnist_lab.runs.training.fit`.

        Returns
        -------
        Run
            In memory: `Run.save` keeps it.

        Raises
        ------
        TrainingError
            No candidate is complete, or it can't be fitted to these images.
        TrainingCancelled
            `cancel` returned True.
        """
        result = result or self.best
        run = training.fit(
            self.recipe(result.candidate.recipe),
            train,
            test,
            seed=self.manifest["seed"],
            params=result.candidate.settings,
            prior=self.manifest["prior"],
            progress=progress,
            cancel=cancel,
        )
        run.manifest["sweep"] = self.note(result)
        return run

    def note(self, result: Result | None = None) -> dict[str, Any]:
        """What the manifest of a refitted run says of this sweep.

        Parameters
        ----------
        result : Result, optional
            The candidate; the best by default.

        Returns
        -------
        dict
            ``name``, ``metric``, its ``mean`` and ``std`` over ``fits``.
        """
        result = result or self.best
        std = result.std(self.metric)
        return {
            "name": self.name or "not kept",
            "metric": self.metric,
            "mean": result.mean(self.metric),
            **({"std": std} if math.isfinite(std) else {}),
            "fits": len(result.records),
        }

    def note_of(self, recipe: str, settings: dict[str, Any]) -> dict[str, Any]:
        """`note` of the best candidate with these settings.

        Parameters
        ----------
        recipe : str
        settings : dict
            Those that differ from the recipe's own.

        Returns
        -------
        dict

        Raises
        ------
        TrainingError
            The sweep has no such candidate that was fitted on every fold.
        """
        own = self.recipe(recipe)
        for one in self.ranking:
            if (one.candidate.recipe, own.checked(one.candidate.settings)) == (recipe, settings):
                return self.note(one)
        raise TrainingError(
            f"The sweep {self.name} has no scores of these settings: choose one of its candidates."
        )

    def recipe(self, name: str) -> Recipe:
        """One of its recipes by name; raises `TrainingError` where there is none here."""
        own = next((one for one in self.recipes if one.name == name), None)
        return own or catalog.get(name)


def _candidate(values: dict[str, Any]) -> Candidate:
    settings = {
        name: tuple(one) if isinstance(one, list) else one
        for name, one in values["settings"].items()
    }
    return Candidate(values["recipe"], settings, values["images"])


def _identity(one: Candidate) -> tuple:
    return one.recipe, one.images, json.dumps(one.settings, sort_keys=True)


def _shown(value: Any) -> Any:
    """A hyperparameter in a table: a number or a text."""
    return as_text(value) if isinstance(value, (tuple, list)) else value


def as_values(candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Candidates as JSON has them."""
    return json.loads(json.dumps([asdict(one) for one in candidates]))


def candidate_name(sweep: Sweep, result: Result) -> str:
    """What a candidate is called beside the others of its sweep.

    Parameters
    ----------
    sweep : Sweep
    result : Result

    Returns
    -------
    str
        A recipe and its settings in a comparison, the settings alone in a search.
    """
    one = result.candidate
    return replace(one, images=None).name if sweep.comparison else one.label


def headline(sweep: Sweep) -> str:
    """One sentence on what a sweep found.

    Parameters
    ----------
    sweep : Sweep

    Returns
    -------
    str

    Examples
    --------
    >>> import emnist_lab as lab
    >>> train = lab.load("balanced", "train", root="demo").choose("0123456789").sample(300)
    >>> headline(lab.sweep("pixels-neighbours", train, grid={"n_neighbors": (1, 50)}))[:20]
    'Best: n_neighbors=1,'
    """
    if not sweep.ranking:
        return "No candidate was fitted on every fold yet."
    best, metric = sweep.best, definitions.get(sweep.metric)
    std = best.std(sweep.metric)
    spread = f" ± {metric.format(std)}" if math.isfinite(std) else ""
    name = candidate_name(sweep, best)
    value = metric.format(best.mean(sweep.metric))
    first = "Best" if sweep.complete else "Best so far"
    return f"{first}: {name}, {metric.name.lower()} {value}{spread} over {len(best.records)} fits."
