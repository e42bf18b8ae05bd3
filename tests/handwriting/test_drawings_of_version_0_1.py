"""Drawings that version 0.1 kept or exported are there."""

import gzip
import io
import zipfile

from helpers import SEVEN, VERSION_0_1

from emnist_lab.handwriting import open_store
from emnist_lab.handwriting.drawing_store import files

OWNER = "0123456789abcdef" * 2


def test_a_database_of_version_0_1_is_opened(old_home):
    store = open_store()
    kept = store.drawings()
    assert [(one.label, one.source, one.owner) for one in kept] == [
        ("A", "picture", "command-line"),
        ("L", "import", "command-line"),
        ("1", "drawn", OWNER),
        ("7", "drawn", OWNER),
    ]
    assert kept[1].writer == "someone" and kept[0].strokes == ()
    assert kept[3].strokes == tuple(tuple(stroke) for stroke in SEVEN) and kept[3].pen_width == 20
    shares = kept[3].predictions["hog-mlp"]
    assert set(shares) == set("07AOQ") and abs(sum(shares.values()) - 1) < 1e-3
    assert store.keep(OWNER, [kept[3]]) == 0  # it is known as the same drawing
    assert store.delete([kept[3].id], OWNER) == 1


def test_an_export_of_version_0_1_is_imported():
    found = files.from_json((VERSION_0_1 / "drawings.json").read_bytes(), "drawings.json")
    assert [one.label for one in found] == ["7", "1", "L"]
    assert set(found[0].predictions["hog-mlp"]) == set("07AOQ")
    assert open_store().keep("someone", found) == 3


def test_an_export_of_version_0_1_in_emnist_s_format_is_today_s(old_home):
    """Byte for byte but for compression, which differs between versions of zlib."""
    kept = open_store().drawings()
    assert _unpacked(files.to_idx(kept)) == _unpacked((VERSION_0_1 / "drawings.zip").read_bytes())


def _unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    return {
        name: gzip.decompress(file) if name.endswith(".gz") else file
        for name, file in found.items()
    }
