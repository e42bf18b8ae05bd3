"""What modes and single rights give, and what a wrong setting says."""

import dataclasses

import pytest

from emnist_lab.errors import AccessError, LabError
from emnist_lab.files import PROJECT
from emnist_lab.server import rights
from emnist_lab.server.rights import Mode, from_environment, of_mode, rights_fields

FLAGS = [one for one in rights_fields() if one.type is bool]
LIMITS = [one for one in rights_fields() if one.type is not bool]


def test_a_server_that_is_told_nothing_is_ones_own_and_allows_everything():
    found = from_environment({})
    assert found.mode is Mode.OWN
    assert all(getattr(found, one.name) for one in FLAGS)


def test_a_class_trains_within_limits_and_names_no_folders():
    found = from_environment({"EMNIST_LAB_MODE": " Class "})
    assert found.training and found.uploads and found.deletes and found.drawings
    assert not found.folders and not found.downloads
    assert None not in [getattr(found, one.name) for one in LIMITS]


def test_a_show_keeps_nothing():
    found = from_environment({"EMNIST_LAB_MODE": "show"})
    assert not any(getattr(found, one.name) for one in FLAGS)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("field", FLAGS, ids=lambda one: one.name)
def test_each_right_can_be_set_alone_in_each_mode(mode, field):
    plain = of_mode(mode)
    other = not getattr(plain, field.name)
    given = {"EMNIST_LAB_MODE": mode.value, field.metadata["variable"]: str(int(other))}
    assert from_environment(given) == dataclasses.replace(plain, **{field.name: other})


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("field", LIMITS, ids=lambda one: one.name)
def test_each_limit_can_be_set_alone_in_each_mode(mode, field):
    given = {"EMNIST_LAB_MODE": mode.value, field.metadata["variable"]: "7"}
    assert from_environment(given) == dataclasses.replace(of_mode(mode), **{field.name: 7})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EMNIST_LAB_MODE", "public"),
        ("EMNIST_LAB_TRAINING", "perhaps"),
        ("EMNIST_LAB_QUEUE", "-1"),
        ("EMNIST_LAB_QUEUE", "1e3"),
        ("EMNIST_LAB_QUEUE", "9" * 500),
        ("EMNIST_LAB_UPLOAD_MB", "none"),
        ("EMNIST_LAB_UPLOAD_MB", "²"),
    ],
)
def test_a_wrong_setting_is_named_and_gives_no_rights(variable, value):
    with pytest.raises(LabError, match=rf"\${variable} is "):
        from_environment({variable: value})


@pytest.mark.parametrize("field", FLAGS, ids=lambda one: one.name)
def test_what_is_not_allowed_is_refused_in_a_sentence(field):
    none = dataclasses.replace(of_mode(Mode.OWN), **{field.name: False})
    with pytest.raises(AccessError, match=r"doesn't let visitors .*: ask its operator"):
        none.require(field.name)
    of_mode(Mode.OWN).require(field.name)


def test_the_documentation_holds_the_table_of_rights():
    assert rights.table() in (PROJECT / "docs" / "operation.md").read_text(encoding="utf-8")
