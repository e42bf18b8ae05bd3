"""What NIST's own partition looks like, to tell it from any other.

Scores are comparable with published ones on the official split alone, so the
app says of every dataset whether it is that split.
"""

import hashlib

import numpy as np

from .splits import OFFICIAL, PARTS

# (split, part) -> SHA-256 of its labels as NIST ships them, one byte each
_LABELS = {
    ("balanced", "train"): "9909d861181d52ebb2b5d06498db211ca04680276c3e597ce66358fc3d93a369",
    ("balanced", "test"): "3a04035853036eafee72845b4452e8f11459850c039ba8747c4212d15cd25155",
    ("byclass", "train"): "7ef392322e5c93c8a905a47f8c270a73370ed98185d8f9636dfb72a415c176bc",
    ("byclass", "test"): "339e7c234906611f3e5f47624173d7e0d821a17fafe12174ff6b9c0ba3d2e076",
    ("bymerge", "train"): "882c1c6a7d7e70fc94af9f7c2694295a348db6e85f5eccb9d134bea15105499d",
    ("bymerge", "test"): "4cab0c1efced559964a6f2e8409fee082c1294d6fe93452fd5b029d288010cd9",
    ("letters", "train"): "0d99903cfb9cfa946e8e96c93075e89b12c678328a2f4085c707533e4d93a43d",
    ("letters", "test"): "062d118d0459ebc21715245cb2d003ea28c7af7420a1b42c1f0fa61f3afa4da4",
    ("digits", "train"): "5637d7b93354311598843ad5d51152e74516ad3bdc65dcbde6272748827dabb8",
    ("digits", "test"): "6d521d4905127badea13b2415a25efa1abc8a88fcb737355ae43ab8d8d60abbb",
    ("mnist", "train"): "51e17af636afaef6b228b2b5f1e05ecdc628e8c8822650ea476867a367f5b661",
    ("mnist", "test"): "fbd40ae44cbd2d41677a102507656a6608736bf58498f11215a57ae2840b3251",
}


def is_official(split: str, part: str, labels: np.ndarray) -> bool:
    """Whether these are the labels of NIST's own part, in NIST's order.

    Parameters
    ----------
    split, part : str
        For example ``"balanced"``, ``"test"``.
    labels : ndarray of shape (N,), integers below 256
        As they stand in the file.

    Returns
    -------
    bool
        True where number, values and order all agree. Labels alone can't
        prove that the images are NIST's, but no re-partition has them.
    """
    if len(labels) != OFFICIAL[split][PARTS.index(part)]:
        return False
    return hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() == _LABELS[split, part]
