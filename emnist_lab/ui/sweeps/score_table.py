"""The candidates of a sweep as a table to sort: rank, settings, scores with their spread."""

import pandas as pd
import streamlit as st

from emnist_lab.evaluation.sweeps.results import Sweep
from emnist_lab.metrics import definitions
from emnist_lab.metrics.definitions import METRICS, Metric

_number, _text = st.column_config.NumberColumn, st.column_config.TextColumn


def show(sweep: Sweep) -> None:
    """Show all candidates, the best first.

    Parameters
    ----------
    sweep : Sweep
    """
    table = sweep.table()
    first = definitions.get(sweep.metric)
    others = [one for one in METRICS if one.is_headline and one is not first]
    metrics = [first, *others]
    labels = [name.rpartition("__")[2] for name in sweep.axes]
    columns: dict = {"rank": _number("Rank", format="%d", pinned=True, width=60)}
    if sweep.comparison:
        columns["recipe"] = _text("Recipe", pinned=True)
    for label in labels:
        table[label] = _uniform(table[label])
        number = pd.api.types.is_numeric_dtype(table[label])
        columns[label] = _number(label) if number else _text(label)
    if any(one.candidate.images for one in sweep.results):
        columns["images"] = _number(
            "Images", format="localized", help="Training images of each of its fits."
        )
    for metric in metrics:
        columns |= _pair(table, metric)
    columns["fit_s"] = _number(
        "Fit, s",
        format="%.2f",
        help="Mean seconds of a fit, on the machine and beside whatever else ran there.",
    )
    columns["fits"] = _number("Fits", format="%d", help="That have ended so far.")
    if table["reason"].any():
        columns["reason"] = _text("Why it failed", width=420)
    st.dataframe(
        table[list(columns)],
        hide_index=True,
        column_config=columns,
        column_order=list(columns),
        height=min(38 + 35 * len(table), 400),
        placeholder="–",
        alt=f"{len(table)} candidates, the best first, by {first.name.lower()}",
    )


def _pair(table: pd.DataFrame, metric: Metric) -> dict:
    """Columns of a metric's mean and spread; shares become per cent in the table."""
    key, spread = metric.key, f"{metric.key}_std"
    spec = metric.table_format
    percent = spec.endswith("%")
    printf = f"%{spec[:-1]}f%%" if percent else f"%{spec}"
    if percent:
        mean = 100 * table[key]
        table[key] = mean.where(table[key] >= 1, mean.clip(upper=99.99))  # never rounded to all
        table[spread] = 100 * table[spread]
    return {
        key: _number(metric.short_name, format=printf, help=f"Mean over the folds. {metric.help}"),
        spread: _number(
            "±",
            format=printf.removesuffix("%%") if percent else printf,
            help=f"Standard deviation of {metric.short_name} over the folds"
            + (", percentage points." if percent else "."),
        ),
    }


def _uniform(values: pd.Series) -> pd.Series:
    """A column of one kind: numbers, or texts."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().sum() == values.notna().sum():
        return numbers
    return values.map(lambda one: None if one is None else str(one)).astype(object)
