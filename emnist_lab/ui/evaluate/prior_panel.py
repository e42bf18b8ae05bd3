"""Class prior on the Evaluate page: for which class frequencies a run answers, and others."""

import streamlit as st

from emnist_lab.errors import LabError
from emnist_lab.evaluation import prior_comparison
from emnist_lab.evaluation.evaluation import Evaluation
from emnist_lab.metrics import glossary
from emnist_lab.runs import class_prior
from emnist_lab.runs.run import Run
from emnist_lab.server import run_access
from emnist_lab.ui import current_run, current_visitor, messages
from emnist_lab.ui.formatting import plain

_NAMES = {
    class_prior.EQUAL: "equally frequent",
    class_prior.TRAINING: "as in training",
    prior_comparison.MEASURED: "as in this subset",
    class_prior.GIVEN: "as given",
}
_SHARES = ["accuracy", "mean_recall", "top3_accuracy"]
_ASKED = "evaluate-asked-prior"
_KEPT, _FAILED = "evaluate-prior-kept", "evaluate-prior-failed"


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Evaluation: lambda one: one.key})
def _compared(evaluation: Evaluation):
    return prior_comparison.compare_priors(evaluation)


def show_prior(evaluation: Evaluation) -> None:
    """Compare class priors, and offer to keep a run that answers for another.

    Parameters
    ----------
    evaluation : Evaluation
    """
    st.header("Class prior", anchor=False, help=glossary.help_of("class prior"))
    if kept := st.session_state.pop(_KEPT, None):
        st.success(f"Kept as **{plain(kept)}**.", icon=":material/check:")
    if failed := st.session_state.pop(_FAILED, None):
        messages.say_error(failed)
    run = evaluation.run
    about = run.manifest.get("prior")
    if not prior_comparison.comparable(evaluation):
        if about is None:
            why = "How many images of each class it learned from isn't known, so it is fixed."
        elif run.temperature != 1:
            why = (
                "Its temperature was fitted to that: for another prior, choose the run that it was "
                "made from."
            )
        else:
            why = "Here its classes aren't counted as its own: look at it on its own test subset."
        st.markdown(f"This run answers for {class_prior.describe(about)}. {why}")
        return
    st.markdown(
        "How frequent are the classes where it is used? A classifier learns the frequencies of its "
        "training images; dividing them out makes it answer for others (Bayes' rule, Saerens et "
        f"al. 2002). Nothing is fitted again. This run answers for **{class_prior.describe(about)}"
        "**."
    )
    table = _compared(evaluation)
    names = table["prior"].map(_NAMES)
    table[_SHARES] = 100 * table[_SHARES]
    table.insert(0, "classes", names.where(~table["now"], names + " (now)"))
    number = st.column_config.NumberColumn
    st.dataframe(
        table.drop(columns=["prior", "now"]),
        hide_index=True,
        column_config={
            "classes": st.column_config.TextColumn("Classes", help="How frequent they are."),
            "accuracy": number("Accuracy", format="%.2f%%"),
            "mean_recall": number(
                "Balanced accuracy", format="%.2f%%", help=glossary.help_of("balanced accuracy")
            ),
            "top3_accuracy": number("Top-3", format="%.2f%%"),
            "log_loss": number("Log loss", format="%.4f", help="In nats."),
        },
    )
    if not current_visitor.may("training"):
        return
    for other in class_prior.NAMED:
        if other != about["answers_for"]:
            st.button(
                f"Keep a run: {_NAMES[other]}",
                key=f"evaluate-keep-prior-{other}",
                icon=":material/balance:",
                on_click=_keep,
                args=(run, other),
            )

    with st.form("evaluate-given-prior", border=False):
        st.text_input(
            "Or as you know them",
            key=_ASKED,
            placeholder=f"{run.classes[0]}=3, {run.classes[1]}=0.5",
            help="How frequent classes are, in any unit; 1 for those that you don't name.",
        )
        st.form_submit_button(
            "Keep a run: as given", icon=":material/balance:", on_click=_keep_given, args=(run,)
        )


def _keep_given(run: Run) -> None:
    _keep(run, st.session_state[_ASKED])


def _keep(run: Run, prior: str) -> None:
    try:
        made = run_access.save(current_visitor.visitor(), run.for_prior(prior))
    except LabError as error:
        st.session_state[_FAILED] = str(error)
        return
    st.session_state[_KEPT] = made.name
    current_run.use_run(made.name)
