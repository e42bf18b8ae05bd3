"""The whole walk in a real Chromium, drawing with the mouse."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import go, make_part, write, zipped
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from webserver import serving

import emnist_lab as lab
from emnist_lab.data.part import Part
from emnist_lab.maintenance import browser

SEVEN = [[(60, 60), (200, 60), (110, 230)]]
STEM = [[(140, 60), (140, 230)]]
ROOF = [[(70, 60), (210, 60)]]
WAIT = 60_000  # milliseconds: a limit for slow machines, not an expectation
JOB = 400_000  # the same for a process of low priority, which a busy machine hardly lets run

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, folder, train):
    home = tmp_path_factory.mktemp("site")
    # letters: enough images that training is still going on when a test looks again
    random = np.random.default_rng(8)
    letters = [index for index, name in enumerate(train.classes) if "A" <= name <= "Z"]
    rows = np.flatnonzero(np.isin(train.labels, letters)).repeat(20)
    spots = random.random((len(rows), 28, 28)) < 0.3
    noisy = np.where(spots, random.integers(0, 255, spots.shape), train.images[rows])
    many = Part(
        noisy.astype(np.uint8), train.labels[rows] - letters[0],
        [train.classes[index] for index in letters], "letters", "train", "re-partition",
    )  # fmt: skip
    own = shutil.copytree(folder, home / "emnist")
    write(own, many)
    write(own, replace(many.sample(200), part="test"))
    with browser.server({"EMNIST_LAB_HOME": str(home), "EMNIST_DIR": str(own)}) as address:
        yield address


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    made = context.new_page()
    made.set_default_timeout(WAIT)
    yield made
    context.close()


def settled(page):
    """The page's script has ended."""
    page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")


def likeliest(page) -> str:
    page.locator(browser.BARS).wait_for()
    return page.locator(f"{browser.BARS} b").first.inner_text()


def test_first_visit_straight_to_a_page_has_its_frame(chromium, tmp_path):
    environment = {"EMNIST_LAB_HOME": str(tmp_path), "EMNIST_DIR": ""}
    with browser.server(environment) as address, chromium.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(f"{address}/draw?run=pixels-logistic")
        page.locator(browser.USEFUL["draw"]).wait_for()
        page.get_by_role("link", name="Evaluate", exact=True).wait_for()
        page.get_by_text("Read by pixels-logistic").wait_for()


def test_the_dataset_is_chosen_on_every_page_and_kept_in_the_address(page, site):
    page.goto(f"{site}/samples?image=3")
    page.get_by_text("Image 3 is").wait_for()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").get_by_role("combobox").click()
    page.get_by_role("option", name="demo").click()
    page.get_by_text("Generated images.").first.wait_for()
    page.get_by_text("Image 0 is").wait_for()  # an index means another image there
    page.wait_for_url("**data=demo*")
    go(page, "Train")
    page.get_by_text("generated images like EMNIST balanced").first.wait_for()  # kept
    page.goto("about:blank")
    page.goto(f"{site}/samples?data=demo")
    page.get_by_text("generated images like EMNIST balanced").first.wait_for()


def test_a_folder_of_the_server_is_named_linked_to_and_missed(page, site, folder, tmp_path):
    page.goto(f"{site}/data")
    box = page.get_by_role("textbox", name="Or a folder or file")
    box.fill(f"{folder}/nowhere")
    box.press("Enter")
    page.get_by_text(f"There is no folder {folder}/nowhere").first.wait_for()
    own = shutil.copytree(folder, tmp_path / "own")
    box.fill(str(own))
    box.press("Enter")
    page.wait_for_url("**data=*own*")
    address = page.url
    page.goto("about:blank")
    page.goto(address)  # as somebody who is given the link
    settled(page)
    page.get_by_text("1,880 images").first.wait_for()
    assert page.get_by_text("any more").count() == 0
    shutil.rmtree(own)
    page.goto("about:blank")
    page.goto(f"{site}/samples?data=long-gone")
    page.get_by_text("There is no dataset “long-gone” here").wait_for()
    page.locator(".tile").first.wait_for()


def test_pick_an_image_and_share_its_address(page, site):
    page.goto(site)
    page.locator(".tile").nth(7).click()  # on the home page: leads to Samples
    page.get_by_text("as an array", exact=False).last.wait_for()
    page.wait_for_url("**/samples?*image=*")
    tiles = page.locator(".tile")
    tiles.nth(3).click()
    page.wait_for_url("**image=3")
    page.get_by_text("Image 3 is").wait_for()
    numbers = page.locator(".el-grid td")
    numbers.nth(783).wait_for()
    assert numbers.count() == 784
    tiles.nth(3).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**image=4")
    page.get_by_role("button", name="C c", exact=True).click()
    page.get_by_text("40 images, 40 of them here").wait_for()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.get_by_text("40 images, 40 of them here").wait_for()
    page.get_by_text("Image 4 is").wait_for()


def test_a_split_chosen_on_one_page_is_not_chosen_on_another(page, site, folder):
    page.goto(f"{site}/samples?data={folder}&split=digits")
    page.get_by_text("EMNIST digits, train part").first.wait_for()
    go(page, "Train")
    page.get_by_text("EMNIST balanced, train part").first.wait_for()
    go(page, "Samples")
    page.get_by_text("EMNIST digits, train part").first.wait_for()
    page.wait_for_url("**split=digits*")
    assert f"data={folder}".replace("/", "%2F") in page.url
    go(page, "Train")
    page.get_by_text("EMNIST balanced, train part").first.wait_for()
    assert "split=" not in page.url


def test_browse_one_class_from_its_mean_image(page, site):
    page.goto(f"{site}/samples?view=Mean+images")
    mean = page.get_by_role("group", name="Mean image of each class").locator(".tile").nth(11)
    mean.click()
    page.get_by_text("40 images, 40 of them here").wait_for()
    assert "classes=B" in page.url


def test_train_leave_return_cancel_and_keep(page, site):
    page.goto(f"{site}/train?recipe=warped-blend&split=letters")
    train = page.get_by_role("button", name="Train", exact=True)
    train.wait_for()
    settled(page)
    train.click()
    page.get_by_text("Stage 1 of 1").wait_for(timeout=JOB)  # for a minute on any machine
    page.get_by_text("Remaining, about").wait_for(timeout=JOB)
    go(page, "Draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    go(page, "Train")
    page.get_by_text("Stage 1 of 1").wait_for(timeout=JOB)
    page.get_by_test_id("stMain").get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_text("nothing was kept").wait_for(timeout=JOB)
    page.get_by_text("pixels-bayes", exact=True).first.click()  # a quick one
    settled(page)
    train.click()
    page.get_by_text("Kept as pixels-bayes-letters-").wait_for(timeout=JOB)
    page.get_by_role("link", name="Evaluate it").first.click()
    page.wait_for_url("**/evaluate?run=pixels-bayes-letters-*")
    page.locator(browser.USEFUL["evaluate"]).wait_for()
    page.get_by_text("is read as").first.wait_for()


def test_figures_and_tables_download(page, site):
    page.goto(f"{site}/evaluate?run=pixels-logistic&scale=by+row")
    page.locator(browser.USEFUL["evaluate"]).wait_for()
    browser.wait_for_intervals(page)  # the page runs once more with them, and a file would be gone
    settled(page)
    starts = {"PNG": b"\x89PNG", "SVG": b"<?xml", "CSV": b"true,0,1,2"}
    for kind, start in starts.items():
        with page.expect_download() as waiting:
            page.get_by_role("button", name=kind, exact=True).first.click()
        content = Path(waiting.value.path()).read_bytes()
        assert content.startswith(start)
        assert waiting.value.suggested_filename == (
            f"pixels-logistic-confusion-by-row.{kind.lower()}"
        )


def test_the_confusion_matrix_opens_cells_and_classes(page, site):
    report = lab.open_run("hog-qda").report()
    pair = report.confused_pairs(1).iloc[0]
    true, read = (report.names.index(pair[key]) for key in ("true", "predicted"))
    page.goto(f"{site}/evaluate?run=hog-qda")
    canvas = page.locator(browser.USEFUL["evaluate"])
    canvas.wait_for()
    settled(page)
    edge = 34  # pixels of the labels, as in matrix.js
    cell = (canvas.bounding_box()["width"] - edge - 2) / len(report.classes)
    x, y = edge + (read + 0.5) * cell, edge + (true + 0.5) * cell
    canvas.hover(position={"x": x, "y": y})
    page.get_by_text(f"{pair['true']} read as {pair['predicted']}: {pair['count']}").wait_for()
    canvas.click(position={"x": x, "y": y})
    page.get_by_role("heading", name=f"{pair['true']} read as {pair['predicted']}").wait_for()
    page.wait_for_url(re.compile(f"true={report.classes[true]}&read={report.classes[read]}"))
    canvas.click(position={"x": 12, "y": y})  # the row's label
    page.get_by_role("heading", name=f"What {pair['true']} is read as").wait_for()
    canvas.click(position={"x": x, "y": 24})  # the column's
    page.get_by_role("heading", name=f"What is read as {pair['predicted']}").wait_for()
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("heading", name=re.compile("read (as|right)")).wait_for()


def test_a_pair_of_a_card_opens_its_cell(page, site):
    page.goto(f"{site}/evaluate?run=hog-qda&look=Pairs")
    card = page.get_by_role("button", name=re.compile("read as .*: [0-9]+")).first
    said = card.inner_text().rsplit(":", 1)[0]
    card.click()
    page.get_by_role("heading", name=said).wait_for()
    page.locator(browser.USEFUL["evaluate"]).wait_for()


def waits_for(page, words: str) -> None:
    """The bars say exactly this."""
    page.wait_for_function(
        "(words) => document.querySelector('.el-bars')?.innerText === words", arg=words
    )


def reads(page, name: str) -> None:
    """The likeliest is this; a stroke's points, and so the other bars, differ from time to time."""
    page.wait_for_function(
        "(name) => document.querySelector('.el-bars b')?.innerText === name", arg=name
    )


def test_draw_undo_clear_and_return(page, site):
    page.goto(f"{site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    page.get_by_text("The canvas is empty").wait_for()
    page.get_by_text("An example, not yours:").wait_for()
    browser.draw(page, STEM)
    page.get_by_text("An example, not yours:").wait_for(state="detached")
    stem = page.locator(browser.BARS).inner_text()
    browser.draw(page, ROOF)
    reads(page, "T")
    undo = page.get_by_role("button", name="Undo", exact=True)
    undo.click()
    waits_for(page, stem)
    browser.draw(page, ROOF)  # the first stroke must still be there
    reads(page, "T")
    both = page.locator(browser.BARS).inner_text()
    go(page, "Home")
    page.get_by_text("The lesson in three numbers").wait_for()
    go(page, "Draw")
    waits_for(page, both)
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    browser.draw(page, SEVEN)
    page.get_by_text("The canvas is empty").wait_for(state="detached")
    reads(page, "7")
    page.get_by_role("button", name="Reset canvas & history").click()
    page.get_by_text("The canvas is empty").wait_for()


def test_no_message_refers_to_an_earlier_one(page, site):
    """Streamlit drops what such a message stands behind when a stroke comes early: a white page."""
    kinds = []

    def note(frame):
        message = ForwardMsg()
        message.ParseFromString(frame)
        kinds.append(message.WhichOneof("type"))

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    page.goto(f"{site}/draw")
    example = page.get_by_text("How the example becomes an array")
    example.wait_for()
    settled(page)
    go(page, "Home")
    page.get_by_text("The lesson in three numbers").wait_for()
    go(page, "Draw")
    example.wait_for()  # the same large elements again
    settled(page)
    assert "delta" in kinds and "ref_hash" not in kinds


def test_strokes_faster_than_answers_are_all_read(page, site):
    page.goto(f"{site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, SEVEN)
    page.locator(browser.BARS).wait_for()
    seven = page.locator(browser.BARS).inner_text()
    browser.draw(page, [[(20 + 20 * turn, 20), (20 + 20 * turn, 260)] for turn in range(12)])
    for _ in range(12):
        page.get_by_role("button", name="Undo", exact=True).click()
    waits_for(page, seven)


def test_another_run_reads_the_same_drawing(page, site):
    page.goto(f"{site}/draw?why=true")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, SEVEN)
    assert likeliest(page) == "7"
    page.get_by_text("Why 7 and not").first.wait_for()
    names = page.locator(f"{browser.BARS} .who")
    assert names.all_inner_texts() == ["warped-blend", "pixels-logistic"]
    page.get_by_role("button", name="Read with").click()
    page.get_by_role("combobox", name="Read with").click()
    page.get_by_role("option", name="hog-qda", exact=True).click()
    names.get_by_text("hog-qda").wait_for()
    page.wait_for_url("**run=hog-qda*")
    assert likeliest(page) == "7"


def test_a_dot_and_a_stroke_that_leaves_the_canvas(page, site):
    page.goto(f"{site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, [[(100, 100)]])
    page.get_by_text("A single dot").wait_for()
    page.get_by_role("button", name="Reset canvas & history", exact=True).click()
    page.get_by_text("The canvas is empty").wait_for()
    browser.draw(page, [[(40, 60), (200, 60), (130, 340)]])
    assert likeliest(page) == "7"


def test_a_small_drawing_in_a_corner_is_read_like_a_large_one(page, site):
    page.goto(f"{site}/draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    browser.draw(page, [[(200 + x / 5, 220 + y / 5) for x, y in SEVEN[0]]])
    assert likeliest(page) == "7"


def test_a_stroke_right_after_the_first_picture_is_read(page, site):
    """What loads later moves no canvas away: a stroke is read where the canvas was first seen."""
    late = []
    page.route("**/Html.*.js", lambda route: late.append(route))  # of `st.html`
    page.goto(f"{site}/draw", wait_until="commit")
    canvas = page.locator(browser.USEFUL["draw"])
    canvas.wait_for(state="attached")  # not the settled page that `browser.draw` waits for
    box = canvas.bounding_box()
    while not late:
        page.wait_for_timeout(20)
    for one in late:
        one.continue_()
    page.locator(".el-steps").wait_for()
    # Near the lower edge: it misses a canvas that has moved up meanwhile.
    (x, y), *rest = [(box["x"] + 200 + x / 5, box["y"] + 220 + y / 5) for x, y in SEVEN[0]]
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    assert likeliest(page) == "7"


def test_from_nothing_to_real_images_with_one_click(page, folder, tmp_path):
    """Generated images first; a fetch that is cancelled, taken up again, and then in use."""
    with serving(zipped(folder), pause=0.4) as nist:  # it mustn't end before it is cancelled
        environment = {
            "EMNIST_LAB_HOME": str(tmp_path), "EMNIST_DIR": "", "EMNIST_LAB_MIRRORS": nist.url,
        }  # fmt: skip
        with browser.server(environment) as address:
            page.goto(address)
            page.locator(".tile").first.wait_for()
            page.get_by_text("Generated images.").first.wait_for()
            page.get_by_role("link", name="Get the real ones").click()
            page.get_by_role("button", name="Fetch", exact=True).first.wait_for()
            settled(page)
            page.get_by_role("button", name="Fetch", exact=True).first.click()
            page.get_by_text("Downloading balanced from 127.0.0.1").wait_for(timeout=JOB)
            page.get_by_text("MB/s").wait_for(timeout=JOB)
            page.get_by_text("Remaining, about").wait_for(timeout=JOB)
            if shots := os.environ.get("SCREENS"):
                page.screenshot(path=Path(shots) / "fetching-1280.png")
            go(page, "Draw")
            page.locator(browser.USEFUL["draw"]).wait_for()
            go(page, "Data")
            page.get_by_test_id("stMain").get_by_role("button", name="Cancel", exact=True).click()
            page.get_by_text("goes on with it").wait_for(timeout=JOB)
            nist.pause = 0
            page.get_by_role("button", name="Fetch", exact=True).first.click()
            page.get_by_text("In place and checked").first.wait_for(timeout=JOB)
            page.get_by_text("not the official split").first.wait_for()
            page.get_by_role("button", name="Fetch again").wait_for()
            page.get_by_role("link", name="Browse it").first.click()
            page.get_by_text("1,880 images, 240 of them here").wait_for()
            assert page.get_by_text("Generated images.").count() == 0


def test_a_dead_network_is_said_within_ten_seconds_and_nothing_hangs(page, tmp_path):
    environment = {
        "EMNIST_LAB_HOME": str(tmp_path), "EMNIST_DIR": "",
        "EMNIST_LAB_MIRRORS": "http://127.0.0.1:9/gzip.zip", "HTTPS_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    with browser.server(environment) as address:
        page.goto(f"{address}/data")
        page.get_by_role("button", name="Fetch", exact=True).first.click()
        page.get_by_text("can't be reached").wait_for(timeout=JOB)
        page.get_by_text("check the network").wait_for()
        page.locator(".tile").first.wait_for()


def test_a_table_is_uploaded_and_used(page, site, tmp_path):
    data = make_part("digits", 12, seed=9)
    path = tmp_path / "my digits.csv"
    rows = np.hstack([data.labels[:, None], data.images.transpose(0, 2, 1).reshape(-1, 784)])
    np.savetxt(path, rows, "%d", ",")
    page.goto(f"{site}/data")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("In place and checked").first.wait_for(timeout=JOB)
    page.get_by_text("not known as the official split").wait_for()
    page.wait_for_url("**data=my-digits*")
    page.get_by_role("link", name="Browse it").click()
    page.get_by_text("100 images, 100 of them here").wait_for()  # a sixth is the test part
    page.goto(f"{site}/data?data=my-digits")
    page.get_by_role("button", name="Delete it").click()
    page.get_by_text("re-partition of EMNIST balanced").first.wait_for()


def test_an_upload_that_is_no_dataset_is_one_sentence(page, site, tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("when,what\n1,nothing\n")
    page.goto(f"{site}/data")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("holds no dataset that is known").wait_for(timeout=JOB)


# All four for eyes; what is tested is the same in both schemes.
SCREENS = [(1280, "light"), (360, "dark"), (1280, "dark"), (360, "light")]


@pytest.mark.parametrize(("width", "scheme"), SCREENS if "SCREENS" in os.environ else SCREENS[:2])
def test_no_page_is_wider_than_the_screen_or_shows_an_error(chromium, site, width, scheme):
    """Screenshots land in $SCREENS, for eyes, where it is set."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, has_touch=width < 500
    )
    page = context.new_page()
    page.set_default_timeout(WAIT)
    for name, useful in browser.USEFUL.items():
        page.goto(f"{site}/{name}")
        page.locator(useful).first.wait_for()
        settled(page)
        page.wait_for_timeout(300)
        assert page.locator("[data-testid=stException]").count() == 0
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 1, name
        if folder := os.environ.get("SCREENS"):
            height = main.evaluate("(e) => e.scrollHeight")
            page.set_viewport_size({"width": width, "height": min(height + 20, 5000)})
            page.wait_for_timeout(700)
            page.screenshot(path=Path(folder) / f"{name or 'home'}-{width}-{scheme}.png")
            page.set_viewport_size({"width": width, "height": 800})
    context.close()
