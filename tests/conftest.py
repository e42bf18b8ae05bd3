"""What tests share: a small dataset in the official format, a home of their own, real data."""

import gzip
import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.data.part import Part
from emnist_lab.handwriting import ink

BALANCED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
BYCLASS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CLASSES = {
    "balanced": BALANCED,
    "bymerge": BALANCED,
    "byclass": BYCLASS,
    "letters": BYCLASS[10:36],
    "digits": BYCLASS[:10],
    "mnist": BYCLASS[:10],
}

# For processes that tests start: BLAS threads that fight with the tests for two cores crawl.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_real = os.environ.get("EMNIST_DIR", "").strip()
REAL = Path(_real).resolve() if _real else None


def glyph(character: str, random: np.random.Generator) -> np.ndarray:
    """A printed character, slanted, stretched and turned a little: stands in for handwriting."""
    page = Image.new("L", (120, 120), 255)
    font = ImageFont.load_default(size=int(random.integers(52, 76)))
    ImageDraw.Draw(page).text((60, 60), character, 0, font, anchor="mm")
    page = page.rotate(random.uniform(-35, 35), Image.Resampling.BICUBIC, fillcolor=255)
    slant = random.uniform(-0.6, 0.6)
    page = page.transform(
        page.size, Image.Transform.AFFINE, (1, slant, -60 * slant, 0, 1, 0), fillcolor=255
    )
    image = ink.from_picture(page).astype(float)
    spots = random.random(image.shape) < 0.12  # else everything is read without an error
    return np.where(spots, random.integers(0, 255, image.shape), image).astype(np.uint8)


def make_part(split: str, per_class: int, seed: int, part: str = "train") -> Part:
    """A part of printed characters, in random order."""
    random = np.random.default_rng(seed)
    classes = list(CLASSES[split])
    labels = random.permutation(np.repeat(np.arange(len(classes)), per_class))
    images = np.stack([glyph(classes[label], random) for label in labels])
    return Part(images, labels.astype(np.int64), classes, split, part, "re-partition")


def as_idx(array: np.ndarray) -> bytes:
    """Bytes of an IDX file of unsigned bytes."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write(folder: Path, data: Part, *, zipped: bool = True) -> None:
    """Write a part as NIST does: transposed pixels, CRLF mapping, letters from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    first = 1 if data.split == "letters" else 0
    lines = []
    for index, name in enumerate(data.classes):
        both = f" {ord(name.lower())}" if data.split == "letters" else ""
        lines.append(f"{index + first} {ord(name)}{both}\r\n")
    (folder / f"emnist-{data.split}-mapping.txt").write_bytes("".join(lines).encode())
    stem = f"emnist-{data.split}-{data.part}"
    for name, array in (
        (f"{stem}-images-idx3-ubyte", data.images.transpose(0, 2, 1)),
        (f"{stem}-labels-idx1-ubyte", data.labels + first),
    ):
        payload = as_idx(np.ascontiguousarray(array))
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(payload, 1))
        else:
            (folder / name).write_bytes(payload)


def zipped(folder: Path, *, compression=zipfile.ZIP_DEFLATED, prefix="gzip/") -> bytes:
    """An archive as NIST makes it, with another directory entry or two."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as made:
        made.writestr(zipfile.ZipInfo(prefix or "x/"), b"")
        for path in sorted(folder.iterdir()):
            made.write(path, prefix + path.name)
        made.writestr("gzip/readme.txt", "of no use")
    return content.getvalue()


@pytest.fixture(scope="session")
def train() -> Part:
    return make_part("balanced", 40, seed=1)


@pytest.fixture(scope="session")
def test() -> Part:
    return make_part("balanced", 6, seed=2, part="test")


@pytest.fixture(scope="session")
def folder(tmp_path_factory, train, test) -> Path:
    """Balanced and digits in the official format."""
    place = tmp_path_factory.mktemp("emnist")
    write(place, train)
    write(place, test)
    for part, seed in (("train", 3), ("test", 4)):
        write(place, make_part("digits", 8, seed, part))
    return place


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch) -> Path:
    """Own runs and cache go to a folder of the test's; no dataset is named."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("EMNIST_LAB_HOME", str(place))
    monkeypatch.delenv("EMNIST_DIR", raising=False)
    return place


@pytest.fixture
def real() -> Path:
    """Folder of real EMNIST images."""
    if REAL is None:
        pytest.skip("needs real EMNIST images: set EMNIST_DIR")
    return REAL
