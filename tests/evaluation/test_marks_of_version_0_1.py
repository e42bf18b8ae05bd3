"""Label marks that version 0.1 kept are there."""

import emnist_lab as lab
from emnist_lab.evaluation import label_marks


def test_label_marks_of_version_0_1_are_read_and_added_to(old_home):
    part = lab.load("balanced", "test", "demo")
    marks = label_marks.read(part.fingerprint)
    assert [(one.image, one.given, one.suggested) for one in marks] == [
        (3, "A", "Q"),
        (9, "V", None),
    ]
    assert [part.classes[part.labels[one.image]] for one in marks] == ["A", "V"]
    label_marks.mark(part.fingerprint, label_marks.Mark(5, "B"))
    assert [one.image for one in label_marks.read(part.fingerprint)] == [3, 5, 9]
