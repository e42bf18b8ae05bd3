"""What waits for the same run is read together; each gets its own, and errors reach all."""

import threading

import numpy as np
import pytest

from emnist_lab.runs import registry
from emnist_lab.server.api.batching import MOST, BatchedRun, Batcher


def numbered(*values: int) -> np.ndarray:
    return np.stack([np.full((28, 28), value, np.uint8) for value in values])


class Slow:
    """Reads an image as its first pixel; the first reading waits until others have asked."""

    def __init__(self, error: Exception | None = None):
        self.sizes, self.begun, self.go, self._error = (
            [],
            threading.Event(),
            threading.Event(),
            error,
        )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.sizes.append(len(images))
        self.begun.set()
        assert self.go.wait(60)
        if self._error:
            raise self._error
        return images[:, 0, 0].astype(float)[:, None]


def read_at_once(slow: Slow, batcher: Batcher, requests: list[np.ndarray]) -> list:
    """One request begins; the others ask while it is read."""
    found: list = [None] * len(requests)

    def ask(at: int) -> None:
        try:
            found[at] = batcher.read(requests[at])[:, 0].tolist()
        except ValueError as error:
            found[at] = error

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(len(requests))]
    threads[0].start()
    assert slow.begun.wait(60)
    for thread in threads[1:]:
        thread.start()
    while len(batcher._waiting) < len(requests) - 1:
        threading.Event().wait(0.01)
    slow.go.set()
    for thread in threads:
        thread.join(60)
    return found


def test_what_waits_is_read_together_and_each_gets_its_own():
    slow = Slow()
    requests = [numbered(at, at + 100) for at in range(5)]
    found = read_at_once(slow, Batcher(slow), requests)
    assert found == [[at, at + 100] for at in range(5)]
    assert slow.sizes == [2, 8]


def test_a_reading_has_so_many_images_at_most_but_for_one_large_request():
    slow, told = Slow(), []
    requests = [numbered(0), *(numbered(*[at] * 6) for at in range(1, 5)), numbered(*range(30))]
    found = read_at_once(slow, Batcher(slow, told.append), requests)
    assert [len(one) for one in found] == [1, 6, 6, 6, 6, 30]
    assert sum(slow.sizes) == 1 + 4 * 6 + 30 and slow.sizes == told
    assert all(size <= MOST or size == 30 for size in slow.sizes)


def test_nobody_waits_where_nothing_is_read():
    slow = Slow()
    slow.go.set()
    batcher = Batcher(slow)
    assert [batcher.read(numbered(at)).item() for at in range(3)] == [0, 1, 2]
    assert slow.sizes == [1, 1, 1]


def test_an_error_reaches_all_whom_it_concerns_and_later_ones_are_read():
    slow = Slow(ValueError("broken"))
    batcher = Batcher(slow)
    found = read_at_once(slow, batcher, [numbered(at) for at in range(3)])
    assert [str(one) for one in found] == ["broken"] * 3
    slow._error = None
    assert batcher.read(numbered(7)).item() == 7


@pytest.mark.parametrize("count", [0, 1, MOST, MOST + 1])
def test_a_batched_run_reads_as_the_run(count):
    run = registry.open_run("hog-qda")
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    assert np.array_equal(BatchedRun(run).predict_proba(images), run.predict_proba(images))
