"""Odd names, wherever one can stand: each works or is refused in a sentence; nothing is left."""

import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet as pq

from emnist_lab.__main__ import main
from emnist_lab.data import user_datasets

LINE = b"3" + b",0" * 784 + b"\n"
NAMES = [
    *("😀🎉", "مرحبا", "\u202egnp", "a\nb", "a\rb", ".hidden", "..", "%2e%2f%00", "a b", "`x`"),
    *("$HOME", "[x](http-y)", "<script>", "x" * 240, "x" * 300, "a\0b", "\udcff", "~", "\u200b"),
]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("L", (28, 28)).save(out, "PNG")
    return out.getvalue()


def calls(capfd, *words) -> tuple[int, str]:
    """Exit status and the last line; a refusal has one sentence."""
    status = main(list(words))
    said = capfd.readouterr().err.splitlines()
    assert status in (0, 2)
    if status:
        assert said[-1].isprintable() and said[-1].endswith(".") and ": " in said[-1]
        assert len([line for line in said if not line.startswith(("Copying", "Reading"))]) == 1
    return status, said[-1] if said else ""


def whole(home: Path) -> bool:
    """Whether nothing half-made is left of an import."""
    return not list((home / "imports").glob(".*"))


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_of_files_and_datasets(tmp_path, home, capfd, name):
    path = f"{tmp_path}/{name}.csv"
    possible = "\0" not in name and len(name) < 250
    if possible:
        Path(path).write_bytes(LINE * 20)
    status, _ = calls(capfd, "fetch", "--from", path, "--json")
    assert status == (0 if possible else 2) and whole(home)
    assert len(user_datasets.names()) == int(possible)
    status, _ = calls(capfd, "data", "--root", path)
    assert status == (0 if possible else 2)
    plain = tmp_path / "plain.csv"
    plain.write_bytes(LINE * 20)
    status, said = calls(capfd, "fetch", "--from", str(plain), "--name", name)
    assert status == 2 and "can't be a dataset's name" in said and whole(home)


def test_paths_that_are_not_utf8_are_named_in_json(tmp_path, capfd):
    (tmp_path / "\udcff.csv").write_bytes(LINE * 20)
    assert main(["data", "--root", str(tmp_path / "\udcff.csv"), "--json"]) == 0
    parts = json.loads(capfd.readouterr().out)["parts"]
    assert parts[0]["files"] == [str(tmp_path / "\udcff.csv")]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("..", "\udcff")])
def test_odd_names_in_archives_and_columns(tmp_path, home, capfd, name):
    for place in ("{}/1.png", "6/{}.png", "{}.csv", "{}.zip"):
        path = tmp_path / "z.zip"
        with zipfile.ZipFile(path, "w") as made:
            for number in range(14):
                made.writestr(f"{6 + number % 2}/a{number}.png", png())
            made.writestr(place.format(name), LINE * 20 if "csv" in place else png())
        status, said = calls(capfd, "fetch", "--from", str(path), "--name", "mine")
        assert whole(home) and "partial" not in said
        if status:
            assert user_datasets.names() == [] and not list((home / "cache").glob("*"))
        else:
            user_datasets.remove("mine")
    if "\n" not in name and "\0" not in name:
        header = ",".join([name, *(f"{name[:9]}{number}" for number in range(784))])
        (tmp_path / "h.csv").write_bytes(header.encode() + b"\n" + LINE * 20)
        calls(capfd, "data", "--root", str(tmp_path / "h.csv"))
        (tmp_path / "h.csv").write_bytes(LINE * 20 + name.encode() + LINE[1:])
        status, said = calls(capfd, "data", "--root", str(tmp_path / "h.csv"))
        assert status == 2 and len(said) < 300
    pq.write_table(pa.table({name: [1] * 9}), tmp_path / "emnist-digits.parquet")
    status, said = calls(capfd, "data", "--root", str(tmp_path / "emnist-digits.parquet"))
    assert status == 2 and "has no column of images" in said
