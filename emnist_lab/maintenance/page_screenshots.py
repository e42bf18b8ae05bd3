"""A picture of every page and mode, at two widths, light and dark: to be looked at."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from .browser import PLACES, launched, server, settled

WIDTHS, SCHEMES = {1280: 800, 360: 740}, ("light", "dark")  # width -> height in pixels
_TALLEST = 5_000  # pixels of a picture
_STILL = 1_000  # milliseconds in which charts and pictures arrive
_WAIT = 120_000  # milliseconds


def take(folder: Path, root: str | None, say: Callable[[str], None]) -> list[Path]:
    """Take a picture of every page and mode, as long as the page is.

    Parameters
    ----------
    folder : pathlib.Path
        Gets ``NAME-WIDTH-SCHEME.png``; made where it isn't there.
    root : str or None
        Folder of the dataset; None shows what somebody sees who has just installed the project.
    say : callable
        Told of each page.

    Returns
    -------
    list of pathlib.Path
        The files.

    Raises
    ------
    LabError
        Playwright or Chromium is missing, or the app doesn't start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with TemporaryDirectory() as home:
        environment = {"EMNIST_LAB_HOME": home, "EMNIST_DIR": root or ""}
        with server(environment) as address, launched() as browser:
            for width, height in WIDTHS.items():
                for scheme in SCHEMES:
                    context = browser.new_context(
                        viewport={"width": width, "height": height},
                        color_scheme=scheme,
                        has_touch=width < 500,
                    )
                    page = context.new_page()
                    page.set_default_timeout(_WAIT)
                    for name, (path, useful) in PLACES.items():
                        page.goto(f"{address}/{path}")
                        page.locator(useful).first.wait_for()
                        settled(page)
                        page.wait_for_timeout(_STILL)
                        main = page.locator("[data-testid=stMain]")
                        tall = main.evaluate("(e) => e.scrollHeight")
                        page.set_viewport_size({"width": width, "height": min(tall, _TALLEST)})
                        page.wait_for_timeout(_STILL)
                        path = folder / f"{name}-{width}-{scheme}.png"
                        page.screenshot(path=path)
                        page.set_viewport_size({"width": width, "height": height})
                        say(path.name)
                        written.append(path)
                    context.close()
    return written
