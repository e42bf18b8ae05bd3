"""Drawings as files: JSON of strokes, and EMNIST's own format."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence

import numpy as np

from ...data.formats import idx
from ...data.splits import mapping
from ...errors import HandwritingError, InkError
from ..stroke_files import decode_drawings
from .drawing import Drawing, now

_STEM = "handwriting"  # of the names of files in EMNIST's format
_TOLD = 200  # drawings, between two times that progress is told


def to_json(drawings: Sequence[Drawing]) -> bytes:
    """A file that `emnist_lab.handwriting.stroke_files.read_drawings` reads, and `from_json`.

    Parameters
    ----------
    drawings : sequence of Drawing
        Those without strokes, from pictures, are left out.

    Returns
    -------
    bytes
        A JSON list of ``{"label", "writer", "strokes", "pen_width", "time", "source",
        "predictions"}``, the oldest first. No owner: that number opens their drawings.

    Examples
    --------
    >>> one = Drawing.from_strokes("7", [[(0, 0), (70, 0), (30, 100)]])
    >>> from_json(to_json([one]), "mine.json")[0].label
    '7'
    """
    rows = [
        {
            "label": one.label,
            "writer": one.person,
            "strokes": one.strokes,
            "pen_width": one.pen_width,
            "time": one.time,
            "source": one.source,
            "predictions": one.predictions,
        }
        for one in reversed(drawings)
        if one.strokes
    ]
    text = ",\n".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for row in rows
    )
    return f"[{text}]\n".encode()


def from_json(
    content: bytes, name: str, progress: Callable[[float], None] | None = None
) -> list[Drawing]:
    """Drawings from a file in the format of `to_json`.

    Parameters
    ----------
    content : bytes
    name : str
        What the file is called, for people.
    progress : callable, optional
        Told the share that is done, 0..1.

    Returns
    -------
    list of Drawing
        Their source is ``"import"``; writer, width, time and predictions are
        kept where the file has them.

    Raises
    ------
    HandwritingError or InkError
        It is no such file, or a drawing in it can't be kept: which, and why.
    """
    found = []
    rows = decode_drawings(content, name)
    moment = now()
    for number, row in enumerate(rows, 1):
        known = {"predictions": row.get("said"), **row}  # which version 0.1 called so
        more = {
            key: known[key]
            for key in ("pen_width", "writer", "predictions")
            if known.get(key) is not None
        }
        if isinstance(row.get("time"), str) and row["time"] < moment:  # not in the future
            more["time"] = row["time"]
        try:
            if "label" not in row:
                raise HandwritingError("it has no label: add what character it is.")
            found.append(
                Drawing.from_strokes(row["label"], row["strokes"], source="import", **more)
            )
        except (HandwritingError, InkError) as error:
            raise HandwritingError(
                f"{name}, drawing {number:,} of {len(rows):,}, can't be kept: {error}"
            ) from error
        if progress is not None and number % _TOLD == 0:
            progress(number / len(rows))
    return found


def to_idx(drawings: Sequence[Drawing]) -> bytes:
    """A zip of files in EMNIST's format: images, labels, and a mapping of those that occur.

    Parameters
    ----------
    drawings : sequence of Drawing
        At least one, of at most 256 characters.

    Returns
    -------
    bytes
        Images are transposed, as NIST stores them; the oldest first. Not
        called ``emnist-…``: it isn't EMNIST.

    Raises
    ------
    HandwritingError
        There are none, or too many characters for a byte.

    Examples
    --------
    >>> one = Drawing.from_strokes("7", [[(0, 0), (70, 0), (30, 100)]])
    >>> sorted(zipfile.ZipFile(io.BytesIO(to_idx([one]))).namelist())[-1]
    'handwriting-mapping.txt'
    """
    if not drawings:
        raise HandwritingError("There are no drawings to export: keep some first.")
    usual = list(mapping("byclass").values())
    labels = sorted(
        {one.label for one in drawings},
        key=lambda label: (usual.index(label) if label in usual else len(usual), label),
    )
    if len(labels) > 256:
        raise HandwritingError(
            f"The drawings are of {len(labels)} characters, a file of this format holds 256: "
            "export them as JSON."
        )
    ordered = drawings[::-1]
    images = np.stack([one.image for one in ordered])
    files = {
        f"{_STEM}-images-idx3-ubyte.gz": idx.encode(images.transpose(0, 2, 1)),
        f"{_STEM}-labels-idx1-ubyte.gz": idx.encode(
            np.array([labels.index(one.label) for one in ordered])
        ),
        f"{_STEM}-mapping.txt": "".join(
            f"{index} {ord(label)}\r\n" for index, label in enumerate(labels)
        ).encode("ascii"),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()
