"""Look-alikes as one."""

import numpy as np
from helpers import CLASSES

from emnist_lab.handwriting import look_alikes


def together(split: str) -> set[str]:
    """Groups of more than one class, each as a sorted string."""
    classes = np.array(list(CLASSES[split]))
    of = look_alikes.look_alike_groups(list(classes))
    found = {"".join(sorted(classes[of == one])) for one in set(of.tolist())}
    return {group for group in found if len(group) > 1}


def test_groups_of_47_classes_are_those_that_are_counted():
    assert together("balanced") == {"0O", "1IL", "9gq", "Ff"}


def test_groups_apply_to_the_classes_that_a_run_has():
    assert together("digits") == set()
    assert together("letters") == {"IL"}
    assert {"0Oo", "1ILil", "9gq", "Ff", "Cc", "Zz"} <= together("byclass")
    # a model of 62 classes groups exactly what one of 47 does, and the cases that NIST merges
    assert len(set(look_alikes.look_alike_groups(list(CLASSES["byclass"])).tolist())) == len(
        set(look_alikes.look_alike_groups(list(CLASSES["balanced"])).tolist())
    )


def test_a_group_is_named_by_its_first_class():
    np.testing.assert_array_equal(
        look_alikes.look_alike_groups(["B", "O", "7", "0", "o"]), [0, 1, 2, 1, 1]
    )
