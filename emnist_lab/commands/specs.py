"""What a job is to do: plain values that make a command line, and that a journal keeps.

A new option of training is one field here, the place where it acts (`TrainSpec.load` or the
command), and a widget on the page that wants one.
"""

import dataclasses
import types
import typing
from dataclasses import dataclass

from ..models.catalog import SEED
from . import job_limits
from .options import arguments_of, data_options, option, options_of
from .output import HERE, ROOT
from .sweep_spec import SweepSpec


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
    hyperparameters : tuple of str
        Changed ones of the recipe, ``"C=0.1"`` each.
    handwriting : str or None
        Whose kept drawings are added: an owner, or ``"all"``; none when None.
    repeat : int
        How often each of these counts.
    add_split : str or None
        Another split of the same classes, whose training images are added.
    prior : str or None
        For which class frequencies the run answers; the recipe's own when None. See
        `emnist_lab.runs.class_prior.entry`.
    sweep : str or None
        Kept sweep whose best settings these are, for the run to name it.
    here : bool
        Whether it is trained on this machine though a cluster is named.

    Examples
    --------
    >>> TrainSpec("hog-qda", "digits", 500, hyperparameters=("reg_param=0.2",)).arguments()
    ['train', 'hog-qda', '--split=digits', '--images=500', '--set=reg_param=0.2']
    """

    recipe: str = option()
    split: str = option("--split", default="balanced", data=True)
    images: int | None = option(
        "--images", "training images (default: all)", default=None, data=True
    )
    seed: int = option("--seed", default=SEED, data=True)
    root: str | None = option("--root", ROOT, default=None, data=True)
    name: str | None = option("--name", "name of the run", default=None)
    classes: str | None = option(
        "--classes", "only these characters, as in 0OQ (default: all)", default=None, data=True
    )
    hyperparameters: tuple[str, ...] = option(
        "--set",
        "change a hyperparameter of the recipe, by scikit-learn's name: C=0.1 (may be given again)",
        default=(),
        metavar="NAME=VALUE",
        old_field="settings",
    )
    handwriting: str | None = option(
        "--handwriting",
        "add the drawings that were kept here (see: handwriting list); of all, or one owner",
        default=None,
        metavar="OWNER",
        bare="all",
        data=True,
    )
    repeat: int = option(
        "--repeat",
        "count each drawing so often (default: 1)",
        default=1,
        metavar="N",
        old_flags=("--times",),
        old_field="times",
        data=True,
    )
    add_split: str | None = option(
        "--add-split",
        "add the training images of another split of the same classes, as in bymerge (but none of "
        "the test part)",
        default=None,
        data=True,
    )
    prior: str | None = option(
        "--prior",
        "for which class frequencies the run answers: equal (default, but for pixels-logistic), "
        "training, or given ones, as in O=3,0=0.5",
        default=None,
    )
    sweep: str | None = option(
        "--sweep", "note in the run that these are settings of this sweep", default=None
    )
    here: bool = option("--here", HERE, default=False)

    def arguments(self) -> list[str]:
        """Command line that does it."""
        return ["train", *arguments_of(self)]

    def load(self) -> tuple:
        """The training and the test part that it names.

        Returns
        -------
        train, test : Part

        Raises
        ------
        LabError
            They aren't there, or there are no such drawings.
        """
        from ..data import loading

        train = loading.load(self.split, "train", self.root)
        test = loading.load(self.split, "test", self.root)
        if self.add_split:
            more = loading.load(self.add_split, "train", self.root)
            train = train.joined(more.without(train, test))
        if self.classes:
            train, test = train.choose(self.classes), test.choose(self.classes)
        if self.images is not None:
            train = train.sample(self.images, self.seed)
        if self.handwriting:
            from ..handwriting import drawing_store

            train = drawing_store.with_kept_drawings(
                train, self.handwriting, times=self.repeat, most=job_limits.drawn_images()
            )
        return train, test

    def program(self, pipeline) -> str:
        """A Python program that trains the same outside the app.

        Parameters
        ----------
        pipeline : sklearn.pipeline.Pipeline
            The recipe's, unfitted; see `emnist_lab.models.recipe.Recipe.pipeline`.

        Returns
        -------
        str
        """
        from ..models import catalog
        from ..runs.code_generation import snippet

        prior = catalog.get(self.recipe).prior if self.prior is None else self.prior
        return snippet(pipeline, **data_options(self), prior=prior)


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

    recipe: str = option()
    split: str = option("--split", default="balanced")
    images_max: int | None = option(
        "--images-max", "training images at most (default: all)", default=None
    )
    seed: int = option("--seed", default=SEED)
    root: str | None = option("--root", ROOT, default=None)
    name: str | None = option("--name", "name of the curve", default=None)

    def arguments(self) -> list[str]:
        """Command line that does it."""
        return ["curve", *arguments_of(self)]


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
    choice : str or None
        Which set these are, of `emnist_lab.data.splits.KNOWN`; found where None.
    """

    split: str | None = None
    files: tuple[str, ...] = ()
    name: str | None = None
    choice: str | None = None

    def arguments(self) -> list[str]:
        """Command line that does it."""
        if self.split:
            return ["fetch", self.split]
        name = ["--name", self.name] if self.name else []
        choice = ["--as", self.choice] if self.choice else []
        files = (word for file in self.files for word in ("--from", file))
        return ["fetch", *files, *name, *choice]


SPEC_KINDS = {"train": TrainSpec, "curve": CurveSpec, "sweep": SweepSpec, "fetch": FetchSpec}
JobSpec = TrainSpec | CurveSpec | SweepSpec | FetchSpec


def as_json(spec: JobSpec) -> dict:
    """Plain values of a spec, with its kind.

    Parameters
    ----------
    spec : TrainSpec, CurveSpec, SweepSpec or FetchSpec

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
    TrainSpec, CurveSpec, SweepSpec or FetchSpec

    Raises
    ------
    ValueError
        It is no spec that this version knows.
    """
    known = SPEC_KINDS.get(value.get("kind")) if isinstance(value, dict) else None
    if known is None:
        raise ValueError("no kind of work that is known here")
    taken, wanted = {}, typing.get_type_hints(known)
    old = {what.old_field: one.name for one, what in options_of(known) if what.old_field}
    value = {old.get(name, name): one for name, one in value.items()}
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
