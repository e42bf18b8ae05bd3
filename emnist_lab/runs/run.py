"""A fitted recipe with its manifest and test scores."""

import itertools
import zipfile
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..callbacks import ProgressCallback
from ..data.formats.base import SIDE
from ..errors import RunError, first_line
from ..files import SHIPPED, sha256, write_owner
from ..metrics import calibration, label_shift
from ..metrics.report import Report
from . import class_prior, run_folders, safe_loading
from .blas_threads import one_blas_thread
from .class_prior import Prior
from .manifest import MANIFEST, MODEL, SCORES, Damaged
from .run_folders import LONGEST_NAME, check_name, runs_home

_FEW = 16  # images whose matrix products are too small to be worth more than one thread
_NUMBERS = itertools.count()  # of runs, in this process
_BATCH = 4096  # images in work at a time: bounds the memory that prediction takes


@dataclass(eq=False)
class Run:
    """A fitted recipe with its manifest and test scores.

    Attributes
    ----------
    manifest : dict
        What ``run.json`` holds, checked by `emnist_lab.runs.manifest`.
    folder : pathlib.Path or None
        Where it lies; None for a run that was not saved.
    """

    manifest: dict[str, Any]
    folder: Path | None = None
    _number: int = field(default_factory=_NUMBERS.__next__, init=False, repr=False)

    @property
    def name(self) -> str:
        """Name to open it by."""
        return self.manifest["name"]

    @property
    def generated(self) -> bool:
        """Whether images that it was trained or measured on are a model's, not people's."""
        parts = (self.manifest["data"].get(side) or {} for side in ("train", "test"))
        return any(part.get("generated") is True for part in parts)

    @property
    def classes(self) -> list[str]:
        """One character a class."""
        return self.manifest["classes"]

    @property
    def temperature(self) -> float:
        """Temperature of the probabilities; 1 leaves them.

        See `emnist_lab.runs.temperature_scaling`.
        """
        return float(self.manifest.get("temperature", 1.0))

    @cached_property
    def class_weights(self) -> np.ndarray | None:
        """What the model's probabilities are multiplied by, (C,) float64; None leaves them.

        A run answers for class frequencies that its manifest names under ``"prior"``: equal ones by
        default. See `emnist_lab.runs.class_prior`.
        """
        about = self.manifest.get("prior")
        if about is None or about["answers_for"] == class_prior.TRAINING:
            return None
        return class_prior.weights(about)

    @property
    def shipped(self) -> bool:
        """Whether it came with the project."""
        return self.folder is not None and self.folder.parent == SHIPPED

    @cached_property
    def model(self):
        """The fitted scikit-learn pipeline, on uint8 (N, 28, 28).

        Raises
        ------
        RunError
            The file is missing, damaged, or holds a type that isn't trusted.
        """
        return safe_loading.open_model(self.file(MODEL), self.name)

    @cached_property
    def test_scores(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels (N,) int64 and probabilities (N, C) float64 on the test part.

        Raises
        ------
        RunError
            The run has none, or the file is damaged.
        """
        if SCORES not in self.manifest["files"]:
            raise RunError(
                f"The run {self.name} has no test scores: evaluate it on a dataset, or train it "
                "again with a test subset."
            )
        return safe_loading.open_scores(self.file(SCORES), self.name, self.classes)

    def report(self) -> Report:
        """Report on the kept test scores; see `test_scores`."""
        return Report(*self.test_scores, self.classes)

    def predict_proba(
        self, images: np.ndarray, progress: ProgressCallback | None = None
    ) -> np.ndarray:
        """Probability of every class for every image.

        Parameters
        ----------
        images : ndarray of shape (N, 28, 28), dtype uint8
            Upright, ink bright on black.
        progress : callable, optional
            Told how far it is, after every thousand images (see
            `emnist_lab.callbacks.ProgressCallback`); what it raises ends the work.

        Returns
        -------
        ndarray of shape (N, C), dtype float64
            Columns as `classes`; rows sum to 1. A class that training had no
            image of gets 0.

        Raises
        ------
        RunError
            The images have another shape or type, or the model can't be opened.
        """
        images = np.asarray(images)
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
            raise RunError(
                f"Images of shape {images.shape} and type {images.dtype} can't be read: send uint8 "
                f"of shape (N, {SIDE}, {SIDE}), upright."
            )
        model = self.model
        out = np.zeros((len(images), len(self.classes)))
        step = _BATCH if progress is None else _BATCH // 4  # a cancel shouldn't take long
        for start in range(0, len(images), step):
            if progress is not None:
                progress(start / len(images), f"{start:,} of {len(images):,} images read")
            part = slice(start, start + step)
            try:
                with one_blas_thread() if len(images) <= _FEW else nullcontext():
                    out[part, model.classes_] = model.predict_proba(images[part])
            except MemoryError:
                raise
            except Exception as error:  # whatever is wrong with a model that somebody made
                raise Damaged(self.name, MODEL, first_line(error)) from error
        total = out.sum(axis=1, keepdims=True)
        if not (np.isfinite(total).all() and (total > 0).all() and (out >= 0).all()):
            raise Damaged(self.name, MODEL, "it doesn't answer with probabilities")
        out /= total
        if self.class_weights is not None:
            out = label_shift.adjust(out, self.class_weights)
        return (
            out if self.temperature == 1 else calibration.apply_temperature(out, self.temperature)
        )

    def for_prior(self, prior: Prior) -> "Run":
        """A copy that answers for other class frequencies; nothing is fitted again.

        Parameters
        ----------
        prior : str, mapping or sequence
            ``"equal"``, ``"training"``, or frequencies; see `emnist_lab.runs.class_prior.entry`.

        Returns
        -------
        Run
            In memory: `save` keeps it. Kept scores are changed by the same rule.

        Raises
        ------
        RunError
            The run's training prior isn't known, or a temperature or a hand came after it.
        TrainingError
            `prior` is none.

        Examples
        --------
        >>> import emnist_lab as lab
        >>> train = lab.load("balanced", "train", root="demo").sample(470)
        >>> run = lab.fit("pixels-bayes", train)
        >>> run.for_prior("training").manifest["prior"]["answers_for"]
        'training'
        """
        about = self.manifest.get("prior")
        if self.temperature != 1 or "adapted" in self.manifest:
            raise RunError(
                f"The run {self.name} was calibrated or adapted for the class frequencies that it "
                "answers for: choose the run that it was made from."
            )
        if about is None:
            raise RunError(
                f"The run {self.name} doesn't say how many images of each class it learned from: "
                "train it again."
            )
        fresh = {
            **{key: value for key, value in about.items() if key == "exponent"},
            **class_prior.entry(about["training"], prior, self.classes),
        }
        made = Run(
            {
                **self.manifest,
                "name": f"{self.name[: LONGEST_NAME - 6]}-prior",
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                "prior": fresh,
                "files": {},
            }
        )
        made.model = self.model
        if "test_scores" in self.__dict__ or SCORES in self.manifest["files"]:
            labels, scores = self.test_scores
            made.test_scores = (
                labels,
                class_prior.change(scores, about, class_prior.weights(fresh)),
            )
            made.manifest["files"] = {SCORES: {}}
            made.manifest["scores"] = made.report().recorded()
        return made

    def warm_up(self) -> None:
        """Open the model and read one blank image, so that the first real one doesn't wait.

        Raises
        ------
        RunError
            The model can't be opened.
        """
        if "model" not in self.__dict__:
            self.predict_proba(np.zeros((1, SIDE, SIDE), np.uint8))

    def version_key(self) -> tuple[str, int]:
        """What changes when the run does, for caches.

        Returns
        -------
        tuple
            Its folder, and when its manifest was written; of a run that was not saved, an empty
            text and a number that no other has in this process.

        Raises
        ------
        RunError
            It is gone.
        """
        if self.folder is None:
            return "", self._number
        try:
            return str(self.folder), (self.folder / MANIFEST).stat().st_mtime_ns
        except OSError as error:
            raise RunError(
                f"There is no run {self.name} any more: it was renamed or deleted meanwhile; "
                "choose another."
            ) from error

    @property
    def bytes(self) -> int:
        """Disk space that its files take; 0 for a run that was not saved, or is gone."""
        if self.folder is None:
            return 0
        files = (self.folder / name for name in (MANIFEST, *self.manifest["files"]))
        return sum(file.stat().st_size for file in files if file.is_file())

    def file(self, name: str) -> Path:
        """Path of a file of the run, once its bytes are those that the manifest names.

        Parameters
        ----------
        name : str
            One of those in the manifest.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        RunError
            The run was not saved, or the file is missing or not what was saved.
        """
        if self.folder is None:
            raise RunError(f"The run {self.name} was not saved, so it has no {name}.")
        path = self.folder / name
        known = self.manifest["files"].get(name)
        if known is None:
            raise Damaged(self.name, name, "the manifest doesn't list it")
        try:
            digest = sha256(path)
        except FileNotFoundError as error:
            raise Damaged(self.name, name, "it is missing") from error
        except OSError as error:
            raise Damaged(self.name, name, error.strerror or str(error)) from error
        if digest != known.get("sha256"):
            raise Damaged(self.name, name, "its bytes aren't those that were saved")
        return path

    def save(
        self, name: str | None = None, folder: Path | None = None, owner: str | None = None
    ) -> "Run":
        """Write the run to disk, whole or not at all.

        Parameters
        ----------
        name : str, optional
            Name of the run; a number is added where it is taken.
        folder : pathlib.Path, optional
            Where runs are kept; this machine's own by default.
        owner : str, optional
            Visitor of a server whom it belongs to; see `emnist_lab.files.owner_of`.

        Returns
        -------
        Run
            The run as it lies on disk.

        Raises
        ------
        RunError
            The name can't be a folder's, or the disk is full or read-only.
        """
        name = check_name(name or self.name)
        place = folder or runs_home()
        with run_folders.staging_folder(place) as partial:
            write_owner(partial, owner)
            manifest = run_folders.commit(partial, self._write(partial), name)
        return Run(manifest, place / manifest["name"])

    def _write(self, partial: Path) -> dict[str, Any]:
        """Write all files but the manifest, which is returned."""
        import skops.io

        # A tree's nodes are mostly zeros: packed, a forest takes a tenth. Level 1 is four times as
        # fast as the usual one, and makes networks, which hardly can be packed, 5 % larger.
        packed = skops.io.dumps(self.model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
        (partial / MODEL).write_bytes(packed)
        files = [MODEL]
        if "test_scores" in self.__dict__ or SCORES in self.manifest["files"]:
            labels, scores = self.test_scores
            np.savez_compressed(partial / SCORES, labels=labels.astype(np.int16), scores=scores)
            files.append(SCORES)
        listed = {
            file: {
                "bytes": (partial / file).stat().st_size,
                "sha256": sha256(partial / file),
            }
            for file in files
        }
        return {**self.manifest, "files": listed}
