"""Class names: the class of a character, and names for people."""

# Fashion-MNIST's classes (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747) in their order: a class
# is one character everywhere, so a sign stands for each.
FASHION = {
    "👕": "T-shirt/top",
    "👖": "Trouser",
    "🧶": "Pullover",
    "👗": "Dress",
    "🧥": "Coat",
    "👡": "Sandal",
    "👔": "Shirt",
    "👟": "Sneaker",
    "👜": "Bag",
    "👢": "Ankle boot",
}
# Kuzushiji-49's (Clanuwat et al. 2018, arXiv:1812.01718) with their sounds, which every font has.
KANA = dict(
    zip(
        "あいうえおかきくけこさしすせそたちつてとなにぬねの"
        "はひふへほまみむめもやゆよらりるれろわゐゑをんゝ",
        [
            "a",
            "i",
            "u",
            "e",
            "o",
            "ka",
            "ki",
            "ku",
            "ke",
            "ko",
            "sa",
            "shi",
            "su",
            "se",
            "so",
            "ta",
            "chi",
            "tsu",
            "te",
            "to",
            "na",
            "ni",
            "nu",
            "ne",
            "no",
            "ha",
            "hi",
            "fu",
            "he",
            "ho",
            "ma",
            "mi",
            "mu",
            "me",
            "mo",
            "ya",
            "yu",
            "yo",
            "ra",
            "ri",
            "ru",
            "re",
            "ro",
            "wa",
            "wi",
            "we",
            "wo",
            "n",
            "iteration",
        ],
        strict=True,
    )
)
_NAMES = FASHION | KANA


def class_index(label: str, classes: list[str]) -> int | None:
    """Index of a character among `classes`; a letter without a class counts as its other case.

    Parameters
    ----------
    label : str
        One character.
    classes : list of str
        One character a class.

    Returns
    -------
    int or None
        None where neither case has a class.

    Examples
    --------
    >>> class_index("c", ["A", "B", "C"]), class_index("7", ["A", "B", "C"])
    (2, None)
    """
    for candidate in (label, label.upper(), label.lower()):
        if candidate in classes:
            return classes.index(candidate)
    return None


def display_names(classes: list[str]) -> list[str]:
    """Names for people: a class that merges both cases of a letter shows both, "C c".

    Signs of clothes become their names, Japanese characters their sounds.

    Parameters
    ----------
    classes : list of str
        All classes of a split, one character each.

    Returns
    -------
    list of str
        The same order.

    Examples
    --------
    >>> display_names(["7", "C", "B", "b"]), display_names(["👖", "き"])
    (['7', 'C c', 'B', 'b'], ['Trouser', 'ki'])
    """
    return [
        f"{name} {name.swapcase()}"
        if name.isalpha() and name.swapcase() not in (name, *classes)
        else _NAMES.get(name, name)
        for name in classes
    ]
