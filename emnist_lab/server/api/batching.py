"""Requests that wait for the same run, read together: one image costs a seventh of what it would.

No thread of its own and no delay: who finds the run free reads at once, for everybody who waits.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np

from ...callbacks import ProgressCallback
from ...runs.run import Run

# Of one reading. Up to here one thread reads (see `emnist_lab.runs.run`), and each image of 16
# costs 0.8 ms; with more, BLAS's threads fight with everything else for the cores.
MOST = 16


@dataclass(frozen=True, eq=False)
class _Request:
    images: np.ndarray
    found: Future


class Batcher:
    """Merges what several threads have read by one run.

    Parameters
    ----------
    read : callable
        Images (N, 28, 28) -> probabilities (N, C); called by one thread at a time.
    told : callable, optional
        Is told how many images each reading had.

    Examples
    --------
    >>> batcher = Batcher(lambda images: images.reshape(len(images), -1).mean(axis=1))
    >>> batcher.read(np.full((2, 28, 28), 3)).tolist()
    [3.0, 3.0]
    """

    def __init__(
        self,
        read: Callable[[np.ndarray], np.ndarray],
        told: Callable[[int], None] = lambda images: None,
    ):
        self._read, self._told = read, told
        self._waiting: deque[_Request] = deque()
        self._changed, self._turn = threading.Lock(), threading.Lock()

    def read(self, images: np.ndarray) -> np.ndarray:
        """Have images read, alone or together with others'; waits for it.

        Parameters
        ----------
        images : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, C)
            Of these images alone.

        Raises
        ------
        BaseException
            Whatever reading them raised.
        """
        own = _Request(images, Future())
        with self._changed:
            self._waiting.append(own)
        while not own.found.done():
            with self._turn:
                if not own.found.done():  # nobody has read it meanwhile
                    self._read_next()
        if error := own.found.exception():
            raise error.with_traceback(None)  # several threads raise it
        return own.found.result()

    def _read_next(self) -> None:
        """Read what waits, oldest first: as much as one reading takes, or one large request."""
        taken: list[_Request] = []
        with self._changed:
            while self._waiting:
                count = sum(len(one.images) for one in taken)
                if taken and count + len(self._waiting[0].images) > MOST:
                    break
                taken.append(self._waiting.popleft())
        try:
            images = [one.images for one in taken]
            found = self._read(images[0] if len(images) == 1 else np.concatenate(images))
        except BaseException as error:  # noqa: BLE001  it is raised where each one waits
            for one in taken:
                one.found.set_exception(error)
            return
        self._told(len(found))
        start = 0
        for one in taken:
            one.found.set_result(found[start : start + len(one.images)])
            start += len(one.images)


class BatchedRun(Run):
    """A run whose readings are merged with those of other threads.

    Parameters
    ----------
    run : Run
    told : callable, optional
        See `Batcher`.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> run = BatchedRun(open_run("hog-qda"))
    >>> run.predict_proba(np.zeros((2, 28, 28), np.uint8)).shape
    (2, 47)
    """

    def __init__(self, run: Run, told: Callable[[int], None] = lambda images: None):
        super().__init__(run.manifest, run.folder)
        self.plain = run
        self._batcher = Batcher(run.predict_proba, told)

    def predict_proba(
        self, images: np.ndarray, progress: ProgressCallback | None = None
    ) -> np.ndarray:
        """As `Run.predict_proba`; what one request has wrong, others don't meet.

        Parameters
        ----------
        images : ndarray of shape (N, 28, 28), dtype uint8
        progress : callable, optional
            With it the images are read alone.

        Returns
        -------
        ndarray of shape (N, C), dtype float64

        Raises
        ------
        RunError
            See `Run.predict_proba`.
        """
        if progress is not None or len(images) > MOST:
            return self.plain.predict_proba(images, progress)
        return self._batcher.read(images)
