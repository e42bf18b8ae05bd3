"""What a sweep is to do, as options of its verb; see `emnist_lab.commands.specs`."""

from dataclasses import dataclass
from typing import Any

from ..models.catalog import SEED
from . import job_limits
from .options import arguments_of, option
from .output import HERE, ROOT


@dataclass(frozen=True)
class SweepSpec:
    """Which hyperparameters to search, or which recipes to compare, with cross-validation.

    Attributes
    ----------
    recipe : str
    grid : tuple of str
        ``"C=0.1,1,10"``: every combination is a candidate.
    random : tuple of str
        ``"C=0.01:100:log"``: `points` candidates are drawn.
    points : int or None
    search : str or None
        See `emnist_lab.evaluation.sweeps.hyperparameter_search.sweep`, as for all that follow.
    hyperparameters : tuple of str
        Of all candidates, ``"max_iter=50"`` each.
    against : tuple of str
        Recipes to compare it with, in place of a search, each perhaps with settings:
        ``"hog-qda:reg_param=0.2;n_components=100"``.
    folds, repeats : int
    sizes : str or None
        ``"1000,2000"``: numbers of training images, as one more axis.
    by, metric, prior : str or None
    split, root, classes : str or None
    images : int or None
        Images that are dealt into folds: a sample of this many; all when None.
    seed : int
        Of this sample too.
    handwriting : str or None
        Whose kept drawings are added, as for `TrainSpec`; folds keep their writers whole.
    repeat : int
    name : str or None
        Of the sweep; made up when None. One of the same name and plan goes on.
    jobs : int or None
    resume : str or None
        A kept sweep that goes on; nothing else is needed then.
    here : bool
        Whether the fits are done on this machine though a cluster is named.

    Examples
    --------
    >>> SweepSpec("hog-qda", grid=("reg_param=0.1,0.2",), images=500).arguments()
    ['sweep', 'hog-qda', '--grid=reg_param=0.1,0.2', '--images=500', '--yes']
    """

    recipe: str = option(default="")
    grid: tuple[str, ...] = option(
        "--grid",
        "values of a hyperparameter, as in C=0.1,1,10 (semicolons between values that have commas; "
        "may be given again)",
        default=(),
        metavar="NAME=VALUES",
    )
    random: tuple[str, ...] = option(
        "--random",
        "range that values are drawn from, as in C=0.01:100:log (may be given again)",
        default=(),
        metavar="NAME=LOW:HIGH[:log]",
    )
    points: int | None = option(
        "--points", "candidates to draw (default: 20)", default=None, metavar="N"
    )
    search: str | None = option(
        "--search",
        "grid, random or halving (default: what --grid or --random asks for)",
        default=None,
    )
    hyperparameters: tuple[str, ...] = option(
        "--set",
        "a hyperparameter of all candidates, as in max_iter=50 (may be given again)",
        default=(),
        metavar="NAME=VALUE",
    )
    against: tuple[str, ...] = option(
        "--against",
        "compare with this recipe over the same folds, in place of a search (may be given again)",
        default=(),
        metavar="RECIPE[:NAME=VALUE;...]",
    )
    folds: int = option("--folds", "folds of the cross-validation (default: 3)", default=3)
    repeats: int = option(
        "--repeats", "how often, each time with other folds and another seed", default=1
    )
    sizes: str | None = option(
        "--sizes", "numbers of training images, as one more axis", default=None, metavar="N,N,..."
    )
    by: str | None = option(
        "--by", "deal folds by class or by writer (default: by writer where known)", default=None
    )
    metric: str | None = option(
        "--metric", "what candidates are ranked by (default: accuracy)", default=None
    )
    prior: str | None = option(
        "--prior", "for which class frequencies fits answer, as for train", default=None
    )
    split: str = option("--split", default="balanced")
    images: int | None = option(
        "--images", "images that are dealt into folds (default: all)", default=None
    )
    seed: int = option("--seed", default=SEED)
    root: str | None = option("--root", ROOT, default=None)
    classes: str | None = option(
        "--classes", "only these characters, as in 0OQ (default: all)", default=None
    )
    handwriting: str | None = option(
        "--handwriting",
        "add the drawings that were kept here; of all, or one owner",
        default=None,
        metavar="OWNER",
        bare="all",
    )
    repeat: int = option("--repeat", "count each drawing so often", default=1, metavar="N")
    name: str | None = option(
        "--name",
        "name of the sweep; one of the same name that was begun with the same options goes on",
        default=None,
    )
    jobs: int | None = option(
        "--jobs", "fits side by side (default: one a core, where that pays)", default=None
    )
    resume: str | None = option(
        "--resume", "go on with a kept sweep; needs no other option", default=None, metavar="NAME"
    )
    here: bool = option("--here", HERE, default=False)

    def arguments(self) -> list[str]:
        """Command line that does it; whoever submits it was asked."""
        return ["sweep", *arguments_of(self), "--yes"]

    def source(self) -> dict[str, Any]:
        """What says which images they are, in plain values; `load` reads them."""
        keys = ("split", "images", "seed", "root", "classes", "handwriting", "repeat")
        return {key: getattr(self, key) for key in keys}

    def load(self):
        """The part that is dealt into folds.

        Returns
        -------
        Part

        Raises
        ------
        LabError
            It isn't there.
        """
        from ..data import loading

        train = loading.load(self.split, "train", self.root)
        if self.classes:
            train = train.choose(self.classes)
        if self.images is not None:
            train = train.sample(self.images, self.seed)
        if self.handwriting:
            from ..handwriting import drawing_store

            train = drawing_store.with_kept_drawings(
                train, self.handwriting, times=self.repeat, most=job_limits.drawn_images()
            )
        return train
