"""Work in a thread of the server: progress, cancel, errors, and what is kept."""

import threading

import pytest

from emnist_lab.callbacks import Cancelled
from emnist_lab.errors import DatasetError
from emnist_lab.ui.background_task import Background

LONG = 20  # seconds until a test gives up


def gated(result=None):
    """Work that tells when it is on, goes on when it may, and then says whether it was stopped."""
    on, go, stopped = threading.Event(), threading.Event(), threading.Event()

    def work(tell):
        tell(0.25, "half way to the half")
        on.set()
        assert go.wait(LONG)
        try:
            tell(0.5, "half")
        except Cancelled:
            stopped.set()
            raise
        return result

    return work, on, go, stopped


def test_a_result_is_kept_and_shared():
    made = []
    background = Background("test", 4)
    task = background.of("a", lambda tell: made.append(1) or "done")
    assert task.result() == "done" and task.done and not task.cancelled
    assert background.of("a", lambda tell: made.append(1)) is task and len(made) == 1


def test_how_far_it_is():
    background = Background("test", 4)
    work, on, go, _ = gated("late")
    task = background.of("a", work)
    assert on.wait(LONG)
    assert (task.share, task.words) == (0.25, "half way to the half")
    assert not task.wait(0) and task.remaining() >= 0
    waiting = background.of("b", lambda tell: "next")
    assert waiting.begun is None and waiting.remaining() is None and not waiting.done
    go.set()
    assert task.result() == "late" and waiting.result() == "next"


def test_a_cancel_ends_it_for_everyone_and_it_can_be_begun_anew():
    background = Background("test", 4)
    work, on, go, stopped = gated()
    task = background.of("a", work)
    assert on.wait(LONG)
    task.cancel()
    assert task.done and task.cancelled
    with pytest.raises(Cancelled):
        task.result()
    go.set()
    assert stopped.wait(LONG)  # the work itself heard of it
    assert background.of("a", lambda tell: "again") is task
    background.forget("a")
    assert background.of("a", lambda tell: "again").result() == "again"


def test_what_waits_and_is_cancelled_never_begins():
    background = Background("test", 4)
    work, on, go, _ = gated()
    first = background.of("a", work)
    assert on.wait(LONG)
    begun = []
    background.of("b", begun.append).cancel()
    go.set()
    first.result()
    background.of("c", lambda tell: None).result()
    assert not begun


def test_a_cancel_after_the_end_changes_nothing():
    task = Background("test", 4).of("a", lambda tell: 7)
    assert task.result() == 7
    task.cancel()
    assert not task.cancelled and task.result() == 7


def test_an_error_is_raised_where_the_result_is_asked_for():
    def work(tell):
        raise DatasetError("Nothing there: choose another.")

    background = Background("test", 4)
    for _ in range(2):
        with pytest.raises(DatasetError, match="choose another"):
            background.of("a", work).result()
    assert background.of("b", lambda tell: 1).result() == 1  # the thread lives on


def test_the_one_that_nobody_asks_for_is_forgotten_first_and_stopped():
    background = Background("test", 2)
    work, on, go, stopped = gated()
    first = background.of("a", work)
    assert on.wait(LONG)
    second = background.of("b", lambda tell: 2)
    assert background.of("a", work) is first  # asked for again: now b is the oldest
    third = background.of("c", lambda tell: 3)
    assert second.cancelled and not first.cancelled
    background.of("d", lambda tell: 4)
    assert first.cancelled
    go.set()
    assert stopped.wait(LONG) and third.result() == 3


def test_a_short_one_needs_not_wait_for_a_long_one():
    background = Background("test", 4, threads=2)
    work, on, go, _ = gated("long")
    long = background.of("a", work)
    assert on.wait(LONG)
    assert background.of("b", lambda tell: "short").result() == "short" and not long.done
    go.set()
    assert long.result() == "long"


def test_each_knows_how_many_have_their_turn_before_it():
    background = Background("test", 4)
    work, on, go, _ = gated()
    first = background.of("a", work)
    assert on.wait(LONG)
    others = [background.of(key, lambda tell: None) for key in "bcd"]
    assert [background.place(task) for task in (first, *others)] == [0, 1, 2, 3]
    others[0].cancel()
    assert [background.place(task) for task in others] == [0, 1, 2]
    go.set()
    others[2].wait(LONG)
    assert background.place(others[2]) == 0
