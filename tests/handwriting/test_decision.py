"""One class, either of some, or not sure: what probabilities come down to."""

import numpy as np
import pytest

from emnist_lab.handwriting.decision import decide

CLASSES = list("01IOLQ7")


def probabilities(**given: float) -> np.ndarray:
    made = np.array([given.get(f"_{name}", given.get(name, 0.0)) for name in CLASSES])
    made[CLASSES.index("7")] += 1 - made.sum()
    return made


@pytest.mark.parametrize(
    ("given", "members", "probability", "runner_up"),
    [
        ({"Q": 0.9, "O": 0.06}, "Q", 0.9, "O"),
        ({"O": 0.6, "_0": 0.3, "Q": 0.1}, "O0", 0.9, "Q"),
        ({"_0": 0.9, "O": 0.01, "Q": 0.09}, "0", 0.9, "Q"),  # that one is told apart
        ({"I": 0.4, "_1": 0.3, "L": 0.1}, "I1L", 0.8, "7"),
        ({"Q": 0.4, "_0": 0.35, "O": 0.25}, "0O", 0.6, "Q"),  # together likelier than the first
    ],
)
def test_look_alikes_count_together(given, members, probability, runner_up):
    found = decide(probabilities(**given), CLASSES)
    assert "".join(CLASSES[index] for index in found.members) == members
    assert found.probability == pytest.approx(probability) and found.sure
    assert CLASSES[found.runner_up] == runner_up


def test_less_likely_right_than_wrong_is_not_sure():
    assert not decide(probabilities(Q=0.3, O=0.25, I=0.2), CLASSES).sure


def test_a_run_of_look_alikes_alone_has_no_runner_up():
    found = decide(np.array([0.7, 0.3]), ["0", "O"])
    assert found.members == (0, 1) and found.runner_up is None
