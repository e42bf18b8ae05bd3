"""The terms of the pages, each in one plain sentence: tooltips and `docs/glossary.md` have it."""

from .definitions import METRICS

_DATA = {
    "class": "What an image may be, one of a fixed list: a digit or a letter.",
    "merged classes": "Letters that look alike in both cases share a class, shown as “C c”: "
    "EMNIST's makers merged 15 of them.",
    "label": "The class that an image is said to be, by whoever made the dataset.",
    "split": "A way in which EMNIST's makers chose and labelled the images: balanced, byclass, "
    "bymerge, digits, letters or mnist.",
    "training subset": "The images that a classifier learns from.",
    "test subset": "The images that it is measured on; it never learns from them.",
    "re-partition": "Real EMNIST images, divided into training and test subsets anew: figures on "
    "it can't be compared with those on the official split.",
    "generated images": "Images that a program drew to look like handwriting: nobody wrote them.",
    "stratified sample": "A random choice of images in which every class keeps its share.",
    "seed": "The number that random choices start from: the same seed gives the same choices.",
    "label errors": "Images whose label is probably wrong; found by confident learning (Northcutt "
    "et al. 2021), where the classifier's probabilities contradict the label.",
    "class prior": "How frequent each class is: where that differs from training, probabilities "
    "are adjusted by Bayes' rule.",
}
_MODELS = {
    "classifier": "A function that gives each image a probability of every class.",
    "recipe": "The steps that make a classifier: features, an estimator and their hyperparameters.",
    "run": "A trained classifier, with its settings, data and scores.",
    "features": "The numbers that a classifier is given for an image: its pixels, or what is "
    "computed from them.",
    "HOG": "Histograms of oriented gradients (Dalal and Triggs 2005): how strong edges are in each "
    "direction, in each part of the image.",
    "principal components": "The directions in which images differ most (PCA); keeping the first "
    "ones makes vectors shorter.",
    "whitening": "Scaling the principal components to the same variance.",
    "augmentation": "Training on altered copies of the images too: bent, turned, scaled, thicker.",
    "logistic regression": "A linear classifier: a weight for each feature and class.",
    "quadratic discriminant analysis": "Each class is a Gaussian in the space of features (QDA).",
    "neural network": "Layers of weighted sums with a nonlinear function between them.",
    "convolutional network": "A neural network whose first layers look at small patches, with the "
    "same weights everywhere (CNN).",
    "ensemble": "Several classifiers whose probabilities are averaged.",
    "hyperparameter": "A setting of a recipe that isn't learned, such as the number of iterations.",
    "epoch": "One pass over all training images.",
    "learning curve": "Accuracy against the number of training images.",
    "cross-validation": "The images are dealt into folds; each fold is measured on once, by a "
    "classifier that learned from the others.",
    "grid search": "Every combination of the values that are given is tried.",
    "random search": "Settings are drawn at random from ranges and tried.",
    "successive halving": "All settings are tried on few images, and the best third goes on with "
    "three times as many, round by round.",
    "corrected t-test": "A paired t-test that allows for training images that folds share "
    "(Nadeau and Bengio 2003).",
    "adaptation": "A classifier learns one person's hand from a few drawings with labels.",
}
_MEASURES = {
    "balanced accuracy": "The mean of all classes' recalls: every class counts alike.",
    "precision": "Of the images predicted as a class, the share that is of it.",
    "recall": "Of the images of a class, the share that is predicted as it.",
    "F1": "The harmonic mean of precision and recall.",
    "support": "How many test images of a class there are.",
    "confusion matrix": "How many images of each true class (rows) are predicted as each class "
    "(columns); the diagonal is correct.",
    "normalised by true class": "Each row of the confusion matrix sums to 100%: the diagonal is "
    "recall.",
    "normalised by predicted class": "Each column of the confusion matrix sums to 100%: the "
    "diagonal is precision.",
    "ROC curve": "True positive rate against false positive rate of one class, as the threshold "
    "on its probability falls.",
    "false positive rate": "The share of the images of other classes that is taken for the class.",
    "true positive rate": "The share of the images of the class that is found; the same as recall.",
    "macro average": "The mean over classes: each counts alike, however many images it has.",
    "95% CI": "An interval that would hold the true value in 95 of 100 such measurements.",
    "calibration": "Whether stated probabilities are true: of answers given with 80%, 80% should "
    "be correct.",
    "reliability diagram": "The share that is correct against the stated probability: on the "
    "diagonal they agree.",
    "confidence": "The probability of the likeliest class.",
    "selective prediction": "The classifier may reject images that it is unsure of; the others "
    "have fewer errors.",
    "coverage": "The share of the images that is answered, not rejected.",
    "percentage points": "The difference of two percentages: from 86% to 90% are 4.",
}
_LOOKS = {
    "embedding": "Images as points in a plane, alike ones near each other.",
    "PCA": "Principal component analysis: the plane of most variance.",
    "LDA": "Linear discriminant analysis: the plane in which classes lie farthest apart.",
    "t-SNE": "An embedding that keeps neighbours together (van der Maaten and Hinton 2008); "
    "distances between groups mean little.",
    "saliency": "Which pixels speak for a class and which against it.",
    "nearest training images": "The training images whose features are most like this one's.",
}
_HANDWRITING = {
    "pen stroke": "A line drawn without lifting the pen: a list of points.",
    "rasterization": "Turning strokes into an image of pixels.",
    "binarization": "Telling ink from paper, pixel by pixel.",
    "connected components": "Pieces of ink whose pixels touch: a letter is one or a few of them.",
    "out-of-distribution detection": "Telling what is no character at all, such as a scribble.",
    "look-alikes": "Characters of one shape, such as 0 and O: only their neighbours tell them "
    "apart.",
}
SECTIONS = {
    "Data": _DATA,
    "Classifiers": _MODELS,
    "Metrics": {
        **{one.name: one.help for one in METRICS},
        **_MEASURES,
    },
    "Views": _LOOKS,
    "Handwriting": _HANDWRITING,
}  # heading -> term -> sentence
_TERMS = {term.lower(): words for terms in SECTIONS.values() for term, words in terms.items()}


def help_of(term: str) -> str:
    """What a term means.

    Parameters
    ----------
    term : str
        In any case; of a metric its name.

    Returns
    -------
    str
        One or two plain sentences.

    Raises
    ------
    KeyError
        The glossary doesn't have it.

    Examples
    --------
    >>> help_of("Recall")
    'Of the images of a class, the share that is predicted as it.'
    >>> help_of("log loss")[:30]
    'Mean negative logarithm (nats)'
    """
    return _TERMS[term.lower()]


def markdown() -> str:
    """The whole glossary as `docs/glossary.md` has it.

    Returns
    -------
    str

    Examples
    --------
    >>> markdown().splitlines()[0]
    '# Glossary'
    """
    parts = ["# Glossary", "The terms of the pages. The same sentences are their tooltips."]
    for heading, terms in SECTIONS.items():
        rows = [f"- **{term}**: {words}" for term, words in terms.items()]
        parts += [f"## {heading}", "\n".join(rows)]
    return "\n\n".join(parts) + "\n"
