"""The job panel: what trains or is brought now, how far it is, and its end."""

from pathlib import Path

import pandas as pd
import streamlit as st

from emnist_lab import recipes
from emnist_lab.jobs import FetchSpec, Job, JobQueue
from emnist_lab.sources import DEMO
from emnist_lab.ui import state
from emnist_lab.ui.markup import plain

_EVERY = 0.7  # seconds between two looks at a running job


def seconds(value: float | None) -> str:
    """Duration for people: "42 s", "3 min 05 s", "…" when unknown."""
    if value is None:
        return "…"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def what(job: Job) -> str:
    """One line on what a job does."""
    if isinstance(job.spec, FetchSpec):
        if job.spec.split:
            return f"Fetching **{job.spec.split}**"
        return f"Importing **{plain(', '.join(Path(file).name for file in job.spec.files))}**"
    images = f"{job.spec.images:,}" if job.spec.images else "all"
    where = {None: "", DEMO: " (generated)"}.get(job.spec.root, f" ({plain(job.spec.root or '')})")
    return (
        f"**{recipes.get(job.spec.recipe).title}** on {images} images of *{job.spec.split}*{where}"
    )


def job_panel(job: Job, queue: JobQueue) -> None:
    """Show a job; while it is active the panel looks again by itself.

    Parameters
    ----------
    job : Job
    queue : JobQueue
        The one that it is in.
    """
    every = _EVERY if job.active else None
    st.fragment(run_every=every)(_panel)(job, queue, was_active=job.active)


def _panel(job: Job, queue: JobQueue, was_active: bool) -> None:
    brings = isinstance(job.spec, FetchSpec)
    with st.container(border=True):
        st.markdown(what(job))
        if job.state == "queued":
            place = queue.place(job)
            st.progress(0.0, text=f"Waiting for its turn: {place} before it")
        elif job.state == "running":
            _transfer(job) if brings else _running(job)
        elif job.state == "done":
            _brought(job) if brings else _done(job)
        elif job.state == "failed":
            state.say_error(job.message)
        else:
            kept = "nothing was kept, earlier runs and datasets are untouched."
            if brings and job.spec.split:
                kept = "what came so far is kept, and the next attempt goes on with it."
            st.info(f"Cancelled: {kept}", icon=":material/cancel:")
        if job.active and st.button("Cancel", icon=":material/cancel:", key=f"cancel-{job.key}"):
            queue.cancel(job)
            st.rerun()
    if was_active and not job.active:
        st.rerun()  # the rest of the page lists the new run


def _transfer(job: Job) -> None:
    now = job.progress or {"title": "Starting", "done": 0, "total": 0, "speed": 0}
    share = now["done"] / now["total"] if now["total"] else 0.0
    st.progress(min(share, 1.0), text=plain(now["title"]))
    with st.container(horizontal=True):
        st.metric("Elapsed", seconds(job.elapsed))
        if now["total"]:
            st.metric("Size", f"{now['done'] / 1e6:,.1f} of {now['total'] / 1e6:,.1f} MB")
        if now["speed"]:
            st.metric("Speed", f"{now['speed'] / 1e6:,.2f} MB/s")
            st.metric("Remaining, about", seconds(job.remaining()))


def _brought(job: Job) -> None:
    name = state.came_as(job)
    st.success(
        f"In place and checked after {seconds(job.elapsed)}: dataset **{plain(name)}**.",
        icon=":material/check:",
    )
    with st.container(horizontal=True):
        st.page_link("pages/samples.py", label="Browse it", icon=":material/apps:")
        st.page_link("pages/train.py", label="Train on it", icon=":material/model_training:")


def _running(job: Job) -> None:
    now = job.progress
    if now is None:
        st.progress(0.0, text=f"Starting, reading images … {seconds(job.elapsed)}")
        return
    step = f", {now['step']} of at most {now['steps']}" if now["step"] else ""
    st.progress(
        min(now["fraction"], 1.0),
        text=f"Stage {now['stage']} of {now['stages']}: {now['title']}{step}",
    )
    with st.container(horizontal=True):
        st.metric("Elapsed", seconds(job.elapsed))
        st.metric(
            "Remaining, about",
            seconds(job.remaining()),
            help="From the share of the work that is done. An optimiser that converges early "
            "ends early.",
        )
        if now["loss"] is not None:
            st.metric(
                "Training loss",
                f"{now['loss']:.3f}",
                help="Log loss on 2,000 training images: lower is better.",
            )
        if now["score"] is not None:
            st.metric(
                "Test accuracy",
                f"{now['score']:.1%}",
                help="On at most 2,000 test images, only watched: nothing is chosen by it.",
            )
    _curve(job.curve)


def _curve(points: list[dict]) -> None:
    if len(points) > 1:
        frame = pd.DataFrame(list(points)).set_index("step")  # a copy: it grows meanwhile
        left, right = st.columns(2)
        left.caption("Training loss by iteration")
        left.line_chart(frame["loss"], height=180, y_label="", x_label="")
        if frame["score"].notna().any():
            right.caption("Test accuracy by iteration")
            right.line_chart(frame["score"], height=180, y_label="", x_label="")


def _done(job: Job) -> None:
    try:
        scores = state.open_run(job.result).manifest["scores"]
    except state.RunError as error:
        state.say_error(error)
        return
    st.success(f"Kept as **{job.result}** after {seconds(job.elapsed)}.", icon=":material/check:")
    with st.container(horizontal=True):
        for key, label, form in (
            ("accuracy", "Accuracy", "{:.2%}"),
            ("roc_auc_ovo", "ROC AUC, one-vs-one", "{:.4f}"),
        ):
            if scores.get(key) is not None:
                st.metric(label, form.format(scores[key]))
    _curve(job.curve)
    with st.container(horizontal=True):
        # Links, not st.switch_page: that refuses to leave an address that widgets are bound to.
        for page, label, icon in (
            ("pages/evaluate.py", "Evaluate it", ":material/grid_on:"),
            ("pages/draw.py", "Draw with it", ":material/draw:"),
        ):
            st.page_link(page, label=label, icon=icon, query_params={"run": job.result})
