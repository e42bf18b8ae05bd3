"""Sweeps belong to whoever had them searched, as runs do."""

from dataclasses import replace

import pytest
from helpers import make_part

import emnist_lab as lab
from emnist_lab.commands.job_queue import JobQueue
from emnist_lab.commands.specs import SweepSpec, TrainSpec
from emnist_lab.errors import AccessError, RunError
from emnist_lab.evaluation.sweeps import hyperparameter_search, plan, sweep_store
from emnist_lab.server import job_access, storage, sweep_access
from emnist_lab.server.visitor import owner_id

ANN, BOB = owner_id("ann"), owner_id("bob")
SOURCE = {"split": "balanced", "images": 47, "seed": 25, "root": "demo", "classes": None}


@pytest.fixture
def sweeps(home):
    made = plan.make("pixels-bayes", make_part("digits", 6, 3), folds=2)
    for name, owner in (("of-ann", ANN), ("of-bob", BOB), ("of-the-operator", None)):
        hyperparameter_search.run_plan(made, name=name, owner=owner, source=SOURCE)
    return made


@pytest.fixture
def queue(monkeypatch):
    monkeypatch.setattr(JobQueue, "_work", lambda self: None)  # nothing is begun
    return JobQueue()


def test_everybody_sees_their_own_and_the_operators(sweeps, ann, bob, operator, guest):
    seen = [{one.name for one in sweep_access.list_sweeps(who)[0]} for who in (ann, bob, guest)]
    assert seen[0] == {"of-ann", "of-the-operator"} and seen[1] == {"of-bob", "of-the-operator"}
    assert seen[2] == {"of-the-operator"}
    assert len(sweep_access.list_sweeps(operator)[0]) == 3
    with pytest.raises(RunError, match="There is no sweep 'of-ann'"):
        sweep_access.open_sweep(bob, "of-ann")
    with pytest.raises(RunError, match="There is no sweep"):
        sweep_access.open_sweep(ann, "../of-ann")
    assert sweep_access.open_sweep(ann, "of-ann").owner == ANN
    assert not sweep_access.is_running(ann, "of-ann")
    assert storage.used(ann) > 0


def test_only_owners_and_operators_delete_one(sweeps, ann, bob, operator, guest):
    for name in ("of-ann", "of-the-operator"):
        with pytest.raises((AccessError, RunError)):
            sweep_access.delete_sweep(bob, name)
    with pytest.raises(AccessError, match="doesn't let visitors"):
        sweep_access.delete_sweep(guest, "of-the-operator")
    own = sweep_access.open_sweep(ann, "of-ann")
    assert sweep_access.owns_sweep(ann, own) and not sweep_access.owns_sweep(bob, own)
    sweep_access.delete_sweep(ann, "of-ann")
    sweep_access.delete_sweep(operator, "of-bob")
    assert [one.name for one in sweep_store.list_sweeps()[0]] == ["of-the-operator"]


def test_the_same_plan_of_another_owner_is_another_sweep(sweeps):
    made = hyperparameter_search.run_plan(sweeps, name="of-ann", owner=BOB)
    assert made.name == "of-ann-2" and lab.open_sweep("of-ann-2").owner == BOB


def test_a_name_is_known_beforehand(sweeps, ann, bob, operator):
    assert sweep_access.name_of(ann, sweeps, "of-ann") == "of-ann"  # it goes on
    assert sweep_access.name_of(bob, sweeps, "of-ann") == "of-ann-2"
    assert sweep_access.name_of(operator, sweeps) == "pixels-bayes-sweep-digits-60"
    with pytest.raises(RunError, match="can't be called"):
        sweep_access.name_of(ann, sweeps, "../x")


def test_a_visitor_has_sweeps_within_their_rights(sweeps, queue, ann, bob, operator, guest):
    spec = SweepSpec("pixels-bayes", images=100, root="demo")
    assert job_access.submit(ann, queue, spec).owner == ANN
    with pytest.raises(AccessError, match="would take all: choose fewer"):
        job_access.submit(bob, queue, SweepSpec("pixels-bayes", root="demo"))
    with pytest.raises(AccessError, match="doesn't let visitors"):
        job_access.submit(guest, queue, spec)
    with pytest.raises(AccessError, match="aren't yours"):
        job_access.submit(bob, queue, replace(spec, handwriting=ANN))
    assert job_access.submit(bob, queue, SweepSpec(resume="of-bob")).owner == BOB
    with pytest.raises(RunError, match="There is no sweep 'of-ann'"):
        job_access.submit(bob, queue, SweepSpec(resume="of-ann"))
    with pytest.raises(AccessError, match="isn't yours"):
        job_access.submit(bob, queue, SweepSpec(resume="of-the-operator"))
    refit = sweep_access.refit_spec(ann, "of-ann", "best")
    assert refit == TrainSpec(
        "pixels-bayes", images=47, root="demo", name="best", sweep="of-ann"
    )  # the split and the seed are the defaults
    job_access.submit(ann, queue, refit)
    with pytest.raises(RunError, match="There is no sweep 'of-ann'"):
        job_access.submit(bob, queue, refit)


def test_what_goes_on_is_of_its_own_kind_and_its_owners(sweeps, ann, bob, guest):
    made = plan.compared(["pixels-bayes", "pixels-tree"], make_part("digits", 6, 3), folds=2)
    hyperparameter_search.run_plan(made, name="both", owner=ANN, source=SOURCE)
    assert sweep_access.compares(ann, SweepSpec(resume="both"))
    assert sweep_access.compares(ann, SweepSpec("hog-lda", against=("hog-qda",)))
    assert not sweep_access.compares(ann, SweepSpec(resume="of-ann"))
    assert not sweep_access.compares(bob, SweepSpec(resume="both"))  # not theirs to see
    own = sweep_access.open_sweep(ann, "of-ann")
    assert sweep_access.may_go_on(ann, own) and not sweep_access.may_go_on(bob, own)
    assert not sweep_access.may_go_on(guest, sweep_access.open_sweep(guest, "of-the-operator"))
