"""What the Data page says of a copy that somebody brought: writers, labels, what isn't read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import opened, said
from PIL import Image

import emnist_lab as lab


@pytest.fixture(scope="module")
def images():
    """Images of a few digits that a shipped run reads well, and their labels."""
    part = lab.load("balanced", "test", "demo")
    return replace(part.choose("0123"), generated=False).sample(72)


def lay(place: Path, images, labels) -> str:
    for index, (image, label) in enumerate(zip(images.images, labels, strict=True)):
        path = place / f"writer {index % 6}" / str(label) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return str(place)


def test_writers_are_kept_apart_where_it_is_asked(tmp_path, images):
    place = lay(tmp_path / "forms", images, images.labels)
    app = opened("data")
    app.text_input(key="data_typed").set_value(place).run()
    words = said(app)
    assert not app.exception and "It has 6 writers" in words
    assert "of them as they are labelled" in words and "Are these labels right?" not in words
    app.button(key="data_writers").click().run()
    assert not app.exception and "of the writers one in 6 was put aside" in said(app)
    assert app.session_state["data"] == f"{place}#by-writer"
    app.button(key="data_writers").click().run()
    assert "of each class one image in 6" in said(app)
    linked = opened("home", data=f"{place}#by-writer")
    assert not linked.exception and "There is no dataset" not in said(linked)
    assert linked.sidebar.selectbox(key="data").value == f"{place}#by-writer"


def test_wrong_labels_are_asked_about(tmp_path, images):
    wrong = np.random.default_rng(3).permutation(images.labels)
    app = opened("data")
    app.text_input(key="data_typed").set_value(lay(tmp_path / "mixed", images, wrong)).run()
    assert not app.exception and "**Are these labels right?**" in said(app)


def test_a_place_without_a_dataset_is_told_by_what_lies_there(tmp_path, monkeypatch):
    (tmp_path / "training.pt").write_bytes(b"PK\3\4")
    monkeypatch.setenv("EMNIST_DIR", str(tmp_path))
    for page in ("data", "samples"):
        app = opened(page)
        assert not app.exception and "training.pt (PyTorch's pickles" in said(app)
