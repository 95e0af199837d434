"""The summary that needs no model."""

from __future__ import annotations

from digest.core.extracts.extractive import Extractor
from digest.summarizers.extract import extractive_summary
from tests.conftest import paper

EXTRACT = Extractor({}).summarize


def test_an_extract_carries_topics_its_language_and_who_made_it() -> None:
    summary = extractive_summary(paper(1), extract=EXTRACT, tag=lambda p: (f"of {p.id}",), language="de")

    assert summary.tldr
    assert summary.topics == (f"of {paper(1).id}",)
    assert (summary.client, summary.model, summary.language) == ("extractive", None, "en")
    assert summary.checked == ()
    assert summary.fell_back is None


def test_an_extract_that_stands_in_says_why() -> None:
    assert extractive_summary(paper(1), extract=EXTRACT, tag=lambda _: (), fell_back="HTTP 500").fell_back == "HTTP 500"


def test_a_paper_without_an_abstract_has_an_honestly_empty_summary() -> None:
    summary = extractive_summary(paper(1, abstract=""), extract=EXTRACT, tag=lambda _: ())

    assert (summary.tldr, summary.points) == ("", ())
