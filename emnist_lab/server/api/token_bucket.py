"""How often a client may ask: a token bucket each, and the seconds until the next token."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_CLIENTS = 10_000  # that are remembered; who hasn't asked for longest is forgotten


class TokenBuckets:
    """A bucket for each client: it fills at a rate, and a request takes one token.

    Parameters
    ----------
    rate : float
        Tokens a second; a full bucket holds those of one second, and one at least.
    clock : callable
        Seconds.

    Examples
    --------
    >>> now = [0.0]
    >>> buckets = TokenBuckets(2, clock=lambda: now[0])
    >>> [buckets.take("somebody") for _ in range(3)]
    [0.0, 0.0, 0.5]
    >>> now[0] = 0.5
    >>> buckets.take("somebody")
    0.0
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic):
        self._rate, self._clock = rate, clock
        self._full = max(rate, 1.0)
        self._clients: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._changed = threading.Lock()

    def take(self, client: str) -> float:
        """Take a token of a client's.

        Parameters
        ----------
        client : str

        Returns
        -------
        float
            Seconds until there is one; 0 where one was taken.
        """
        now = self._clock()
        with self._changed:
            tokens, at = self._clients.get(client, (self._full, now))
            tokens = min(tokens + (now - at) * self._rate, self._full)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
            self._clients[client] = (tokens if wait else tokens - 1, now)
            self._clients.move_to_end(client)
            if len(self._clients) > _MOST_CLIENTS:
                self._clients.popitem(last=False)
        return wait
