"""The glossary: one sentence for each term, the same on pages and in docs."""

import re

import pytest

from emnist_lab.files import PROJECT
from emnist_lab.metrics import definitions, glossary


def test_the_docs_have_it_word_for_word():
    """If not: python -m emnist_lab glossary > docs/glossary.md"""
    assert (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8") == glossary.markdown()


def test_each_term_stands_once_and_has_whole_sentences():
    terms = [term.lower() for part in glossary.SECTIONS.values() for term in part]
    assert len(terms) == len(set(terms))
    for part in glossary.SECTIONS.values():
        for words in part.values():
            assert re.fullmatch(r"[A-Z].{15,240}\.", words), words


def test_metrics_are_said_as_they_are_defined():
    for one in definitions.METRICS:
        assert glossary.help_of(one.name) == one.help


def test_a_term_that_is_not_there():
    with pytest.raises(KeyError):
        glossary.help_of("phlogiston")
