"""The README's pictures of the app, made in a real Chromium from what the project ships."""

import io
import tempfile
from pathlib import Path

from PIL import Image

from .. import files
from .browser import BARS, USEFUL, draw, launched, server, wait_for_intervals

FOLDER = files.PROJECT / "docs"
RUN = "warped-blend"
# An "R", in pixels of the Draw page's canvas: its stem, then its bow and leg.
_LETTER = [
    [(95, 60), (92, 140), (88, 225)],
    [(95, 62), (150, 52), (185, 78), (175, 118), (140, 138), (98, 142), (140, 165), (195, 226)],
]
_WIDTH, _HEIGHT, _MARGIN = 1280, 800, 8  # pixels
_SETTLED = 2_000  # milliseconds that a page may still move after its picture is there


def take(folder: Path = FOLDER) -> list[Path]:
    """Take the pictures: the Draw page with a drawn character, Evaluate's metrics and matrix.

    No dataset is named, so they show what somebody sees who has just installed the project.

    Parameters
    ----------
    folder : pathlib.Path
        Gets ``draw.webp`` and ``evaluate.webp``; those that are there are replaced.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    LabError
        Playwright or Chromium is missing, or the app doesn't start.
    """
    with tempfile.TemporaryDirectory() as home:
        environment = {"EMNIST_LAB_HOME": home, "EMNIST_DIR": ""}
        with server(environment) as address, launched() as browser:
            page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT})
            page.goto(f"{address}/draw?run={RUN}")
            page.locator(USEFUL["draw"]).wait_for(timeout=60_000)
            page.wait_for_timeout(_SETTLED)
            draw(page, _LETTER)
            page.locator(BARS).first.wait_for()
            drawn = _shot(page, folder / "draw.webp")
            page.set_viewport_size({"width": _WIDTH, "height": 2 * _HEIGHT})
            page.goto(f"{address}/evaluate?run={RUN}")
            matrix = page.locator(USEFUL["evaluate"])
            matrix.wait_for(timeout=60_000)
            wait_for_intervals(page)
            page.mouse.move(0, 0)
            page.wait_for_timeout(_SETTLED)
            top = page.get_by_text("Accuracy", exact=True).first.bounding_box()["y"] - _MARGIN
            box = matrix.bounding_box()
            bottom = box["y"] + box["height"] + _MARGIN
            area = {"x": 0, "y": top, "width": _WIDTH, "height": bottom - top}
            return [drawn, _shot(page, folder / "evaluate.webp", area)]


def _shot(page, path: Path, area: dict | None = None) -> Path:
    page.wait_for_timeout(_SETTLED)
    picture = io.BytesIO()
    with Image.open(io.BytesIO(page.screenshot(clip=area))) as shot:
        shot.convert("RGB").save(picture, "WEBP", quality=85, method=6)
    files.write_whole(path, picture.getvalue())
    return path
