"""Verbs for maintainers reach what does the work, under their old names too."""

import json

import pytest

from emnist_lab.__main__ import main
from emnist_lab.maintenance import (
    demo_set,
    orientation_training,
    page_screenshots,
    recipe_cost,
    screenshots,
    scribble_training,
)

REFUSED = {"refused": {"dots": 1.0}, "refused_unseen": {}, "wrongly_refused": {}}


@pytest.mark.parametrize(
    ("words", "module", "function", "result"),
    [
        ("demo --root demo", demo_set, "build", {"seed": 25}),
        ("orientation --root x --rates", orientation_training, "refit", []),
        ("screenshots", screenshots, "take", []),
        ("screenshots folder --root demo", page_screenshots, "take", []),
        ("measure-recipes hog-qda", recipe_cost, "update_cost_estimates", {"recipes": {}}),
        ("measure hog-qda", recipe_cost, "update_cost_estimates", {"recipes": {}}),
        ("fit-scribble-detector --root demo", scribble_training, "refit_detector", REFUSED),
        ("unfamiliar --root demo", scribble_training, "refit_detector", REFUSED),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_verb_calls_what_does_the_work(words, module, function, result, monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(module, function, lambda *_, **__: called.append(1) or result)
    words = words.split()
    if "demo" in words[1:] and function == "refit_detector":
        drawings = tmp_path / "drawings.json"
        drawings.write_text(json.dumps([{"label": "1", "strokes": [[[0, 0], [0, 9]]]}]))
        words += ["--drawings", str(drawings)]
    assert main([*words, "--json"]) == 0
    assert called == [1]
