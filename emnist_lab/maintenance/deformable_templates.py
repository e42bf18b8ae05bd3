"""Handwriting drawn by a model that is fitted to images of it.

A class is a mixture of deformable templates (Allassonnière, Amit and Trouvé 2007,
doi:10.1111/j.1467-9868.2007.00574.x; with the joint Gaussian over shape and appearance of
Cootes, Edwards and Taylor 2001, doi:10.1109/34.927467). Its images are grouped into styles; the
images of a style are registered to their common template by smooth displacements; a Gaussian is
fitted to displacements, what they leave unexplained, and ink. A drawn template, displaced, is cut
to a binary image four times as fine, and goes through what NIST's images went through. A classifier
fitted to the same images rejects what it can't recognise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from scipy.ndimage import gaussian_filter, label, map_coordinates
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from ..data.emnist_image import BORDER, bounding_box, reduce_page
from ..data.formats.base import SIDE
from ..data.part import Part
from ..errors import DatasetError
from ..models.features import HOG

PARAMETERS = {
    "images_per_class": 1200,  # that styles are fitted to, at most
    "images_per_style": 35,  # on average
    "frequencies": 6,  # cosines along each side in a displacement
    "stiffness": 0.3,  # penalty on displacements, relative to grey levels
    "modes": 4,  # ways in which a registered image still differs from its template
    "pooling": 60,  # images' worth of the class's displacements in the covariance of a style
    "spread": 1.2,  # of drawn shapes beside fitted ones: registration underestimates it
    "tremor": 0.12,  # pixels that a line wanders
    "roughness": 0.035,  # of the line's edge, in grey levels of 1
    "scan_blur": (0.25, 0.45),  # pixels of 28: NIST's sigma of 1 in characters of 96 to 53
    "reader_images": 40_000,
    "least_log_probability": -3.0,  # of its class, by the reader, for an image to be kept
    "boldest": 0.9,  # share of the class's real images that are no bolder than what is kept
}
_FINE = 4  # fine pixels a pixel: about NIST's 128 × 128
_MIN_IMAGES = 8  # images a class that a style can be fitted to
_ROUNDS = 8
_ROWS, _COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)
_Progress = Callable[[str], None]


def _cosines(count: int) -> tuple[np.ndarray, np.ndarray]:
    """2-D cosines, (count², 784) float32, and the squared frequency of each."""
    order = np.arange(count)[:, None]
    waves = np.cos(np.pi * order * (np.arange(SIDE) + 0.5) / SIDE)
    waves[1:] *= np.sqrt(2)
    both = np.einsum("ay,bx->abyx", waves, waves).reshape(count * count, SIDE * SIDE)
    return both.astype(np.float32), (order**2 + order.T**2).ravel()


_BASIS, _FREQUENCY = _cosines(PARAMETERS["frequencies"])
_SHAPE = 2 * len(_BASIS)  # numbers that make a displacement
_PENALTY = np.tile(PARAMETERS["stiffness"] * (1 + _FREQUENCY / 2) ** 2, 2).astype(np.float32)


def _finer(count: int, fine: int) -> np.ndarray:
    """Bilinear interpolation of `count` samples at `fine` times as many: (fine * count, count)."""
    at = (np.arange(count * fine) + 0.5) / fine - 0.5
    return np.maximum(0, 1 - np.abs(at.clip(0, count - 1)[:, None] - np.arange(count)))


_FROM_PIXELS, _FROM_HALVES = _finer(SIDE, _FINE), _finer(2 * SIDE, _FINE // 2)


@dataclass(frozen=True)
class _Style:
    """One way to write a character.

    Attributes
    ----------
    template : ndarray of shape (28, 28), dtype float32
        Mean of its registered images, 0..1.
    modes : ndarray of shape (M, 28, 28), dtype float32
        What registered images differ in most.
    mean : ndarray of shape (D,), root : ndarray of shape (D, D)
        Gaussian over displacement, strength of modes, logarithm of ink.
    images : int
        How many it was fitted to.
    """

    template: np.ndarray
    modes: np.ndarray
    mean: np.ndarray
    root: np.ndarray
    images: int


def _displacements(shapes: np.ndarray) -> np.ndarray:
    """Displacements in pixels, (N, 2, 28, 28), rows first, of cosine coefficients (N, D)."""
    return (shapes.reshape(len(shapes), 2, -1) @ _BASIS).reshape(-1, 2, SIDE, SIDE)


def _warp(images: np.ndarray, by: np.ndarray) -> np.ndarray:
    """``image(x + by(x))``, bilinear, paper outside: all float32, (N, 28, 28) by (N, 2, 28, 28)."""
    margin, side = 8, SIDE + 16
    flat = np.pad(images, ((0, 0), (margin, margin), (margin, margin))).ravel()
    y = np.clip(_ROWS + by[:, 0] + margin, 0, side - 1.001)
    x = np.clip(_COLUMNS + by[:, 1] + margin, 0, side - 1.001)
    top, left = y.astype(np.int32), x.astype(np.int32)
    y -= top
    x -= left
    at = np.arange(len(images))[:, None, None] * side**2 + (top * side + left)
    corners = [flat.take(at + offset) for offset in (0, 1, side, side + 1)]
    above = corners[0] + x * (corners[1] - corners[0])
    below = corners[2] + x * (corners[3] - corners[2])
    return above + y * (below - above)


def _deslant(images: np.ndarray) -> np.ndarray:
    """Images with their slant taken out, float32 0..1 in and out: similar shapes come together."""
    ink = np.maximum(images.sum(axis=(1, 2)), 1e-6)
    down = _ROWS - ((images * _ROWS).sum(axis=(1, 2)) / ink)[:, None, None]
    across = _COLUMNS - ((images * _COLUMNS).sum(axis=(1, 2)) / ink)[:, None, None]
    squares = np.maximum((images * down * down).sum(axis=(1, 2)), 1e-6)
    slant = (images * down * across).sum(axis=(1, 2)) / squares
    by = np.zeros((len(images), 2, SIDE, SIDE), np.float32)
    by[:, 1] = slant[:, None, None] * (_ROWS - (SIDE - 1) / 2)
    return _warp(images, by)


def _register(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the images' common template, and the displacement of each to it.

    Gauss-Newton on squared differences and the penalty on a displacement, with
    the template's own gradient for all images (Baker and Matthews 2004,
    doi:10.1023/B:VISI.0000011205.11775.fd), from coarse to fine.

    Returns
    -------
    shapes : ndarray of shape (N, D), template : ndarray of shape (28, 28)
        float32; ``image(x + displacement(x))`` is about ``template(x)``.
    """
    shapes = np.zeros((len(images), _SHAPE), np.float32)
    template = images.mean(axis=0)
    for blur in (2.0, 2.0, 1.2, 1.2, 0.7, 0.7):
        blurred, target = gaussian_filter(images, (0, blur, blur)), gaussian_filter(template, blur)
        slopes = np.concatenate([slope.ravel() * _BASIS for slope in np.gradient(target)])
        step = np.linalg.inv(slopes @ slopes.T + np.diag(_PENALTY)).astype(np.float32)
        for _ in range(6):
            missing = (target - _warp(blurred, _displacements(shapes))).reshape(len(images), -1)
            shapes += 0.7 * (missing @ slopes.T - _PENALTY * shapes) @ step
        shapes -= shapes.mean(axis=0)  # otherwise the template drifts
        template = _warp(images, _displacements(shapes)).mean(axis=0)
    return shapes, template


def _fit_class(images: np.ndarray, seed: int) -> list[_Style]:
    """Styles of one class: uint8 (N, 28, 28) -> at least one style."""
    with threadpool_limits(1):  # sums must not depend on how many threads share them
        if len(images) > PARAMETERS["images_per_class"]:
            random = np.random.default_rng(seed)
            chosen = random.choice(len(images), PARAMETERS["images_per_class"], replace=False)
            images = images[np.sort(chosen)]
        grey = images.astype(np.float32) / 255
        edges = HOG(sharpness=8).fit_transform((_deslant(grey) * 255).astype(np.uint8))
        edges = PCA(min(40, len(images) - 1), random_state=seed).fit_transform(edges)
        count = max(1, len(images) // PARAMETERS["images_per_style"])
        groups = KMeans(count, n_init=1, max_iter=50, random_state=seed).fit_predict(edges)
        sizes = np.bincount(groups)
        fits = [
            _describe(grey[groups == group])
            for group in range(count)
            if sizes[group] >= min(_MIN_IMAGES, sizes.max())
        ]
        pooled = np.cov(np.concatenate([rows[:, :_SHAPE] for *_, rows in fits]), rowvar=False)
        return [_style(*fit, pooled) for fit in fits]


def _describe(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Template, modes, and one row of numbers an image: displacement, modes, ink."""
    shapes, template = _register(images)
    rest = gaussian_filter(_warp(images, _displacements(shapes)) - template, (0, 1, 1))
    left, strength, right = np.linalg.svd(rest.reshape(len(images), -1), full_matrices=False)
    kept = PARAMETERS["modes"]
    ink = np.log(np.maximum(images.sum(axis=(1, 2)), 1))[:, None]
    rows = np.concatenate([shapes, left[:, :kept] * strength[:kept], ink], axis=1)
    return template, right[:kept].reshape(-1, SIDE, SIDE), rows.astype(float)


def _style(template, modes, rows: np.ndarray, pooled: np.ndarray) -> _Style:
    mean = rows.mean(axis=0)
    own = (rows - mean).T @ (rows - mean) / len(rows)
    # few images for many parameters: shrunk towards the class's own covariance
    prior = np.diag(np.diag(own))
    prior[:_SHAPE, :_SHAPE] = pooled
    trust = len(rows) / (len(rows) + PARAMETERS["pooling"])
    values, vectors = np.linalg.eigh(trust * own + (1 - trust) * prior)
    return _Style(template, modes, mean, vectors * np.sqrt(values.clip(0)), len(rows))


def _noise(random: np.random.Generator, side: int, reach: float) -> np.ndarray:
    """A smooth random field of standard deviation 1."""
    field = gaussian_filter(random.standard_normal((side, side)), reach, mode="wrap")
    return field * (2 * np.sqrt(np.pi) * reach)


def _draw_class(styles: list[_Style], count: int, seed: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Draw images of a class: uint8 (count, 28, 28), and whether each is connected."""
    random = np.random.default_rng(seed)
    shares = np.cumsum([style.images for style in styles])
    # systematic sampling: every style has its share of the images, not only on average
    spots = (random.permutation(count) + random.random()) / count * shares[-1]
    images, whole = np.empty((count, SIDE, SIDE), np.uint8), np.empty(count, bool)
    with threadpool_limits(1):
        for index, place in enumerate(np.searchsorted(shares, spots, side="right")):
            style = styles[min(place, len(styles) - 1)]
            fine, whole[index] = _without_specks(_draw(style, random))
            images[index] = _scanned(fine, random.uniform(*PARAMETERS["scan_blur"]))
    return images, whole


def _draw(style: _Style, random: np.random.Generator) -> np.ndarray:
    """Draw one binary character: bool (112, 112)."""
    drawn = style.root @ random.standard_normal(len(style.mean)).clip(-2.5, 2.5)
    drawn[:-1] *= PARAMETERS["spread"]
    drawn += style.mean
    there = _displacements(drawn[None, :_SHAPE].astype(np.float32))[0]
    back = np.zeros_like(there)  # the inverse: back(y) = -there(y + back(y))
    for _ in range(6):
        at = [_ROWS + back[0], _COLUMNS + back[1]]
        back = -np.stack([map_coordinates(one, at, order=1, mode="nearest") for one in there])
    back = [one + PARAMETERS["tremor"] * _noise(random, SIDE, 2.0) for one in back]
    grid = (np.arange(SIDE * _FINE) + 0.5) / _FINE - 0.5
    at = [
        grid[:, None] + _FROM_PIXELS @ back[0] @ _FROM_PIXELS.T,
        grid + _FROM_PIXELS @ back[1] @ _FROM_PIXELS.T,
    ]
    template = style.template + np.tensordot(drawn[_SHAPE:-1], style.modes, 1)
    fine = gaussian_filter(map_coordinates(template, at, order=3), 0.3 * _FINE)
    edge = _FROM_HALVES @ _noise(random, 2 * SIDE, 2.4) @ _FROM_HALVES.T
    edge += _noise(random, SIDE * _FINE, 0.4 * _FINE)
    fine += PARAMETERS["roughness"] * edge
    # cut where it holds the ink that was drawn, but not where that would break or fill strokes
    ink = int(np.clip(np.exp(drawn[-1]) * _FINE**2, 1, fine.size - 1))
    dark = np.quantile(template, 0.95)
    level = np.clip(np.partition(fine.ravel(), -ink)[-ink], 0.25 * dark, 0.7 * dark)
    return fine > min(level, 0.9 * fine.max())


def _without_specks(mask: np.ndarray) -> tuple[np.ndarray, bool]:
    """`mask` without specks, and whether one connected component is left."""
    components, count = label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(components.ravel())
    sizes[0] = 0
    large = sizes >= max(0.03 * sizes.max(), 12)
    return large[components] & mask, count == 1 or large.sum() == 1


def _scanned(mask: np.ndarray, blur: float) -> np.ndarray:
    """What EMNIST's makers did with a binary image; `blur` in pixels of 28, as theirs varies."""
    page = mask[bounding_box(mask)].astype(np.float32)
    sigma = blur * max(page.shape) / (SIDE - 2 * BORDER)
    return reduce_page(np.pad(page, int(4 * sigma) + 1), sigma)


def _reader_features(images: np.ndarray) -> np.ndarray:
    """Upright, blurred pixels, every second one: unlike the gradients that recipes read."""
    batches = [
        gaussian_filter(_deslant(batch.astype(np.float32) / 255), (0, 1, 1))[:, 1::2, 1::2]
        for batch in np.array_split(images, max(1, len(images) // 2000))
    ]
    return np.concatenate(batches).reshape(len(images), -1)


def _boldness(images: np.ndarray) -> np.ndarray:
    """How dark the darkest spot of two pixels' reach is: blots and filled loops are the boldest."""
    return gaussian_filter(images.astype(np.float32), (0, 2, 2)).max(axis=(1, 2))


def _fit_reader(train: Part, seed: int):
    few = train.sample(PARAMETERS["reader_images"], seed)
    classifier = QuadraticDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    components = min(60, len(few) - 1)
    reader = make_pipeline(PCA(components, whiten=True, random_state=seed), classifier)
    return reader.fit(_reader_features(few.images), few.labels)


def make(
    train: Part,
    per_class: tuple[int, int],
    seed: int = 25,
    progress: _Progress | None = None,
) -> tuple[Part, Part]:
    """Fit the model and draw both parts of a generated set.

    Parameters
    ----------
    train : Part
        Real images; at least 8 of each class.
    per_class : (int, int)
        Images of each class in the generated train and test parts.
    seed : int
        Seed of every draw; the same seed and images give the same parts.
    progress : callable, optional
        Called with a line of text now and then.

    Returns
    -------
    (Part, Part)
        Of origin ``"generated"``: train and test, both in random order.

    Raises
    ------
    DatasetError
        A class has too few images, or `per_class` asks for none.
    """
    report = progress or (lambda text: None)
    counts = train.counts()
    if counts.min() < _MIN_IMAGES:
        raise DatasetError(
            f"Class {train.classes[counts.argmin()]} has {counts.min()} images, too few to fit a "
            f"model to: use a train part with at least {_MIN_IMAGES} of each."
        )
    if min(per_class) < 1:
        raise DatasetError("A generated set needs images of every class: ask for 1 or more.")
    classes, wanted = len(train.classes), sum(per_class)
    workers = Parallel(n_jobs=-1, return_as="generator")
    styles = []
    for fitted in workers(
        delayed(_fit_class)(train.images[train.labels == index], seed) for index in range(classes)
    ):
        styles.append(fitted)
        report(f"fitted {train.classes[len(styles) - 1]} ({len(styles)} of {classes} classes)")
    with threadpool_limits(1):
        reader = _fit_reader(train, seed)
    # otherwise the classifier tells I from 1 by boldness, and keeps blots
    boldest = [
        np.quantile(_boldness(train.images[train.labels == index]), PARAMETERS["boldest"])
        for index in range(classes)
    ]

    kept: list[list[np.ndarray]] = [[] for _ in range(classes)]
    for round_ in range(_ROUNDS):
        missing = {index: wanted - len(kept[index]) for index in range(classes)}
        missing = {index: number for index, number in missing.items() if number > 0}
        if not missing:
            break
        report(f"drawing {sum(missing.values()):,} images")
        ahead = 4 if round_ else 1.3  # what is missing after the first round is of hard classes
        drawn = workers(
            delayed(_draw_class)(styles[index], int(ahead * number) + 8, [seed, round_, index])
            for index, number in missing.items()
        )
        for index, (images, whole) in zip(missing, drawn, strict=True):
            with threadpool_limits(1):
                sure = reader.predict_log_proba(_reader_features(images))[:, index]
            clean = whole & (_boldness(images) <= boldest[index])
            good = clean & (sure > PARAMETERS["least_log_probability"])
            if round_ == _ROUNDS - 1:  # a class that is always misclassified: its best then
                good = np.argsort(-(sure + 100 * clean), kind="stable")
            kept[index].extend(images[good][: missing[index]])

    parts = []
    random = np.random.default_rng(seed)
    for part, start, stop in (("train", 0, per_class[0]), ("test", per_class[0], wanted)):
        order = random.permutation(classes * (stop - start))
        images = np.concatenate([np.stack(own[start:stop]) for own in kept])[order]
        labels = np.repeat(np.arange(classes), stop - start)[order]
        parts.append(
            Part(images, labels, train.classes, train.split, part, "generated", generated=True)
        )
    return parts[0], parts[1]
