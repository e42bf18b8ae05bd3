"""The API as a process of its own, asked as docs/api.md says."""

import contextlib
import os
import re
import shutil
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw, ImageFont

from emnist_lab.errors import LabError
from emnist_lab.files import PROJECT
from emnist_lab.maintenance import api_load, browser

TEXT = (PROJECT / "docs" / "api.md").read_text(encoding="utf-8")
ADDRESS = "http://localhost:8501"
CURL = re.findall(r"^curl .+$", TEXT, re.MULTILINE)
PYTHON = re.findall(r"```python\n(.+?)```", TEXT, re.DOTALL)
KEY = "a" * 32


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with browser.server({"EMNIST_LAB_HOME": str(home)}) as address:
        yield address


@pytest.fixture
def place(tmp_path):
    page = Image.new("L", (900, 300), 240)
    ImageDraw.Draw(page).text((60, 20), "A7 K2", 20, ImageFont.load_default(size=130))
    page.save(tmp_path / "page.jpg")
    seven = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(seven).line([(70, 70), (220, 70), (120, 240)], 20, 18)
    seven.save(tmp_path / "a.png")
    return tmp_path


def ran(words: list[str], place) -> str:
    done = subprocess.run(
        words,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "KEY": KEY},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_documentation_has_lines_for_each_use():
    assert len(CURL) >= 15 and len(PYTHON) >= 5
    assert all(ADDRESS in line for line in CURL + PYTHON)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("line", CURL)
def test_a_line_of_curl_does_what_the_documentation_says(served, place, line):
    out = ran(["bash", "-c", line.replace(ADDRESS, served)], place)
    assert out.strip() and '"status": 4' not in out and '"detail"' not in out
    if "predict" in line:
        assert '"class":"7"' in out


@pytest.mark.parametrize("program", PYTHON)
def test_a_program_does_what_the_documentation_says(served, place, program):
    assert ran([sys.executable, "-c", program.replace(ADDRESS, served)], place).strip()


def test_clients_at_once_are_all_answered(served):
    found = api_load.measure_load(served, "hog-qda", clients=4, seconds=1.0)
    assert found["failed"] == 0 and found["requests"] > 4
    assert 0 < found["median_ms"] <= found["p95_ms"]


def test_a_page_beside_them_is_answered_too(served):
    assert all(wait > 0 for wait in api_load.measure_strokes(served, "hog-qda", 4, 1.0))


def test_a_setting_that_cannot_be_stops_the_server(tmp_path):
    variables = {"EMNIST_LAB_HOME": str(tmp_path), "EMNIST_LAB_API_RATE": "often"}
    with (
        pytest.raises(LabError, match=r"\$EMNIST_LAB_API_RATE is 'often'"),
        contextlib.ExitStack() as stack,
    ):
        stack.enter_context(browser.server(variables))
