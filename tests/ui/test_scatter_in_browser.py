"""The map in a real Chromium, without Streamlit: what the mouse, fingers and keys choose."""

import numpy as np
import pytest
from helpers import COMPONENT_HOST, COMPONENT_STYLE
from matplotlib.path import Path

from emnist_lab.maintenance import browser
from emnist_lab.ui.components import scatter
from emnist_lab.ui.components.component_files import files_beside

pytestmark = pytest.mark.skipif(
    browser.chromium() is None, reason="needs Chromium: apt-get install it"
)

COUNT, MARGIN = 400, 16


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(7).normal(size=(COUNT, 2)) * (3, 1.5)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(8).integers(0, 256, (COUNT, 28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def data(points, images):
    return scatter._data(
        points,
        images,
        [f"image {place}" for place in range(COUNT)],
        (np.arange(COUNT) % 7 == 0).astype(np.int64),
        scatter.CORRECT_OR_NOT,
        "Map of images",
        [],
        500,
    )


@pytest.fixture
def page(request, chromium, data):
    """Shows the map; on a phone where a test asks for one."""
    phone = getattr(request, "param", "desk") == "phone"
    size = {"width": 360 if phone else 900, "height": 700}
    context = chromium.new_context(viewport=size, has_touch=phone)
    made = context.new_page()
    made.set_content(f"<!doctype html><head>{COMPONENT_STYLE}</head><body></body>")
    files = (
        scatter._HTML,
        *files_beside(scatter.__file__).values(),
    )
    made.evaluate(COMPONENT_HOST, [*files, data])
    yield made
    context.close()


everywhere = pytest.mark.parametrize("page", ["desk", "phone"], indirect=True)


def placed(page, points, zoom=1.0, at=(0.0, 0.0)):
    """Where the points lie on the page, in CSS pixels: the canvas's geometry, worked out anew."""
    box = page.locator(".over").bounding_box()
    size = np.array([box["width"], box["height"]])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.ptp(points, axis=0) / 2
    unit = ((size / 2 - MARGIN) / half).min() * zoom
    return (points - middle - at) * (unit, -unit) + size / 2 + (box["x"], box["y"])


def loop(centre, radius, count=40):
    """A loop with a dent, so that its box and its hull hold more than it does."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    far = radius * (1 + 0.4 * np.cos(3 * angles))
    return np.array(centre) + np.column_stack([far * np.cos(angles), far * np.sin(angles)])


def lasso(page, path):
    page.mouse.move(*path[0])
    page.mouse.down()
    for one in path[1:]:
        page.mouse.move(*one)
    page.mouse.up()


def told(page):
    """What was last told, if anything."""
    heard = page.evaluate("window.told")
    assert all(name == "brushed" for name, _ in heard)
    return heard[-1][1] if heard else None


@everywhere
def test_a_loop_chooses_what_lies_within(page, points):
    where = placed(page, points)
    path = loop(where.mean(axis=0), 60)
    lasso(page, path)
    inside = np.flatnonzero(Path(path).contains_points(where)).tolist()
    assert 5 < len(inside) < COUNT - 50
    assert told(page) == inside
    # Shift adds, a click chooses one, a click beside all undoes.
    single = int(np.argmin(where[:, 0]))
    page.keyboard.down("Shift")
    page.mouse.click(*where[single])
    page.keyboard.up("Shift")
    assert told(page) == sorted({*inside, single})
    page.mouse.click(*where[single])
    assert told(page) == [single]
    box = page.locator(".over").bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    assert told(page) == []
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    assert len(page.evaluate("window.told")) == 4  # nothing to undo, nothing told


@everywhere
def test_hovering_shows_the_image(page, points, images):
    where = placed(page, points)
    for place in (3, 200, int(np.argmax(where[:, 0]))):
        page.mouse.move(*(where[place] + 0.3))
        nearest = int(np.argmin(((where - where[place] - 0.3) ** 2).sum(axis=1)))
        assert page.locator(".tip span").inner_text() == f"image {nearest}"
        tip = page.locator(".tip").bounding_box()
        assert tip["x"] >= 0 and tip["x"] + tip["width"] <= page.viewport_size["width"]
    shown = page.evaluate(
        "[...document.querySelector('.tip canvas').getContext('2d').getImageData(0, 0, 28, 28)"
        ".data].filter((_, place) => place % 4 === 0)"
    )
    assert abs(np.array(shown) - images[nearest].ravel().astype(int)).max() <= 9  # 16 greys
    page.mouse.move(2, 2)
    assert page.locator(".tip").is_hidden()
    assert told(page) is None


def test_zooming_keeps_what_is_under_the_pointer(page, points, data):
    where = placed(page, points)
    place = int(np.argsort(((where - where.mean(axis=0)) ** 2).sum(axis=1))[30])
    page.mouse.move(*where[place])
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    page.mouse.move(*(where[place] + 0.4))
    assert page.locator(".tip span").inner_text() == f"image {place}"
    page.get_by_role("button", name="The whole").click()
    # The view outlives a rerun of the page.
    page.get_by_role("button", name="Nearer").click()
    page.evaluate("(data) => window.run(data)", {**data, "selected": [1]})
    nearer = placed(page, points, zoom=1.5)
    path = loop(nearer.mean(axis=0), 50)
    lasso(page, path)
    assert told(page) == np.flatnonzero(Path(path).contains_points(nearer)).tolist()


def test_moving_the_map_chooses_nothing(page, points):
    page.get_by_role("button", name="Nearer").click()
    page.get_by_role("button", name="Nearer").click()
    page.get_by_role("button", name="Move the view").click()
    middle = placed(page, points).mean(axis=0)
    lasso(page, middle + np.array([(0, 0), (10, 5), (30, 12)]))
    assert told(page) is None
    page.get_by_role("button", name="Move the view").click()
    box = page.locator(".over").bounding_box()
    unit = (placed(page, points)[1] - placed(page, points)[0]) / (points[1] - points[0])
    moved = placed(page, points, zoom=2.25, at=-np.array([30, 12]) / unit / 2.25)
    seen = [one for one in range(COUNT) if box["x"] < moved[one, 0] < box["x"] + box["width"]]
    place = seen[int(np.argmin(((moved[seen] - middle) ** 2).sum(axis=1)))]
    page.mouse.click(*moved[place])
    assert told(page) == [place]


def test_keys_and_the_legend(page, points, data):
    over = page.locator(".over")
    assert over.get_attribute("aria-label").startswith("Map of images; arrow keys move")
    over.focus()
    page.keyboard.press("ArrowRight")
    first = int(page.locator(".tip span").inner_text().split()[1])
    page.keyboard.press("ArrowRight")
    second = int(page.locator(".tip span").inner_text().split()[1])
    assert points[second, 0] > points[first, 0]
    assert page.locator(".said").inner_text() == f"image {second}"
    page.keyboard.press("Enter")
    assert told(page) == [second]
    page.keyboard.press("Escape")
    assert told(page) == []
    wrong = np.flatnonzero(np.array(data["groups"])).tolist()
    page.get_by_role("button", name=f"misclassified ({len(wrong)})").click()
    assert told(page) == wrong


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_fingers(page, points):
    fingers = page.context.new_cdp_session(page)

    def touch(kind, *spots):
        fingers.send(
            "Input.dispatchTouchEvent",
            {
                "type": kind,
                "touchPoints": [
                    {"x": float(x), "y": float(y), "id": place}
                    for place, (x, y) in enumerate(spots)
                ],
            },
        )

    where = placed(page, points)
    path = loop(where.mean(axis=0), 60)
    touch("touchStart", path[0])
    for one in path[1:]:
        touch("touchMove", one)
    touch("touchEnd")
    assert told(page) == np.flatnonzero(Path(path).contains_points(where)).tolist()
    assert page.evaluate("window.scrollY") == 0
    single = int(np.argmin(where[:, 0]))
    page.touchscreen.tap(*where[single])
    assert told(page) == [single]
    # Two fingers that part by half zoom by half, and choose nothing.
    box = page.locator(".over").bounding_box()
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    for kind, far in (("touchStart", 40), ("touchMove", 50), ("touchMove", 60)):
        touch(kind, *(middle + np.array([(-far, 0), (far, 0)])))
    touch("touchEnd")
    assert told(page) == [single]
    nearer = placed(page, points, zoom=1.5)
    place = int(np.argmin(((nearer - middle) ** 2).sum(axis=1)))
    page.touchscreen.tap(*nearer[place])
    assert told(page) == [place]


def test_marks_of_classes_are_their_characters():
    marks = scatter.by_class("0AB")
    assert [mark.text for mark in marks] == ["0", "A", "B"]
    assert len({mark.light for mark in marks}) == 3 and not any(mark.name for mark in marks)


def test_points_are_centred_in_one_scale(points, data):
    x, y = np.array(data["x"]), np.array(data["y"])
    assert max(abs(x).max(), abs(y).max()) == 1
    assert x.min() == -x.max() and y.min() == pytest.approx(-y.max(), abs=1e-4)
    slope, _ = np.polyfit(points[:, 0], x, 1)
    assert np.polyfit(points[:, 1], y, 1)[0] == pytest.approx(slope, rel=1e-3)
    one = scatter._data(
        points[:1], np.zeros((1, 28, 28), np.uint8), ["a"], np.zeros(1, int), [], "Map", [0], 300
    )
    assert one["x"] == one["y"] == [0]
