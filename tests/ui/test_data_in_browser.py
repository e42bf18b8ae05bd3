"""The Data page in a real Chromium: datasets chosen, fetched and uploaded."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import JOB, comes_from, go, make_part, press, settled, zipped
from webserver import serving

from emnist_lab.maintenance import browser

pytestmark = [
    pytest.mark.skipif(browser.chromium() is None, reason="needs Chromium: apt-get install it"),
    pytest.mark.timeout(1800),
]


def test_the_dataset_is_chosen_on_every_page_and_kept_in_the_address(page, site):
    page.goto(f"{site}/samples?image=3")
    page.get_by_text("Image 3 is").wait_for()
    settled(page)
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebar").get_by_role("combobox").click()
    page.get_by_role("option", name="demo").click()
    page.get_by_role("button", name="Generated images: about this data").wait_for()
    page.get_by_text("Image 0 is").wait_for()  # an index means another image there
    page.wait_for_url("**data=demo*")
    go(page, "Train")
    page.get_by_text("Generated images: about this data").first.wait_for()  # kept
    page.goto("about:blank")
    page.goto(f"{site}/samples?data=demo")
    page.get_by_role("button", name="Generated images: about this data").wait_for()


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
    comes_from(page, "1,880 images")
    assert page.get_by_text("any more").count() == 0
    shutil.rmtree(own)
    page.goto("about:blank")
    page.goto(f"{site}/samples?data=long-gone")
    page.get_by_text("There is no dataset “long-gone” here").wait_for()
    page.locator(".tile").first.wait_for()


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
            press(page, "Get the real ones", role="link")
            press(page, "Fetch")
            page.get_by_text("Downloading balanced from 127.0.0.1").wait_for(timeout=JOB)
            page.get_by_text("MB/s").wait_for(timeout=JOB)
            page.get_by_text("so far").wait_for(timeout=JOB)
            if shots := os.environ.get("SCREENS"):
                page.screenshot(path=Path(shots) / "fetching-1280.png")
            go(page, "Draw")
            page.locator(browser.USEFUL["draw"]).wait_for()
            go(page, "Data")
            press(page, "Cancel", within="stMain")
            page.get_by_text("goes on with it").wait_for(timeout=JOB)
            nist.pause = 0
            press(page, "Fetch")
            page.get_by_text("In place and checked").first.wait_for(timeout=JOB)
            comes_from(page, "not the official split")
            page.get_by_role("button", name="Fetch again").wait_for()
            press(page, "Browse it", role="link")
            page.get_by_text("1,880 images · page 1 of 8").wait_for()
            assert page.get_by_text("Generated images.").count() == 0


def test_a_dead_network_is_said_within_ten_seconds_and_nothing_hangs(page, tmp_path):
    environment = {
        "EMNIST_LAB_HOME": str(tmp_path), "EMNIST_DIR": "",
        "EMNIST_LAB_MIRRORS": "http://127.0.0.1:9/gzip.zip", "HTTPS_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip
    with browser.server(environment) as address:
        page.goto(f"{address}/data")
        press(page, "Fetch")
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
    press(page, "Import")
    page.get_by_text("In place and checked").first.wait_for(timeout=JOB)
    comes_from(page, "not known as the official split")
    page.wait_for_url("**data=my-digits*")
    press(page, "Browse it", role="link")
    page.get_by_text("100 images", exact=True).wait_for()  # a sixth is the test part
    page.goto(f"{site}/data?data=my-digits")
    press(page, "Delete")
    press(page, "Delete it", within="stDialog")
    page.wait_for_url(lambda url: "my-digits" not in url)
    comes_from(page, "re-partition of EMNIST balanced")


def test_an_upload_that_is_no_dataset_is_one_sentence(page, site, tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("when,what\n1,nothing\n")
    page.goto(f"{site}/data")
    page.locator("input[type=file]").set_input_files(path)
    press(page, "Import")
    page.get_by_text("is no dataset that is known").wait_for(timeout=JOB)
