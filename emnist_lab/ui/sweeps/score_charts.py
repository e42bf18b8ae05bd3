"""Scores of a sweep over what its candidates differ in.

A line for one hyperparameter, a heat map for the grid of two, a slice for each of more; lines over
the number of training images where that varies too, as in successive halving.
"""

import math

import altair as alt
import pandas as pd
import streamlit as st

from emnist_lab.evaluation import figures
from emnist_lab.evaluation.sweeps.results import Result, Sweep, candidate_name
from emnist_lab.evaluation.sweeps.varied_axes import Axis, varied_axes
from emnist_lab.metrics import definitions
from emnist_lab.metrics.definitions import Metric
from emnist_lab.ui import messages

_INK = {False: "#14181f", True: "#e8eaf0"}
# From bad to good; the ink has a contrast of 4.5 on all of it.
_CELLS = {False: ["#eef3fb", "#6ea3f2"], True: ["#161d2b", "#2f62b8"]}
_WIDE = 6  # columns of a heat map above which a cell has no room for two decimals
_WIDEST = 12  # and for any
_HIGHEST = 30  # rows
_SLICES = 3  # beside each other


def show(sweep: Sweep) -> None:
    """Show the chart that fits what varies; nothing before a candidate is complete.

    Parameters
    ----------
    sweep : Sweep
    """
    ranked = list(sweep.ranking)
    if not ranked:
        return
    axes, metric = varied_axes(sweep), definitions.get(sweep.metric)
    dark, rows = messages.dark(), _rows(sweep, axes)
    name = metric.name.lower()
    best = f"best: {candidate_name(sweep, ranked[0])}"
    if any(one.candidate.images for one in ranked) and rows["images"].nunique() > 1:
        chart = _over_images(rows, metric, dark)
        st.altair_chart(chart, alt=f"{metric.name} over the number of training images; {best}")
        if rows["settings"].nunique() > 1:
            st.caption("A line each for the settings; the thick one ends at the best.")
    elif not axes:
        st.altair_chart(_fits(sweep, metric, dark), alt=f"{metric.name} of each fit")
        st.caption("A point is a fit, measured on its fold; the tick is the mean.")
    elif len(axes) == 1:
        chart = _line(rows, _points(sweep, axes), axes[0], metric, dark)
        st.altair_chart(chart, alt=f"{metric.name} over {axes[0].label}; {best}")
        st.caption(
            f"Mean {name} with its standard deviation; pale points are single fits, the diamond "
            "is the best."
        )
    elif len(axes) == 2 and not sweep.manifest["points"]:
        chart = _heat_map(rows, axes, metric, dark)
        st.altair_chart(chart, alt=f"{metric.name} over {_both(axes)}; {best}")
        more = "brighter" if dark else "darker"
        st.caption(f"Mean {name}{_unit(metric)}: {more} is better, and the best has a frame.")
    elif len(axes) == 2:
        chart = _map(rows, *axes, metric, dark)
        st.altair_chart(chart, alt=f"{metric.name} over {_both(axes)}; {best}")
        st.caption(f"A point is a candidate, the diamond is the best; its colour is {name}.")
    else:
        _slices(rows, axes, metric, dark, best)


def _both(axes: list[Axis]) -> str:
    return " and ".join(one.label for one in axes)


def _unit(metric: Metric) -> str:
    return " in per cent" if metric.table_format.endswith("%") else ""


def _rows(sweep: Sweep, axes: list[Axis]) -> pd.DataFrame:
    """A row for each candidate with scores: values of the axes, mean, spread, what it is called."""
    metric, found = sweep.metric, []
    best = sweep.ranking[0]
    for one in sweep.results:
        mean = one.mean(metric)
        if not one.complete or math.isnan(mean):
            continue
        std = one.std(metric)
        spread = 0.0 if math.isnan(std) else std
        found.append(
            {f"x{place}": axis.value_of(one) for place, axis in enumerate(axes)}
            | {"images": one.train_images, "mean": mean, "std": std}
            | {"low": mean - spread, "high": mean + spread, "best": one is best}
            | {"settings": _settings(one, axes), "words": _words(sweep, one)}
        )
    return pd.DataFrame(found)


def _settings(result: Result, axes: list[Axis]) -> str:
    return ", ".join(f"{one.label}={one.value_of(result)}" for one in axes) or "its own settings"


def _words(sweep: Sweep, result: Result) -> str:
    metric, std = definitions.get(sweep.metric), result.std(sweep.metric)
    spread = "" if math.isnan(std) else f" ± {metric.format(std)}"
    return metric.format(result.mean(sweep.metric)) + spread


def _points(sweep: Sweep, axes: list[Axis]) -> pd.DataFrame:
    """A row for each fit that has a score."""
    return pd.DataFrame(
        [
            {f"x{place}": axis.value_of(one) for place, axis in enumerate(axes)}
            | {
                "score": record.scores[sweep.metric],
                "fold": record.fold + 1,
                "seed": str(record.seed),
                "train": record.train_images,
            }
            for one in sweep.results
            for record in one.records
            if not record.failed and math.isfinite(record.scores[sweep.metric])
        ]
    )


def _score(metric: Metric, field: str = "mean", kind: type = alt.Y) -> alt.Y | alt.X:
    form = "%" if metric.table_format.endswith("%") else "~g"
    made = kind(f"{field}:Q", title=metric.name.lower())
    return made.scale(zero=False, nice=False, padding=12).axis(format=form, tickCount=5)


def _axis(axis: Axis, place: int, kind: type = alt.X) -> alt.X | alt.Y:
    """An axis of a hyperparameter: numbers on a scale, other values in their order."""
    if not axis.numeric:
        return kind(f"x{place}:N", title=axis.label, sort=list(axis.values)).axis(labelAngle=0)
    made = kind(f"x{place}:Q", title=axis.label)
    scale = {"type": "log"} if axis.log else {"zero": False}
    # Ticks at what was tried, where that is legible.
    ticks = {"values": list(axis.values)} if len(axis.values) <= 6 else {"tickCount": 5}
    form = {} if all(isinstance(one, int) for one in axis.values) else {"format": "~g"}
    return made.scale(nice=False, padding=18, **scale).axis(labelOverlap=True, **ticks, **form)


def _tooltip(metric: Metric) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("settings:N", title="Settings"),
        alt.Tooltip("words:N", title=metric.name),
        alt.Tooltip("images:Q", title="Training images", format=","),
    ]


def _best(data: pd.DataFrame, **encoded) -> alt.Chart:
    return (
        alt.Chart(data[data["best"]])
        .mark_point(shape="diamond", filled=True, size=240, opacity=1, color=figures.ACCENT)
        .encode(**encoded)
    )


def _line(
    rows: pd.DataFrame, points: pd.DataFrame, axis: Axis, metric: Metric, dark: bool
) -> alt.LayerChart:
    x, colour = _axis(axis, 0), figures.PLAIN[dark]
    y = _score(metric)
    base = alt.Chart(rows)
    layers = [
        alt.Chart(points)
        .mark_circle(size=34, opacity=0.35, color=colour)
        .encode(
            x=x,
            y=alt.Y("score:Q", title=metric.name.lower()),
            tooltip=[
                alt.Tooltip("x0", title=axis.label),
                alt.Tooltip("fold:Q", title="Fold"),
                alt.Tooltip("seed:N", title="Seed"),
                alt.Tooltip("score:Q", title=metric.name, format=".4f"),
            ],
        ),
        base.mark_rule(strokeWidth=2, color=colour).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
    ]
    if axis.numeric:
        layers.append(base.mark_line(strokeWidth=2, color=colour).encode(x=x, y=y))
    tooltip = _tooltip(metric)
    layers.append(
        base.mark_circle(size=80, opacity=1, color=colour).encode(x=x, y=y, tooltip=tooltip)
    )
    layers.append(_best(rows, x=x, y=y, tooltip=tooltip))
    return alt.layer(*layers).properties(height=300)


def _over_images(rows: pd.DataFrame, metric: Metric, dark: bool) -> alt.LayerChart:
    best = rows.loc[rows["best"], "settings"].iloc[0]
    rows = rows.assign(thick=rows["settings"] == best)
    sizes = sorted(rows["images"].unique().tolist())
    x = (
        alt.X("images:Q", title="training images")
        .scale(type="log", nice=False, padding=18)
        .axis(values=sizes, format=",", labelOverlap=True)
    )
    y, colour = _score(metric), figures.PLAIN[dark]
    many = rows["settings"].nunique()
    thin, thick = alt.Chart(rows[~rows["thick"]]), alt.Chart(rows[rows["thick"]])
    pale = 0.7 if many <= 12 else 0.35
    tooltip = _tooltip(metric)
    layers = [
        thin.mark_line(strokeWidth=1.3, opacity=pale, color=colour).encode(
            x=x, y=y, detail="settings:N"
        ),
        thin.mark_circle(size=45, opacity=pale, color=colour).encode(x=x, y=y, tooltip=tooltip),
        thick.mark_rule(strokeWidth=2, color=figures.ACCENT).encode(
            x=x, y=alt.Y("low:Q"), y2="high:Q"
        ),
        thick.mark_line(strokeWidth=3, color=figures.ACCENT).encode(x=x, y=y),
        thick.mark_circle(size=90, opacity=1, color=figures.ACCENT).encode(
            x=x, y=y, tooltip=tooltip
        ),
    ]
    return alt.layer(*layers).properties(height=320)


def _fits(sweep: Sweep, metric: Metric, dark: bool) -> alt.LayerChart:
    points = _points(sweep, [])
    x = _score(metric, "score", alt.X)
    y = alt.Y("seed:N", title="seed")
    base = alt.Chart(points)
    dots = base.mark_circle(size=80, opacity=0.8, color=figures.PLAIN[dark]).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("seed:N", title="Seed"),
            alt.Tooltip("fold:Q", title="Fold"),
            alt.Tooltip("score:Q", title=metric.name, format=".4f"),
            alt.Tooltip("train:Q", title="Training images", format=","),
        ],
    )
    means = base.mark_tick(thickness=3, size=22, color=figures.ACCENT).encode(
        x=alt.X("mean(score):Q", title=metric.name.lower()), y=y
    )
    return alt.layer(dots, means).properties(height=90 + 34 * points["seed"].nunique())


def _quality(metric: Metric, dark: bool) -> alt.Color:
    return (
        alt.Color("mean:Q", title=metric.name.lower())
        .scale(range=_CELLS[dark], reverse=not metric.higher_is_better, zero=False)
        .legend(None)
    )


def _heat_map(rows: pd.DataFrame, axes: list[Axis], metric: Metric, dark: bool) -> alt.LayerChart:
    """Cells; the axis with fewer values goes across, for a phone."""
    across = min((0, 1), key=lambda place: len(axes[place].values))
    few, many = axes[across], axes[1 - across]
    percent = metric.table_format.endswith("%")
    wide = len(few.values) > _WIDE
    shown = 100 * rows["mean"] if percent else rows["mean"]
    form = ("{:.1f}" if wide else "{:.2f}") if percent else "{:.3f}"
    data = rows.assign(text=[form.format(one) for one in shown])
    # All that is tried, though it isn't fitted yet.
    columns, lines = list(few.values), list(many.values)[::-1]
    x = alt.X(f"x{across}:O", title=few.label, sort=columns).scale(domain=columns)
    x = x.axis(labelAngle=0, labelOverlap=True)
    y = alt.Y(f"x{1 - across}:O", title=many.label, sort=lines).scale(domain=lines)
    y = y.axis(labelOverlap=True)
    base = alt.Chart(data).encode(x=x, y=y)
    tooltip = _tooltip(metric)
    layers = [
        base.mark_rect().encode(color=_quality(metric, dark), tooltip=tooltip),
        alt.Chart(data[data["best"]])
        .mark_rect(filled=False, stroke=figures.ACCENT, strokeWidth=3, fillOpacity=0)
        .encode(x=x, y=y, tooltip=tooltip),
    ]
    if len(few.values) <= _WIDEST and len(lines) <= _HIGHEST:
        layers.append(
            base.mark_text(fontSize=13 if not wide else 11, color=_INK[dark]).encode(text="text:N")
        )
    return alt.layer(*layers).properties(height=70 + min(40 * len(lines), 600))


def _map(rows: pd.DataFrame, one: Axis, other: Axis, metric: Metric, dark: bool) -> alt.LayerChart:
    x, y = _axis(one, 0), _axis(other, 1, alt.Y)
    colour = alt.Color("mean:Q", title=metric.name.lower()).scale(
        scheme="viridis", reverse=not metric.higher_is_better, zero=False
    )
    form = "%" if metric.table_format.endswith("%") else "~g"
    colour = colour.legend(orient="bottom", format=form, tickCount=4, gradientLength=220)
    tooltip = _tooltip(metric)
    rest = alt.Chart(rows[~rows["best"]])
    return alt.layer(
        rest.mark_circle(size=130, opacity=1, stroke=_INK[dark], strokeWidth=0.5).encode(
            x=x, y=y, color=colour, tooltip=tooltip
        ),
        _best(rows, x=x, y=y, tooltip=tooltip),
    ).properties(height=360)


def _slices(rows: pd.DataFrame, axes: list[Axis], metric: Metric, dark: bool, best: str) -> None:
    """One chart for each axis, with all candidates in it."""
    tooltip = _tooltip(metric)
    columns = st.columns(_SLICES, gap="small")
    for place, axis in enumerate(axes):
        x, y = _axis(axis, place), _score(metric)
        chart = alt.layer(
            alt.Chart(rows[~rows["best"]])
            .mark_circle(size=55, opacity=0.5, color=figures.PLAIN[dark])
            .encode(x=x, y=y, tooltip=tooltip),
            _best(rows, x=x, y=y, tooltip=tooltip),
        ).properties(height=230)
        columns[place % _SLICES].altair_chart(chart, alt=f"{metric.name} over {axis.label}; {best}")
    st.caption(
        "All candidates over one hyperparameter after the other: what matters shows as a slope, "
        "what doesn't as a cloud. The diamond is the best."
    )
