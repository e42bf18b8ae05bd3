"""What a sweep is to try: values or ranges of hyperparameters, folds, and what it takes."""

import dataclasses
import shlex

import streamlit as st

from emnist_lab.commands import sweep as sweep_verbs
from emnist_lab.commands.specs import SweepSpec
from emnist_lab.errors import LabError
from emnist_lab.evaluation.sweeps import plan as planning
from emnist_lab.evaluation.sweeps import search as searching
from emnist_lab.evaluation.sweeps.plan import SEARCHES, Plan
from emnist_lab.handwriting.drawing_store import with_kept_drawings
from emnist_lab.metrics import METRICS, definitions, glossary
from emnist_lab.models.hyperparameters import Hyperparameter, as_text
from emnist_lab.models.recipe import Recipe
from emnist_lab.server import sweep_access
from emnist_lab.ui import current_dataset, current_visitor, drawing_database, messages
from emnist_lab.ui.formatting import plain
from emnist_lab.ui.sweeps import kept_sweeps
from emnist_lab.ui.train import settings

_TERMS = {"grid": "grid search", "random": "random search", "halving": "successive halving"}
_MOST = 20  # folds, and repeats, that the page offers
_ASKED = "train-sweep-asked"  # session key: the plan that a person is asked about


def show(
    recipe: Recipe,
    split: str,
    images: int | None,
    seed: int,
    classes: str | None,
    handwriting: tuple[str | None, int, int],
) -> None:
    """Choose what is tried, see what it takes, and have it begun.

    Parameters
    ----------
    recipe : Recipe
    split : str
    images : int or None
        That are dealt into folds; all where it is None.
    seed : int
    classes : str or None
        The characters that are kept; all where it is None.
    handwriting : (str or None, int, int)
        Whose kept drawings are added, how many, and how often each counts.
    """
    whose, drawings, times = handwriting
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = _search()
        folds = _number("Folds", "folds", 2, 3, glossary.help_of("cross-validation"))
        repeats = _number(
            "Repeats", "repeats", 1, 1, "Each time with other folds, and with another seed."
        )
    given = _values(recipe, search)
    ranged = search == "random" or any(":" in one for one in given)
    points = None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = _metric()
        sizes = _sizes() if search != "halving" else None
        if ranged:
            about = "How many are drawn from the ranges."
            points = _number("Candidates", "points", 1, planning.POINTS, about, 500)
    if search == "random" and not given:
        _button(disabled=True)
        st.caption("Give at least one hyperparameter a range, or several values.")
        return
    spec = SweepSpec(
        recipe.name,
        search=search,
        points=points,
        **{"random" if ranged else "grid": given},
        folds=folds,
        repeats=repeats,
        sizes=sizes,
        metric=metric,
        split=split,
        images=images,
        seed=seed,
        root=current_dataset.root(),
        classes=classes,
        handwriting=whose,
        repeat=times,
    )
    try:
        version = (current_dataset.version_key(split, "train"), drawings)
        plan = _plan(repr(spec), version, spec)
    except LabError as error:
        plan = None
        _button(disabled=True)
        messages.say_error(error)
    else:
        _begin(spec, plan)
    if plan is not None:
        with st.expander("Show me the command", icon=":material/terminal:"):
            st.caption("The same sweep on the command line.")
            words = [one for one in spec.arguments() if one != "--yes"]
            st.code(f"python -m emnist_lab {shlex.join(words)}", "bash", wrap_lines=True)


def _search() -> str:
    names = list(SEARCHES)
    kept = settings.kept("sweep-search", "grid")
    terms = " ".join(f"**{SEARCHES[one]}**: {glossary.help_of(_TERMS[one])}" for one in names)
    chosen = st.selectbox(
        "Search",
        names,
        names.index(kept),
        key="train-sweep-search",
        format_func=SEARCHES.get,
        help=terms,
        width=190,
    )
    return settings.keep("sweep-search", chosen)


def _number(label: str, name: str, low: int, usual: int, about: str, most: int = _MOST) -> int:
    value = st.number_input(
        label,
        low,
        most,
        settings.kept(f"sweep-{name}", usual),
        key=f"train-sweep-{name}",
        help=about,
        width=130,
    )
    return settings.keep(f"sweep-{name}", int(value))


def _metric() -> str:
    keys = [one.key for one in METRICS if one.is_headline]
    chosen = st.selectbox(
        "Ranked by",
        keys,
        keys.index(settings.kept("sweep-metric", planning.METRIC)),
        key="train-sweep-metric",
        format_func=lambda key: definitions.get(key).name,
        help="What the best candidate is chosen by; all metrics are kept.",
        width=190,
    )
    return settings.keep("sweep-metric", chosen)


def _sizes() -> str | None:
    text = st.text_input(
        "Images of each fit",
        settings.kept("sweep-sizes", ""),
        key="train-sweep-sizes",
        placeholder="all other folds; or 500, 1000, 2000",
        help="Several numbers make a cross-validated learning curve. Each sample holds the smaller "
        "ones, and every fit is measured on its whole fold.",
        width=290,
        max_chars=200,
    )
    return settings.keep("sweep-sizes", text).strip() or None


def _values(recipe: Recipe, search: str) -> tuple[str, ...]:
    """What is to be tried of each hyperparameter, as the command line takes it."""
    if not recipe.hyperparameters:
        return ()
    examples = {
        "grid": "Values with commas between them, as in `0.1, 1, 10`: every combination is tried.",
        "random": "A range to draw from, as in `0.01:100:log` or `10:200`, or values with commas.",
        "halving": "Values with commas, as in `0.1, 1, 10`, or ranges to draw from, as in "
        "`0.01:100:log`.",
    }
    st.caption(f"{examples[search]} What is left empty stays the recipe's own, shown in grey.")
    own = recipe.defaults()
    with st.container(horizontal=True):
        texts = {one.label: _field(recipe, one, own[one.name]) for one in recipe.hyperparameters}
    return tuple(f"{label}={text}" for label, text in texts.items() if text)


def _field(recipe: Recipe, one: Hyperparameter, own) -> str:
    name = f"sweep-{recipe.name}:{one.name}"
    about = f"{one.help} Values are {one.wanted.removeprefix('a ').removeprefix('one of ')}."
    if one.kind == "layers" or any("," in as_text(choice) for choice in one.choices):
        about += " Semicolons separate values that have commas."
    text = st.text_input(
        one.label,
        settings.kept(name, ""),
        key=f"train-{name}",
        placeholder=as_text(own),
        help=about,
        width=190,
        max_chars=2000,
    )
    return settings.keep(name, text).strip()


@st.cache_resource(max_entries=3, show_spinner="Counting fits …")
def _plan(key: str, version: tuple, _spec: SweepSpec) -> Plan:
    """The plan of a spec on a version of its images; raises `LabError`."""
    part = current_dataset.load(_spec.split, "train")
    if _spec.classes:
        part = part.choose(_spec.classes)
    if _spec.images is not None:
        part = part.sample(_spec.images, _spec.seed)
    if _spec.handwriting:
        store = drawing_database.store()
        part = with_kept_drawings(part, _spec.handwriting, store, times=_spec.repeat)
    return sweep_verbs.plan_of(_spec, part)


def _button(disabled: bool = False) -> bool:
    icon = ":material/grid_view:"
    return st.button("Begin the sweep", type="primary", icon=icon, disabled=disabled)


def _begin(spec: SweepSpec, plan: Plan) -> None:
    """A button that begins it, beside what it takes; long ones are asked about first."""
    session, jobs = st.session_state, searching.jobs_for(plan)
    takes = plan.sentence(jobs)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = _button()
        st.markdown(f"{plain(takes)}.", width="content")
    if len(plan.candidates) == 1:
        st.caption(
            "Nothing is varied so far: this cross-validates one setting, which says how much "
            "scores vary by chance."
        )
    for note in plan.notes():
        st.info(plain(note), icon=":material/info:")
    if pressed and plan.should_ask(jobs):
        session[_ASKED] = repr(spec)
    elif pressed:
        _submit(spec, plan)
    if session.get(_ASKED) != repr(spec):
        session.pop(_ASKED, None)  # something else is planned now
        return
    st.warning(
        f"**These are {plain(takes)}.** It can be cancelled at any time, and what was fitted is "
        "kept. Fewer values or images take less.",
        icon=":material/schedule:",
    )
    with st.container(horizontal=True):
        if st.button("Begin all the same", icon=":material/check:", key="train-sweep-yes"):
            session.pop(_ASKED)
            if _submit(spec, plan):
                st.rerun()
        if st.button("Not now", icon=":material/close:", key="train-sweep-no"):
            session.pop(_ASKED)
            st.rerun()


def _submit(spec: SweepSpec, plan: Plan) -> bool:
    """Have it begun; says why where that isn't possible, and whether it is."""
    try:
        name = sweep_access.name_of(current_visitor.visitor(), plan)
        kept_sweeps.submit(dataclasses.replace(spec, name=name), "sweep")
    except LabError as error:
        messages.say_error(error)
        return False
    return True
