"""How soon Evaluate answers at EMNIST's official size, in a real Chromium; for the bench."""

import statistics
import tempfile
from pathlib import Path

from ..evaluation import figures
from . import browser, browser_timings, loading_cost

_RUN = "warped-blend"
_HERE = f"evaluate?run={_RUN}&on=the+dataset+in+use"
_PAUSE = 300  # milliseconds between clicks

# Notes when the server last said something. The state that Streamlit writes on the page won't do
# alone: a short run begins and ends between two paints, and is never written.
_LISTENS = """() => {
  window.__said = 0;
  window.WebSocket = class extends window.WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', () => { window.__said = performance.now(); });
    }
  };
}"""
# Resolves with the milliseconds from the next click to the paint after the page has run: the
# first after the server's last word, or the one in which the run is seen to have ended.
_ANSWERED = """() => {
  window.__answered = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no answer within a minute')), 60000);
    // A tab opens when it is pressed, and may have been answered before it is let go.
    document.addEventListener('pointerdown', () => {
      const app = document.querySelector('[data-testid=stApp]');
      const begun = performance.now(), before = window.__said;
      let painted = 0;
      const look = () => {
        if (app.dataset.testScriptState === 'running' || painted < window.__said) {
          painted = performance.now();
        } else if (window.__said > before && painted < performance.now() - 250) {
          return resolve(painted - begun);
        }
        requestAnimationFrame(look);
      };
      look();
    }, { once: true, capture: true });
  });
}"""


def measure_evaluate_page(root: str | None, rounds: int = 10, visits: int = 5) -> dict:
    """Time Evaluate on a test part as large as the official one (of repeats of images at hand).

    Parameters
    ----------
    root : str or None
        Folder of the dataset.
    rounds : int
        How often each click is made.
    visits : int
        How often the page is opened, after the first time.

    Returns
    -------
    dict
        ``opens_s``, then what is clicked: milliseconds until the page has
        answered, the ``first`` time (nothing was computed before), ``median``
        and ``largest`` of all.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        loading_cost.write_official_size_copy("balanced", "test", root, Path(folder))
        environment = {"EMNIST_DIR": folder, "EMNIST_LAB_HOME": home}
        with browser.server(environment) as address, browser.launched() as chromium:
            page = chromium.new_page(viewport={"width": 1280, "height": 1400})
            page.add_init_script(f"({_LISTENS})()")
            return _times(page, address, rounds, visits)


def _times(page, address: str, rounds: int, visits: int) -> dict:
    opens = []
    for _ in range(visits + 1):
        page.goto(f"{address}/{_HERE}", wait_until="commit")
        opens.append(page.evaluate(browser_timings.ARRIVAL, browser.USEFUL["evaluate"]) / 1e3)
        page.wait_for_timeout(1_000)
    result: dict = {
        "opens_s": {
            "first, read by the run": round(opens[0], 2),
            "median": round(statistics.median(opens[1:]), 2),
        }
    }
    browser.wait_for_intervals(page)
    page.wait_for_timeout(1_500)
    box = page.locator(browser.USEFUL["evaluate"]).bounding_box()

    def spot(across: float, down: float):
        side = box["width"] - 36  # the labels' room, as in ui/matrix.js
        x, y = (place if place < 0 else 34 + side * (place + 0.5) / 47 for place in (across, down))
        return lambda: page.mouse.click(box["x"] + abs(x), box["y"] + abs(y))

    def press(name: str, role: str = "radio"):
        return lambda: page.get_by_role(role, name=name, exact=True).first.click()

    result["a cell"] = _clicked(page, [spot(turn, turn) for turn in range(rounds)])
    result["a label"] = _clicked(page, [spot(-15, turn) for turn in range(rounds)])
    for title, names in {
        "counts, by row, by column": [figures.BY_TRUE, figures.BY_PREDICTED, "counts"],
        "order of the matrix": ["by confusion", "by alphabet"],
    }.items():
        result[title] = _clicked(page, [press(name) for name in _turns(names, rounds)])
    tabs = ["Pairs", "ROC AUC", "Calibration", "Label errors", "Embedding", "Per-class metrics"]
    tabs.append("Confusion")
    waits = {name: [] for name in tabs}
    for _ in range(max(rounds // 2, 1)):
        for name in tabs:
            waits[name] += _waits(page, [press(name, "tab")])
    result |= {f"tab {name}": _summary(some) for name, some in waits.items()}
    press("Embedding", "tab")()
    page.wait_for_timeout(2_000)
    layouts = [press(name) for name in _turns(["t-SNE", "PCA", "LDA"], rounds)]
    result["layout of the map"] = _clicked(page, layouts)
    return result


def _turns(names: list[str], rounds: int) -> list[str]:
    return (names * rounds)[:rounds]


def _clicked(page, acts: list) -> dict:
    return _summary(_waits(page, acts))


def _waits(page, acts: list) -> list[float]:
    waits = []
    for act in acts:
        page.evaluate(_ANSWERED)
        act()
        waits.append(page.evaluate("window.__answered"))
        page.wait_for_timeout(_PAUSE)
    return waits


def _summary(waits: list[float]) -> dict:
    first = {"first": round(waits[0])}
    return first | browser_timings.summarize(waits) | {"clicks": len(waits)}
