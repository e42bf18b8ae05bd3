"""Two runs side by side on the Compare page: McNemar's test, and the images they differ on."""

import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.part import Part
from emnist_lab.errors import LabError
from emnist_lab.evaluation import comparison
from emnist_lab.evaluation.comparison import McNemar
from emnist_lab.metrics.percent import percent, percentage_points
from emnist_lab.metrics.report import Report
from emnist_lab.runs.manifest import SCORES
from emnist_lab.runs.run import Run
from emnist_lab.ui import address, current_evaluation, messages
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.downloads import download_csv
from emnist_lab.ui.formatting import plain

_SHOWN = 120  # images a gallery


def choose_pair(runs: list[Run], table: pd.DataFrame) -> tuple[Run, Run] | None:
    """Selection of two runs, kept in the address; None, and why, where there are no two."""
    scored = {run.name: run for run in runs if SCORES in run.manifest["files"]}
    if len(scored) < 2:
        st.info(
            "It takes two runs with test scores, and there "
            + (f"is one, {plain(next(iter(scored)))}." if scored else "is none.")
            + " The Train page makes more.",
            icon=":material/compare_arrows:",
        )
        st.page_link("pages/train.py", label="Train another", icon=":material/model_training:")
        return None
    names = list(scored)
    best = [name for name in table["run"] if name in scored]
    best += [name for name in names if name not in best]
    for parameter in ("first", "second"):
        address.say_unknown(parameter, names, "run with test scores")
    with st.container(horizontal=True):
        first, second = (
            address.selectbox(
                label,
                names,
                best[place],
                key=f"compare-{parameter}",
                parameter=parameter,
                width=340,
            )
            for place, (label, parameter) in enumerate(
                (("First run", "first"), ("Second run", "second"))
            )
        )
    if first == second:
        st.info("A run agrees with itself: choose another.", icon=":material/compare_arrows:")
        return None
    return scored[first], scored[second]


def show_pair(first: Run, second: Run) -> None:
    """Show where two runs disagree, and whether one is significantly better."""
    try:
        comparison.check_pair(first, second)
        reports = current_evaluation.report(first.name), current_evaluation.report(second.name)
        comparison.check_reports(*reports)
    except LabError as error:
        messages.say_error(error)
        return
    labels = reports[0].labels
    test = comparison.mcnemar(labels, *(report.predicted for report in reports))
    if first.generated or second.generated:
        st.warning(
            "**Made from generated images.** At least one of the two was: its scores say nothing "
            "about real handwriting.",
            icon=":material/robot_2:",
        )
    st.caption(f"Both measured on the {plain(first.manifest['data']['test']['name'])}.")
    _verdict(first.name, second.name, test)
    _images(first, second, *reports)
    _by_class(first.name, second.name, *reports)


def _verdict(first: str, second: str, test: McNemar) -> None:
    a, b = f"**{plain(first)}**", f"**{plain(second)}**"
    p_value = "p < 0.0001" if test.p_value < 1e-4 else f"p = {test.p_value:.4f}"
    if not test.first + test.second:
        st.info("The two are correct on exactly the same images.", icon=":material/drag_handle:")
    else:
        finding = "significant at 5%" if test.significant else "not significant at 5%"
        st.markdown(
            f"{a} is correct on {test.first:,} images that {b} misclassifies, {b} on "
            f"{test.second:,} that {a} misclassifies. Probability of a split at least this uneven, "
            f"were both equally good: {p_value}, **{finding}**."
        )
        more, less = (a, b) if test.difference >= 0 else (b, a)
        if not test.significant:
            st.caption("These images don't tell which of the two is better.")
        else:
            st.caption(f"{more} is better than {less} on this test subset.")
    left, right = st.columns([1.5, 1], gap="large", vertical_alignment="center")
    left.table(
        pd.DataFrame(
            [[f"{test.both:,}", f"{test.first:,}"], [f"{test.second:,}", f"{test.neither:,}"]],
            index=[f"{plain(first)} correct", f"{plain(first)} wrong"],
            columns=[f"{plain(second)} correct", f"{plain(second)} wrong"],
        )
    )
    right.metric(
        "Difference of accuracies",
        percentage_points(test.difference),
        help="The first run's less the second's, in percentage points. The interval is Bonett and "
        "Price's (2012) for paired proportions; the p-value is McNemar's exact test (two-sided): "
        "images on which both are correct, or neither, say nothing about which is better.",
    )
    ends = f"{percentage_points(test.low, unit='')} to {percentage_points(test.high)}"
    right.caption(f"95% CI {ends}, on {test.images:,} images.")


def _images(first: Run, second: Run, one: Report, other: Report) -> None:
    found = comparison.disagreements(one, other)
    part, problem = current_evaluation.test_part(first)
    if part is None:
        st.info(problem, icon=":material/hide_image:")
        return
    titles = _Titles(first.name, second.name, one, other)
    sides = st.columns(2, gap="large")
    for side, run, indices, key in (
        (sides[0], first, found.first, "only-first"),
        (sides[1], second, found.second, "only-second"),
    ):
        with side:
            st.markdown(f"**Only {plain(run.name)} is correct**: {len(indices):,}")
            _gallery(part, indices, titles, key, f"Images that only {run.name} predicts correctly")
    more = st.expander(
        f"Both wrong, but differently: {len(found.neither):,}",
        key="compare-neither-open",
        on_change="rerun",
    )
    if more.open:
        with more:
            _gallery(part, found.neither, titles, "neither", "Images that both misclassify")


class _Titles:
    """Captions: what an image is, and what each run says."""

    def __init__(self, first: str, second: str, one: Report, other: Report):
        self.runs = ((first, one), (second, other))
        self.report = one

    def true(self, index: int) -> str:
        return self.report.names[self.report.labels[index]]

    def predictions(self, index: int) -> list[tuple[str, str, float]]:
        """Each run, its prediction and that prediction's probability."""
        return [
            (name, report.names[report.predicted[index]], float(report.scores[index].max()))
            for name, report in self.runs
        ]

    def __call__(self, index: int) -> str:
        predictions = ", ".join(
            f"{run}: {read} ({percent(probability, 0)})"
            for run, read, probability in self.predictions(index)
        )
        return f"is {self.true(index)} / {predictions}"


def _gallery(part: Part, indices: np.ndarray, titles: _Titles, key: str, label: str) -> None:
    if not len(indices):
        st.caption("Not one.")
        return
    here = indices[:_SHOWN]
    chosen = st.session_state.get(f"compare-picked-{key}")
    picked = chosen if chosen in here else int(here[0])
    gallery(
        part.images[here],
        [int(index) for index in here],
        [titles(index) for index in here],
        key=f"compare-gallery-{key}",
        label=label,
        selected=picked,
        on_pick=lambda index: st.session_state.update({f"compare-picked-{key}": index}),
        height=232,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(
            thumbnails.png(part.images[picked], 4),
            width=112,
            alt=f"Test image {picked}: {titles.true(picked)}",
        )
        predictions = "  \n".join(
            f"{plain(run)}: **{plain(read)}** ({percent(probability, 0)})"
            for run, read, probability in titles.predictions(picked)
        )
        st.markdown(f"Image {picked:,} is **{plain(titles.true(picked))}**  \n{predictions}")
    st.caption(
        (f"The {len(here)} with the highest confidence. " if len(indices) > _SHOWN else "")
        + "Highest confidence first; pick one to see what each predicts."
    )


def _by_class(first: str, second: str, one: Report, other: Report) -> None:
    st.subheader("Most frequent disagreements", anchor=False)
    table = comparison.disagreements_by_class(one, other, 30)
    if table.empty:
        st.caption("The two predict the same for every image.")
        return
    st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 353),
        column_config={
            "true": "True class",
            "first": f"{first} predicts",
            "second": f"{second} predicts",
            "images": st.column_config.NumberColumn(
                "Images", help="Test images of this class with these two predictions."
            ),
        },
    )
    st.caption("The file lists every image on which the two differ.")
    download_csv(
        f"{first}-{second}-disagreements",
        lambda: comparison.differing_predictions(one, other).to_csv(index=False),
    )
