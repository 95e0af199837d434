"""What an item of a list is: told from its title in many languages, from its source's types, and from its DOI."""

from __future__ import annotations

import pytest

from digest.core.items.kinds import classified, kind_of, subject_of
from digest.core.models import Paper, PaperId, PaperKind
from tests.conftest import paper

ABSTRACT = "We measured the reach of gravel in forty rivers and found that it depends on the bed alone. " * 5


def item(title: str, *, abstract: str = "", named: bool = True, doi: str = "10.1/x", venue: str = "") -> Paper:
    authors = ("Ada Lovelace",) if named else ()
    return paper(1, title=title, abstract=abstract, authors=authors, id=PaperId(f"doi:{doi}"), venue=venue)


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Author Correction: Gravel in rivers", "correction"),
        ("Corrigendum to “Gravel in rivers” [J. Rivers 12 (2026) 3]", "correction"),
        ("Gravel in rivers [Erratum]", "correction"),
        ("Fe de erratas", "correction"),
        ("Опечатки", "correction"),
        ("勘误", "correction"),
        ("Retraction Note: Gravel in rivers", "retraction"),
        ("Comment on “Gravel in rivers”", "comment"),
        ("Reply to: Gravel in rivers", "comment"),
        ("Carta al editor", "comment"),
        ("EDITORIAL: MAJOR CHANGES TO THE JOURNAL", "editorial"),
        ("От редакции", "editorial"),
        ("编者按", "editorial"),
        ("Editorial Board", "contents"),
        ("JR volume 153 issue 6 Cover and Front matter", "contents"),
        ("Inhaltsverzeichnis", "contents"),
        ("Sommaire", "contents"),
        ("Book Review", "book review"),
        ("Buchbesprechungen", "book review"),
        ("書評", "book review"),
        ("In memoriam: Charles Babbage", "obituary"),
        ("Ada Lovelace (1815–1852), who wrote for an engine", "obituary"),
        ("Daily briefing: gravel", "news"),
    ],
)
def test_front_matter_is_known_by_its_title(title: str, kind: str) -> None:
    assert kind_of(item(title)) == kind


@pytest.mark.parametrize(
    "title",
    [
        "Correction to scaling in the Ising model",
        "Retraction of the neck in turtles",
        "Response to drought in maize",
        "Comments on the Riemann zeta function",
        "Editorial boards of journals of economics",
        "Table of contents generation with language models",
        "Index of refraction of gravel",
        "Rainfall Extremes (1950–2020)",
        "Содержание тяжёлых металлов в почве",
        "云南省鸟类目录",
        "Presentación de un caso clínico",
        "A survey of galaxies",
        "Review of the genus Sessiluncus (Acari)",
        "A data set of gravel, and software for it",
    ],
)
def test_a_title_that_may_be_one_of_research_is(title: str) -> None:
    assert kind_of(item(title)) is PaperKind.RESEARCH


@pytest.mark.parametrize("title", ["植物分类与资源学报第37卷总目次", "目次", "投稿規定"])
def test_what_has_neither_authors_nor_text_is_known_by_fewer_words(title: str) -> None:
    assert kind_of(item(title, named=False)) is PaperKind.CONTENTS


def test_what_has_an_abstract_is_no_letter() -> None:
    title = "Correspondence: how gravel travels"

    assert kind_of(item(title)) is PaperKind.COMMENT
    assert kind_of(item(title, abstract=ABSTRACT)) is PaperKind.RESEARCH


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        (("journal-article",), "research"),
        (("JournalArticle", "Review"), "review"),
        (("NEWS & VIEWS",), "news"),
        (("Published Erratum", "Journal Article"), "correction"),
        (("dataset",), "dataset"),
        (("Letter",), "comment"),
        (("Letter", "Case Reports"), "research"),
        (("peer-review",), "comment"),
    ],
)
def test_a_source_s_own_types_tell(types: tuple[str, ...], kind: str) -> None:
    assert kind_of(item("Gravel in rivers"), types) == kind


@pytest.mark.parametrize(
    ("doi", "kind"),
    [
        ("10.1038/d41586-024-01076-7", "news"),
        ("10.1038/s41586-024-07401-4", "research"),
        ("10.5281/zenodo.123456", "dataset"),
        ("10.17504/protocols.io.abc", "protocol"),
        ("10.5194/egusphere-2026-1-rc2", "comment"),
    ],
)
def test_some_dois_tell(doi: str, kind: str) -> None:
    assert kind_of(item("Gravel in rivers", doi=doi)) == kind


def test_an_article_that_its_journal_put_into_an_archive_of_data_is_none() -> None:
    deposited = item("A new species of gravel snail", doi="10.5281/zenodo.123456", venue="Gravel Research")

    assert kind_of(deposited) is PaperKind.RESEARCH


def test_reviews_and_surveys_are_known_by_plain_titles() -> None:
    survey = paper(1, title="Gravel networks: a comprehensive survey", categories=("cs.LG",))

    assert kind_of(item("Gravel in rivers: a systematic review")) is PaperKind.REVIEW
    assert kind_of(survey) is PaperKind.SURVEY


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("Author Correction: Gravel in the rivers of Wales", "Gravel in the rivers of Wales"),
        ("Corrigendum to “Gravel in the rivers of Wales” [J. Rivers 12 (2026) 3]", "Gravel in the rivers of Wales"),
        ("Correction", ""),
        ("Erratum to: It", ""),
    ],
)
def test_a_correction_names_its_paper_in_its_title(title: str, subject: str) -> None:
    assert subject_of(title) == subject


def test_only_what_is_about_a_paper_keeps_the_ids_of_that() -> None:
    about = ["https://doi.org/10.1/GRAVEL"]

    correction = classified(item("Erratum", doi="10.1/e"), about=about)
    research = classified(item("Gravel in rivers", doi="10.1/e"), about=about)

    assert (correction.corrects, research.corrects) == (("doi:10.1/gravel",), ())
