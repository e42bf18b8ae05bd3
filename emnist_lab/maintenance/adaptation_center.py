"""Computes anew what `emnist_lab.models.writer_adaptation` subtracts from gradients."""

import numpy as np

from ..data.part import Part
from ..models.features import HOG
from ..models.writer_adaptation import CENTER_FILE


def refit(part: Part) -> dict:
    """Write the mean of the gradients of a part's images.

    Parameters
    ----------
    part : Part
        The training part of EMNIST's balanced split.

    Returns
    -------
    dict
        ``file``, ``images``, ``length`` of the mean.
    """
    center = HOG().fit_transform(part.images).mean(axis=0, dtype=np.float64).astype(np.float32)
    np.save(CENTER_FILE, center, allow_pickle=False)
    return {
        "file": str(CENTER_FILE),
        "images": len(part),
        "length": float(np.linalg.norm(center)),
    }
