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

    Signs of clothes become their names.

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
    >>> display_names(["7", "C", "B", "b"]), display_names(["👖"])
    (['7', 'C c', 'B', 'b'], ['Trouser'])
    """
    return [
        f"{name} {name.swapcase()}"
        if name.isalpha() and name.swapcase() not in (name, *classes)
        else FASHION.get(name, name)
        for name in classes
    ]
