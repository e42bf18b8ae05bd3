"""What an operator sets for the API: how often a client may ask, and under which names."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import LabError
from ..rights import Mode
from ..visitor import requires_sign_in

RATE, HOSTS = "EMNIST_LAB_API_RATE", "EMNIST_LAB_API_HOSTS"
_USUAL_RATE = {Mode.OWN: None, Mode.CLASS: 50.0, Mode.SHOW: 50.0}


@dataclass(frozen=True)
class Settings:
    """Settings of the API.

    Attributes
    ----------
    rate : float or None
        Requests a second of one client; None is no limit.
    hosts : tuple of str
        Names beside those that are known to be this machine's; for the mode "own".
    sign_in : bool
        Whether the server is for those who sign in only.
    """

    rate: float | None = None
    hosts: tuple[str, ...] = ()
    sign_in: bool = False


def from_environment(mode: Mode, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings that the variables of a server give.

    Parameters
    ----------
    mode : Mode
        Its defaults.
    environment : mapping of str to str, optional
        The process's own by default.

    Returns
    -------
    Settings

    Raises
    ------
    LabError
        A variable holds something else than it can.

    Examples
    --------
    >>> from_environment(Mode.CLASS, {}).rate
    50.0
    >>> from_environment(Mode.OWN, {"EMNIST_LAB_API_RATE": "0.5"}).rate
    0.5
    """
    given = os.environ if environment is None else environment
    rate = _USUAL_RATE[mode]
    if text := given.get(RATE, "").strip().lower():
        rate = None if text == "none" else _rate(text)
    hosts = given.get(HOSTS, "").lower().replace(",", " ").split()
    return Settings(rate, tuple(hosts), requires_sign_in(given))


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0.001 <= rate <= 1e6:  # NaN isn't
        raise LabError(
            f"${RATE} is {text[:40]!r}: set it to requests a second, as in 50 or 0.5, or to none."
        )
    return rate
