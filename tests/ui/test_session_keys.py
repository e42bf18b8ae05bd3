"""Evaluate, Train and Compare own their session keys: by a prefix, or as address parameters."""

import ast
from pathlib import Path

import pytest

from emnist_lab.files import PROJECT

UI = PROJECT / "emnist_lab" / "ui"
PAGES = {
    "evaluate": [
        PROJECT / "pages" / "evaluate.py",
        UI / "current_evaluation.py",
        *sorted((UI / "evaluate").glob("*.py")),
    ],
    "train": [PROJECT / "pages" / "train.py", *sorted((UI / "train").glob("*.py"))],
    "compare": [PROJECT / "pages" / "compare.py", *sorted((UI / "compare").glob("*.py"))],
}


def keys(path: Path) -> list[tuple[str, bool]]:
    """Beginning of each widget's key, and whether it is a parameter of the address too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).startswith("st."):
            continue
        named = {one.arg: one.value for one in node.keywords}
        key = named.get("key")
        if isinstance(key, ast.JoinedStr):
            key = key.values[0]
        if isinstance(key, ast.Constant):
            found.append((key.value, "bind" in named))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_keys_have_the_pages_prefix(page):
    plain = [key for path in PAGES[page] for key, bound in keys(path) if not bound]
    assert plain and all(key.startswith(f"{page}-") for key in plain)


@pytest.mark.parametrize("page", ["evaluate", "compare"])
def test_parameters_of_the_address_are_no_other_pages_keys(page):
    """Streamlit calls a parameter as its widget's key, so it can't have a prefix."""
    own = {key for path in PAGES[page] for key, bound in keys(path) if bound}
    others = [
        path
        for path in [*(PROJECT / "pages").glob("*.py"), *UI.rglob("*.py")]
        if path not in PAGES[page]
    ]
    assert own and not own & {key for path in others for key, _ in keys(path)}
