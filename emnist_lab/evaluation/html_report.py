"""An evaluation as one HTML file that needs nothing beside it."""

import base64
import contextlib
import json
import math
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..data import thumbnails
from ..data.part import Part
from ..errors import RunError
from ..metrics import bootstrap, confusion
from ..metrics.bootstrap import Intervals
from ..metrics.report import NUMBERS, Report
from ..metrics.roc import AVERAGES
from ..runs.run import Run
from . import figures, label_issues, label_marks

_PAIRS, _DOUBTFUL = 12, 24
_TOLD = ("recipe", "seed", "created", "settings", "temperature", "tempered", "data", "timings",
         "versions", "machine")  # fmt: skip


def document(
    run: Run,
    report: Report,
    data: str,
    fingerprint: str,
    part: Part | None = None,
    intervals: Intervals | None = None,
) -> str:
    """An evaluation as HTML: figures, numbers, the data's honest name, versions.

    Parameters
    ----------
    run : Run
    report : Report
        On the test part.
    data : str
        Honest name of that part.
    fingerprint : str
        Of that part; says which marks of wrong labels count.
    part : Part, optional
        Its images, where they are at hand: the doubtful ones are shown.
    intervals : Intervals, optional
        Computed here where they weren't before.

    Returns
    -------
    str
        One file: styles, figures and images are inside. Marks that can't be read
        are said to be, and none is counted.
    """
    intervals = intervals or bootstrap.intervals(report)
    try:
        wrong = [
            one.image for one in label_marks.read(fingerprint) if one.image < len(report.labels)
        ]
        unread = False
    except RunError:  # a damaged file of marks: the document says so, and has all else
        wrong, unread = [], True
    found = label_issues.find_label_issues(report)
    found = found[found["doubt"] > 0.5]
    note = f"{run.name}, measured on: {data}"
    everything = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    from ..version import __version__

    text = everything.get_template("html_report.html").render(
        run=run,
        manifest=run.manifest,
        data=data,
        generated=run.generated or (part is not None and part.generated),
        absent=report.absent,
        images=len(report.labels),
        intervals=intervals,
        numbers=_numbers(report, intervals),
        pairs=[
            {
                **row,
                "first": report.names[row["first"]],
                "second": report.names[row["second"]],
                "auc": _or_dash("{:.4f}", row["auc"]),
            }
            for row in confusion.pairs(report, _PAIRS).to_dict("records")
        ],
        areas=[
            (AVERAGES[key], _or_dash("{:.6f}", value)) for key, value in report.aucs.table().items()
        ],
        figures={
            "confusion": _picture(figures.confusion_heatmap(report), note),
            "roc": _picture(figures.roc_figure(report, _hardest(report)), note),
            "sureness": _picture(figures.calibration_figure(report), note),
        },
        doubtful_count=f"{len(found):,}",
        marked=len(wrong),
        unread=unread,
        accuracy_without=_without(report, wrong),
        at_hand=part is not None,
        tiles=[] if part is None else _tiles(report, part, found[:_DOUBTFUL]),
        classes=[
            {
                key: value if key in ("class", "support") else _or_dash("{:.4f}", value)
                for key, value in row.items()
            }
            for row in report.per_class.to_dict("records")
        ],
        made=json.dumps(
            {key: run.manifest[key] for key in _TOLD if run.manifest.get(key) not in (None, {})},
            indent=1,
            ensure_ascii=False,
        ),
        version=__version__,
        now=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return _encoded(text).decode()


def write(path: Path, text: str) -> None:
    """Write a document to disk, whole or not at all.

    Parameters
    ----------
    path : pathlib.Path
    text : str

    Raises
    ------
    RunError
        The file can't be written.
    """
    partial = path.parent / f".partial-{secrets.token_hex(8)}"
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(_encoded(text))  # a pipe must not be replaced; a folder refuses
            return
        try:
            partial.write_bytes(_encoded(text))
            os.replace(partial, path.resolve())
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(
            f"The report can't be written to {path} ({error.strerror or error}): name a file in a "
            "folder that exists and is writable."
        ) from error


def _encoded(text: str) -> bytes:
    """In UTF-8; half a surrogate pair, which a manifest may hold, as JSON escapes it."""
    return text.encode("utf-8", "backslashreplace")


def _numbers(report: Report, intervals: Intervals) -> list[dict]:
    rows = []
    for key, value in report.summary().items():
        label, form, short = NUMBERS[key]
        low, high = intervals.of.get(key, (math.nan, math.nan))
        rows.append(
            {
                "label": label,
                "value": _or_dash(form, value),
                "interval": f"{short.format(low)} – {short.format(high)}" if low == low else "",
            }
        )
    return rows


def _or_dash(form: str, value: float) -> str:
    return "–" if math.isnan(value) else form.format(value)


def _hardest(report: Report) -> list[int]:
    return report.per_class["auc"].nsmallest(3).index.tolist()


def _without(report: Report, wrong: list[int]) -> str:
    if not wrong or len(set(wrong)) == len(report.labels):
        return "–"
    return f"{label_issues.drop_images(report, wrong).accuracy:.2%}"


def _picture(figure, note: str) -> str:
    return _inline(figures.encode(figure, "png", note))


def _inline(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _tiles(report: Report, part: Part, found) -> list[dict]:
    return [
        {
            "image": row.image,
            "src": _inline(thumbnails.png(np.asarray(part.images[row.image]))),
            "given": report.names[row.given],
            "suggested": report.names[row.suggested],
            "probability": f"{row.suggested_probability:.0%}",
        }
        for row in found.itertuples()
    ]
