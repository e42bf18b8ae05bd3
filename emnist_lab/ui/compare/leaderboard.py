"""What the Compare page shows of runs: the leaderboard, the trade-off, two runs side by side."""

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.data import thumbnails
from emnist_lab.data.part import Part
from emnist_lab.errors import LabError
from emnist_lab.evaluation import comparison, figures
from emnist_lab.evaluation.comparison import McNemar
from emnist_lab.metrics.report import Report
from emnist_lab.runs.manifest import MANIFEST, SCORES
from emnist_lab.runs.registry import open_run
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_evaluation, messages
from emnist_lab.ui.components.gallery import gallery
from emnist_lab.ui.downloads import download_csv, downloads
from emnist_lab.ui.formatting import plain

_SHOWN = 120  # images a gallery
_LABELLED = 10  # runs of the scatter that have their name beside them, those on the front aside

_PERCENT = ("accuracy", "top3_accuracy", "calibration_error")

_number, _text = st.column_config.NumberColumn, st.column_config.TextColumn
_COLUMNS = {
    "run": _text("Run", pinned=True, width="medium"),
    "accuracy": _number(
        "Accuracy",
        format="%.2f %%",
        help="Share of test images whose likeliest class is the true one.",
    ),
    "top3_accuracy": _number(
        "Top-3",
        format="%.2f %%",
        help="Share of test images whose true class is among the three likeliest.",
    ),
    "roc_auc_ovo": _number(
        "AUC",
        format="%.4f",
        help="ROC AUC, one-vs-one: how surely a pair of classes is told apart, averaged over all "
        "pairs (Hand and Till 2001). 0.5 is guessing, 1 is perfect.",
    ),
    "log_loss": _number(
        "Log loss",
        format="%.3f",
        help="Mean negative logarithm (nats) of the probability given to the true class: 0 is "
        "perfect, confident errors cost most.",
    ),
    "calibration_error": _number(
        "Calibration error",
        format="%.2f %%",
        help="How far the likeliest class's probability lies from the share of right answers, on "
        "average over 15 bins of equal width (expected calibration error, Naeini et al. 2015). "
        "0: when it says 80 %, it is right in 80 % of the cases.",
    ),
    "fit_s": _number(
        "Fit, s",
        format="%.1f",
        help="Seconds that the fit took, features included, on the machine that made the run.",
    ),
    "one_ms": _number(
        "One image, ms",
        format="%.1f",
        help="Median time to read one image, once the model is loaded. Older runs lack it.",
    ),
    "mb": _number("Model, MB", format="%.2f", help="Size of the model's file (10⁶ bytes)."),
    "train_images": _number(
        "Training images", format="localized", help="How many images it was fitted on."
    ),
    "title": _text("Recipe"),
    "from": _text(
        "From", help="Whether the run came with EMNIST Lab, and whether its images are generated."
    ),
    "split": _text("Split"),
    "trained_on": _text("Trained on"),
    "created": st.column_config.DatetimeColumn("Made"),
}


@st.cache_data(max_entries=512, show_spinner=False)
def _calibration(folder: str, stamp: int) -> float:
    return comparison.calibration_error_of(open_run(folder))


def calibration(run: Run) -> float:
    """Calibration error of a run; where its manifest lacks it, computed once from its scores."""
    if run.manifest["scores"].get("calibration_error") is not None:
        return comparison.calibration_error_of(run)
    return _calibration(str(run.folder), (run.folder / MANIFEST).stat().st_mtime_ns)


def leaderboard(runs: list[Run]) -> pd.DataFrame:
    """Show runs of one test part as a table; gives the table behind it."""
    table = comparison.leaderboard(runs, calibration)
    if table["generated"].any():
        st.warning(
            "**Some runs were made from generated images**, as the column *From* says: their "
            "numbers say nothing about real handwriting.",
            icon=":material/robot_2:",
        )
    origin = np.where(table["shipped"], "shipped", "own") + np.where(
        table["generated"], ", generated images", ""
    )
    percent = {key: 100 * table[key] for key in _PERCENT}
    shown = table.assign(**percent, **{"from": origin, "mb": table["bytes"] / 1e6})
    shown = shown[list(_COLUMNS)]
    st.dataframe(
        shown,
        hide_index=True,
        column_config=_COLUMNS,
        height=min(38 + 35 * len(shown), 460),
        placeholder="–",
        alt="Leaderboard of runs: " + ", ".join(table["run"]),
    )
    download_csv("leaderboard", lambda: table.to_csv(index=False))
    return table


def tradeoff(table: pd.DataFrame, note: str) -> None:
    """Show fit time against accuracy, and the runs that no other beats."""
    table = table[(table["fit_s"] > 0) & table["accuracy"].notna()]
    if table.empty:
        st.info("None of these runs says how long its fit took.", icon=":material/timer_off:")
        return
    table = table.assign(front=comparison.pareto(table["fit_s"], table["accuracy"]))
    st.altair_chart(
        _scatter(table, messages.dark()),
        alt="Accuracy over fit time; on the Pareto front: "
        + ", ".join(table.loc[table["front"], "run"]),
    )
    st.caption(
        "Diamonds lie on the Pareto front: no other run is both faster to fit and more accurate. "
        "The line is the best accuracy to be had within a time. Times of runs from different "
        "machines don't compare."
    )

    def draw(kind: str) -> bytes:
        return figures.encode(figures.tradeoff_figure(table), kind, note)

    generated = "generated-" if table["generated"].any() else ""
    columns = ["run", "recipe", "fit_s", "accuracy", "front", "generated"]
    downloads(f"{generated}tradeoff", draw, lambda: table[columns].to_csv(index=False))


def _scatter(table: pd.DataFrame, dark: bool) -> alt.LayerChart:
    kinds = ["on the Pareto front", "beaten by another"]
    spot = np.log10(table["fit_s"])
    low, high = spot.min(), spot.max()
    room = 0.15 * max(high - low, 0.3)
    data = table.assign(
        kind=np.where(table["front"], *kinds),
        label=np.where(table["front"] | (len(table) <= _LABELLED), table["run"], ""),
        right=(spot - low) > 0.4 * max(high - low, 1e-9),
    )[["run", "title", "fit_s", "accuracy", "train_images", "kind", "label", "right"]]
    pad = 0.12 * max(np.ptp(data["accuracy"]), 0.02)
    x = (
        alt.X("fit_s:Q", title="fit time, seconds")
        .scale(type="log", domain=[10 ** (low - room), 10 ** (high + room)], nice=False)
        .axis(values=figures.SECONDS)
    )
    y = alt.Y("accuracy:Q", title="accuracy").axis(format="%")
    y = y.scale(domain=[data["accuracy"].min() - pad, data["accuracy"].max() + pad], nice=False)
    colours = [figures.ACCENT, figures.PLAIN[dark]]
    base = alt.Chart(data)
    front = data.loc[table["front"], ["fit_s", "accuracy"]]
    edge = pd.DataFrame({"fit_s": [10 ** (high + room)], "accuracy": [front["accuracy"].max()]})
    line = (
        alt.Chart(pd.concat([front, edge]))
        .mark_line(interpolate="step-after", color=colours[0], strokeWidth=1.6)
        .encode(x=x, y=y, order="fit_s:Q")
    )
    points = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=x,
        y=y,
        color=alt.Color("kind:N", title=None)
        .scale(domain=kinds, range=colours)
        .legend(orient="bottom", direction="vertical"),
        shape=alt.Shape("kind:N", title=None).scale(domain=kinds, range=["diamond", "circle"]),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("title:N", title="Recipe"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".2%"),
            alt.Tooltip("fit_s:Q", title="Fit, s", format=",.1f"),
            alt.Tooltip("train_images:Q", title="Training images", format=","),
        ],
    )
    ink, paper = ("#e8eaf0", "#0e1117") if dark else ("#1f2430", "#ffffff")
    # Above those on the front, below the others: the step line runs between them.
    places = [(right, front) for right in (False, True) for front in (False, True)]
    labels = [
        base.transform_filter(
            (alt.datum.right == right) & (alt.datum.kind == kinds[0 if front else 1])
        )
        .mark_text(
            align="right" if right else "left",
            dx=4 if right else -4,
            dy=-12 if front else 14,
            fontSize=12,
            limit=170,
            **look,
        )
        .encode(x=x, y=y, text="label:N")
        for right, front in places
        # a rim in the paper's colour keeps names readable where they cross a line
        for look in ({"stroke": paper, "strokeWidth": 3, "color": paper}, {"color": ink})
    ]
    return alt.layer(line, points, *labels).properties(height=380)


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
    with st.container(horizontal=True):
        first, second = (
            st.selectbox(
                label,
                names,
                index=names.index(best[place]),
                key=key,
                bind="query-params",
                width=340,
            )
            for place, (label, key) in enumerate((("First run", "first"), ("Second run", "second")))
        )
    if first == second:
        st.info("A run agrees with itself: choose another.", icon=":material/compare_arrows:")
        return None
    return scored[first], scored[second]


def pair(first: Run, second: Run) -> None:
    """Show where two runs disagree, and whether that is more than chance."""
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
    chance = "p < 0.0001" if test.p_value < 1e-4 else f"p = {test.p_value:.4f}"
    if not test.first + test.second:
        st.info("The two read exactly the same images right.", icon=":material/drag_handle:")
    else:
        finding = "significant at 5 %" if test.significant else "not significant at 5 %"
        st.markdown(
            f"{a} reads {test.first:,} images that {b} doesn't, {b} {test.second:,} that {a} "
            f"doesn't. A split at least so uneven by chance: {chance}, **{finding}**."
        )
        more, less = (a, b) if test.difference >= 0 else (b, a)
        if not test.significant:
            st.caption("These images don't tell which of the two is better.")
        else:
            st.caption(f"{more} is better than {less} on this test part.")
    left, right = st.columns([1.5, 1], gap="large", vertical_alignment="center")
    left.table(
        pd.DataFrame(
            [[f"{test.both:,}", f"{test.first:,}"], [f"{test.second:,}", f"{test.neither:,}"]],
            index=[f"{plain(first)} right", f"{plain(first)} wrong"],
            columns=[f"{plain(second)} right", f"{plain(second)} wrong"],
        )
    )
    right.metric(
        "Difference of accuracies",
        f"{test.difference:+.2%}",
        help="The first run's less the second's. The interval is Bonett and Price's (2012) for "
        "paired proportions; the p-value is McNemar's exact test (two-sided): images that both "
        "read, or neither, say nothing about which is better.",
    )
    right.caption(f"95 % interval {test.low:+.2%} to {test.high:+.2%}, on {test.images:,} images.")


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
            st.markdown(f"**Only {plain(run.name)} reads these**: {len(indices):,}")
            _gallery(part, indices, titles, key, f"Images that only {run.name} reads")
    more = st.expander(
        f"Both wrong, but differently: {len(found.neither):,}",
        key="neither-open",
        on_change="rerun",
    )
    if more.open:
        with more:
            _gallery(part, found.neither, titles, "neither", "Images that both misread")


class _Titles:
    """Captions: what an image is, and what each run says."""

    def __init__(self, first: str, second: str, one: Report, other: Report):
        self.runs = ((first, one), (second, other))
        self.report = one

    def true(self, index: int) -> str:
        return self.report.names[self.report.labels[index]]

    def said(self, index: int) -> list[tuple[str, str, float]]:
        """Run, its answer and that answer's probability."""
        return [
            (name, report.names[report.predicted[index]], float(report.scores[index].max()))
            for name, report in self.runs
        ]

    def __call__(self, index: int) -> str:
        answers = ", ".join(f"{name}: {said} ({sure:.0%})" for name, said, sure in self.said(index))
        return f"is {self.true(index)} / {answers}"


def _gallery(part: Part, indices: np.ndarray, titles: _Titles, key: str, label: str) -> None:
    if not len(indices):
        st.caption("Not one.")
        return
    here = indices[:_SHOWN]
    chosen = st.session_state.get(f"picked-{key}")
    picked = chosen if chosen in here else int(here[0])
    gallery(
        part.images[here],
        [int(index) for index in here],
        [titles(index) for index in here],
        key=key,
        label=label,
        selected=picked,
        on_pick=lambda index: st.session_state.update({f"picked-{key}": index}),
        height=232,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(thumbnails.png(part.images[picked], 4), width=112)
        answers = "  \n".join(
            f"{plain(name)}: **{plain(said)}** ({sure:.0%})"
            for name, said, sure in titles.said(picked)
        )
        st.markdown(f"Image {picked:,} is **{plain(titles.true(picked))}**  \n{answers}")
    st.caption(
        (f"The {len(here)} of them that are read most surely. " if len(indices) > _SHOWN else "")
        + "Most sure first; pick one to see what each says."
    )


def _by_class(first: str, second: str, one: Report, other: Report) -> None:
    st.markdown("**Most frequent disagreements**")
    table = comparison.disagreements_by_class(one, other, 30)
    if table.empty:
        st.caption("The two give the same answer to every image.")
        return
    st.dataframe(
        table,
        hide_index=True,
        height=min(38 + 35 * len(table), 353),
        column_config={
            "true": "True character",
            "first": f"{first} says",
            "second": f"{second} says",
            "images": st.column_config.NumberColumn(
                "Images", help="Test images of this character with these two answers."
            ),
        },
    )
    st.caption("The file lists every image on which the two differ.")
    download_csv(
        f"{first}-{second}-disagreements",
        lambda: comparison.differing_predictions(one, other).to_csv(index=False),
    )
