"""The cells of the confusion matrix with most errors, as pairs of images that open them."""

import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.part import Part
from emnist_lab.evaluation import neighbours
from emnist_lab.metrics import confusion
from emnist_lab.metrics.confusion import ConfusedCell
from emnist_lab.metrics.report import Report
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_evaluation
from emnist_lab.ui.components.component_files import files_beside
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.home import page_links

_SHOWN = 6  # cells


_pairs = st.components.v2.component(
    "emnist_lab_confused_pairs",
    html='<ul class="pairs"></ul>',
    **files_beside(__file__),
)


def show(run: Run) -> None:
    """Show what a run confuses most; as pictures where its test images are at hand.

    Parameters
    ----------
    run : Run
        With test scores.

    Raises
    ------
    LabError
        The run's scores can't be read.
    """
    report = current_evaluation.report(run.name)
    cells = confusion.confused_cells(report, _SHOWN)
    part = current_evaluation.test_part(run)[0]
    if part is None:
        for cell in cells:
            st.page_link(
                "pages/evaluate.py",
                label=plain(f"{_words(report, cell)}: {_count(cell)}"),
                icon=":material/grid_on:",
                query_params=_parameters(run, report, cell),
            )
        return

    def went() -> None:
        place = st.session_state["home-pairs"].went
        if isinstance(place, int) and 0 <= place < len(cells):
            page_links.ask("evaluate", **_parameters(run, report, cells[place]))

    cards = [
        {
            "words": _words(report, cell),
            "count": _count(cell),
            "images": _images(report, part, cell),
            "address": page_links.address("evaluate", **_parameters(run, report, cell)),
        }
        for cell in cells
    ]
    _pairs(key="home-pairs", data={"cards": cards}, on_went_change=went)


def _words(report: Report, cell: ConfusedCell) -> str:
    return f"{report.names[cell.true]} predicted as {report.names[cell.read]}"


def _count(cell: ConfusedCell) -> str:
    return f"{cell.count} of {cell.of}"


def _parameters(run: Run, report: Report, cell: ConfusedCell) -> dict[str, str]:
    """Of the address of Evaluate at a cell."""
    return {"run": run.name, "true": report.classes[cell.true], "read": report.classes[cell.read]}


def _images(report: Report, part: Part, cell: ConfusedCell) -> list[dict[str, str]]:
    """A misclassified image, and a typical one of the class that it is predicted as."""
    shown = [(part.images[cell.misread], f"true {report.names[cell.true]}")]
    right = part.images[confusion.images_in_cell(report, cell.read, cell.read)]
    if len(right):
        shown.append((right[neighbours.most_typical(right)], f"typical {report.names[cell.read]}"))
    return [{"picture": thumbnails.data_url(image), "words": words} for image, words in shown]
