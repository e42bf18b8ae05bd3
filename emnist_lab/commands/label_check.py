"""Whether the labels of a dataset belong to its images: compared with what a shipped run reads.

It stands here because files are read below, where no run is known, and the command line and
pages, which bring and show datasets, stand above.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..data import splits
from ..data.part import Part
from ..errors import DatasetError

RUN = "hog-qda"  # small, and quick to open
_IMAGES, _SEED = 300, 25
_LEAST = 30  # images that a refusal needs
# Cohen's kappa, agreement beyond chance: below the first no label can be believed, below the
# second not all. Handwriting that is labelled right has 0.8 to 0.98, with much noise 0.2.
_HOPELESS, _DOUBTFUL = 0.1, 0.5
_CLEARLY = 0.3  # by how much labels that are moved by one have to agree better


@dataclass(frozen=True)
class LabelCheck:
    """How far labels agree with what a run reads.

    Attributes
    ----------
    run : str
        Its name.
    images : int
        How many were compared.
    agreement : float
        Share of them that it reads as they are labelled, among the classes that the data has.
    chance : float
        The same for readings and labels that have nothing to do with each other.
    moved : int
        1 where labels that are one higher agree far better, -1 where lower ones do; else 0.
    moved_agreement : float
        Of those.
    scribbles : float
        Share that looks like no character.
    """

    run: str
    images: int
    agreement: float
    chance: float
    moved: int = 0
    moved_agreement: float = 0.0
    scribbles: float = 0.0

    @property
    def kappa(self) -> float:
        """Agreement beyond chance: 1 for all, 0 for what chance gives."""
        return (self.agreement - self.chance) / max(1 - self.chance, 1e-9)

    @property
    def hopeless(self) -> bool:
        """Whether labels and images can't belong together."""
        return self.images >= _LEAST and self.kappa < _HOPELESS

    @property
    def doubtful(self) -> bool:
        """Whether not all labels can be believed, or others would agree far better."""
        return self.images >= _LEAST and (self.kappa < _DOUBTFUL or self.moved != 0)

    def sentence(self) -> str:
        """What was found, for people.

        Examples
        --------
        >>> LabelCheck("hog-qda", 300, 0.95, 0.1).sentence()
        'The run hog-qda reads 95% of 300 of them as they are labelled.'
        """
        only = "only " * (self.kappa < _DOUBTFUL)
        text = (
            f"The run {self.run} reads {only}{self.agreement:.0%} of {self.images:,} of them as "
            "they are labelled"
        )
        if self.moved:
            better = f"{self.moved_agreement:.0%}"
            way = "higher" if self.moved > 0 else "lower"
            return f"{text}, and {better} with labels that are one {way}.{self._from_zero()}"
        if self.kappa < _DOUBTFUL:
            by_chance = f"{self.chance:.0%}"
            return f"{text} (guessing: {by_chance}): look at some before you trust the labels."
        return f"{text}."

    def _from_zero(self) -> str:
        if self.moved > 0:
            return " They seem to count from 0: say so behind the place, #letters-from-0."
        return ""


def check(part: Part) -> LabelCheck | None:
    """Compare labels with what a shipped run reads.

    Parameters
    ----------
    part : Part
        Of a sample of it 300 images are read.

    Returns
    -------
    LabelCheck or None
        None where there is nothing to compare: it is NIST's own or generated, no set of letters
        and digits, or has one class.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> from dataclasses import replace
    >>> part = replace(lab.load("balanced", "test", "demo"), generated=False, origin="copy")
    >>> check(part).kappa > 0.7, check(replace(part, labels=part.labels[::-1])).hopeless
    (True, True)
    """
    if part.generated or part.origin == "official" or part.split not in splits.HANDWRITTEN:
        return None
    from ..handwriting.scribble_detector import is_scribble
    from ..runs import registry

    run = registry.open_run(RUN)
    key = _keys(part.classes, run.classes)
    known = sorted({key(name) for name in part.classes})
    if len(known) < 2 or not set(known) <= {key(name) for name in run.classes}:
        return None
    some = part.sample(_IMAGES, _SEED)
    scores = run.predict_proba(some.images)
    read = _read(scores, run.classes, key, known)
    true = np.array([known.index(key(name)) for name in part.classes])[some.labels]
    agreement = float((read == true).mean())
    shares = [np.bincount(one, minlength=len(known)) / len(some) for one in (true, read)]
    moved, best = _moved(part, some.labels, scores, run.classes)
    if best < agreement + _CLEARLY or best < _DOUBTFUL:
        moved, best = 0, 0.0
    scribbles = float(is_scribble(some.images).mean())
    return LabelCheck(
        run.name, len(some), agreement, float(shares[0] @ shares[1]), moved, best, scribbles
    )


def _keys(classes: list[str], names: list[str]) -> Callable[[str], str]:
    """What characters are compared by: both cases of a letter are one where one side merges them.

    Data's classes, and the run's.
    """

    def key(name: str) -> str:
        cases = {name, name.swapcase()}
        return name if cases <= set(classes) and cases <= set(names) else name.lower()

    return key


def _read(
    scores: np.ndarray, names: list[str], key: Callable[[str], str], known: list[str]
) -> np.ndarray:
    """Which of `known` each image is read as: (N,) int64."""
    total = np.zeros((len(scores), len(known)))
    for column, name in enumerate(names):
        if key(name) in known:
            total[:, known.index(key(name))] += scores[:, column]
    return total.argmax(axis=1)


def _moved(
    part: Part, labels: np.ndarray, scores: np.ndarray, names: list[str]
) -> tuple[int, float]:
    """By how much labels have to be moved to agree best, and how far they do."""
    every = list(splits.mapping(part.split).values())
    key = _keys(every, names)
    known = sorted({key(name) for name in every})
    read = _read(scores, names, key, known)
    places = np.array([known.index(key(name)) for name in every])
    here = np.array([every.index(name) for name in part.classes])[labels]
    found = []
    for by in (1, -1):
        there = here + by
        inside = (there >= 0) & (there < len(every))
        right = places[there.clip(0, len(every) - 1)] == read
        found.append((by, float((inside & right).mean())))
    return max(found, key=lambda one: one[1])


def require(part: Part) -> LabelCheck | None:
    """Refuse a dataset whose labels can't belong to its images; see `check`.

    Raises
    ------
    DatasetError
        They agree no better than chance does.
    """
    found = check(part)
    if found is None or not found.hopeless or found.moved:
        return found
    share, chance = (f"{one:.0%}" for one in (found.agreement, found.chance))
    look = ""
    if found.scribbles > 0.3:
        look = f" ({found.scribbles:.0%} of them look like no character)"
    raise DatasetError(
        f"The labels don't belong to the images{look}: the run {found.run} reads {share} of "
        f"{found.images:,} as they are labelled, where guessing gives {chance}; look which column "
        "or file holds the labels, or, where these are no Latin letters and digits, say behind the "
        "place which set it is, as in PLACE#fashion-mnist."
    )


def warning(part: Part) -> str:
    """What to say of a dataset whose labels are doubtful; see `check`.

    Parameters
    ----------
    part : Part

    Returns
    -------
    str
        Empty where nothing is to be said.

    Examples
    --------
    >>> import emnist_lab as lab
    >>> warning(lab.load("balanced", "test", "demo"))
    ''
    """
    found = check(part)
    return found.sentence() if found is not None and found.doubtful else ""
