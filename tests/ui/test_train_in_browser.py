"""The Train page in a real Chromium: what it shows is what it trains with."""

import shutil
from dataclasses import replace

import pytest
from helpers import JOB, WAIT, go, press, settled, write

from emnist_lab.maintenance import browser
from emnist_lab.models import catalog
from emnist_lab.models.hyperparameters import as_text

TIMES = 4  # so that there are numbers of images to choose from

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory, folder, train):
    home = tmp_path_factory.mktemp("site")
    own = shutil.copytree(folder, home / "emnist")
    write(own, replace(train, **{
        name: getattr(train, name).repeat(TIMES, axis=0) for name in ("images", "labels")
    }))  # fmt: skip
    with browser.server({"EMNIST_LAB_HOME": str(home), "EMNIST_DIR": str(own)}) as address:
        yield address


def shown(page) -> dict[str, str]:
    """What the fields of the settings hold, by label; they needn't be opened for that."""
    fields = page.get_by_test_id("stExpander").filter(has_text="Hyperparameters").locator("input")
    return dict(fields.evaluate_all("all => all.map(e => [e.ariaLabel, e.value])"))


def chosen(page) -> str:
    """The recipe that is marked."""
    return page.locator(".recipes input:checked").get_attribute("value")


def choose(page, name: str) -> None:
    """Click a recipe, and wait until the address has it."""
    page.locator(f".recipes input[value={name}]").click()
    page.wait_for_url(f"**recipe={name}*")
    settled(page)


def own_of(recipe) -> dict[str, str]:
    """What they hold while nothing was changed."""
    defaults = recipe.defaults()
    return {one.label: as_text(defaults[one.name]) for one in recipe.hyperparameters}


def move(page, key: str, images: int) -> None:
    """Move the slider by a key, and wait for the end of the run with so many images."""
    page.get_by_role("slider", name="Training images").press(key)
    page.get_by_text(f"All recipes on about {images:,} images").wait_for()
    settled(page)  # until then things may still move away under a click


@pytest.fixture(scope="module")
def tab(window, site):
    """One tab in which one address after the other is typed, the first while on Home."""
    tab = window.new_page()
    tab.set_default_timeout(WAIT)
    tab.goto(site)
    tab.locator(browser.USEFUL[""]).first.wait_for()
    yield tab
    tab.close()


def open_at_once(page, site, train, name: str) -> None:
    """Type the address of a recipe, and move the slider as soon as there is one."""
    page.goto(f"{site}/train?recipe={name}", wait_until="commit")
    move(page, "Home", 2_000)
    # What a field held in the browser only reaches the server with the next move.
    move(page, "End", TIMES * len(train))


@pytest.mark.parametrize("name", catalog.RECIPES)
def test_a_quick_move_leaves_a_recipe_its_own_settings(tab, site, train, name):
    """Two runs of the script in a moment: the first may end before its message is sent."""
    open_at_once(tab, site, train, name)
    assert shown(tab) == own_of(catalog.get(name))
    assert chosen(tab) == name
    assert tab.get_by_role("button", name="Train", exact=True).is_enabled()


def test_what_was_typed_is_kept_until_it_is_given_back(page, site, train):
    recipe = catalog.get("hog-qda")
    page.goto(site)
    page.locator(browser.USEFUL[""]).first.wait_for()
    open_at_once(page, site, train, recipe.name)
    settings = page.get_by_test_id("stExpander").filter(has_text="Hyperparameters")
    settled(page)
    settings.locator("summary").click()
    typed = {"n_components": "50", "reg_param": "0.5"}
    for label, text in typed.items():
        field = settings.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Enter")
        page.get_by_text(f"{label}={text}").wait_for(state="attached")  # in the code
    assert shown(page) == {**own_of(recipe), **typed}
    go(page, "Home")
    page.locator(browser.USEFUL[""]).first.wait_for()
    go(page, "Train")
    move(page, "Home", 2_000)
    move(page, "End", TIMES * len(train))
    assert shown(page) == {**own_of(recipe), **typed}
    settings.locator("summary").click()
    # By key: a box that still opens moves the button away between a pointer's down and up.
    settings.get_by_role("button", name="The recipe's own hyperparameters").press("Enter")
    page.get_by_text(f"reg_param={own_of(recipe)['reg_param']}").wait_for(state="attached")
    # These are new fields; those that they stand for go when the run of the script ends.
    page.wait_for_function(
        "count => document.querySelectorAll('[class*=st-key-train-hog-qda] input').length == count",
        arg=len(recipe.hyperparameters),
        polling=50,
    )
    assert shown(page) == own_of(recipe)
    move(page, "Home", 2_000)
    assert shown(page) == own_of(recipe)


def test_train_leave_return_cancel_and_keep(page, site):
    page.goto(f"{site}/train?recipe=warped-blend")
    press(page, "Train")
    page.get_by_text("Stage 1 of 1").wait_for(timeout=JOB)  # for a minute on any machine
    page.get_by_text("left", exact=False).first.wait_for(timeout=JOB)
    go(page, "Draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    assert page.title() == "Draw – EMNIST Lab"
    # What runs is seen there, and a click away.
    page.locator(".st-key-frame-jobs").get_by_role("link", name="Training").click()
    page.get_by_text("Stage 1 of 1").wait_for(timeout=JOB)
    press(page, "Cancel", within="stMain")
    page.get_by_text("nothing was kept").wait_for(timeout=JOB)
    choose(page, "pixels-bayes")  # a quick one
    press(page, "Train")
    page.get_by_text("Kept as pixels-bayes-balanced-").wait_for(timeout=JOB)
    press(page, "Evaluate this run", role="link")
    page.wait_for_url("**/evaluate?run=pixels-bayes-balanced-*")
    page.locator(browser.USEFUL["evaluate"]).wait_for()
    page.get_by_text("predicted as").first.wait_for()


def test_a_choice_is_one_step_of_history_and_what_was_set_comes_back(page, site):
    page.goto(f"{site}/train")
    page.locator(browser.USEFUL["train"]).first.wait_for()
    settled(page)
    before = page.evaluate("history.length")
    choose(page, "hog-lda")
    choose(page, "hog-mlp")
    page.get_by_role("radio", name="hog-mlp").press("ArrowDown")  # the next one, by a key
    page.wait_for_url("**recipe=hog-svm*")
    settled(page)
    page.get_by_text("Show me the code").click()
    page.get_by_role("spinbutton", name="Seed").fill("9")
    page.keyboard.press("Enter")
    # The server knows of it: a click that comes at once would be all that it hears of.
    page.locator("[data-testid=stCode]").filter(has_text="random_state=9").wait_for()
    settled(page)
    go(page, "Draw")
    page.locator(browser.USEFUL["draw"]).wait_for()
    settled(page)
    assert page.evaluate("history.length") == before + 4
    for name in ("hog-svm", "hog-mlp", "hog-lda"):
        page.go_back()
        page.wait_for_url(f"**/train?recipe={name}")
        page.locator(f".recipes input[value={name}]:checked").wait_for()
        settled(page)
        page.wait_for_function(
            "document.querySelector('input[aria-label=Seed]').value === '9'", polling=50
        )
