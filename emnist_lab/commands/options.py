"""Options of a verb, each defined once: as a field of the spec of what is to be done.

From a field and what `option` says of it follow the parser's argument, the command line that a
job is started with, and the value that a journal keeps.
"""

import argparse
import dataclasses
import types
import typing
from collections.abc import Iterator
from typing import Any

_KEY = "option"


@dataclasses.dataclass(frozen=True)
class Option:
    """What a field is on the command line; see `option`."""

    flag: str
    help: str | None
    metavar: str | None
    bare: str | None
    old_flags: tuple[str, ...]
    old_field: str | None
    data: bool


def option(
    flag: str = "",
    help: str | None = None,
    *,
    default: Any = dataclasses.MISSING,
    metavar: str | None = None,
    bare: str | None = None,
    old_flags: tuple[str, ...] = (),
    old_field: str | None = None,
    data: bool = False,
) -> Any:
    """A field of a spec that is an option of its verb.

    The field's type is the option's: ``str``, ``int``, ``bool`` for one without a value, or
    ``tuple[str, ...]`` for one that may be given again.

    Parameters
    ----------
    flag : str
        ``"--images"``; empty for what is given by its place, which may be left out where there is
        a default.
    help : str, optional
        For people.
    default : object
        Of the field and of the command line; required where there is none.
    metavar : str, optional
        What the value is called in the help.
    bare : str, optional
        The value of a flag that is given without one.
    old_flags : tuple of str
        Flags that it had before: they go on working and aren't in the help.
    old_field : str, optional
        The field's name before, which journals may hold.
    data : bool
        Whether it says which images are trained on: a program that does the same needs it too.

    Returns
    -------
    dataclasses.Field
    """
    made = Option(flag, help, metavar, bare, old_flags, old_field, data)
    return dataclasses.field(default=default, metadata={_KEY: made})


def options_of(kind) -> Iterator[tuple[dataclasses.Field, Option]]:
    """Fields of a spec, or of its class, with what they are on the command line."""
    for one in dataclasses.fields(kind):
        if _KEY in one.metadata:
            yield one, one.metadata[_KEY]


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """Let a verb take the options of a spec.

    Parameters
    ----------
    parser : ArgumentParser
        The verb's.
    kind : type
        A dataclass with fields made by `option`.
    """
    hints = typing.get_type_hints(kind)
    for one, what in options_of(kind):
        given: dict[str, Any] = {"help": what.help, "metavar": what.metavar}
        given = {name: value for name, value in given.items() if value is not None}
        if not what.flag:
            if one.default is not dataclasses.MISSING:
                given |= {"nargs": "?", "default": one.default}
            parser.add_argument(one.name, **given)
            continue
        if hints[one.name] is bool:
            given["action"] = "store_true"
        elif typing.get_origin(hints[one.name]) is tuple:
            given["action"] = "append"
        else:
            given["type"] = _plain_type(hints[one.name])
            given["default"] = one.default
        if what.bare is not None:
            given |= {"nargs": "?", "const": what.bare}
        parser.add_argument(what.flag, dest=one.name, **given)
        for flag in what.old_flags:
            add_old_flag(parser, flag, one.name, **given)


def add_old_flag(parser: argparse.ArgumentParser, flag: str, name: str, **given) -> None:
    """Let a verb take a flag by the name it had before, which its help doesn't mention.

    Parameters
    ----------
    parser : ArgumentParser
        The verb's.
    flag : str
    name : str
        Of the option that it sets.
    **given
        As for the option's own flag.
    """
    hidden = {**given, "help": argparse.SUPPRESS, "default": argparse.SUPPRESS}
    parser.add_argument(flag, dest=name, **hidden)


def from_options(kind: type, parsed: argparse.Namespace):
    """The spec that a parsed command line asks for: an instance of `kind`."""
    values = {one.name: getattr(parsed, one.name) for one, _ in options_of(kind)}
    return kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if value is not None
        }
    )


def arguments_of(spec) -> list[str]:
    """Arguments of the verb that does what a spec says: what differs from the defaults.

    Parameters
    ----------
    spec : dataclass
        With fields made by `option`.

    Returns
    -------
    list of str
    """
    words, pairs = [], []
    for one, what in options_of(spec):
        value = getattr(spec, one.name)
        if not what.flag:
            words += [value] if value != one.default else []
        elif value != one.default:
            given = value if isinstance(value, tuple) else [value]
            pairs += [what.flag if item is True else f"{what.flag}={item}" for item in given]
    return [*words, *pairs]


def data_options(spec) -> dict[str, Any]:
    """Values by name of the fields that say which images are trained on."""
    return {one.name: getattr(spec, one.name) for one, what in options_of(spec) if what.data}


def _plain_type(hint) -> type:
    """``int`` of ``int | None``."""
    if isinstance(hint, types.UnionType):
        return next(one for one in hint.__args__ if one is not types.NoneType)
    return hint
