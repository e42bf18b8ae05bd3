"""Why what lies at a place isn't a dataset that is read: each kind of file, and the reason."""

import contextlib
import re
from pathlib import Path

from ...errors import DatasetError
from . import csv_table, image_folder, numpy_arrays, parquet
from .validation import printable, stamp

READ = (
    "what is read: IDX files by NIST's or MNIST's names, NIST's zip and Matlab files, NumPy's .npz "
    "and .npy, CSV and ARFF tables of 784 pixels and a label, Parquet and Arrow files, pictures in "
    "a folder for each class"
)
_NUMPY = "save its arrays with numpy.savez"
_PICKLE = f"pickles, which can run code: {_NUMPY}"
_ARCHIVE = "archives: unpack them and name the folder, or bring a zip"
_REASONS = {
    **dict.fromkeys((".pt", ".pth", ".ckpt"), f"PyTorch's pickles, which can run code: {_NUMPY}"),
    **dict.fromkeys((".pkl", ".pickle", ".p", ".joblib", ".dill", ".sav"), _PICKLE),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), f"HDF5: {_NUMPY}"),
    ".tfrecord": "TensorFlow's records, which Arrow doesn't read: save tfds.as_numpy's arrays with "
    "numpy.savez",
    **dict.fromkeys((".tar", ".tgz", ".rar", ".7z", ".bz2", ".xz"), _ARCHIVE),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "spreadsheets: save them as CSV"),
    ".mat": "no structure 'dataset' as NIST's",
    **dict.fromkeys((*image_folder.UNREAD, ".pdf"), "pictures of this kind: save them as PNG"),
}
_MOST_KINDS = 3
_IDX = re.compile(".*(images|labels).?idx[123].*")


def why_not(files: list[Path], place: Path) -> str:
    """What lies at a place that no reader took, and why.

    Parameters
    ----------
    files : list of pathlib.Path
        All at or below `place`, nearest first.
    place : pathlib.Path

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> why_not([], Path("raw")).partition(";")[0]
    'raw holds no dataset that is known: there is no file in it'
    """
    kinds: dict[str, list[Path]] = {}
    for path in files:
        kinds.setdefault(_kind(path), []).append(path)
    told = []
    # what tried to be a dataset goes first
    for kind, paths in sorted(kinds.items(), key=lambda item: _rank(item[0])):
        example, count = printable(paths[0].name, 40), len(paths)
        what = example if count == 1 else f"{count:,} {kind or 'other'} files such as {example}"
        told.append(f"{what} ({_reason(kind, paths)})")
    more = f", and {len(told) - _MOST_KINDS} more kinds" if len(told) > _MOST_KINDS else ""
    seen = f"it has {', '.join(told[:_MOST_KINDS])}{more}" if told else "there is no file in it"
    # An import's folder has no name of its own yet.
    shown = "It" if place.name.startswith(".") else printable(str(place), 120)
    if files == [place] or (len(files) == 1 and shown == "It"):
        why = _reason(*next(iter(kinds.items())))
        return f"{printable(files[0].name, 120)} is no dataset that is known: {why}; {READ}."
    return f"{shown} holds no dataset that is known: {seen}; {READ}."


def _rank(kind: str) -> tuple[bool, bool, str]:
    known = {*_REASONS, *image_folder.SUFFIXES, *numpy_arrays.SUFFIXES, *parquet.SUFFIXES}
    tables = {one for one in csv_table.SUFFIXES if not one.endswith(".gz")}
    return kind not in known | {"IDX"}, kind not in tables, kind


def _kind(path: Path) -> str:
    name = path.name.lower()
    if _IDX.fullmatch(name):
        return "IDX"
    if ".tar." in name:
        return ".tar"
    if ".tfrecord" in name:
        return ".tfrecord"
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in _REASONS and _is_pickle(path):
        return ".pkl"
    return suffix


def _is_pickle(path: Path) -> bool:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = file.read(2)
        return len(head) == 2 and head[0] == 0x80 and 2 <= head[1] <= 5
    return False


def _reason(kind: str, paths: list[Path]) -> str:
    """Why files of a kind aren't read; looked up in the first of them."""
    path = paths[0]
    if kind in _REASONS:
        return _REASONS[kind]
    if kind == "IDX":
        return "images without their labels, or labels without their images"
    if kind in image_folder.SUFFIXES:
        return _of_pictures(paths)
    if kind in numpy_arrays.SUFFIXES:
        return _of_arrays(path)
    if kind in parquet.SUFFIXES:
        return "no column of images, or damaged"
    if kind in csv_table.SUFFIXES:
        return _of_table(path)
    return "no images"


def _of_pictures(paths: list[Path]) -> str:
    folders = list(dict.fromkeys(path.parent.name for path in paths))
    named = ", ".join(repr(printable(name, 20)) for name in folders[:3])
    more = " …" if len(folders) > 3 else ""
    where = f"folder {named}" if len(folders) == 1 else f"folders {named}{more}"
    return (
        f"in {where}: neither these nor the files' names tell two classes or more; name each "
        "class's folder by one character, such as 7, A or a_lower"
    )


def _of_arrays(path: Path) -> str:
    try:
        arrays = numpy_arrays.headers(path, *stamp(path))
    except DatasetError as error:
        return str(error).rstrip(".").replace(": ", ", ")
    held = ", ".join(
        f"{one.name.partition(' in ')[0]} of {'×'.join(map(str, one.shape))}" for one in arrays[:4]
    )
    return f"it holds {printable(held, 120) or 'nothing'}, not images and as many labels"


def _of_table(path: Path) -> str:
    try:
        columns = csv_table.columns(path)
    except DatasetError as error:
        return str(error).rstrip(".").replace(": ", ", ")
    return f"{columns:,} column{'s' * (columns != 1)}, expected 784 pixels and a label"
