"""The figures that are published: docs/figures.json, and the tables that are made from it.

``python -m emnist_lab bench --keep`` puts what it measured into the file; ``--markdown`` writes
docs/figures.md and the table of shipped runs in README.md from it. Nobody edits these by hand.
"""

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

from .. import files
from ..errors import LabError
from ..models import catalog
from ..runs import registry
from .figure_tables import TABLES, by_row

DOCS = files.PROJECT / "docs"
JSON, MARKDOWN, README = DOCS / "figures.json", DOCS / "figures.md", files.PROJECT / "README.md"
_BEGIN, _END = "<!-- shipped runs: written by bench --markdown -->", "<!-- end -->"
_INTRO = """\
# Figures

This file is written from [figures.json](figures.json) by `python -m emnist_lab bench --markdown`:
don't edit it. `python -m emnist_lab bench --root DIR --drawings FILE --browser --keep` measures
everything anew in one run, puts it into the JSON, and writes this file and the table in the
README. Give `--only SECTION ...` to measure a part of it.

Drawings are those of UJI Pen Characters (UCI Machine Learning Repository): digits and letters by
11 people with a pen, set at random on the Draw page's canvas of 280 pixels. EMNIST images are a
re-partition, not the official split: 99,090 of *balanced* to train on, 4,700 to measure on.
"""


def load() -> dict:
    """The published figures.

    Returns
    -------
    dict
        Key of `emnist_lab.maintenance.bench.SECTIONS` -> ``figures`` as `bench` gives them,
        ``date``, ``machine``, ``versions`` and perhaps a ``note``.

    Raises
    ------
    LabError
        The file isn't there, as in an installation without docs.

    Examples
    --------
    >>> sorted(load()["drawings"]["figures"])
    ['hog-qda', 'pixels-logistic', 'warped-blend']
    """
    try:
        return json.loads(JSON.read_text(encoding="utf-8"))
    except OSError as error:
        raise LabError(
            f"{JSON} can't be read ({error.strerror}): use a checkout of the project."
        ) from error


def keep(measured: dict) -> dict:
    """Put what was measured into the file, in place of what these sections held.

    Recipes that weren't measured keep their figures, and a note says which these are.

    Parameters
    ----------
    measured : dict
        What `emnist_lab.maintenance.bench.bench` returns.

    Returns
    -------
    dict
        What the file holds now; see `load`.
    """
    where = {
        "date": datetime.date.today().isoformat(),
        "machine": {
            "system": platform.system(), "cpu": platform.machine(), "cores": os.cpu_count()
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scikit-learn", "streamlit")},
        },
    }  # fmt: skip
    # JSON knows no NaN: what couldn't be measured is null there, and a dash in the tables.
    known = json.loads(json.dumps(measured), parse_constant=lambda _: None)
    before = load()
    held = before | {key: {**where, "figures": found} for key, found in known.items()}
    if "recipes" in known:
        fresh, old = known["recipes"], before.get("recipes", {}).get("figures", {})
        left = [name for name in catalog.RECIPES if name in old and name not in fresh]
        if left:
            both = {**old, **fresh}
            held["recipes"]["figures"] = {one: both[one] for one in catalog.RECIPES if one in both}
            held["recipes"]["note"] = f"From earlier runs: {', '.join(left)}."
    files.write_json(JSON, held)
    return held


def markdown(document: dict) -> str:
    """All published figures as tables.

    Parameters
    ----------
    document : dict
        See `load`.

    Returns
    -------
    str
        What docs/figures.md holds.
    """
    parts = [_INTRO]
    for key, (heading, table) in TABLES.items():
        if key in document:
            one = document[key]
            parts += [f"## {heading}\n", table(one["figures"]), _measured_when(one)]
    return "\n".join(parts)


def _measured_when(section: dict) -> str:
    machine = section["machine"]
    when = f"on {section['date']}, " if section.get("date") else ""
    note = f" {section['note']}" if section.get("note") else ""
    return f"Measured {when}on {machine['cores']} cores ({machine['cpu']}).{note}\n"


def with_shipped_runs(readme: str, document: dict) -> str:
    """README.md with its table of the shipped runs written anew.

    Parameters
    ----------
    readme : str
        Holds the two comments that the table stands between.
    document : dict
        See `load`; the other figures are those of the runs' manifests.

    Returns
    -------
    str
    """
    before, _, rest = readme.partition(_BEGIN)
    drawn = document["drawings"]["figures"]
    rows = {}
    for run in sorted(
        (run for run in registry.list_runs()[0] if run.shipped),
        key=lambda run: run.manifest["scores"]["accuracy"],
    ):
        rows[f"`{run.name}`"] = {
            "title": run.manifest["title"],
            "fit_s": run.manifest["timings"]["fit_s"],
            **run.manifest["scores"],
            "drawn": drawn[run.name]["accuracy"],
            "ms": drawn[run.name]["median_ms"],
        }
    table = by_row(
        "run",
        rows,
        (
            ("title", "what", "{}"),
            ("accuracy", "accuracy", "{:.4f}"),
            ("roc_auc_ovo", "ROC AUC (OvO)", "{:.4f}"),
            ("drawn", "drawings read right", "{:.3f}"),
            ("ms", "strokes to probabilities", "{:.1f} ms"),
            ("fit_s", "fitted in", "{:.0f} s"),
        ),
    )
    return f"{before}{_BEGIN}\n{table}{_END}{rest.partition(_END)[2]}"


def write() -> list[Path]:
    """Write docs/figures.md and the table in README.md from docs/figures.json.

    Returns
    -------
    list of pathlib.Path
        The files.
    """
    document = load()
    readme = with_shipped_runs(README.read_text(encoding="utf-8"), document)
    for path, text in ((MARKDOWN, markdown(document)), (README, readme)):
        files.write_whole(path, text.encode())
    return [MARKDOWN, README]
