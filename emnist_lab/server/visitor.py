"""Who asks: a visitor of the server, with what they may do and what is theirs."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import AccessError, LabError
from ..files import owner_of
from .rights import Mode, Rights, of_mode

OPERATORS, SIGN_IN = "EMNIST_LAB_OPERATORS", "EMNIST_LAB_SIGN_IN"


@dataclass(frozen=True)
class Visitor:
    """A person at a server, or a program.

    Attributes
    ----------
    rights : Rights
        What they may do; an operator's are those of a server of one's own.
    id : str or None
        32 hexadecimal digits that what they make belongs to; None as long as it isn't known who
        they are, or where nothing has an owner.
    operator : bool
        Whether they see and manage everything.
    name : str
        For people: an address of mail, or empty.

    Examples
    --------
    >>> alone = Visitor.alone()
    >>> alone.operator, alone.sees("0" * 32)
    (True, True)
    """

    rights: Rights
    id: str | None = None
    operator: bool = False
    name: str = ""

    @classmethod
    def alone(cls) -> "Visitor":
        """The one person of a server of one's own; the command line acts as this one."""
        return cls(of_mode(Mode.OWN), operator=True)

    def sees(self, owner: str | None) -> bool:
        """Whether they see what belongs to `owner`; what has none is the operator's, for all."""
        return self.operator or owner is None or owner == self.id

    def owns(self, owner: str | None) -> bool:
        """Whether they may change what belongs to `owner`."""
        return self.operator or (owner is not None and owner == self.id)

    def sees_folder(self, folder: Path) -> bool:
        """Whether they see the run or the dataset in a folder."""
        return self.operator or self.sees(owner_of(folder))

    def require(self, right: str) -> None:
        """Refuse what they may not do at all; see `Rights.require`. Raises `AccessError`."""
        self.rights.require(right)

    def require_own(self, owner: str | None, what: str) -> None:
        """Refuse a change of what isn't theirs.

        Parameters
        ----------
        owner : str or None
            Of the thing.
        what : str
            The thing, to begin a sentence: "The run digits".

        Raises
        ------
        AccessError
        """
        if not self.owns(owner):
            raise AccessError(f"{what} isn't yours to change: choose one that you made.")

    def new_owner(self) -> str | None:
        """Owner of what they make now.

        Returns
        -------
        str or None
            None where nothing has an owner, and for operators: what is theirs is for all.

        Raises
        ------
        AccessError
            It isn't known yet who they are.
        """
        if self.id is None and not self.operator:
            raise AccessError(
                "It isn't known yet whose this would be: try again in a moment; your browser must "
                "allow this page JavaScript."
            )
        return None if self.operator else self.id


def identify(
    rights: Rights, id: str | None, name: str = "", operators: Iterable[str] | None = None
) -> Visitor:
    """The visitor of an identity.

    Parameters
    ----------
    rights : Rights
        Of this server's visitors.
    id : str or None
        See `owner_id`; None where it isn't known yet.
    name : str
        Verified address of mail of somebody who signed in; else empty.
    operators : iterable of str, optional
        Addresses of mail, or ids, of those who manage the server; those in
        ``$EMNIST_LAB_OPERATORS`` by default.

    Returns
    -------
    Visitor
    """
    if rights.mode is Mode.OWN:
        return Visitor(rights, id, operator=True, name=name)
    known = {one.lower() for one in (named_operators() if operators is None else operators)}
    if (name and name.lower() in known) or (id is not None and id in known):
        return Visitor(of_mode(Mode.OWN), id, operator=True, name=name)
    return Visitor(rights, id, name=name)


def named_operators() -> list[str]:
    """Who manages this server, from ``$EMNIST_LAB_OPERATORS``: separated by spaces or commas."""
    return [one for one in re.split(r"[\s,;]+", os.environ.get(OPERATORS, "")) if one]


def requires_sign_in(environment: Mapping[str, str] | None = None) -> bool:
    """Whether a server shows nothing to those who haven't signed in.

    Parameters
    ----------
    environment : mapping of str to str, optional
        The process's own by default.

    Returns
    -------
    bool

    Raises
    ------
    LabError
        ``$EMNIST_LAB_SIGN_IN`` is something else than empty or ``required``: a server must not
        start open that was meant to be closed.

    Examples
    --------
    >>> requires_sign_in({"EMNIST_LAB_SIGN_IN": "required"}), requires_sign_in({})
    (True, False)
    """
    given = os.environ if environment is None else environment
    text = given.get(SIGN_IN, "").strip().lower()
    if text not in ("", "required"):
        raise LabError(f"${SIGN_IN} is {text[:40]!r}: set it to required, or leave it out.")
    return text == "required"


def owner_id(secret: str) -> str:
    """The owner that something only they have stands for.

    Parameters
    ----------
    secret : str
        A browser's random number, or issuer and subject of a sign-in.

    Returns
    -------
    str
        32 hexadecimal digits; whoever reads them can't pretend to be that owner.

    Examples
    --------
    >>> len(owner_id("a secret"))
    32
    """
    return hashlib.blake2b(secret.encode(), digest_size=16).hexdigest()
