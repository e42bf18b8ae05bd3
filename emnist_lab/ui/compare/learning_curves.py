"""What the Compare page shows of learning curves: what to measure, and those that are kept."""

import altair as alt
import pandas as pd
import streamlit as st

from emnist_lab.commands.job_queue import Job
from emnist_lab.commands.specs import CurveSpec
from emnist_lab.errors import LabError
from emnist_lab.evaluation import figures
from emnist_lab.models import catalog
from emnist_lab.runs import learning_curve
from emnist_lab.runs.learning_curve import Curve
from emnist_lab.server import job_access, run_access
from emnist_lab.ui import (
    current_dataset,
    current_visitor,
    formatting,
    job_panel,
    job_queues,
    messages,
)
from emnist_lab.ui.downloads import downloads
from emnist_lab.ui.formatting import plain

_ALL = "all"
_FIRST = "hog-qda"  # the recipe to start with: it takes seconds
_USUAL = 20_000  # training images at most, where nobody says
_OVERLAID = 4  # curves shown where none are chosen
_EVERY = 2.0  # seconds between two looks at a curve that grows
_ENDED = 2  # jobs that are over and still shown


def show_form() -> None:
    """Choose what to measure, and have it measured."""
    parts = current_dataset.available()[0]
    splits = [s for s in current_dataset.splits() if {(s, "train"), (s, "test")} <= set(parts)]
    if not splits:
        current_dataset.no_dataset("Measuring a learning curve")
        return
    names = list(catalog.RECIPES)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect("Recipes", names, [_FIRST], key="compare-curve-recipes", width=360)
        split = st.selectbox("Split", splits, key="compare-curve-split", width=170)
        most = st.selectbox(
            "Training images, up to",
            [f"{size:,}" for size in learning_curve.SIZES[1:]] + [_ALL],
            index=learning_curve.SIZES[1:].index(_USUAL),
            key="compare-curve-most",
            width=200,
            help="Points at 1,000, 2,000, 5,000, 10,000 and so on, as far as the split goes. Each "
            "sample holds the smaller ones, and every class keeps its share.",
        )
        seed = st.number_input(
            "Seed",
            0,
            10_000,
            catalog.SEED,
            key="compare-curve-seed",
            width=120,
            help="Of the samples and of the recipe.",
        )
    images = None if most == _ALL else int(most.replace(",", ""))
    limit = current_visitor.visitor().rights.training_images
    if limit is not None:
        images = min(images or limit, limit)
        st.caption(f"Up to {limit:,} images on this server.")
    sizes = [size for size in learning_curve.SIZES if size <= (images or 100_000)]
    took = sum(catalog.get(name).expected_seconds(size) for name in chosen for size in sizes)
    if took > 0:  # NaN for a recipe whose time was never measured
        most = " for 100,000 images" if images is None else ""
        st.caption(f"About {formatting.seconds(took)}{most} on two cores.")
    if current_dataset.generated():
        st.caption("The images of the dataset in use are generated: no person wrote them.")
    if st.button("Measure", icon=":material/show_chart:", disabled=not chosen):
        for name in chosen:
            spec = CurveSpec(name, split, images, int(seed), root=current_dataset.root())
            try:
                job_access.submit(current_visitor.visitor(), job_queues.jobs(), spec)
            except LabError as error:
                messages.say_error(error)
                break


def show_jobs() -> list[Job]:
    """Show the curves that are measured now or wait, and how the last ones ended."""
    seen = job_access.list_jobs(current_visitor.visitor(), job_queues.jobs())
    mine = [job for job in seen if isinstance(job.spec, CurveSpec)]
    active = [job for job in mine if job.active]
    for job in active + [job for job in mine if not job.active][:_ENDED]:
        job_panel.job_panel(job, job_queues.jobs())
    return active


def show_curves(growing: bool) -> None:
    """Show kept curves overlaid; while one grows, the charts look again by themselves."""
    st.fragment(run_every=_EVERY if growing else None)(_curves)(growing)


def _curves(growing: bool) -> None:
    found, problems = run_access.list_curves(current_visitor.visitor())
    for problem in problems:
        st.warning(messages.sentence(problem), icon=":material/broken_image:")
    if not found:
        if not growing:
            st.info(
                "No learning curve is kept yet: *Measure* makes the first. Its points show as they "
                "come, and stay when it is cancelled.",
                icon=":material/show_chart:",
            )
        return
    names = [curve.name for curve in found]
    chosen = st.multiselect(
        "Curves",
        names,
        key="compare-curves",
        placeholder="the newest of each recipe",
        help="Nothing chosen shows the newest of each recipe.",
    )
    shown = [curve for curve in found if curve.name in chosen] or _newest(found, growing)
    tests = list(dict.fromkeys(curve.test_fingerprint for curve in shown))
    if len(tests) > 1:
        st.caption(
            "These curves were measured on different test subsets, so they are shown apart: an "
            "easier one would pass for a better recipe."
        )
    for place, mark in enumerate(tests):
        _charts([curve for curve in shown if curve.test_fingerprint == mark], place, growing)
    own = [one for one in shown if run_access.owns_curve(current_visitor.visitor(), one)]
    if own:
        _offer_deletion(own)
    if error := st.session_state.pop("compare-curve-error", ""):
        messages.say_error(error)


def _offer_deletion(own: list[Curve]) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.caption("A deleted curve has to be measured again.")
        for curve in own:
            st.button(
                f"Delete {curve.name}",
                key=f"compare-delete-curve-{curve.name}",
                on_click=_delete,
                args=(curve.name,),
            )


def _newest(found: list[Curve], growing: bool) -> list[Curve]:
    """The newest curve of each recipe, a whole one where there is any, on one test part."""
    mine = [curve for curve in found if curve.test_fingerprint == found[0].test_fingerprint]
    oldest_first = mine[::-1]
    # Whole ones last, unless one grows: a later one takes an earlier one's place.
    ranked = sorted(oldest_first, key=lambda curve: curve.complete and not growing)
    best = {curve.recipe: curve for curve in ranked}
    return [curve for curve in mine if best[curve.recipe] is curve][:_OVERLAID]


def _delete(name: str) -> None:
    try:
        run_access.delete_curve(current_visitor.visitor(), name)
    except LabError as error:
        st.session_state["compare-curve-error"] = str(error)


def _charts(shown: list[Curve], place: int, growing: bool) -> None:
    table = pd.concat([curve.table() for curve in shown], ignore_index=True)
    if any(curve.generated for curve in shown):
        st.warning(
            "**Made from generated images.** They say nothing about real handwriting.",
            icon=":material/robot_2:",
        )
    dark = messages.dark()
    left, right = st.columns([1.6, 1], gap="medium")
    left.altair_chart(_accuracy(table, dark), alt="Accuracy over the number of training images")
    right.altair_chart(_seconds(table, dark), alt="Fit time over the number of training images")
    notes = [
        f"Solid: accuracy on the test subset ({plain(shown[0].test)}); dashed: on 2,000 of the "
        "training images. Where the two meet, more images won't help much."
    ]
    for curve in shown:
        if not curve.complete and not growing:
            notes.append(
                f"{plain(curve.name)} was stopped after {len(curve.points)} of "
                f"{len(curve.planned)} sizes."
            )
        notes += [
            f"{plain(curve.name)} has no point at {int(size):,} images: {plain(why)}"
            for size, why in curve.skipped.items()
        ]
    st.caption(" ".join(notes))
    generated = "generated-" if any(curve.generated for curve in shown) else ""

    def draw(kind: str) -> bytes:
        note = f"measured on: {shown[0].test}"
        return figures.encode(figures.learning_figure(table), kind, note)

    downloads(
        f"{generated}learning-curves{'' if not place else f'-{place + 1}'}",
        draw,
        lambda: table.to_csv(index=False),
    )


def _images() -> alt.X:
    # Counts as 1k, 10k, 100k: a phone has no room for more.
    return (
        alt.X("images:Q", title="training images")
        .scale(type="log", nice=False, padding=14)
        .axis(format="~s", tickCount=4)
    )


def _colour(table: pd.DataFrame, dark: bool, legend: bool = True) -> alt.Color:
    names = list(dict.fromkeys(table["curve"]))
    palette = figures.PALETTE[dark]
    colour = alt.Color("curve:N", title=None).scale(
        domain=names, range=[palette[place % len(palette)] for place in range(len(names))]
    )
    shown = alt.Legend(orient="bottom", direction="vertical", labelLimit=260)
    return colour.legend(shown if legend else None)


def _accuracy(table: pd.DataFrame, dark: bool) -> alt.Chart:
    kinds = {"accuracy": "test images", "train_accuracy": "training images"}
    data = table.melt(["curve", "images", "fit_s", "log_loss"], list(kinds), "kind", "share")
    data["kind"] = data["kind"].map(kinds)
    order = list(kinds.values())
    return (
        alt.Chart(data)
        .mark_line(point=alt.OverlayMarkDef(size=55, filled=True), strokeWidth=2.2)
        .encode(
            x=_images(),
            y=alt.Y("share:Q", title="accuracy").scale(zero=False, padding=10).axis(format="%"),
            color=_colour(table, dark),
            strokeDash=alt.StrokeDash("kind:N", title=None)
            .scale(domain=order, range=[[1, 0], [5, 4]])
            .legend(None),
            tooltip=[
                alt.Tooltip("curve:N", title="Curve"),
                alt.Tooltip("kind:N", title="Measured on"),
                alt.Tooltip("images:Q", title="Training images", format=","),
                alt.Tooltip("share:Q", title="Accuracy", format=".2%"),
                alt.Tooltip("log_loss:Q", title="Test log loss", format=".3f"),
            ],
        )
        .properties(height=360)
    )


def _seconds(table: pd.DataFrame, dark: bool) -> alt.Chart:
    return (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(size=55, filled=True), strokeWidth=2.2)
        .encode(
            x=_images(),
            y=alt.Y("fit_s:Q", title="fit time, seconds")
            .scale(type="log", nice=False, padding=10)
            .axis(format="~g", tickCount=5),
            color=_colour(table, dark, legend=False),
            tooltip=[
                alt.Tooltip("curve:N", title="Curve"),
                alt.Tooltip("images:Q", title="Training images", format=","),
                alt.Tooltip("fit_s:Q", title="Fit, s", format=",.1f"),
            ],
        )
        .properties(height=360)
    )
