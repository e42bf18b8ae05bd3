"""Photos, scans and screenshots: what is found on them, and what is refused."""

import functools
import io
import json
import operator
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab import __main__ as cli
from emnist_lab.errors import InkError
from emnist_lab.handwriting import ink
from emnist_lab.handwriting.page_images import binarization, page_reader, photo
from emnist_lab.maintenance import detection_accuracy
from emnist_lab.runs import registry

SAYS = "A7 Bij\n3xk"
PIECES = [["A", "7", "B", "i", "j"], ["3", "x", "k"]]


def written(says=SAYS, size=(900, 300), dark=True, px=90, at=(60, 20)):
    picture = Image.new("L", size, 240 if dark else 15)
    font = ImageFont.load_default(size=px)
    ImageDraw.Draw(picture).text(at, says, 20 if dark else 235, font)
    return picture


def file(picture, kind="PNG", **how):
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


def counts(page):
    return [len(line) for line in page.lines]


def boxes(page):
    return np.array([one.box for one in page.characters])


@pytest.fixture(scope="module")
def plain():
    return page_reader.find(written())


def test_characters_in_reading_order_with_words_apart(plain):
    assert counts(plain) == [5, 3]
    assert page_reader.text(plain, functools.reduce(operator.iadd, PIECES, [])) == "A7 Bij\n3xk"
    first = boxes(plain)[:5]
    assert (np.diff(first[:, 0]) > 0).all() and (first[:, 3] < boxes(plain)[5:, 1].min()).all()
    assert plain.size == (900, 300) and not plain.light_on_dark and not plain.ruled
    assert not any(one.joined for one in plain.characters)


def test_boxes_are_those_of_the_ink(plain):
    dark = np.asarray(written("A")) < 130
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    inked = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    np.testing.assert_allclose(plain.characters[0].box, inked, atol=2)


def test_dots_stay_with_their_stems(plain):
    for one in plain.characters[3:5]:
        rows = one.image.max(axis=1) > 128
        assert np.count_nonzero(np.diff(rows.astype(int)) == 1) == 2  # dot and stem


def test_the_image_is_what_one_character_alone_gives(plain):
    alone = ink.from_picture(written("A", (300, 300)))
    np.testing.assert_allclose(plain.characters[0].image.astype(int), alone, atol=60)
    assert plain.images.shape == (8, 28, 28) and plain.images.dtype == np.uint8


def test_reading():
    run = registry.open_run("hog-qda")
    reading = page_reader.read(run, page_reader.find(written("HAX\n734")))
    assert reading.text == "HAX\n734"
    assert [len(reading.best(0, count)) for count in (1, 5)] == [1, 5]
    assert reading.best(0)[0][0] == "H" and reading.best(0)[0][1] >= reading.best(0)[1][1]
    np.testing.assert_allclose(reading.probabilities.sum(axis=1), 1)


def test_light_on_dark():
    page = page_reader.find(written(dark=False))
    assert page.light_on_dark and counts(page) == [5, 3]


LINED = {"says": "A7 Bij\n3xk\n\nH5", "size": (1200, 900)}


def lined(down, level, slope):
    """A page with lines that go through the writing; it stays as dark where they cross it."""
    lines = Image.new("L", (1200, 900), 255)
    draw = ImageDraw.Draw(lines)
    for at in range(-60, 1300, 61):
        draw.line((0, at, 1200, at + 1200 * slope), level, 3)
        if down:
            draw.line((at, 0, at - 900 * slope, 900), level, 3)
    return Image.fromarray(np.minimum(np.asarray(lines), np.asarray(written(**LINED))))


@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("level", [150, 60])  # pale, and nearly as dark as ink
@pytest.mark.parametrize("slope", [0.0, 0.03])
def test_ruled_and_squared_paper(down, level, slope):
    page = page_reader.find(lined(down, level, slope))
    dark = level == 60
    if dark:
        assert page.ruled >= 10
    if dark and down:  # then a stroke along a line goes with it, and what touches it is joined
        assert counts(page)[0] in (4, 5) and 9 <= sum(counts(page)) <= 11
        return
    assert counts(page) == [5, 3, 2]
    shared = detection_accuracy.iou(boxes(page_reader.find(written(**LINED))), boxes(page)).max(
        axis=1
    )
    assert shared.min() > (0.5 if dark else 0.7)  # the hook of the j goes with a line


def test_a_long_stroke_is_no_ruled_line():
    page = page_reader.find(written("L1T", (700, 500), px=400, at=(30, 0)))
    assert counts(page) == [3] and page.ruled == 0


def test_uneven_light_coloured_paper_and_noise():
    random = np.random.default_rng(5)
    grey = np.asarray(written(), float) / 255
    across = np.linspace(0, 1, 900)
    light = (1 - 0.5 * across) * (1 - 0.4 / (1 + np.exp(-(across - 0.4) * 60)))
    colours = (grey * light)[:, :, None] * np.array([255, 220, 180])
    colours += random.normal(0, 4, colours.shape)
    picture = Image.fromarray(colours.clip(0, 255).astype(np.uint8))
    assert counts(page_reader.find(file(picture, "JPEG", quality=75))) == [5, 3]


def test_paper_on_a_table_with_a_shadow_at_the_edge():
    table = Image.new("L", (1300, 700), 90)
    table.paste(written(), (200, 200))
    table.paste(30, (0, 0, 40, 700))
    assert counts(page_reader.find(table)) == [5, 3]


def test_specks_and_a_blot_are_left_out():
    picture = written()
    random = np.random.default_rng(2)
    pixels = np.array(picture)
    pixels[random.integers(0, 300, 150), random.integers(0, 900, 150)] = 20
    picture = Image.fromarray(pixels)
    ImageDraw.Draw(picture).ellipse((700, 60, 800, 160), fill=20)
    assert counts(page_reader.find(picture)) == [5, 3]


def test_touching_characters_are_cut_and_a_scrawl_is_marked():
    font = ImageFont.load_default(size=90)
    picture = written("OXHO", (900, 400))
    draw = ImageDraw.Draw(picture)
    assert counts(page_reader.find(picture)) == [4]
    for x, one in zip((60, 118, 176, 234), "OOOO", strict=True):  # each touches the next
        draw.text((x, 200), one, 20, font)
    page = page_reader.find(picture)
    assert counts(page)[0] == 4 and counts(page)[1] >= 3
    assert all(one.joined for one in page.lines[1])
    loops = [(100 + 4 * t + 40 * np.sin(t / 3), 300 + 30 * np.cos(t / 3)) for t in range(150)]
    scrawl = written("HHH", (900, 400))
    ImageDraw.Draw(scrawl).line(loops, 20, 9)
    found = page_reader.find(scrawl)
    assert all(one.joined for one in found.lines[1])
    assert not any(one.joined for one in found.lines[0])


def test_a_slightly_turned_page_keeps_its_lines():
    page = written("A7BHXK43\n3XK7PAHB\nHHKKXX77", (900, 500))
    turned = page.rotate(4, expand=True, fillcolor=240, resample=Image.Resampling.BICUBIC)
    assert counts(page_reader.find(turned)) == [8, 8, 8]


@pytest.fixture(scope="module")
def filling():
    return [ink.from_picture(written(one, (300, 300), px=200)) for one in "ABHKRX348"]


@pytest.mark.parametrize("side", [28, 280])
def test_one_character_that_fills_its_picture(side, filling):
    found = 0
    for clean in filling:
        grown = Image.fromarray(clean).resize((side, side), Image.Resampling.BICUBIC)
        page = page_reader.find(grown)
        found += len(page.characters) == 1
        assert page.size == (side, side) and boxes(page).max() <= side
    assert found == 9


def heic(picture):
    pillow_heif.register_heif_opener()
    return file(picture.convert("RGB"), "HEIF")


EXIF = Image.Exif()
EXIF[0x0112] = 8  # held with its right side up


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (lambda: file(written().convert("CMYK"), "JPEG"), (900, 300)),
        (lambda: file(Image.fromarray(np.asarray(written(), np.uint16) * 257)), (900, 300)),
        (lambda: file(written().convert("1")), (900, 300)),
        (lambda: file(written().convert("RGBA")), (900, 300)),
        (lambda: file(written().convert("LA")), (900, 300)),
        (lambda: file(written(), "TIFF"), (900, 300)),
        (lambda: file(written(), "WEBP"), (900, 300)),
        (lambda: file(written(), "BMP"), (900, 300)),
        (lambda: heic(written()), (900, 300)),
        (
            lambda: file(
                written(),
                "GIF",
                save_all=True,
                append_images=[Image.new("L", (900, 300), 128)],
            ),
            (900, 300),
        ),
        (lambda: file(written().rotate(-90, expand=True), "JPEG", exif=EXIF), (900, 300)),
        (
            lambda: file(written(size=(8300, 6020), px=900), "JPEG"),
            (8300, 6020),
        ),
    ],
    ids=[
        "CMYK",
        "16 bit",
        "1 bit",
        "RGBA",
        "LA",
        "TIFF",
        "WEBP",
        "BMP",
        "HEIC",
        "GIF",
        "EXIF",
        "50 MP",
    ],
)
def test_every_kind_of_picture(data, size):
    page = page_reader.find(data())
    assert page.size == size and counts(page) == [5, 3]
    shown = Image.open(io.BytesIO(photo.preview(data())))
    assert shown.width > shown.height and max(shown.size) <= 1600


def test_a_transparent_picture_lies_on_white():
    clear = Image.new("RGBA", (900, 300), (0, 0, 0, 0))
    font = ImageFont.load_default(size=90)
    ImageDraw.Draw(clear).text((60, 20), SAYS, (0, 0, 0, 255), font)
    assert counts(page_reader.find(file(clear))) == [5, 3]


@pytest.mark.parametrize("colour", [(255, 255, 255), (250, 230, 90)])
def test_light_ink_on_a_transparent_ground(colour):
    clear = Image.new("RGBA", (900, 300), (0, 0, 0, 0))
    font = ImageFont.load_default(size=90)
    ImageDraw.Draw(clear).text((60, 20), SAYS, (*colour, 255), font)
    assert counts(page_reader.find(file(clear))) == [5, 3]
    assert ink.from_picture(clear).max() == 255


def test_a_photo_with_clear_corners_keeps_its_paper():
    clear = written().convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 40, 40))
    assert counts(page_reader.find(file(clear))) == [5, 3]


def test_ink_of_every_colour_and_pale_ink_beside_a_black_patch():
    colours = ["#0000ff", "#ffe800", "#00dde6", "#ff69b4", "#ff7f00", "#008000", "#222222"]
    picture = Image.new("RGB", (1100, 300), "white")
    draw = ImageDraw.Draw(picture)
    for at, colour in enumerate(colours):
        draw.text((60 + 120 * at, 60), "AHKRX34"[at], colour, ImageFont.load_default(size=110))
    assert counts(page_reader.find(picture)) == [7]
    pale = Image.new("L", (900, 400), 200)
    ImageDraw.Draw(pale).text((60, 20), SAYS, 150, ImageFont.load_default(size=90))
    ImageDraw.Draw(pale).rectangle((600, 250, 780, 380), fill=5)
    assert counts(page_reader.find(pale)) == [5, 3]


def bomb(side):
    """A PNG that says it is large, in a few bytes."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def speckled(side, count, shape=(1000, 1400)):
    random = np.random.default_rng(0)
    pixels = np.full(shape, 245, np.uint8)
    for y, x in zip(
        random.integers(0, shape[0] - side, count),
        random.integers(0, shape[1] - side, count),
        strict=True,
    ):
        pixels[y : y + side, x : x + side] = 30
    return Image.fromarray(pixels)


def blob():
    picture = Image.new("L", (1200, 900), 240)
    ImageDraw.Draw(picture).ellipse((100, 50, 1100, 850), fill=20)
    return picture


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (lambda: b"", "empty"),
        (lambda: b"I am text", "isn't a picture"),
        (lambda: file(written())[:700], "can't be decoded"),
        (lambda: heic(written())[:700], "can't be decoded"),
        (lambda: b"%PDF-1.4 and more", "is a PDF"),
        pytest.param(
            lambda: bomb(12_000),
            "144 megapixels",
            marks=pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning"),
        ),
        (lambda: bomb(30_000), "more than 64 megapixels"),
        (lambda: bomb(7_000), "can't be decoded"),
        (lambda: bytes(photo.LARGEST_FILE + 1), "64 MiB"),
        (lambda: file(Image.new("L", (800, 600), 255)), "darker pen"),
        (lambda: file(Image.new("L", (800, 600), 0)), "darker pen"),
        (lambda: file(Image.new("L", (1, 1), 0)), "too small"),
        (lambda: file(Image.new("L", (20_000, 3), 255)), "too thin"),
        (lambda: file(speckled(1, 4000, (700, 1000))), "No character"),
        (lambda: file(speckled(3, 5000)), "more than 2,000 pieces"),
        (lambda: file(blob()), "No character|stands out"),
        (lambda: file(Image.effect_noise((900, 700), 80)), "stands out|No character"),
    ],
    ids=[
        "zero bytes", "text", "cut short", "HEIC cut short", "PDF",
        "bomb", "larger bomb", "false bomb", "large file",
        "white", "black", "one pixel", "thin", "specks", "pieces", "blob", "noise",
    ],
)  # fmt: skip
def test_bad_pictures_are_refused_in_one_sentence(data, says, tmp_path, capsys):
    with pytest.raises(InkError, match=says) as caught:
        page_reader.find(data())
    told = str(caught.value)
    assert told.endswith(".") and ":" in told and "\n" not in told
    path = tmp_path / "picture.png"
    path.write_bytes(data())
    assert cli.main(["predict", "--run", "hog-qda", str(path), "--page"]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "picture.png" in said.err


def test_arrays_and_open_pictures():
    assert counts(page_reader.find(np.asarray(written()))) == [5, 3]
    opened = Image.open(io.BytesIO(file(written(size=(8000, 2600), px=900), "JPEG")))
    assert counts(page_reader.find(opened)) == [5, 3]
    assert opened.size == (8000, 2600)  # nobody else's picture is made smaller
    for wrong in (np.zeros((3, 3)), np.zeros((9, 9, 2), np.uint8), np.zeros((0, 5), np.uint8)):
        with pytest.raises(InkError, match="send uint8"):
            page_reader.find(wrong)
    cut = Image.open(io.BytesIO(file(written())[:700]))
    with pytest.raises(InkError, match="can't be decoded"):
        page_reader.find(cut)
    with pytest.raises(InkError, match="no such picture"):
        page_reader.find("/nowhere.png")
    with pytest.raises(InkError, match="folder"):
        page_reader.find("/")


def test_ink_is_as_strong_in_shadow():
    grey = np.asarray(written(), np.float32)
    grey = np.where(np.arange(900) < 300, grey * 0.6, grey).astype(np.float32)
    found = binarization.binarize(grey)
    strong = found.strength[found.mask]
    assert strong.max() <= 1 and np.median(strong) > 0.8


def test_predict_page(capfd, tmp_path):
    path = tmp_path / "page.png"
    written("HAX 7\n34").save(path)
    words = ["predict", "--run", "hog-qda", str(path), "--page"]
    assert cli.main([*words, "--json"]) == 0
    found = json.loads(capfd.readouterr().out)["predictions"][0]
    assert found["size"] == [900, 300] and [len(line) for line in found["lines"]] == [4, 2]
    first = found["lines"][0][0]
    assert len(first["box"]) == 4 and len(first["top"]) == 5 and not first["may_be_joined"]
    assert found["lines"][0][3]["space_before"] and not first["space_before"]
    assert cli.main(words) == 0
    assert found["text"] in capfd.readouterr().out
    assert found["text"].replace(" ", "").replace("\n", "")[0] == first["top"][0]["class"]
    drawings = tmp_path / "some.json"
    drawings.write_text("[]")
    assert cli.main(["predict", "--run", "hog-qda", "--drawings", str(drawings), "--page"]) == 2
    assert "--page is for pictures" in capfd.readouterr().err
