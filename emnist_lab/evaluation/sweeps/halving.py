"""Rounds of successive halving: fewer candidates, more images (Jamieson and Talwalkar 2016)."""

FACTOR = 3  # one candidate in so many goes on to the next round, on so many times the images


def halving_rounds(candidates: int, most: int, fewest: int) -> tuple[tuple[int, int], ...]:
    """Candidates and training images of each round.

    As many rounds as candidates and images allow; scikit-learn's successive halving, told the
    images of the first, has the same.

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
    count = 1
    while FACTOR**count <= candidates and FACTOR**count * fewest <= most:
        count += 1
    first = most // FACTOR ** (count - 1)  # so that the last round has nearly all images
    rounds, left = [], candidates
    for place in range(count):
        rounds.append((left, first * FACTOR**place))
        left = -(-left // FACTOR)
    return tuple(rounds)
