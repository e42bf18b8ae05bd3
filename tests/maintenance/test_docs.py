"""README and docs: links lead somewhere, pictures are small, names in examples exist."""

import re
from pathlib import Path

import pytest

import emnist_lab as lab
from emnist_lab.__main__ import main
from emnist_lab.files import PROJECT

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(PROJECT.glob("docs/*.md"))]
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page):
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in link:
            name, _, heading = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target.is_file(), link
            assert not heading or heading in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:emnist_lab|artifacts|tests|pages)/[\w./]*)`", text):
        if path != "artifacts/runs":  # is made with the first run
            assert (PROJECT / path).exists(), path


def test_every_page_of_docs_is_linked_from_the_readme():
    readme = PAGES[0].read_text(encoding="utf-8")
    assert all(f"(docs/{page.name})" in readme for page in PAGES[2:])


def test_the_pictures_are_small():
    pictures = [*PROJECT.glob("docs/*.webp")]
    assert len(pictures) == 2
    assert sum(path.stat().st_size for path in pictures) < 400_000


def test_names_in_the_python_examples_exist():
    text = (PROJECT / "docs" / "python.md").read_text(encoding="utf-8")
    names = re.findall(r"\blab((?:\.\w+)+)\(", text)
    assert len(names) > 8
    for name in names:
        here = lab
        for step in name.strip(".").split("."):
            here = getattr(here, step)
        assert callable(here)


def test_commands_in_the_docs_exist(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    known = set(re.search(r"\{([\w,-]+)\}", capsys.readouterr().out)[1].split(","))
    told = {
        verb
        for page in PAGES
        for verb in re.findall(r"python -m emnist_lab ([a-z][\w-]*)", page.read_text("utf-8"))
    }
    assert told <= known
