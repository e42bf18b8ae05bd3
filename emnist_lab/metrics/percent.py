"""How shares and their differences are written for people: one way for pages, reports and files."""


def percent(share: float, decimals: int = 1) -> str:
    """A share in per cent: a fixed number of decimals and the sign, as charts and tables have it.

    One place of the app gives all its shares the same decimals, so "100%" never stands beside
    "99.9%". Only all is 100%, and only nothing is 0%: rounding stops one step before either.

    Parameters
    ----------
    share : float
        0..1.
    decimals : int
        Digits after the point.

    Returns
    -------
    str

    Examples
    --------
    >>> percent(0.9062, 2), percent(1), percent(0.99996), percent(0.99996, 0)
    ('90.62%', '100.0%', '99.9%', '99%')
    >>> percent(0), percent(0.0002)
    ('0.0%', '<0.1%')
    """
    step = 10.0**-decimals
    text = f"{100 * share:.{decimals}f}"
    if share < 1 and float(text) >= 100:
        text = f"{100 - step:.{decimals}f}"
    if share > 0 and float(text) == 0:
        text = f"<{step:.{decimals}f}"
    return f"{text}%"


def percentage_points(difference: float, decimals: int = 2, unit: str = "pp") -> str:
    """A difference of two shares, with its sign: 2 more of 100 are 2 percentage points.

    Parameters
    ----------
    difference : float
        -1..1.
    decimals : int
        Digits after the point.
    unit : str
        What is written behind; "percentage points" in a sentence, nothing before a second one.

    Returns
    -------
    str

    Examples
    --------
    >>> percentage_points(0.0285), percentage_points(-0.004, 1, "percentage points")
    ('+2.85 pp', '-0.4 percentage points')
    >>> percentage_points(-0.00001)
    '0.00 pp'
    """
    text = f"{100 * difference:+.{decimals}f}"
    if float(text) == 0:
        text = f"{0:.{decimals}f}"
    return f"{text} {unit}".rstrip()
