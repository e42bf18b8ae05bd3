"""Which characters a reading may be: digits, capitals, small letters, letters, or any list.

A run that is limited to a set of characters is a run of fewer classes: whatever shows what it
reads shows these, with probabilities that sum to 1 over them.
"""

import difflib
import re
import string
from collections.abc import Sequence

import numpy as np

from ..callbacks import ProgressCallback
from ..data.classes import class_index, display_names
from ..data.splits import mapping
from ..errors import RunError
from ..metrics import label_shift
from ..runs.run import Run

SETS = {
    "digits": string.digits,
    "capitals": string.ascii_uppercase,
    "small letters": string.ascii_lowercase,
    "letters": string.ascii_letters,
}  # name -> characters
ANY = "any character"  # the name of all that a run has
_ALSO = {
    "digit": "digits", "numbers": "digits", "capital": "capitals", "capital letters": "capitals",
    "uppercase": "capitals", "upper case": "capitals", "small": "small letters",
    "lowercase": "small letters", "lower case": "small letters", "letter": "letters",
}  # fmt: skip
_HOW = f"name some, as in 0123456789 or A-F, or a set: {', '.join(SETS)}."
# A page of so many characters is nearly all digits where so many are read as one, and so many as
# one or as what is easily taken for one: a letter that many digits are misread as.
_FEWEST, _DIGITS, _LIKE_DIGITS = 4, 0.6, 0.9
_LIKE = "OoDQIiLlJjZzSsGgqbBEPTtYy"
# A page of so many characters is digits where so much of the probability, and so many of the
# readings, are of digits, and so few are clearly letters: less than so probably a digit. A 9 with
# a tail is a clear g. In the cells of a grid digits are the rule.
_DIGIT_MASS, _CLEAR_LETTER, _FEW_CLEAR, _FEW_CLEAR_IN_GRID = 0.5, 0.03, 0.05, 0.1
_TAILED_NINE = "gq"


def characters_in(text: str, classes: Sequence[str], who: str = "This run") -> str:
    """The characters that a text names, of those that a run has classes for.

    Parameters
    ----------
    text : str
        Names of sets (see `SETS`), characters, ranges like A-F; several with commas between.
    classes : sequence of str
        The run's, one character each. A letter without a class counts as its other case.
    who : str
        The run, in what is said of it.

    Returns
    -------
    str
        In the order of the text, each once.

    Raises
    ------
    RunError
        It names none, or one by itself that the run has no class for.

    Examples
    --------
    >>> characters_in("digits", "0123ABCa"), characters_in("A-C, a", "0123ABCa")
    ('0123', 'ABCa')
    """
    found: list[str] = []
    for piece in filter(None, map(str.strip, re.split("[,;+]", text))):
        known = _set(piece)
        if known is not None:
            found += [one for one in known if class_index(one, classes) is not None]
            continue
        listed = re.sub(r"(\w)-(\w)", _range, "".join(piece.split()))
        for one in listed:
            if class_index(one, classes) is None:
                raise RunError(f"{who} has no class for {one!r}: {_among(classes)}")
        found += listed
    if not found:
        named = text.strip(" ,;+")
        what = f"{who} has none of {named[:40]!r}" if named else "No character is named"
        raise RunError(f"{what}: {_among(classes)}")
    return "".join(dict.fromkeys(found))


def _name(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.strip().lower())


def _set(piece: str) -> str | None:
    """Characters of a set by its name; None where it is a list."""
    name = _name(piece)
    if (known := SETS.get(_ALSO.get(name, name))) is not None:
        return known
    words = [SETS.get(_ALSO.get(word, word)) for word in name.split()]
    if len(words) > 1 and None not in words:
        return "".join(words)
    if len(name) > 4 and (near := difflib.get_close_matches(name, [*SETS, *_ALSO], 1, 0.85)):
        raise RunError(f"There is no set of characters {piece[:40]!r}: write {near[0]}.")
    return None


def _range(ends: re.Match) -> str:
    first, last = ends.groups()
    for every in (string.digits, string.ascii_uppercase, string.ascii_lowercase):
        if first in every and last in every and first <= last:
            return every[every.index(first) : every.index(last) + 1]
    raise RunError(f"{ends.group()!r} is no range of characters: write one as in 0-9, A-F or a-f.")


def _among(classes: Sequence[str]) -> str:
    return f"of its characters {''.join(classes)} {_HOW}"


class LimitedRun(Run):
    """A run that reads nothing but some characters; see `limit`.

    Attributes
    ----------
    whole : Run
        The run itself.
    characters : str
        What a reading may be.
    """

    def __init__(self, run: Run, characters: str):
        super().__init__(run.manifest, run.folder)
        self.whole, self.characters = run, characters
        of_class: dict[int, list[str]] = {}
        for one in characters:
            of_class.setdefault(class_index(one, run.classes), []).append(one)
        self._columns = sorted(of_class)
        # The run's own name first, where it is one of the characters.
        self._called = [
            sorted(of_class[column], key=lambda one, own=run.classes[column]: one != own)
            for column in self._columns
        ]

    @property
    def classes(self) -> list[str]:
        """The characters, in the order of the run's classes; of two that count as one, its name."""
        return [called[0] for called in self._called]

    @property
    def names(self) -> list[str]:
        """Names of `classes` for people: both cases of a letter that count as one."""
        return [" ".join(called) for called in self._called]

    @property
    def whole_classes(self) -> list[str]:
        """What the whole run calls `classes`."""
        return [self.whole.classes[column] for column in self._columns]

    @property
    def model(self):
        """The whole run's."""
        return self.whole.model

    def warm_up(self) -> None:
        """See `Run.warm_up`."""
        self.whole.warm_up()

    def version_key(self) -> tuple[str, int]:
        """The whole run's; `classes` are told beside it."""
        return self.whole.version_key()

    def predict_proba(
        self, images: np.ndarray, progress: ProgressCallback | None = None
    ) -> np.ndarray:
        """Probability of each of `classes` where no other can be.

        Parameters
        ----------
        images, progress
            See `Run.predict_proba`.

        Returns
        -------
        ndarray of shape (N, K), dtype float64

        Raises
        ------
        RunError
            See `Run.predict_proba`.
        """
        found = self.whole.predict_proba(images, progress)
        return label_shift.restrict(found, self._columns)


def limit(run: Run, text: str | None) -> Run:
    """A run that reads nothing but some characters.

    Parameters
    ----------
    run : Run
    text : str or None
        See `characters_in`; None and `ANY` leave the run as it is.

    Returns
    -------
    Run
        With the classes that these characters count as; their probabilities sum to 1. Nothing is
        fitted again.

    Raises
    ------
    RunError
        See `characters_in`.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> run = limit(open_run("hog-qda"), "digits")
    >>> limit(open_run("hog-qda"), "acC").classes, limit(open_run("hog-qda"), "ac").classes
    (['C', 'a'], ['c', 'a'])
    >>> "".join(run.classes), run.predict_proba(np.zeros((2, 28, 28), np.uint8)).shape
    ('0123456789', (2, 10))
    """
    if text is None or _name(text) == ANY:
        return run
    return LimitedRun(run, characters_in(text, run.classes, f"The run {run.name}"))


def whole(run: Run) -> Run:
    """The run itself, where it is limited to some characters.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Run

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> run = open_run("hog-qda")
    >>> whole(limit(run, "digits")) is whole(run) is run
    True
    """
    return run.whole if isinstance(run, LimitedRun) else run


def names_of(run: Run) -> list[str]:
    """Names of a run's classes for people.

    Parameters
    ----------
    run : Run

    Returns
    -------
    list of str
        See `emnist_lab.data.classes.display_names`; of a limited run only its characters.

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> names_of(limit(open_run("hog-qda"), "A, letters"))[:4], names_of(open_run("hog-qda"))[12]
    (['A', 'B', 'C c', 'D'], 'C c')
    """
    return run.names if isinstance(run, LimitedRun) else display_names(run.classes)


def characters_of(run: Run) -> str:
    """What a reading by a run may be: its set of characters, else all 62.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str

    Examples
    --------
    >>> from emnist_lab.runs.registry import open_run
    >>> len(characters_of(open_run("hog-qda"))), characters_of(limit(open_run("hog-qda"), "cC"))
    (62, 'cC')
    """
    return run.characters if isinstance(run, LimitedRun) else "".join(mapping("byclass").values())


def evident_set(
    probabilities: np.ndarray, classes: Sequence[str], in_grid: bool = False
) -> str | None:
    """The set that a page is read as unasked: digits, where hardly anything speaks against it.

    Dates, hexadecimal numbers and telephone numbers with a word aren't taken for digits; a number
    with one letter that looks like a digit may be, so whoever reads a page so should say it.

    Parameters
    ----------
    probabilities : ndarray of shape (N, C)
        Of the page's characters.
    classes : sequence of str
    in_grid : bool
        Whether they stand in the cells of a grid.

    Returns
    -------
    str or None
        ``"digits"``, or None: also where all are read as digits already.

    Examples
    --------
    >>> rows = np.array([[0.9, 0, 0.1], [0.8, 0.2, 0], [0.4, 0.1, 0.5], [0.1, 0.8, 0.1]])
    >>> evident_set(rows, ["0", "1", "O"])
    'digits'
    >>> evident_set(np.eye(3)[[0, 0, 1, 2]], ["0", "1", "M"]) is None
    True
    """
    probabilities = np.asarray(probabilities)
    best = [classes[index] for index in probabilities.argmax(axis=1)]
    columns = [index for index, one in enumerate(classes) if one in string.digits]
    if len(best) < _FEWEST or len(columns) in (0, len(classes)):
        return None
    mass = probabilities[:, columns].sum(axis=1)
    read = np.mean([one in string.digits for one in best])
    clear = sum(
        share < _CLEAR_LETTER and one not in _TAILED_NINE
        for share, one in zip(mass, best, strict=True)
    )
    few = _FEW_CLEAR_IN_GRID if in_grid else _FEW_CLEAR
    mostly = min(read, mass.mean()) >= _DIGIT_MASS and clear <= few * len(best)
    return "digits" if mostly and read < 1 else None


def suggestion(probabilities: np.ndarray, classes: Sequence[str]) -> str | None:
    """The set that a page may be meant as, where nearly all of it is read as such.

    Looser than `evident_set`: for people to say yes to.

    Parameters
    ----------
    probabilities : ndarray of shape (N, C)
        Of the page's characters.
    classes : sequence of str

    Returns
    -------
    str or None
        ``"digits"`` where most are digits and the others are letters that digits are taken for;
        None where all are digits already, or it isn't so.

    Examples
    --------
    >>> suggestion(np.eye(4)[[0, 1, 1, 2, 3]], ["1", "7", "0", "L"])
    'digits'
    >>> suggestion(np.eye(4)[[0, 1, 1, 2, 3]], ["1", "7", "0", "M"]) is None
    True
    """
    best = [classes[index] for index in np.asarray(probabilities).argmax(axis=1)]
    digits = sum(one in string.digits for one in best)
    like = digits + sum(one in _LIKE for one in best)
    nearly = digits >= _DIGITS * len(best) and like >= _LIKE_DIGITS * len(best)
    return "digits" if len(best) >= _FEWEST and nearly and digits < len(best) else None
