"""How far a transfer is: bytes, speed and what remains."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_WINDOW = 4.0  # seconds over which speed is measured


@dataclass(frozen=True)
class Transfer:
    """How far a transfer is.

    Attributes
    ----------
    title : str
        What happens now, for people.
    done, total : int
        Bytes; `total` is 0 while it isn't known.
    speed : float
        Bytes a second of late; 0 while nothing was transferred.
    """

    title: str
    done: int = 0
    total: int = 0
    speed: float = 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds it may still take, or None."""
        return (self.total - self.done) / self.speed if self.speed and self.total else None


TransferCallback = Callable[[Transfer], None]


class TransferMeter:
    """Turns byte counts into `Transfer`s, a few a second."""

    def __init__(self, tell: TransferCallback):
        self._tell, self._recent, self._reported = tell, deque(), 0.0
        self.title, self.base, self.total, self._done = "", 0, 0, 0

    def begin(self, title: str) -> None:
        self.title, self.base, self.total = title, 0, 0
        self._recent.clear()
        self._tell(Transfer(title))

    def retrying(self, reason: str) -> None:
        self._tell(Transfer(f"{self.title}: {reason}, trying again", self._done, self.total))

    def __call__(self, done: int) -> None:
        self._done = self.base + done
        now, done = time.monotonic(), self.base + done
        if now - self._reported < 0.2 and done < self.total:
            return
        self._reported = now
        self._recent.append((now, done))
        while now - self._recent[0][0] > _WINDOW and len(self._recent) > 2:
            self._recent.popleft()
        (then, before) = self._recent[0]
        speed = (done - before) / (now - then) if now > then else 0.0
        self._tell(Transfer(self.title, done, self.total, max(speed, 0.0)))
