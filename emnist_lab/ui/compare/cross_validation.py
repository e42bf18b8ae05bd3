"""Recipes compared over the same folds on the Compare page: the form, and what came of it."""

import dataclasses
import math

import altair as alt
import pandas as pd
import streamlit as st

from emnist_lab.commands import sweep as sweep_verbs
from emnist_lab.commands.specs import SweepSpec
from emnist_lab.errors import LabError
from emnist_lab.evaluation import figures
from emnist_lab.evaluation.sweeps import search as searching
from emnist_lab.evaluation.sweeps.cross_validated_comparison import paired_differences
from emnist_lab.evaluation.sweeps.results import Sweep
from emnist_lab.metrics import METRICS, definitions, glossary
from emnist_lab.metrics.definitions import Metric
from emnist_lab.metrics.percent import percentage_points
from emnist_lab.models import catalog
from emnist_lab.server import sweep_access
from emnist_lab.ui import current_dataset, current_visitor, job_panel, job_queues, messages
from emnist_lab.ui.formatting import about_seconds, plain
from emnist_lab.ui.sweeps import kept_sweeps, score_table

_FIRST = ["hog-qda", "hog-lda"]  # to start with: they take seconds
_MOST = 5  # recipes
_SIZES = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000]
_ALL = "all"
_USUAL = 5_000
_EVERY = 2.0  # seconds between two looks at a comparison that goes on
_PLACE = {"page": "compare", "parameter": "comparison"}
_ASKED = "compare-sweep-asked"  # session key: what a person is asked about
_FEW = 5  # splits below which intervals are said to be wide


def show() -> None:
    """Show the section, where this visitor may compare or there is something to see."""
    trains = current_visitor.may("training")
    found, _ = sweep_access.list_sweeps(current_visitor.visitor())
    if not trains and not any(one.comparison for one in found):
        return
    st.header("Cross-validated comparison", help=glossary.help_of("corrected t-test"))
    st.markdown(
        "Is one recipe better than another, or is it luck? Each is fitted on the same folds, and "
        "the differences come with an interval."
    )
    if trains:
        _form()
    for job in kept_sweeps.to_show(kept_sweeps.jobs_of(comparisons=True)):
        job_panel.job_panel(job, job_queues.jobs())
    active = kept_sweeps.is_any_running(comparisons=True)
    st.fragment(run_every=_EVERY if active else None)(_shown)()


def _form() -> None:
    parts = current_dataset.available()[0]
    splits = [one for one in current_dataset.splits() if (one, "train") in parts]
    if not splits:
        st.caption("Comparing recipes needs images: choose a dataset on the Data page.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        recipes = st.multiselect(
            "Recipes",
            list(catalog.RECIPES),
            _FIRST,
            key="compare-sweep-recipes",
            max_selections=_MOST,
            width=360,
            help=f"Two to {_MOST}, each with its own hyperparameters.",
        )
        split = st.selectbox("Split", splits, key="compare-sweep-split", width=140)
        limit = current_visitor.visitor().rights.training_images
        sizes = [f"{one:,}" for one in _SIZES if limit is None or one <= limit]
        images = st.selectbox(
            "Images",
            sizes + ([_ALL] if limit is None else []),
            index=sizes.index(f"{_USUAL:,}") if f"{_USUAL:,}" in sizes else len(sizes) - 1,
            key="compare-sweep-images",
            width=120,
            help="Training images that are dealt into folds: a stratified sample.",
        )
        folds = st.number_input(
            "Folds", 2, 20, 5, key="compare-sweep-folds", width=110,
            help=glossary.help_of("cross-validation"),
        )  # fmt: skip
        repeats = st.number_input(
            "Repeats", 1, 20, 1, key="compare-sweep-repeats", width=110,
            help="Each time with other folds, and with another seed: intervals get narrower.",
        )  # fmt: skip
    spec = SweepSpec(
        recipes[0] if recipes else "",
        against=tuple(recipes[1:]),
        folds=int(folds),
        repeats=int(repeats),
        split=split,
        images=None if images == _ALL else int(images.replace(",", "")),
        root=current_dataset.root(),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Compare",
            icon=":material/balance:",
            key="compare-sweep-begin",
            disabled=len(recipes) < 2,
            help="Choose two recipes or more." if len(recipes) < 2 else None,
        )
        st.caption(_takes(recipes, spec), width="content")
    if current_dataset.generated():
        st.caption("The images of the dataset in use are generated: no person wrote them.")
    _begin(spec, pressed)


def _takes(recipes: list[str], spec: SweepSpec) -> str:
    """Fits and time, roughly; the plan itself needs the images, which aren't read until asked."""
    fits = len(recipes) * spec.folds * spec.repeats
    if not recipes or spec.images is None:
        return f"{fits} fits."
    learned = spec.images * (spec.folds - 1) // spec.folds
    took = sum(catalog.get(one).expected(learned).fit_seconds for one in recipes)
    took *= spec.folds * spec.repeats
    known = math.isfinite(took)
    return f"{fits} fits" + (f", about {about_seconds(took)} on one core." if known else ".")


def _begin(spec: SweepSpec, pressed: bool) -> None:
    session = st.session_state
    if session.get(_ASKED, (repr(spec),))[0] != repr(spec):
        session.pop(_ASKED)  # something else is planned now
    if pressed:
        try:
            _submit(spec, asked=False)
        except LabError as error:
            messages.say_error(error)
    if _ASKED not in session:
        return
    st.warning(
        f"**These are {plain(session[_ASKED][1])}.** It can be cancelled at any time, and what was "
        "fitted is kept.",
        icon=":material/schedule:",
    )
    with st.container(horizontal=True):
        if st.button("Begin all the same", icon=":material/check:", key="compare-sweep-yes"):
            session.pop(_ASKED)
            try:
                _submit(spec, asked=True)
            except LabError as error:
                messages.say_error(error)
            else:
                st.rerun()
        if st.button("Not now", icon=":material/close:", key="compare-sweep-no"):
            session.pop(_ASKED)
            st.rerun()


def _submit(spec: SweepSpec, asked: bool) -> None:
    key, part = repr(spec), current_dataset.load(spec.split, "train")
    if spec.images is not None:
        # fewer than asked for are all there are
        spec = dataclasses.replace(spec, images=min(spec.images, len(part)))
        part = part.sample(spec.images, spec.seed)
    plan = sweep_verbs.plan_of(spec, part)
    jobs = searching.jobs_for(plan)
    if plan.should_ask(jobs) and not asked:
        st.session_state[_ASKED] = (key, plan.sentence(jobs))
        return
    name = sweep_access.name_of(current_visitor.visitor(), plan)
    kept_sweeps.submit(dataclasses.replace(spec, name=name), _PLACE["parameter"])


def _shown() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name, sweep = kept_sweeps.choose(True, **_PLACE)
        if sweep is not None:
            keys = [one.key for one in METRICS if one.is_headline]
            key = st.selectbox(
                "Metric",
                keys,
                keys.index(sweep.metric) if sweep.metric in keys else 0,
                key="compare-sweep-metric",
                format_func=lambda one: definitions.get(one).name,
                width=190,
            )
            kept_sweeps.say_data(sweep)
    if not name:
        st.info(
            "No comparison is kept yet: *Compare* makes the first. It stays when it is cancelled, "
            "and goes on where it was.",
            icon=":material/balance:",
        )
        return
    if sweep is None:
        st.caption("Its scores show here as fits end.")
        return
    kept_sweeps.say_state(sweep)
    if len(sweep.ranking) > 1:
        _show_differences(sweep, definitions.get(key))
    score_table.show(sweep)
    kept_sweeps.offer_actions(sweep, **_PLACE)


def _show_differences(sweep: Sweep, metric: Metric) -> None:
    table = paired_differences(sweep, metric.key)
    table = table[table["difference"].notna()]
    if table.empty:
        return
    first = table["better"].iloc[0]
    rows = table[table["better"] == first].itertuples()
    st.markdown("\n".join(f"- {verdict(row, metric)}" for row in rows))
    st.altair_chart(
        _intervals(table, metric, messages.dark()),
        alt="Differences with intervals: "
        + "; ".join(f"{row.better} less {row.other} {_said(row, metric)}"
                    for row in table.itertuples()),
    )  # fmt: skip
    notes = [
        "Points are mean differences over the folds, lines their 95% intervals, corrected for "
        "training images that folds share (Nadeau and Bengio 2003). Blue ones don't reach 0."
    ]
    if sweep.splits < _FEW:
        notes.append(f"{sweep.splits} splits are few: more repeats make intervals narrower.")
    if len(table) > 1:
        notes.append("Each interval is for its pair alone: of 20 equal pairs, one may miss 0.")
    st.caption(" ".join(notes))
    _list_differences(table, metric)


def _list_differences(table: pd.DataFrame, metric: Metric) -> None:
    percent = metric.table_format.endswith("%")
    unit, scale, form = (", pp", 100, "%+.2f") if percent else ("", 1, "%+.4f")
    amounts = {one: scale * table[one] for one in ("difference", "low", "high")}
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    columns = {
        "better": text("Recipe"),
        "other": text("less"),
        "difference": number(f"Difference{unit}", format=form, help=f"Of {metric.name.lower()}."),
        "low": number("95% CI from", format=form),
        "high": number("to", format=form),
        "p": number("p", format="%.2g", help="How often folds alone make as large a difference."),
        "splits": number("Splits", format="%d", help="Folds times repeats that both have."),
    }
    st.dataframe(
        table.assign(**amounts)[list(columns)],
        hide_index=True,
        column_config=columns,
        placeholder="–",
        alt="Paired differences of all recipes",
    )


def verdict(row, metric: Metric) -> str:
    """A sentence on a pair, as Markdown.

    Parameters
    ----------
    row : namedtuple
        Of `emnist_lab.evaluation.sweeps.cross_validated_comparison.paired_differences`.
    metric : Metric

    Returns
    -------
    str

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> pair = {"better": "hog-qda", "other": "hog-lda", "difference": 0.02, "p": 0.0004}
    >>> row = SimpleNamespace(**pair, low=0.01, high=0.03)
    >>> verdict(row, definitions.get("accuracy")).replace("\\\\", "")
    '**hog-qda** is better than **hog-lda**: accuracy +2.00 pp (95% CI +1.00 to +3.00, p < 0.001).'
    """
    one, other = (f"**{plain(name)}**" for name in (row.better, row.other))
    said = f"{metric.name.lower()} {_said(row, metric)}"
    if math.isnan(row.low):
        return f"{one} and {other}: {said}. A single split has no interval: choose more repeats."
    if row.low <= 0 <= row.high:
        return f"{one} and {other} can't be told apart by these folds: {said}."
    good = (row.difference > 0) == metric.higher_is_better
    return f"{one} is {'better' if good else 'worse'} than {other}: {said}."


def _said(row, metric: Metric) -> str:
    if math.isnan(row.low):
        return _amount(row.difference, metric)
    p = "< 0.001" if row.p < 0.001 else f"= {row.p:.3f}"
    low, high = (_amount(one, metric, unit="") for one in (row.low, row.high))
    return f"{_amount(row.difference, metric)} (95% CI {low} to {high}, p {p})"


def _amount(value: float, metric: Metric, unit: str = "pp") -> str:
    if metric.table_format.endswith("%"):
        return percentage_points(value, unit=unit).replace("-", "−")
    return f"{value:+.4f}".replace("-", "−")


def _intervals(table: pd.DataFrame, metric: Metric, dark: bool) -> alt.LayerChart:
    percent = metric.table_format.endswith("%")
    scale = 100 if percent else 1
    sizes = table["images"].nunique() > 1
    names = [
        f"{row.better} − {row.other}" + (f", {row.images:,} images" if sizes else "")
        for row in table.itertuples()
    ]
    values = {one: scale * table[one] for one in ("difference", "low", "high")}
    apart = (table["low"] > 0) | (table["high"] < 0)
    said = [_said(row, metric) for row in table.itertuples()]
    data = table.assign(pair=names, said=said, apart=apart, **values)
    ends = [0.0, *data[["difference", "low", "high"]].stack().dropna()]
    room = 0.06 * (max(ends) - min(ends)) or 0.1
    title = f"difference of {metric.name.lower()}" + (", percentage points" if percent else "")
    x = (
        alt.X("difference:Q", title=title)
        .scale(domain=[min(ends) - room, max(ends) + room], nice=False)
        .axis(tickCount=6, format="+~g", labelExpr="datum.value == 0 ? '0' : datum.label")
    )
    # Names stand above their lines: beside them a phone has no room.
    y = alt.Y("pair:N", sort=names, title=None, axis=None).scale(padding=0.4)
    colours = [figures.PLAIN[dark], "#8b93a3" if dark else "#6b7280"]
    colour = alt.Color("apart:N").scale(domain=[True, False], range=colours).legend(None)
    ink, paper = ("#e8eaf0", "#0e1117") if dark else ("#14181f", "#ffffff")
    base = alt.Chart(data).encode(y=y)
    zero = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(
        color=ink, opacity=0.6, strokeDash=[4, 3]
    )
    return alt.layer(
        zero.encode(x=alt.X("at:Q")),
        base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q"), x2="high:Q", color=colour),
        base.mark_point(filled=True, size=130, opacity=1).encode(
            x=x,
            color=colour,
            tooltip=[
                alt.Tooltip("pair:N", title="Pair"),
                alt.Tooltip("said:N", title="Difference"),
                alt.Tooltip("splits:Q", title="Splits"),
            ],
        ),
        *(
            base.mark_text(align="left", dy=-17, fontSize=13, **look).encode(
                x=alt.value(4), text="pair:N"
            )
            # a rim in the paper's colour keeps names legible on the line at 0
            for look in ({"stroke": paper, "strokeWidth": 4, "color": paper}, {"color": ink})
        ),
    ).properties(height=76 + 56 * len(data))
