"""What tests share: printed characters as datasets, NIST's files, pages, the command line."""

import contextlib
import functools
import gzip
import hashlib
import io
import json
import os
import re
import struct
import subprocess
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sklearn.metrics as sk
from filelock import FileLock
from PIL import Image, ImageDraw, ImageFont
from streamlit.testing.v1 import AppTest

from emnist_lab.__main__ import main
from emnist_lab.data.part import Part
from emnist_lab.files import PROJECT
from emnist_lab.handwriting import ink
from emnist_lab.maintenance.browser import settled
from emnist_lab.metrics import bootstrap, roc_auc_ovo
from emnist_lab.metrics.report import Report

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
VERSION_0_1 = Path(__file__).with_name("fixtures") / "version_0_1"  # files that it wrote
# A run that was adapted before runs kept class priors.
BEFORE_CLASS_PRIORS = Path(__file__).with_name("fixtures") / "before_class_priors"
SHARED = "EMNIST_LAB_TESTS_SHARED"  # names the folder that all processes of a test run share
WAIT = 180_000  # milliseconds in a browser: a limit for slow machines, not an expectation
JOB = 400_000  # the same for a process of low priority
SEVEN = [[(60, 60), (200, 60), (110, 230)], [(80, 140), (190, 140)]]

# What Streamlit does with a component, as far as tests of components need it: shows its markup,
# runs its script with data, and keeps what the script tells.
COMPONENT_HOST = """async ([html, css, js, data]) => {
  document.body.innerHTML = '<div id="host"></div>';
  const host = document.querySelector('#host');
  host.innerHTML = `<style>${css}</style>${html}`;
  const url = URL.createObjectURL(new Blob([js], { type: 'text/javascript' }));
  const start = (await import(url)).default;
  window.told = [];
  const tell = (name, value) => window.told.push([name, value.indices ?? value]);
  window.run = (data) => {
    if (window.stop) window.stop();
    window.stop = start({ parentElement: host, data, setTriggerValue: tell, setStateValue: tell });
  };
  window.run(data);
  await new Promise(requestAnimationFrame);
}"""
COMPONENT_STYLE = """<style>body { margin: 20px; --st-text-color: #1f2430;
--st-background-color: #fff; --st-secondary-background-color: #f4f6f9;
--st-primary-color: #1f6feb; --st-font: sans-serif }</style>"""


_font = functools.cache(ImageFont.load_default)  # by size


def glyph(character: str, random: np.random.Generator) -> np.ndarray:
    """A printed character, slanted, stretched and turned a little: stands in for handwriting."""
    page = Image.new("L", (120, 120), 255)
    font = _font(int(random.integers(52, 76)))
    ImageDraw.Draw(page).text((60, 60), character, 0, font, anchor="mm")
    page = page.rotate(random.uniform(-35, 35), Image.Resampling.BICUBIC, fillcolor=255)
    slant = random.uniform(-0.6, 0.6)
    page = page.transform(
        page.size, Image.Transform.AFFINE, (1, slant, -60 * slant, 0, 1, 0), fillcolor=255
    )
    image = ink.from_picture(page).astype(float)
    spots = random.random(image.shape) < 0.12  # else everything is read without an error
    return np.where(spots, random.integers(0, 255, image.shape), image).astype(np.uint8)


def make_part(
    split: str, per_class: int, seed: int, part: str = "train", only: str | None = None
) -> Part:
    """A part of printed characters, in random order; of some classes only, where they are named."""
    classes = only or CLASSES[split]
    images, labels = _printed(classes, per_class, seed)
    return Part(images, labels, list(classes), split, part, "re-partition")


def _printed(classes: str, per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels; made once for all processes of a test run, for that takes seconds."""
    path = Path(os.environ[SHARED], f"printed-{classes}-{per_class}-{seed}.npz")
    with FileLock(f"{path}.lock"):
        if not path.exists():
            random = np.random.default_rng(seed)
            labels = random.permutation(np.repeat(np.arange(len(classes)), per_class))
            images = np.stack([glyph(classes[label], random) for label in labels])
            np.savez(half := path.with_suffix(".half.npz"), images=images, labels=labels)
            half.replace(path)  # whole, even where its maker is killed
    with np.load(path) as kept:
        return kept["images"], kept["labels"]


@contextlib.contextmanager
def remembered_intervals():
    """Bootstrap intervals of the same report are computed once; yields what is known of them."""
    compute, known = bootstrap.intervals, {}

    def intervals(report: Report, *given, **more):
        parts = (report.labels, report.scores, "".join(report.classes).encode())
        key = (hashlib.sha256(b"".join(map(bytes, parts))).digest(), given, *more.items())
        if key not in known:
            known[key] = compute(report, *given, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "intervals", intervals)
        yield known


def executed(program: str) -> dict:
    """What a program that is shown leaves behind.

    Its ROC AUC is ours, which `tests/metrics` holds to be scikit-learn's: that checks its input
    anew for each of 2,162 pairs, and takes longer than most fits here.
    """
    original, made = sk.roc_auc_score, {}

    def area(true, found, **how):
        return roc_auc_ovo(true, found) if how == {"multi_class": "ovo"} else original(true, found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sk, "roc_auc_score", area)
        exec(compile(program, "program", "exec"), made)
    return made


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


def moved(strokes, scale=1.0, by=(0, 0)):
    return [[(x * scale + by[0], y * scale + by[1]) for x, y in stroke] for stroke in strokes]


def data(classes=7, rows=400, seed=0, ties=False, uneven=False):
    random = np.random.default_rng(seed)
    weights = random.dirichlet(np.ones(classes)) if uneven else None
    labels = np.concatenate([np.arange(classes), random.choice(classes, rows, p=weights)])
    logits = random.normal(size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += 1.2
    scores = np.exp(logits)
    if ties:
        scores = np.round(scores, 0) + 1
    return labels, scores / scores.sum(axis=1, keepdims=True)


def until(true, seconds=400.0):  # a process of low priority starves on a busy machine
    limit = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < limit, "it takes too long"
        time.sleep(0.02)
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # where nobody collects orphans, an ended process stays listed as a zombie
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip().startswith("Z")


def call(capfd, *words, status=0):
    assert main([str(word) for word in words]) == status
    said = capfd.readouterr()
    return said.out, said.err


def answer(capfd, *words):
    out, _ = call(capfd, *words, "--json")
    assert out.count("\n") == 1
    return json.loads(out)


def refusal(capfd, *words):
    out, err = call(capfd, *words, status=2)
    assert out == "" and err.count("\n") == 1 and ":" in err
    return err


def opened(page: str, owner: str | None = None, **query) -> AppTest:
    """A page with an address; as a visitor of a server sees it, where one is named."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=300)
    if owner:
        app.session_state["owner"] = owner
    for key, value in query.items():
        app.query_params[key] = value
    if page != "home":
        app.switch_page(f"pages/{page}.py")
    return app.run()


def said(app: AppTest) -> str:
    """All words on the page."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.info)
    more = (app.warning, app.error, app.success, app.toast)
    words = "\n".join(str(one.value) for kind in (*kinds, *more) for one in kind)
    return words.replace("\\", "")  # which keeps names from files from being Markdown


def canvas_json(strokes) -> dict:
    """Strokes as a canvas sends them."""
    objects = []
    for stroke in strokes:
        points = np.asarray(stroke, float)
        low, high = points.min(axis=0), points.max(axis=0)
        commands = [["L", *point] for point in points.tolist()]
        commands[0][0] = "M"
        (left, top), (width, height) = ((low + high) / 2).tolist(), (high - low).tolist()
        objects.append({
            "type": "Path", "path": commands, "originX": "center", "originY": "center",
            "left": left, "top": top, "width": width, "height": height, "strokeWidth": 20,
        })  # fmt: skip
    return {"version": "7.4.0", "objects": objects}


def press(page, name: str, *, role="button", exact=True, within: str | None = None) -> None:
    """Click the button or link of this name once the page stands still."""
    place = page if within is None else page.get_by_test_id(within)
    wanted = place.get_by_role(role, name=name, exact=exact).first
    wanted.wait_for()
    settled(page)
    wanted.click()


def comes_from(page, words: str) -> None:
    """Open what is said of where the page's data come from, find these words, and close it."""
    press(page, re.compile("[Aa]bout this data"))
    page.get_by_text(words).first.wait_for()
    page.keyboard.press("Escape")


def go(page, name: str) -> None:
    """Choose a page in the navigation of the app, again where need be, as people do.

    Streamlit merges what asks for a run at the same moment, and the later one's page counts: a
    component that tells something right after a click takes the click's place.
    """
    from playwright.sync_api import TimeoutError as TooLate

    path = "" if name == "Home" else name.lower()
    for _ in range(6):
        page.get_by_role("link", name=name, exact=True).first.click()
        try:
            page.wait_for_url(re.compile(rf":\d+/{path}(\?|$)"), timeout=10_000)
            return
        except TooLate:
            continue
    raise AssertionError(f"{name} can't be reached from {page.url}")
