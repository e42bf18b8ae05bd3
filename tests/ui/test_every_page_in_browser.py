"""Every page and mode in a real Chromium: as wide as the screen, and by axe-core's rules."""

import contextlib
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from helpers import WAIT, settled
from playwright.sync_api import TimeoutError as TooLate

import emnist_lab as lab
from emnist_lab.maintenance import browser

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(600),
]
HELD = {"critical", "serious", "moderate"}
# What Tab stops at beside the screen, where nobody sees it; the link past the navigation comes
# into sight as it is reached.
OFF_SCREEN = """() => [...document.querySelectorAll('a[href], button, input, [tabindex="0"]')]
  .filter((one) => one.dataset.testid !== 'stSkipToContent')
  .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled)
  .filter((one) => { const box = one.getBoundingClientRect();
    return box.width && (box.right <= 0 || box.bottom <= -scrollY); })
  .map((one) => one.getAttribute('aria-label') || one.textContent)"""

# What slides or fades has arrived; what turns for as long as it is there never does.
STILL = """() => document.getAnimations().every((one) => one.playState !== 'running' ||
  one.effect.getComputedTiming().endTime === Infinity)"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, folder):
    """The app with a dataset of its own, a kept sweep and a kept comparison."""
    home = tmp_path_factory.mktemp("site")
    own = shutil.copytree(folder, home / "emnist")
    environment = {"EMNIST_LAB_HOME": str(home), "EMNIST_DIR": str(own)}
    train = lab.load("digits", "train", own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMNIST_LAB_HOME", str(home))
        grid = {"n_components": (5, 10), "n_neighbors": (1, 3)}
        lab.sweep("pixels-neighbours", train, grid=grid, folds=2, name="grid")
        lab.compare_recipes(["pixels-bayes", "pixels-neighbours"], train, folds=2, name="both")
    with browser.server(environment) as address:
        yield address


@pytest.fixture(scope="module")
def opened(window, site):
    page = window.new_page()
    page.set_default_timeout(WAIT)
    yield lambda path: page.goto(f"{site}/{path}") and page
    page.close()


def violations(page) -> list[str]:
    """What axe-core finds and goes on finding, with the first element of each kind.

    While a page's background work comes in, Streamlit shows what is older faded for a moment.
    """
    for _ in range(10):
        still(page)
        if not (found := seen_by_axe(page)):
            break
    return found


def still(page) -> None:
    """Wait until a page's scripts have run, and until what moves has arrived."""
    settled(page)
    page.wait_for_timeout(300)
    page.wait_for_function(STILL, polling=50)


def seen_by_axe(page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['impact']}: {one['id']}, {len(one['nodes'])} times, as "
        f"{one['nodes'][0]['html'][:200]} at {one['nodes'][0]['target']}"
        for one in found
        if one["impact"] in HELD
    ]


def off_the_screen(page) -> list[str]:
    """Focus stops that stay beside the screen, once the sidebar has slid away."""
    with contextlib.suppress(TooLate):
        page.wait_for_function(f"({OFF_SCREEN})().length === 0", timeout=10_000, polling=50)
    return page.evaluate(OFF_SCREEN)


@pytest.mark.parametrize("name", browser.PLACES)
def test_a_page_fits_the_screen_and_everybody_can_use_it(opened, name):
    path, useful = browser.PLACES[name]
    page = opened(path)
    problems = []
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.locator(useful).first.wait_for()
        still(page)
        assert page.locator("[data-testid=stException]").count() == 0
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 1
        problems += [f"{width}: off the screen: {one}" for one in off_the_screen(page)]
        problems += [f"{width} {scheme}: {one}" for one in violations(page)]
    assert not problems
    page.set_viewport_size({"width": 1280, "height": 800})
