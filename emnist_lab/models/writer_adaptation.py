"""A fitted classifier that learns one person's hand from labelled drawings, without a new fit.

A drawing that looks like one of the person's own drawings is probably the same character. So the
logarithm of the base's probability of a class gets evidence added: how alike the image and the
person's nearest drawing of that class are. It is a nearest-neighbour likelihood ratio, as in
few-shot classification by prototypes (Snell, Swersky and Zemel 2017, arXiv:1703.05175).
"""

import functools
from pathlib import Path

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, ClassifierMixin

from .features import HOG
from .trusted_types import trusted

MOST_PER_CLASS = 10  # drawings that are kept: the last ones
CENTER_FILE = Path(__file__).with_name("writer_adaptation.npy")
# Chosen on UJI Pen Characters, writers 01, 03, ... 11, and confirmed on the others (`bench --only
# adapt`): from one drawing of each of 62 characters, from 30, 10 and 3.
_STRENGTH = 37.0  # logits from a similarity of 0 to one of 1; half of it with all classes drawn
_ALIKE = 0.5  # similarity from which on a drawing speaks for its class, not against it
# Similarity below which less of it says no more against a class: from (no class drawn, all drawn).
# With few drawings, an image like none of them is most often of another class, and stays as it is.
_FLOOR = (0.75, 0.15)
_OUTSIDE = 0.75  # the same against classes that nothing was drawn of
_SHARE, _MOST_LOGITS = 0.1, 3.0  # of that evidence, against those classes
_FEW = (0.25, 0.5)  # share of classes drawn: up to it nothing speaks for the others, from it all
_NOISE, _NOISE_WEIGHT = 0.02, 5.0  # share of wrong labels that is expected, and in how many labels
_SCALES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)  # of the strength, tried by leave-one-out
_SPREAD = 0.5  # of the prior of these scales around 1
_LEAST = 1e-12  # probability


@trusted
class WriterAdaptedClassifier(ClassifierMixin, BaseEstimator):
    """Classifier with one person's drawings beside it.

    Classes without a drawing keep the probability that the base gives them, all but: evidence
    moves probability between classes that were drawn. Labels that the base finds implausible count
    less; the share of wrong ones is estimated by expectation maximization. Where a class has
    several drawings, leave-one-out on them says how much the evidence is worth to this person.

    Parameters
    ----------
    base : estimator
        Fitted, on uint8 (N, 28, 28).
    temperature : float
        Of the base's probabilities.
    class_weights : ndarray of shape (C,), optional
        What they are multiplied by before that, for a class prior.

    Attributes
    ----------
    classes_ : ndarray of shape (C,)
        The base's.
    examples_ : ndarray of shape (M, V, D), dtype int8
        Features of the drawings' images.
    labels_ : ndarray of shape (M,), dtype int64
        Their classes, as columns of `predict_proba`.
    reliability_ : ndarray of shape (M,), dtype float64
        Probability that the label is right.
    wrong_labels_ : float
        Share of labels that are wrong, estimated.
    scale_ : float
        What leave-one-out made of the strength; 1 where it had nothing to go by.
    """

    class_weights = None  # runs of a version before it was a parameter lack it

    def __init__(self, base, temperature=1.0, class_weights=None):
        self.base = base
        self.temperature = temperature
        self.class_weights = class_weights

    def fit(self, X, y, groups=None):
        """Learn a hand; the base stays as it is.

        Parameters
        ----------
        X : ndarray of shape (N, V, 28, 28), dtype uint8
            Images of each drawing: as it is, and wider.
        y : ndarray of shape (N,)
            Its class, one of the base's.
        groups : sequence of N str, optional
            The character that was drawn, where a class stands for several: a c says little of how
            a C will be read. The class by default.

        Returns
        -------
        WriterAdaptedClassifier

        Raises
        ------
        ValueError
            A class isn't the base's.

        Examples
        --------
        >>> from sklearn.dummy import DummyClassifier
        >>> images = np.zeros((2, 1, 28, 28), np.uint8)
        >>> images[0, :, 4:24, 12:16] = images[1, :, 12:16, 4:24] = 255
        >>> base = DummyClassifier().fit(images[:, 0], [0, 1])
        >>> WriterAdaptedClassifier(base).fit(images, [0, 1]).predict(images[:, 0]).tolist()
        [0, 1]
        """
        self.classes_ = np.asarray(self.base.classes_)
        y = np.asarray(y)
        if not np.isin(y, self.classes_).all():
            raise ValueError("a label isn't one of the base's classes")
        labels = np.searchsorted(self.classes_, y)
        kept = np.sort(
            np.concatenate(
                [np.flatnonzero(labels == one)[-MOST_PER_CLASS:] for one in np.unique(labels)]
            )
        )
        self.kept_ = kept
        groups = np.unique(labels if groups is None else groups, return_inverse=True)[1][kept]
        self.repeated_ = np.bincount(groups)[groups] > 1
        images, self.labels_ = np.asarray(X)[kept], labels[kept]
        flat = images.reshape(-1, *images.shape[2:])
        self._log_base = self._base_logits(flat).reshape(len(images), images.shape[1], -1)
        plausible = np.exp(self._log_base).mean(axis=1)[np.arange(len(images)), self.labels_]
        self.reliability_, self.wrong_labels_ = _reliability(plausible, len(self.classes_))
        vectors = self._vectors(flat).reshape(len(images), images.shape[1], -1)
        largest = np.abs(vectors).max(axis=2, keepdims=True)
        self.examples_ = np.round(vectors * (127 / np.maximum(largest, 1e-9))).astype(np.int8)
        vars(self).pop("_unit", None)  # of an earlier fit
        self.scale_ = 1.0
        self.scale_ = self._best_scale()
        return self

    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : ndarray of shape (N, 28, 28), dtype uint8

        Returns
        -------
        ndarray of shape (N, C), dtype float64
        """
        X = np.asarray(X)
        return self._combined(self._base_logits(X), self._similarities(self._vectors(X)))

    def predict(self, X):
        """Likeliest class: ndarray of shape (N,); see `predict_proba`."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def leave_one_out(self):
        """What it makes of each of its drawings when that one is left out; only after `fit`.

        Returns
        -------
        before, after : ndarray of shape (M, C), dtype float64
            Probabilities by the base, and by the base with the person's other drawings.
        """
        before = np.exp(self._log_base).mean(axis=1)
        return before, self._left_out(self.scale_)

    def similarities(self):
        """Of each drawing to each: ndarray of shape (M, M), float64, the diagonal 1."""
        vectors = self._unpacked()
        count, variations = vectors.shape[:2]
        flat = vectors.reshape(count * variations, -1)
        return (flat @ flat.T).reshape(count, variations, count, variations).max(axis=(1, 3))

    def _base_logits(self, images):
        logs = np.log(np.maximum(self.base.predict_proba(images), _LEAST))
        if self.class_weights is not None:
            logs += np.log(self.class_weights)
        logs /= self.temperature
        return logs - logsumexp(logs, axis=1, keepdims=True)

    def _vectors(self, images):
        """Gradients without what all characters share, of length 1."""
        found = _gradients().transform(images) - _center()
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)

    def _unpacked(self):
        """Features of the drawings, of length 1; made once: that takes longer than a reading."""
        if "_unit" not in vars(self):
            found = self.examples_.astype(np.float32)
            self._unit = found / np.maximum(np.linalg.norm(found, axis=2, keepdims=True), 1e-9)
        return self._unit

    def _similarities(self, vectors):
        """(N, D) -> (N, M): to the nearest image of each drawing."""
        examples = self._unpacked()
        flat = vectors @ examples.reshape(-1, examples.shape[2]).T
        return flat.reshape(len(vectors), *examples.shape[:2]).max(axis=2)

    def _combined(self, logs, alike, scale=None):
        drawn = np.unique(self.labels_)
        scale = self.scale_ if scale is None else scale
        covered = len(drawn) / len(self.classes_)
        trust = covered * (2 - covered) / (covered + 1) * (1 - self.wrong_labels_)
        strength = _STRENGTH * scale * trust
        alike = np.maximum(alike, np.interp(covered, (0, 1), _FLOOR))
        evidence = np.logaddexp(
            np.log(self.reliability_) + strength * (alike - _ALIKE), np.log1p(-self.reliability_)
        )
        best = np.stack([evidence[:, self.labels_ == one].max(axis=1) for one in drawn], axis=1)
        out = logs + 0.0
        among = logs[:, drawn] + best
        gained = logsumexp(among, axis=1) - logsumexp(logs[:, drawn], axis=1)
        outside = gained - strength * (_OUTSIDE - _ALIKE)
        against_drawn = np.interp(covered, _FEW, (0, _MOST_LOGITS))
        moved = _SHARE * np.clip(outside, -against_drawn, _MOST_LOGITS)
        out[:, drawn] = among - (gained - moved)[:, None]
        out = np.exp(out - out.max(axis=1, keepdims=True))
        return out / out.sum(axis=1, keepdims=True)

    def _left_out(self, scale):
        vectors = self._unpacked()
        count, variations = vectors.shape[:2]
        alike = self._similarities(vectors.reshape(count * variations, -1))
        alike = alike.reshape(count, variations, count)
        alike[np.arange(count), :, np.arange(count)] = -1.0
        flat = self._combined(
            self._log_base.reshape(count * variations, -1), alike.reshape(-1, count), scale
        )
        return flat.reshape(count, variations, -1).mean(axis=1)

    def _best_scale(self):
        repeated = np.flatnonzero(self.repeated_)
        if not len(repeated):
            return 1.0

        def worth(scale):
            found = self._left_out(scale)[repeated, self.labels_[repeated]]
            prior = ((scale - 1) / _SPREAD) ** 2 / 2
            return float(np.log(np.maximum(found, _LEAST)).clip(-5).sum() - prior)

        return max(_SCALES, key=worth)

    def __getstate__(self):
        """Without what only `leave_one_out` needs, and what is made anew."""
        state = super().__getstate__().copy()
        for name in ("_log_base", "_unit", "kept_", "repeated_"):
            state.pop(name, None)
        return state


def _reliability(plausible, classes):
    """Probability that each label is right, given what the base says of it; and the share wrong."""
    wrong = _NOISE
    for _ in range(50):
        right = plausible * (1 - wrong) / (plausible * (1 - wrong) + wrong / classes)
        wrong = ((1 - right).sum() + _NOISE * _NOISE_WEIGHT) / (len(right) + _NOISE_WEIGHT)
    return right.clip(1e-9, 1 - 1e-9), float(wrong)


@functools.cache
def _gradients():
    return HOG().fit(np.zeros((1, 28, 28), np.uint8))


@functools.cache
def _center():
    """Mean of the gradients of EMNIST's images: ndarray of shape (441,), float32."""
    return np.load(CENTER_FILE, allow_pickle=False)
