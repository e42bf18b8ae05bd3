"""What a job is to do: plain values that make a command line, and that a journal keeps."""

import dataclasses
import types
import typing
from dataclasses import dataclass

from ..models.catalog import SEED


@dataclass(frozen=True)
class TrainSpec:
    """What to train.

    Attributes
    ----------
    recipe, split : str
    images : int or None
        Number of training images; all when None.
    seed : int
        Of the sample and of the recipe.
    root : str or None
        Folder of the dataset; see `emnist_lab.data.dataset_address.DatasetAddress.parse`.
    name : str or None
        Name of the run; made up when None.
    classes : str or None
        The characters to learn; all when None.
    settings : tuple of str
        Changed settings of the recipe, ``"C=0.1"`` each.
    handwriting : str or None
        Whose kept drawings are added: an owner, or ``"all"``; none when None.
    times : int
        How often each of these counts.
    """

    recipe: str
    split: str
    images: int | None = None
    seed: int = SEED
    root: str | None = None
    name: str | None = None
    classes: str | None = None
    settings: tuple[str, ...] = ()
    handwriting: str | None = None
    times: int = 1

    def arguments(self) -> list[str]:
        """Command line that does it."""
        given = {
            "--split": self.split,
            "--images": self.images,
            "--seed": self.seed,
            "--root": self.root,
            "--name": self.name,
            "--classes": self.classes,
            "--handwriting": self.handwriting,
            "--times": self.times if self.handwriting else None,
        }
        pairs = [(flag, str(value)) for flag, value in given.items() if value is not None]
        pairs += [("--set", one) for one in self.settings]
        return ["train", self.recipe, *(f"{flag}={value}" for flag, value in pairs)]


@dataclass(frozen=True)
class CurveSpec:
    """Which learning curve to measure.

    Attributes
    ----------
    recipe, split : str
    images_max : int or None
        Training images of the last point; all when None.
    seed : int
        Of the samples and of the recipe.
    root : str or None
        Folder of the dataset; see `emnist_lab.data.dataset_address.DatasetAddress.parse`.
    name : str or None
        Name of the curve; made up when None.
    """

    recipe: str
    split: str
    images_max: int | None = None
    seed: int = SEED
    root: str | None = None
    name: str | None = None

    def arguments(self) -> list[str]:
        """Command line that does it."""
        given = {
            "--split": self.split,
            "--images-max": self.images_max,
            "--seed": self.seed,
            "--root": self.root,
            "--name": self.name,
        }
        pairs = [(flag, str(value)) for flag, value in given.items() if value is not None]
        return ["curve", self.recipe, *(word for pair in pairs for word in pair)]


@dataclass(frozen=True)
class FetchSpec:
    """What data to bring.

    Attributes
    ----------
    split : str or None
        One of NIST's splits, from the configured mirrors.
    files : tuple of str
        Or the files of a dataset that is to be kept under `name`.
    name : str or None
    """

    split: str | None = None
    files: tuple[str, ...] = ()
    name: str | None = None

    def arguments(self) -> list[str]:
        """Command line that does it."""
        if self.split:
            return ["fetch", self.split]
        name = ["--name", self.name] if self.name else []
        return ["fetch", *(word for file in self.files for word in ("--from", file)), *name]


SPEC_KINDS = {"train": TrainSpec, "curve": CurveSpec, "fetch": FetchSpec}
JobSpec = TrainSpec | CurveSpec | FetchSpec


def as_json(spec: JobSpec) -> dict:
    """Plain values of a spec, with its kind.

    Parameters
    ----------
    spec : Spec, CurveSpec or FetchSpec

    Returns
    -------
    dict
    """
    kind = next(name for name, one in SPEC_KINDS.items() if type(spec) is one)
    return {"kind": kind, **dataclasses.asdict(spec)}


def from_json(value: dict) -> JobSpec:
    """Spec from plain values; fields that this version doesn't know are passed over.

    Parameters
    ----------
    value : dict
        As `as_json` gives it, perhaps from another version.

    Returns
    -------
    Spec, CurveSpec or FetchSpec

    Raises
    ------
    ValueError
        It is no spec that this version knows.
    """
    known = SPEC_KINDS.get(value.get("kind")) if isinstance(value, dict) else None
    if known is None:
        raise ValueError("no kind of work that is known here")
    taken, wanted = {}, typing.get_type_hints(known)
    for field in dataclasses.fields(known):
        if field.name in value:
            one = value[field.name]
            one = tuple(one) if isinstance(one, list) else one
            if not _fits(one, wanted[field.name]):
                raise ValueError(f"{field.name} is {one!r}")
            taken[field.name] = one
    try:
        return known(**taken)
    except TypeError as error:
        raise ValueError(str(error)) from error


def _fits(value: object, hint) -> bool:
    if isinstance(hint, types.UnionType):
        return any(_fits(value, one) for one in hint.__args__)
    if isinstance(value, tuple):
        inside = typing.get_args(hint)[:1]
        return typing.get_origin(hint) is tuple and all(_fits(one, inside[0]) for one in value)
    kind = typing.get_origin(hint) or hint
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
