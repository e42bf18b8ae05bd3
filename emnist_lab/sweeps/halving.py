"""Rounds of successive halving: fewer candidates, more images (Jamieson and Talwalkar 2016)."""

FACTOR = 3  # one candidate in so many goes on to the next round, on so many times the images


def halving_rounds(candidates: int, most: int, fewest: int) -> tuple[tuple[int, int], ...]:
    """Candidates and training images of each round, as scikit-learn's successive halving has them.

    Parameters
    ----------
    candidates : int
        Of the first round.
    most, fewest : int
        Training images of a round.

    Returns
    -------
    tuple of (int, int)

    Examples
    --------
    >>> halving_rounds(9, 2_000, 100)
    ((9, 222), (3, 666), (1, 1998))
    """
    fewest = min(fewest, most)
    wanted = 1
    while FACTOR**wanted <= candidates:
        wanted += 1
    first = max(fewest, most // FACTOR ** (wanted - 1))
    possible = 1
    while first * FACTOR**possible <= most:
        possible += 1
    rounds, left = [], candidates
    for place in range(min(wanted, possible)):
        rounds.append((left, first * FACTOR**place))
        left = -(-left // FACTOR)
    return tuple(rounds)
