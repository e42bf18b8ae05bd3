"""The demo set: generated images that stand in for EMNIST where it isn't at hand.

``python -m emnist_lab demo --root DIR`` makes it anew from real images, and measures how close
to them it is, and that none is a copy.
"""

import errno
import json
import os
import platform
import secrets
import shutil
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from .. import files
from ..data import loading
from ..data.formats import idx
from ..data.part import Part
from ..errors import DatasetError
from ..models import catalog
from ..runs import registry
from .deformable_templates import PARAMETERS, make

FOLDER = files.SHIPPED / "demo"
PER_CLASS = (190, 30)


def _accuracy(model, part: Part) -> float:
    return float((model.predict(part.images) == part.labels).mean())


def _distances(images: np.ndarray, among: np.ndarray, itself: np.ndarray | None = None) -> dict:
    """Euclidean distance (pixels 0..1) of each image to its nearest `among` others.

    `itself` holds the index of each image among them, which is skipped.
    """
    flat = among.reshape(len(among), -1).astype(np.float32) / 255
    squares = np.einsum("ij,ij->i", flat, flat)
    nearest = np.empty(len(images))
    for start in range(0, len(images), 512):
        batch = images[start : start + 512].reshape(-1, flat.shape[1]).astype(np.float32) / 255
        apart = squares - 2 * (batch @ flat.T)
        if itself is not None:
            apart[np.arange(len(batch)), itself[start : start + 512]] = np.inf
        # computed from the difference itself: squares cancel for near copies
        nearest[start : start + 512] = np.linalg.norm(batch - flat[apart.argmin(axis=1)], axis=1)
    low, first, middle = np.quantile(nearest, [0, 0.01, 0.5])
    return {
        "images": len(images),
        "minimum": round(float(low), 4),
        "percentile_1": round(float(first), 4),
        "median": round(float(middle), 4),
    }


def measure_realism(
    train_generated: Part, test_generated: Part, real_train: Part, real_test: Part, seed: int = 25
) -> dict:
    """Measure how similar generated images are to real ones, and that none is a copy.

    Parameters
    ----------
    train_generated, test_generated : Part
        What `make` drew.
    real_train, real_test : Part
        Real images of the same classes.
    seed : int
        Seed of the fits and samples.

    Returns
    -------
    dict
        Accuracies 0..1 of classifiers of real images on generated ones and the
        reverse, and distances to the nearest real training image.

    Raises
    ------
    RunError
        The shipped run hog-qda can't be opened.
    """
    pooled = Part(
        np.concatenate([train_generated.images, test_generated.images]),
        np.concatenate([train_generated.labels, test_generated.labels]),
        *(train_generated.classes, train_generated.split, "train and test", "generated"),
    )
    recipe = catalog.get("hog-logistic")

    def fitted(part: Part):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the recipe stops early on purpose
            return recipe.pipeline(seed, part.counts()).fit(part.images, part.labels)

    def shipped(part: Part) -> float:
        read = run.predict_proba(part.images).argmax(axis=1)
        return float((np.array(run.classes)[read] == np.array(part.classes)[part.labels]).mean())

    run = registry.open_run("hog-qda")
    few = real_train.sample(20_000, seed)
    of_real, of_generated = fitted(few), fitted(train_generated)
    some = np.sort(np.random.default_rng(seed).permutation(len(real_train))[:5000])
    return {
        "shipped_hog_qda_reads_generated": shipped(pooled),
        "shipped_hog_qda_reads_real_test": shipped(real_test),
        "real_images_of_hog_logistic": len(few),
        "hog_logistic_of_real_reads_generated": _accuracy(of_real, pooled),
        "hog_logistic_of_real_reads_real_test": _accuracy(of_real, real_test),
        "hog_logistic_of_generated_reads_real_test": _accuracy(of_generated, real_test),
        "distance_to_nearest_real_train_image": {
            "unit": "Euclidean, pixels 0..1",
            "generated": _distances(pooled.images, real_train.images),
            "real_test": _distances(real_test.images, real_train.images),
            "real_train_to_another": _distances(real_train.images[some], real_train.images, some),
        },
    }


def write(folder: Path, parts: tuple[Part, Part], about: dict) -> None:
    """Write a generated set in NIST's format, whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
        Replaced where it exists.
    parts : (Part, Part)
        Train and test.
    about : dict
        What ``about.json`` says.

    Raises
    ------
    DatasetError
        The disk is full, or the folder can't be written.
    """
    folder = Path(folder)
    suffix = secrets.token_hex(8)
    partial, former = (folder.with_name(f".{what}-{suffix}") for what in ("partial", "former"))
    try:
        partial.mkdir(parents=True)
        for part in parts:
            stem = f"generated-{part.split}-{part.part}"
            # NIST stores images transposed
            images = idx.encode(part.images.transpose(0, 2, 1))
            (partial / f"{stem}-images-idx3-ubyte.gz").write_bytes(images)
            (partial / f"{stem}-labels-idx1-ubyte.gz").write_bytes(idx.encode(part.labels))
        lines = [f"{index} {ord(name)}\r\n" for index, name in enumerate(parts[0].classes)]
        mapping = partial / f"generated-{parts[0].split}-mapping.txt"
        mapping.write_bytes("".join(lines).encode("ascii"))
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        (partial / "about.json").write_text(text, encoding="utf-8", newline="\n")
        if folder.exists():
            os.replace(folder, former)
        os.replace(partial, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DatasetError(
                f"The disk that holds {folder} is full: free some space and try again."
            ) from error
        raise DatasetError(
            f"The demo set can't be written to {folder} ({error.strerror or error}): make its "
            "folder writable and try again."
        ) from error
    finally:
        if former.exists() and not folder.exists():
            os.replace(former, folder)
        shutil.rmtree(former, ignore_errors=True)
        shutil.rmtree(partial, ignore_errors=True)


def build(
    root: str | os.PathLike | None,
    folder: Path = FOLDER,
    seed: int = 25,
    progress: Callable[[str], None] | None = None,
) -> dict:
    """Make the demo set from real EMNIST, measure it, and write it.

    Parameters
    ----------
    root : path-like or None
        Where real EMNIST lies, as for `emnist_lab.load`; its split *balanced* is used.
    folder : pathlib.Path
        Where the set goes; replaced where it exists.
    seed : int
        Seed of every draw.
    progress : callable, optional
        Called with a line of text now and then.

    Returns
    -------
    dict
        What ``about.json`` says.

    Raises
    ------
    DatasetError
        Real EMNIST isn't there, is itself generated, or the set can't be written.
    """
    report = progress or (lambda text: None)
    real_train, real_test = (loading.load("balanced", part, root) for part in ("train", "test"))
    if real_train.generated or real_test.generated:
        raise DatasetError(
            "The demo set is made from real images, and these are generated: name a folder of "
            "EMNIST with --root."
        )
    parts = make(real_train, PER_CLASS, seed, report)
    report("measuring")
    about = {
        "what": (
            f"{sum(map(len, parts)):,} images generated by a model of EMNIST's handwriting; "
            "no person wrote them, and none is an EMNIST image."
        ),
        "command": f"python -m emnist_lab demo --root DIR --seed {seed}",
        "seed": seed,
        "classes": len(real_train.classes),
        "images_per_class": dict(zip(("train", "test"), PER_CLASS, strict=True)),
        "parts": {part.part: {"fingerprint": part.fingerprint} for part in parts},
        "model": "per class, a mixture of deformable templates with Gaussian shape and appearance",
        "parameters": PARAMETERS,
        "fitted_to": {"name": real_train.name, "fingerprint": real_train.fingerprint},
        "measured_on": {"name": real_test.name, "fingerprint": real_test.fingerprint},
        "libraries": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "scikit-learn", "pillow")},
        },
        "realism": measure_realism(*parts, real_train, real_test, seed),
    }
    report(f"writing {folder}")
    write(folder, parts, about)
    return about
