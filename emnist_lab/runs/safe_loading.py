"""Opens files that anyone may have written: audits them first, executes nothing they bring."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.svm import SVC

from ..errors import RunError, first_line
from ..metrics.report import Report
from ..models import catalog, writer_adaptation  # noqa: F401  with them all estimators are known
from ..models.trusted_types import trusted_types
from .manifest import MODEL, SCORES, Damaged

# Beside what skops trusts by itself (numpy's and scikit-learn's public types).
TRUSTED = [
    *trusted_types(),
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.model_selection._split.StratifiedShuffleSplit",
    "sklearn.tree._tree.Tree",  # numbers only, and `_check_compiled` looks at them
]
# A model names its types by module and class. What those of version 0.1 are called now:
MOVED = {
    ("emnist_lab.blend", "Blend"): ("emnist_lab.models.ensemble", "LogOpinionPool"),
    ("emnist_lab.features", "HOG"): ("emnist_lab.models.features", "HOG"),
    ("emnist_lab.features", "Ink"): ("emnist_lab.models.features", "InkDensity"),
    ("emnist_lab.features", "Pixels"): ("emnist_lab.models.features", "Pixels"),
    ("emnist_lab.features", "ScaledPixels"): ("emnist_lab.models.features", "ScaledPixels"),
    ("emnist_lab.features", "WithinClassWhitening"): (
        "emnist_lab.models.features",
        "WithinClassWhitening",
    ),
    ("emnist_lab.forest", "GrowingForest"): (
        "emnist_lab.models.forest",
        "ExtraTreesWithProgress",
    ),
    ("emnist_lab.network", "Network"): ("emnist_lab.models.mlp", "MLPNetwork"),
    ("emnist_lab.network", "WarpedNetworks"): (
        "emnist_lab.models.mlp",
        "AugmentedMLPEnsemble",
    ),
    ("emnist_lab.normal", "Normalised"): (
        "emnist_lab.models.normalization",
        "MomentNormalizer",
    ),
}
_SCHEMA = "schema.json"
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
        content = _with_moved_types(path)
        foreign = sorted(set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED))
        if foreign:
            raise RunError(
                f"The {MODEL} of the run {name} is refused: it holds {foreign[0][:80]}, which "
                "isn't on the list of trusted types. Train the run here instead."
            )
        model = skops.io.loads(content, trusted=TRUSTED)
        _check_compiled(model)
    except RunError:
        raise
    except Exception as error:  # a hostile file can make any part of the reader fail, in any way
        raise Damaged(name, MODEL, first_line(error)) from error
    if not isinstance(model, Pipeline) or not hasattr(model, "predict_proba"):
        raise Damaged(name, MODEL, f"it holds a {type(model).__name__}, not a classifier")
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
        raise Damaged(name, SCORES, first_line(error)) from error
    return labels, scores


def _with_moved_types(path: Path) -> bytes:
    """A model's file, its types called as they are called now; nothing is built from it."""
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        schema = json.loads(old.read(_SCHEMA))
        if not _rename_moved(schema):
            return content
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as new:
            for entry in old.infolist():
                if entry.filename != _SCHEMA:
                    new.writestr(entry.filename, old.read(entry))
            new.writestr(_SCHEMA, json.dumps(schema))
    return out.getvalue()


def _rename_moved(schema) -> bool:
    """Rename types in a schema, in place; whether there were any to rename."""
    found, waiting = False, [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            moved = MOVED.get((str(node.get("__module__")), str(node.get("__class__"))))
            if moved:
                node["__module__"], node["__class__"] = moved
                found = True
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return found


def _check_unpacked(path: Path) -> None:
    """Refuse an archive that would fill the memory."""
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST:
            raise ValueError("it unpacks to more than 512 MiB")


def _check_compiled(model) -> None:
    """Refuse numbers that would lead compiled code, which doesn't look, outside its arrays."""
    for part in _estimators(model):
        if hasattr(part, "tree_"):
            tree, nodes = part.tree_, np.arange(part.tree_.node_count)
            left, right = tree.children_left, tree.children_right
            inner = left != -1
            # Children come after their parent, so no walk goes round in circles.
            forward = (left > nodes) & (right > nodes) & (np.maximum(left, right) < len(nodes))
            asked = (tree.feature >= 0) & (tree.feature < tree.n_features)
            if len(nodes) == 0 or not (forward & asked)[inner].all() or part.n_outputs_ != 1:
                raise ValueError("a tree's nodes don't fit together")
            if part.n_features_in_ != tree.n_features:
                raise ValueError("a tree takes other features than it says")
        if isinstance(part, SVC) and "support_vectors_" in vars(part):
            classes, vectors = len(part.classes_), len(part.support_vectors_)
            fits = (
                part._n_support.shape == (classes,)
                and (part._n_support >= 0).all()
                and int(part._n_support.sum()) == vectors == len(part.support_)
                and part._dual_coef_.shape == part.dual_coef_.shape == (classes - 1, vectors)
                and part._intercept_.shape == (classes * (classes - 1) // 2,)
                and part.support_vectors_.shape == (vectors, part.n_features_in_)
                and not part._sparse
                and part.kernel in ("rbf", "linear", "poly", "sigmoid")
            )
            if not fits:
                raise ValueError("a support vector machine's numbers don't fit together")


def _estimators(model, depth: int = 0):
    """Everything with parameters in a model, itself included."""
    if depth > 60:
        raise ValueError("it is nested too deep")
    if isinstance(model, (list, tuple)):
        for one in model:
            yield from _estimators(one, depth + 1)
    elif isinstance(model, np.ndarray) and model.dtype == object:
        yield from _estimators(model.ravel().tolist(), depth + 1)
    elif isinstance(model, dict):
        yield from _estimators(list(model.values()), depth + 1)
    elif isinstance(model, BaseEstimator) or type(model).__module__.startswith(
        "sklearn.calibration"
    ):
        yield model
        yield from _estimators(list(vars(model).values()), depth + 1)
