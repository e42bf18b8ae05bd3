"""The leaderboard on the Compare page, and time against accuracy."""

from urllib.parse import urlencode

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st

from emnist_lab.evaluation import figures, leaderboard
from emnist_lab.metrics.definitions import Metric
from emnist_lab.runs.run import Run
from emnist_lab.ui import current_run, messages
from emnist_lab.ui.downloads import download_csv, downloads

_LABELLED = 10  # runs of the scatter that are labelled even where they are not on the front

_number, _text = st.column_config.NumberColumn, st.column_config.TextColumn
_RUN = {
    "open": st.column_config.LinkColumn(
        "Run",
        pinned=True,
        width=190,
        display_text=r"run=(.*)",
        help="A click opens it on the Evaluate page.",
    ),
}
_COSTS = {
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
    "title": _text("Recipe", width=330),
    "train_images": _number(
        "Training images", format="localized", help="How many images it was fitted on."
    ),
    "from": _text(
        "From", help="Whether the run came with EMNIST Lab, and whether its images are generated."
    ),
    "split": _text("Split"),
    "trained_on": _text("Trained on"),
    "created": st.column_config.DatetimeColumn("Made"),
}


def _column(metric: Metric):
    """A metric's column; Streamlit formats as printf does, and percents of numbers up to 100."""
    spec = metric.table_format
    printf = f"%{spec[:-1]}f%%" if spec.endswith("%") else f"%{spec}"
    return _number(metric.short_name, format=printf, help=metric.help)


def _percentages(shares: pd.Series) -> pd.Series:
    """In per cent; what isn't all stays below what two decimals would round to 100."""
    return (100 * shares).where(shares >= 1, (100 * shares).clip(upper=99.99))


@st.cache_data(max_entries=2048, show_spinner=False)
def _computed(folder: str, stamp: int, key: str) -> float:
    return leaderboard.metric_of(current_run.opened(folder, stamp), key)


def _metric_of(run: Run, key: str) -> float:
    """A metric of a run; where its manifest lacks it, computed once from its scores."""
    if key in run.manifest["scores"]:
        return leaderboard.metric_of(run, key)
    return _computed(*run.version_key(), key)


def show_leaderboard(runs: list[Run]) -> pd.DataFrame:
    """Show runs of one test part as a table; gives the table behind it."""
    table = leaderboard.leaderboard(runs, _metric_of)
    if table["generated"].any():
        st.warning(
            "**Some runs were made from generated images**, as the column *From* says: their "
            "numbers say nothing about real handwriting.",
            icon=":material/robot_2:",
        )
    origin = np.where(table["shipped"], "shipped", "own") + np.where(
        table["generated"], ", generated images", ""
    )
    metrics = leaderboard.metrics()
    percent = {
        one.key: _percentages(table[one.key]) for one in metrics if one.table_format.endswith("%")
    }
    columns = {**_RUN, **{one.key: _column(one) for one in metrics}, **_COSTS}
    links = [f"evaluate?{urlencode({'run': name})}" for name in table["run"]]
    shown = table.assign(**percent, **{"from": origin, "mb": table["bytes"] / 1e6, "open": links})
    st.dataframe(
        shown[["run", *columns]],
        hide_index=True,
        column_config=columns,
        column_order=list(columns),
        height=min(38 + 35 * len(shown), 460),
        placeholder="–",
        alt="Leaderboard of runs: " + ", ".join(table["run"]),
    )
    download_csv("leaderboard", lambda: table.to_csv(index=False))
    return table


def show_tradeoff(table: pd.DataFrame, note: str) -> None:
    """Show fit time against accuracy, and the runs that no other beats."""
    table = table[(table["fit_s"] > 0) & table["accuracy"].notna()]
    if table.empty:
        st.info("None of these runs says how long its fit took.", icon=":material/timer_off:")
        return
    table = table.assign(front=leaderboard.pareto(table["fit_s"], table["accuracy"]))
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
        shape=alt.Shape("kind:N", title=None)
        .scale(domain=kinds, range=["diamond", "circle"])
        .legend(orient="bottom", direction="vertical"),
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
