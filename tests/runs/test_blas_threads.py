"""One image is read on one thread, and the process has its threads back afterwards."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import emnist_lab as lab
from emnist_lab.runs.blas_threads import one_blas_thread


def blas() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def two():
    with threadpool_limits(2, user_api="blas"):
        yield


@pytest.mark.parametrize(("images", "threads"), [(1, {1}), (500, {2})])
def test_few_images_are_read_on_one_thread(images, threads, monkeypatch):
    run, seen = lab.open_run("hog-qda"), []
    read = type(run.model).predict_proba
    monkeypatch.setattr(
        type(run.model), "predict_proba", lambda *given: (seen.append(blas()), read(*given))[1]
    )
    run.predict_proba(np.zeros((images, 28, 28), np.uint8))
    assert seen == [threads] and blas() == {2}


def test_of_two_that_overlap_none_gives_back_the_limit_of_the_other():
    """The first comes out while the second is still inside."""
    entered, may_leave, seen = threading.Event(), threading.Event(), []

    def second():
        with one_blas_thread():
            seen.append(blas())
            entered.set()
            may_leave.wait(30)
        seen.append(blas())

    other = threading.Thread(target=second)
    with one_blas_thread():
        other.start()
        assert entered.wait(30)
    may_leave.set()
    other.join(30)
    assert seen == [{1}, {2}] and blas() == {2}


def test_a_thread_may_set_what_another_one_set_before_it():
    """As on a server, where the first reading is warmed up in a thread that lives on."""
    seen = []

    def later():
        with one_blas_thread():
            seen.append(blas())
        seen.append(blas())

    with one_blas_thread():
        assert blas() == {1}
    for _ in range(2):
        other = threading.Thread(target=later)
        other.start()
        other.join(30)
    assert seen == [{1}, {2}] * 2 and blas() == {2}


def test_an_error_gives_them_back_too():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas() == {2}
