"""What visitors are told of errors."""

import pytest

from emnist_lab.server import error_sentences
from emnist_lab.server.visitor import Visitor


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("There is no folder /data/EMNIST: check it.", "There is no folder …: check it."),
        ("'/a b/c' can't be read.", "'… b/c' can't be read."),
        (r"C:\lab\runs\one can't be read.", "… can't be read."),
        ("write to ~/runs/one.", "write to …"),
        (
            "accuracy 0.9 of 1/3, and/or A/B; http://x/y",
            "accuracy 0.9 of 1/3, and/or A/B; http://x/y",
        ),
        ("see /", "see /"),
        ("No scheduler at tcp://10.0.0.1:8786 (refused)", "No scheduler at … (refused)"),
        ("GET /api/v1/jobs lists them", "GET /api/v1/jobs lists them"),
        ("GET /home/api/v1/jobs", "GET …"),
    ],
)
def test_paths_go_and_words_stay(text, clean):
    assert error_sentences.without_paths(text) == clean


def test_folders_with_spaces_that_are_known_go_whole(monkeypatch, tmp_path):
    monkeypatch.setenv("EMNIST_LAB_HOME", str(tmp_path / "my own lab"))
    monkeypatch.setenv("EMNIST_DIR", "my data/EMNIST")
    text = f"{tmp_path}/my own lab/runs/x is full; my data/EMNIST/y too."
    assert error_sentences.sentence(Visitor.alone(), text) == text
    assert error_sentences.without_paths(text) == "… is full; … too."
