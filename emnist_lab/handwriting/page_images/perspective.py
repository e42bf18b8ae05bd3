"""A quadrilateral on a picture -> the picture as if it had been taken from straight above it."""

import numpy as np
from PIL import Image


def homography(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The projective map that takes four points to four others.

    Parameters
    ----------
    source, target : ndarray of shape (4, 2)
        x and y; no three on a line.

    Returns
    -------
    ndarray of shape (3, 3), dtype float64

    Examples
    --------
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> homography(square, 2 * square + 1).round(6).tolist()
    [[2.0, 0.0, 1.0], [0.0, 2.0, 1.0], [0.0, 0.0, 1.0]]
    """
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows, float), np.asarray(target, float).ravel())
    return np.append(solved, 1).reshape(3, 3) + 0.0


def project(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Points taken elsewhere by a projective map.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3)
    points : ndarray of shape (N, 2)

    Returns
    -------
    ndarray of shape (N, 2), dtype float64

    Examples
    --------
    >>> project(np.diag([2.0, 2.0, 1.0]), np.array([[1, 3]])).tolist()
    [[2.0, 6.0]]
    """
    taken = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return taken[:, :2] / taken[:, 2:]


def project_boxes(matrix: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """The upright boxes around boxes that a projective map takes elsewhere.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3)
    boxes : ndarray of shape (N, 4)
        Left, top, right, bottom.

    Returns
    -------
    ndarray of shape (N, 4), dtype float64

    Examples
    --------
    >>> project_boxes(np.diag([2.0, 2.0, 1.0]), np.array([[1, 2, 3, 4]])).tolist()
    [[2.0, 4.0, 6.0, 8.0]]
    """
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    taken = project(matrix, corners).reshape(-1, 4, 2)
    return np.concatenate([taken.min(axis=1), taken.max(axis=1)], axis=1)


def extreme_corners(points: np.ndarray) -> np.ndarray:
    """The points that lie farthest towards the four corners.

    Parameters
    ----------
    points : ndarray of shape (N, 2)
        Of a shape that is about a rectangle, turned by less than 40 degrees.

    Returns
    -------
    ndarray of shape (4, 2)
        Top left, top right, bottom right, bottom left.

    Examples
    --------
    >>> extreme_corners(np.array([[0, 0], [5, 1], [9, 0], [9, 9], [0, 9]])).tolist()
    [[0, 0], [9, 0], [9, 9], [0, 9]]
    """
    total, apart = points.sum(axis=1), points[:, 0] - points[:, 1]
    return points[[total.argmin(), apart.argmax(), total.argmax(), apart.argmin()]]


def side_lengths(corners: np.ndarray) -> np.ndarray:
    """Lengths of the top, right, bottom and left side of a quadrilateral.

    Parameters
    ----------
    corners : ndarray of shape (4, 2)
        See `extreme_corners`.

    Returns
    -------
    ndarray of shape (4,), dtype float64

    Examples
    --------
    >>> side_lengths(np.array([[0, 0], [4, 0], [4, 3], [0, 3]])).tolist()
    [4.0, 3.0, 4.0, 3.0]
    """
    return np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)


def straighten(
    pixels: np.ndarray, corners: np.ndarray, margin: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a quadrilateral out of a picture, as a rectangle.

    Parameters
    ----------
    pixels : ndarray of shape (h, w), dtype float32, or (h, w, 3), dtype uint8
    corners : ndarray of shape (4, 2)
        See `extreme_corners`.
    margin : float
        How much around it comes with it, as a share of its longer side.

    Returns
    -------
    cut : ndarray of shape (H, W) or (H, W, 3)
        Same type. What lies outside the picture is as its nearest pixels.
    back : ndarray of shape (3, 3)
        Takes points of `cut` to `pixels`.
    """
    top, right, bottom, left = side_lengths(corners)
    width, height = max(top, bottom), max(left, right)
    by = margin * max(width, height)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + by
    back = homography(target, np.asarray(corners, float))
    size = (max(round(width + 2 * by), 8), max(round(height + 2 * by), 8))
    # Outside pixels count as the nearest inside, or they would be edges.
    edge = int(np.ceil(max(0, *(-project(back, np.array([[0, 0], size]))).ravel()))) + 2
    edge = min(edge, 400)
    wide = [(edge, edge), (edge, edge)] + [(0, 0)] * (pixels.ndim - 2)
    padded = Image.fromarray(np.pad(pixels, wide, mode="edge"))
    shifted = np.array([[1, 0, edge], [0, 1, edge], [0, 0, 1.0]]) @ back
    cut = padded.transform(
        size,
        Image.Transform.PERSPECTIVE,
        (shifted / shifted[2, 2]).ravel()[:8].tolist(),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(cut), back
