"""An evaluation as one HTML file that needs nothing beside it."""

import base64
import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..data import thumbnails
from ..data.part import Part
from ..errors import RunError
from ..files import replace_whole
from ..metrics import bootstrap, confusion, definitions
from ..metrics.bootstrap import Intervals
from ..metrics.percent import percent
from ..metrics.report import Report
from ..metrics.roc import AVERAGES
from . import figures, label_issues
from .evaluation import Evaluation
from .label_marks import Mark

_PAIRS, _ISSUES = 12, 24
_FIELDS = (  # of the manifest
    "recipe", "seed", "created", "settings", "prior", "temperature", "tempered", "data", "timings",
    "versions", "machine",
)  # fmt: skip


def document(
    evaluation: Evaluation, marks: Iterable[Mark] | None, intervals: Intervals | None = None
) -> str:
    """An evaluation as HTML: figures, numbers, the data's honest name, versions.

    Parameters
    ----------
    evaluation : Evaluation
        Where it has its images, those with suspected label errors are shown.
    marks : iterable of Mark, or None
        Labels of that part that a person marked as wrong; None where they can't be
        read, which the document says.
    intervals : Intervals, optional
        Computed here where they weren't before.

    Returns
    -------
    str
        One file: styles, figures and images are inside.
    """
    run, report, part = evaluation.run, evaluation.report, evaluation.part
    intervals = intervals or bootstrap.intervals(report)
    wrong = [one.image for one in marks or () if one.image < len(report.labels)]
    issues = label_issues.predicted_otherwise(label_issues.find_label_issues(report))
    note = evaluation.note
    everything = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    from ..version import __version__

    text = everything.get_template("html_report.html").render(
        run=run,
        manifest=run.manifest,
        data=evaluation.name,
        generated=evaluation.generated,
        remarks=evaluation.remarks(),
        images=len(report.labels),
        intervals=intervals,
        balanced=report.aucs.balanced,
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
        areas=_areas(report),
        figures={
            "confusion": _picture(figures.confusion_heatmap(report), note),
            "roc": _picture(figures.roc_figure(report, _hardest(report)), note),
            "calibration": _picture(figures.calibration_figure(report), note),
        },
        issues_count=f"{len(issues):,}",
        marked=len(wrong),
        unread=marks is None,
        accuracy_without=_without(report, wrong),
        at_hand=part is not None,
        tiles=[] if part is None else _tiles(report, part, issues[:_ISSUES]),
        classes=[
            {
                key: value if key in ("class", "support") else _or_dash("{:.4f}", value)
                for key, value in row.items()
            }
            for row in report.per_class.to_dict("records")
        ],
        made=json.dumps(
            {key: run.manifest[key] for key in _FIELDS if run.manifest.get(key) not in (None, {})},
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
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(_encoded(text))  # a pipe must not be replaced; a folder refuses
            return
        replace_whole(path.resolve(), _encoded(text))
    except OSError as error:
        raise RunError(
            f"The report can't be written to {path} ({error.strerror or error}): name a file in a "
            "folder that exists and is writable."
        ) from error


def _encoded(text: str) -> bytes:
    """In UTF-8; half a surrogate pair, which a manifest may hold, as JSON escapes it."""
    return text.encode("utf-8", "backslashreplace")


def _numbers(report: Report, intervals: Intervals) -> list[dict]:
    values, unknown = report.summary(), (math.nan, math.nan)
    return [
        {
            "label": one.name,
            "value": one.format(values[one.key]),
            "interval": one.format_interval(*intervals.of.get(one.key, unknown)),
        }
        for one in definitions.METRICS
        if one.is_headline
    ]


def _areas(report: Report) -> list[tuple[str, str]]:
    """Every average of ROC AUC; where four are the same number, that once."""
    table = {key: _or_dash("{:.4f}", value) for key, value in report.aucs.table().items()}
    if report.aucs.balanced:
        return [
            ("Macro average", table["ovo_macro"]),
            (AVERAGES["ovr_micro"], table["ovr_micro"]),
        ]
    return [(AVERAGES[key], value) for key, value in table.items()]


def _or_dash(form: str, value: float) -> str:
    return "–" if math.isnan(value) else form.format(value)


def _hardest(report: Report) -> list[int]:
    return report.per_class["auc"].nsmallest(3).index.tolist()


def _without(report: Report, wrong: list[int]) -> str:
    if not wrong or len(set(wrong)) == len(report.labels):
        return "–"
    return percent(label_issues.drop_images(report, wrong).accuracy, 2)


def _picture(figure, note: str) -> str:
    return _inline(figures.encode(figure, "png", note))


def _inline(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _tiles(report: Report, part: Part, issues) -> list[dict]:
    return [
        {
            "image": row.image,
            "src": _inline(thumbnails.png(np.asarray(part.images[row.image]))),
            "given": report.names[row.given],
            "suggested": report.names[row.suggested],
            "probability": percent(row.suggested_probability, 0),
        }
        for row in issues.itertuples()
    ]
