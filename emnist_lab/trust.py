"""Opens files that a stranger may have written: audits them first, executes nothing they bring."""

import zipfile
from pathlib import Path

import numpy as np

from .errors import RunError, first_line
from .manifest import MODEL, SCORES, damaged
from .metrics import Report

# Beside what skops trusts by itself (numpy's and scikit-learn's public types).
TRUSTED = [
    "emnist_lab.features.HOG",
    "emnist_lab.features.Pixels",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.model_selection._split.StratifiedShuffleSplit",
]
_LARGEST = 512 * 2**20  # bytes, unpacked: a small file must not fill the memory


def open_model(path: Path, name: str):
    """Read a fitted pipeline, if every type in it is on the list.

    Parameters
    ----------
    path : pathlib.Path
        A file that skops wrote.
    name : str
        Of the run, for messages.

    Returns
    -------
    sklearn.pipeline.Pipeline

    Raises
    ------
    RunError
        The file is damaged, or holds a type that isn't trusted.
    """
    import skops.io
    from sklearn.pipeline import Pipeline

    try:
        _check_unpacked(path)
        foreign = sorted(set(skops.io.get_untrusted_types(file=path)) - set(TRUSTED))
        if foreign:
            raise RunError(
                f"The model of the run {name} is refused: it holds {foreign[0][:80]}, which isn't "
                "on the list of trusted types. Train the run here instead."
            )
        model = skops.io.load(path, trusted=TRUSTED)
    except RunError:
        raise
    except Exception as error:  # a hostile file can make any part of the reader fail, in any way
        raise damaged(name, MODEL, first_line(error)) from error
    if not isinstance(model, Pipeline) or not hasattr(model, "predict_proba"):
        raise damaged(name, MODEL, f"it holds a {type(model).__name__}, not a classifier")
    return model


def open_scores(path: Path, name: str, classes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read labels and probabilities, without pickle.

    Parameters
    ----------
    path : pathlib.Path
        An ``.npz`` file.
    name : str
        Of the run, for messages.
    classes : list of str
        The run's.

    Returns
    -------
    labels : ndarray of shape (N,), dtype int64
    scores : ndarray of shape (N, C), dtype float64
        Rows sum to 1.

    Raises
    ------
    RunError
        The file is damaged, or holds something else.
    """
    try:
        _check_unpacked(path)
        with np.load(path, allow_pickle=False) as kept:
            labels, scores = kept["labels"].astype(np.int64), kept["scores"].astype(np.float64)
        Report(labels, scores, classes)
        if (scores < 0).any() or not np.allclose(scores.sum(axis=1), 1, atol=1e-6):
            raise ValueError("its rows aren't probabilities")
    except Exception as error:  # a hostile file can make any part of the reader fail, in any way
        raise damaged(name, SCORES, first_line(error)) from error
    return labels, scores


def _check_unpacked(path: Path) -> None:
    """Refuse an archive that would fill the memory."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise ValueError("it unpacks to more than 512 MiB")
