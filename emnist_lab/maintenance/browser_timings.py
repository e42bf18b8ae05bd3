"""How long pages take to open and to answer strokes and clicks, in a real Chromium."""

import re
import statistics
from pathlib import Path

from .browser import BARS, USEFUL, draw, launched, server

LONGEST = "pixels-logistic"  # of the catalogue's recipes on all images, and on all cores


# Resolves with the milliseconds from asking for the address to the paint of what is waited for,
# looked up in components' shadow roots too; the page's own clock, not that of the test driver.
ARRIVAL = """(selector) => new Promise((resolve) => {
  const find = (root) => root.querySelector(selector) || [...root.querySelectorAll('*')]
    .some((one) => one.shadowRoot && find(one.shadowRoot));
  const look = () => find(document)
    ? requestAnimationFrame(() => resolve(performance.now())) : setTimeout(look, 20);
  look();
})"""


# Resolves with the milliseconds from the next mouse-up to the first bars painted after it.
_STOPWATCH = f"""() => {{
  window.__answered = new Promise((resolve) => {{
    document.addEventListener('mouseup', () => {{
      const begun = performance.now();
      const look = () => document.querySelector('{BARS}')
        ? resolve(performance.now() - begun) : requestAnimationFrame(look);
      look();
    }}, {{ once: true, capture: true }});
  }});
}}"""


# Resolves with the milliseconds from the next click to a gallery of other images, painted.
_CLICKED = """() => {
  const grid = (root) => root.querySelector('.grid') || [...root.querySelectorAll('*')]
    .map((one) => one.shadowRoot && grid(one.shadowRoot)).find(Boolean);
  const label = () => grid(document)?.getAttribute('aria-label');
  const before = label();
  window.__answered = new Promise((resolve) => {
    document.addEventListener('pointerup', () => {
      const begun = performance.now();
      const look = () => label() && label() !== before
        ? requestAnimationFrame(() => resolve(performance.now() - begun)) : setTimeout(look, 5);
      look();
    }, { once: true, capture: true });
  });
}"""


def measure_pages(root: str | None, strokes: int = 20, visits: int = 5) -> dict:
    """Time pages and strokes as a person sees them.

    Parameters
    ----------
    root : str or None
        Folder of the dataset.
    strokes : int
        How many single strokes are timed.
    visits : int
        How often each page is opened, after once to warm it.

    Returns
    -------
    dict
        ``pages_s``: page -> median seconds from asking for the address to
        its first useful picture; ``stroke_to_bars_ms``: median and largest;
        with a dataset also ``cell_to_its_images_ms`` (a click on Evaluate's
        matrix) and ``stroke_to_bars_while_training_ms``, see
        `measure_strokes_while_training`.
    """
    environment = {"EMNIST_DIR": str(Path(root).resolve())} if root else {}
    with server(environment) as address, launched() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        pages = {}
        shown = {**USEFUL, "samples?split=bymerge": USEFUL["samples"]}
        for name, useful in shown.items():
            if not environment and name.split("?")[0] in ("samples", "train"):
                continue  # without a dataset these have nothing to wait for
            times = []
            for _ in range(visits + 1):
                page.goto(f"{address}/{name}", wait_until="commit")
                times.append(page.evaluate(ARRIVAL, useful) / 1e3)
                page.wait_for_timeout(500)
            pages[name or "home"] = statistics.median(times[1:])
        result = {
            "pages_s": {name: round(value, 2) for name, value in pages.items()},
            "stroke_to_bars_ms": _strokes(page, address, strokes),
        }
        if environment:
            result["cell_to_its_images_ms"] = _cells(page, address)
            result["stroke_to_bars_while_training_ms"] = measure_strokes_while_training(
                browser, address, strokes
            )
    return result


def _strokes(page, address: str, strokes: int) -> dict:
    """Milliseconds from a stroke's end to its bars, once the page is warm."""
    waits = []
    page.goto(f"{address}/draw")
    page.locator(USEFUL["draw"]).wait_for(timeout=60_000)
    page.wait_for_timeout(2_000)
    for turn in range(strokes + 1):
        page.evaluate(_STOPWATCH)
        draw(page, [[(60 + turn * 3, 60), (200, 60 + turn), (110, 230 - turn * 2)]])
        waits.append(page.evaluate("window.__answered"))
        page.get_by_role("button", name="Reset canvas & history", exact=True).click()
        page.locator(BARS).wait_for(state="detached")
        page.wait_for_timeout(300)
    return summarize(waits[1:]) | {"strokes": strokes}


def _cells(page, address: str, clicks: int = 10) -> dict:
    """Milliseconds from a click on a cell of the confusion matrix to the cell's images."""
    page.goto(f"{address}/evaluate")
    canvas = page.locator(USEFUL["evaluate"])
    canvas.wait_for(timeout=60_000)
    page.wait_for_timeout(3_000)
    waits = []
    box = canvas.bounding_box()
    for turn in range(clicks + 1):
        page.evaluate(_CLICKED)
        # Along the diagonal every cell has images.
        side = box["width"] - 36
        at = 34 + side * (turn + 0.5) / 47
        page.mouse.click(box["x"] + at, box["y"] + at)
        waits.append(page.evaluate("window.__answered"))
        page.wait_for_timeout(400)
    return summarize(waits[1:]) | {"clicks": clicks}


def summarize(waits: list[float]) -> dict:
    """Median and largest of waits, in whole milliseconds.

    Parameters
    ----------
    waits : list of float
        Milliseconds.

    Returns
    -------
    dict
        ``median`` and ``largest``.

    Examples
    --------
    >>> summarize([3.2, 10.9, 4.4])
    {'median': 4, 'largest': 11}
    """
    return {"median": round(statistics.median(waits)), "largest": round(max(waits))}


def measure_strokes_while_training(
    browser, address: str, strokes: int = 20, recipe: str = LONGEST
) -> dict:
    """Time strokes in one session while another one trains on all images of *balanced*.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    address : str
        Of an app with real images of *balanced*.
    strokes : int
        How many single strokes are timed.
    recipe : str
        One that trains for longer than the strokes take.

    Returns
    -------
    dict
        ``median`` and ``largest`` in milliseconds, ``strokes``, ``recipe``,
        and ``trained_throughout``: whether training went on from before
        the first stroke until after the last; without that the times say nothing.
    """
    with browser.new_context() as one, browser.new_context() as other:
        trainer = one.new_page()
        trainer.goto(f"{address}/train?recipe={recipe}&split=balanced")
        images = trainer.get_by_role("slider").first
        images.wait_for(timeout=60_000)
        images.focus()
        images.press("End")
        trainer.get_by_role("button", name="Train", exact=True).click()
        stage = trainer.get_by_test_id("stMain").get_by_text(re.compile(r"^Stage \d")).first
        stage.wait_for(timeout=60_000)
        waits = _strokes(other.new_page(), address, strokes)
        trainer.wait_for_timeout(2_000)  # it looks again every 0.7 s
        going_on = stage.is_visible()
        if going_on:
            main = trainer.get_by_test_id("stMain")
            main.get_by_role("button", name="Cancel", exact=True).first.click()
            main.get_by_text("Cancelled").first.wait_for(timeout=60_000)
    return {**waits, "recipe": recipe, "trained_throughout": going_on}
