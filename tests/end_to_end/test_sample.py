"""The shipped sample, read with lxml and json alone: what the README promises of it is really in the files.

Identity is worked out here by hand (arXiv id without version, DOI, the preprint's `arxiv:DOI`), so that the figures are
a second opinion on what our own parsers and `digest.core.identity.ids` say.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import etree

import digest

SAMPLE = Path(digest.__file__).parent / "sample"
MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
DAYS = (MONDAY, TUESDAY)
KINDS = {"arxiv": "xml", "huggingface": "json", "journal": "xml"}

NS = {
    "arxiv": "http://arxiv.org/schemas/atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "rss": "http://purl.org/rss/1.0/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprint:
    id: str
    version: int
    announced: str
    title: str
    abstract: str
    creator: str
    doi: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    doi: str
    title: str
    text: str
    creators: tuple[str, ...]


def content(kind: str, day: str) -> bytes:
    return (SAMPLE / f"{kind}-{day}.{KINDS[kind]}").read_bytes()


def arxiv(day: str) -> list[Preprint]:
    found = []
    for item in etree.fromstring(content("arxiv", day)).iterfind("channel/item"):
        identifier = re.fullmatch(r"oai:arXiv\.org:(\d{4}\.\d{5})v(\d+)", item.findtext("guid"))
        assert identifier
        first, abstract = item.findtext("description").split("\n")
        kind = item.findtext("arxiv:announce_type", namespaces=NS)
        assert first == f"arXiv:{identifier[1]}v{identifier[2]} Announce Type: {kind} "
        assert item.findtext("link") == f"https://arxiv.org/abs/{identifier[1]}"
        found.append(
            Preprint(
                id=identifier[1],
                version=int(identifier[2]),
                announced=kind,
                title=item.findtext("title"),
                abstract=abstract.removeprefix("Abstract: "),
                creator=item.findtext("dc:creator", namespaces=NS),
                doi=item.findtext("arxiv:DOI", namespaces=NS),
            )
        )
    return found


def huggingface(day: str) -> dict[str, dict[str, Any]]:
    items = json.loads(content("huggingface", day))
    return {item["paper"]["id"]: item for item in items}


def journal(day: str) -> list[Article]:
    return [
        Article(
            doi=item.findtext("prism:doi", namespaces=NS),
            title=item.findtext("rss:title", namespaces=NS),
            text=item.findtext("rss:description", namespaces=NS),
            creators=tuple(c.text for c in item.iterfind("dc:creator", NS)),
        )
        for item in etree.fromstring(content("journal", day)).iterfind("rss:item", NS)
    ]


def news(day: str) -> set[str]:
    """The works that *day* lists as news, each under one id: a preprint's DOI is another name of the preprint."""
    preprint_of = {p.doi: p.id for day in DAYS for p in arxiv(day) if p.doi}
    announced = {p.id for p in arxiv(day) if p.announced in ("new", "cross")}
    return announced | huggingface(day).keys() | {preprint_of.get(a.doi, a.doi) for a in journal(day)}


def replaced(day: str) -> set[str]:
    return {p.id for p in arxiv(day) if p.announced in ("replace", "replace-cross")}


def texts() -> dict[str, str]:
    """The abstract of every work that has one, as it was first listed."""
    found: dict[str, str] = {}
    for day in DAYS:
        for preprint in arxiv(day):
            found.setdefault(preprint.id, preprint.abstract)
        for id_, item in huggingface(day).items():
            found.setdefault(id_, item["paper"]["summary"])
        for article in journal(day):
            if article.text.startswith("<p>"):
                found.setdefault(article.doi, re.sub(r"<[^>]+>", "", article.text))
    return found


# -- The files


@pytest.mark.parametrize("day", DAYS)
def test_the_arxiv_list_has_the_shape_that_arxiv_sends(day: str) -> None:
    raw = content("arxiv", day)

    assert raw.startswith(b"<?xml version='1.0' encoding='UTF-8'?>\n<rss ")
    assert raw.isascii()
    order = ["new", "cross", "replace", "replace-cross"]
    places = [(order.index(p.announced), p.id) for p in arxiv(day)]
    assert places == sorted(set(places))


@pytest.mark.parametrize("kind", ["arxiv", "journal"])
@pytest.mark.parametrize("day", DAYS)
def test_a_feed_reader_finds_nothing_to_complain_of(kind: str, day: str) -> None:
    feed = feedparser.parse(content(kind, day), sanitize_html=False, resolve_relative_uris=False)

    assert not feed.bozo
    assert len(feed.entries) == len(arxiv(day) if kind == "arxiv" else journal(day))


@pytest.mark.parametrize("day", DAYS)
def test_the_hugging_face_list_has_the_shape_that_hugging_face_sends(day: str) -> None:
    items = json.loads(content("huggingface", day))

    assert len(huggingface(day)) == len(items)
    votes = [item["paper"]["upvotes"] for item in items]
    assert votes == sorted(votes, reverse=True)
    for item in items:
        paper = item["paper"]
        assert paper["submittedOnDailyAt"].startswith(day)
        assert (item["title"], item["summary"]) == (paper["title"], paper["summary"])
        assert isinstance(item["numComments"], int)
        assert paper["ai_keywords"]
        assert "ai_summary" not in paper
        assert all(author["name"] and author["hidden"] is False for author in paper["authors"])


def test_the_config_reads_every_list_of_both_days_and_no_other_file_lies_there() -> None:
    config = tomllib.loads((SAMPLE / "config.toml").read_text(encoding="utf-8"))

    read = {source["url"].replace("{date}", day) for source in config["source"] for day in DAYS}

    assert {path.name for path in SAMPLE.iterdir()} == read | {"config.toml", "eval"}
    assert [edition["sources"] for edition in config["edition"]] == [[source["name"] for source in config["source"]]]


def test_the_sample_needs_neither_key_nor_network_and_mails_nobody() -> None:
    config = tomllib.loads((SAMPLE / "config.toml").read_text(encoding="utf-8"))

    assert config["llm"]["client"] == "extractive"
    assert config["mail"]["transport"] == "outbox"
    assert all(not urlsplit(source["url"]).scheme for source in config["source"])
    assert all(r.endswith("@example.org") for edition in config["edition"] for r in edition["recipients"])


# -- The papers


def test_there_are_fifty_odd_papers() -> None:
    every = set().union(*(news(day) | replaced(day) for day in DAYS))

    assert len(every) == 55
    assert len(news(MONDAY)) == 28
    assert len(news(TUESDAY) - news(MONDAY) - replaced(MONDAY)) == 26


def test_no_id_can_be_that_of_a_real_paper() -> None:
    ids = {p.id for day in DAYS for p in arxiv(day)} | {id_ for day in DAYS for id_ in huggingface(day)}
    dois = {a.doi for day in DAYS for a in journal(day)} | {p.doi for day in DAYS for p in arxiv(day) if p.doi}

    assert all("2603.90001" <= id_ <= "2603.90099" for id_ in ids)
    assert all(doi.startswith("10.5555/") for doi in dois)


def test_links_of_our_own_making_lead_to_example_org() -> None:
    papers = [item["paper"] for day in DAYS for item in huggingface(day).values()]
    links = [paper[key] for paper in papers for key in ("projectPage", "githubRepo") if key in paper]
    places = [e.link for day in DAYS for e in feedparser.parse(content("journal", day)).entries]

    assert links
    assert all((urlsplit(link).hostname or "").endswith(".example.org") for link in links + places)


def test_abstracts_are_of_an_abstract_s_length() -> None:
    lengths = {id_: len(text.split()) for id_, text in texts().items()}

    assert len(lengths) > 40
    assert {id_: n for id_, n in lengths.items() if not 90 <= n <= 200} == {}


def test_no_two_abstracts_are_alike() -> None:
    shingles = {}
    for id_, text in texts().items():
        words = text.lower().split()
        shingles[id_] = {tuple(words[i : i + 5]) for i in range(len(words) - 4)}

    shared = {(a, b): len(shingles[a] & shingles[b]) for a, b in combinations(shingles, 2)}

    # A preprint and its journal version are one paper, and have one text.
    pair = ("2603.90017", "10.5555/jom.2026.0211")
    assert shared.pop(pair) > 100
    assert max(shared.values()) <= 5


def test_many_fields_are_there() -> None:
    primaries = Counter(
        item.findtext("category").partition(".")[0]
        for day in DAYS
        for item in etree.fromstring(content("arxiv", day)).iterfind("channel/item")
    )

    assert {"cs", "eess", "quant-ph", "stat", "physics", "q-bio", "math", "astro-ph"} <= primaries.keys()


# -- What the two days are there to show


@pytest.mark.parametrize("day", DAYS)
def test_arxiv_and_hugging_face_list_some_papers_on_the_same_day(day: str) -> None:
    both = {p.id: p for p in arxiv(day) if p.id in huggingface(day)}

    assert len(both) >= 4
    for id_, preprint in both.items():
        assert huggingface(day)[id_]["paper"]["title"] == preprint.title


@pytest.mark.parametrize("day", DAYS)
def test_hugging_face_lists_some_papers_alone(day: str) -> None:
    assert huggingface(day).keys() - {p.id for day in DAYS for p in arxiv(day)}


def test_papers_of_monday_are_listed_again_on_tuesday() -> None:
    again = news(MONDAY) & news(TUESDAY)

    assert len(huggingface(MONDAY).keys() & huggingface(TUESDAY).keys()) == 2
    assert len(again) >= 5


def test_a_paper_rises_between_the_days() -> None:
    monday, tuesday = huggingface(MONDAY), huggingface(TUESDAY)

    rise = {
        id_: (monday[id_]["paper"]["upvotes"], tuesday[id_]["paper"]["upvotes"]) for id_ in monday if id_ in tuesday
    }

    assert any(after > 20 * before for before, after in rise.values())


def test_a_paper_that_only_arxiv_lists_on_monday_is_popular_on_hugging_face_on_tuesday() -> None:
    late = {p.id for p in arxiv(MONDAY)} & huggingface(TUESDAY).keys() - huggingface(MONDAY).keys()

    assert max(huggingface(TUESDAY)[id_]["paper"]["upvotes"] for id_ in late) > 50


def test_a_later_version_is_listed_on_tuesday() -> None:
    monday = {p.id: p for p in arxiv(MONDAY)}

    later = [p for p in arxiv(TUESDAY) if p.announced == "replace"]

    assert [(p.version, monday[p.id].version) for p in later] == [(2, 1)]
    assert later[0].abstract != monday[later[0].id].abstract


def test_a_replaced_cross_list_is_listed_on_tuesday() -> None:
    monday = {p.id: p.announced for p in arxiv(MONDAY)}

    assert [monday[p.id] for p in arxiv(TUESDAY) if p.announced == "replace-cross"] == ["cross"]


def test_a_later_version_of_a_paper_never_seen_before_is_listed_on_monday() -> None:
    assert [p.version for p in arxiv(MONDAY) if p.announced == "replace"] == [3]
    assert not replaced(MONDAY) & news(MONDAY)


@pytest.mark.parametrize("day", DAYS)
def test_a_cross_list_is_there(day: str) -> None:
    assert any(p.announced == "cross" for p in arxiv(day))


def test_the_journal_publishes_a_preprint_of_monday_on_tuesday() -> None:
    [preprint] = [p for p in arxiv(MONDAY) if p.doi]
    [article] = [a for a in journal(TUESDAY) if a.doi == preprint.doi]

    assert article.title == preprint.title
    assert preprint.doi not in {a.doi for a in journal(MONDAY)}


def test_the_journal_repeats_articles_of_monday_on_tuesday() -> None:
    assert len({a.doi for a in journal(MONDAY)} & {a.doi for a in journal(TUESDAY)}) == 3


def test_one_article_comes_without_an_abstract() -> None:
    assert [a.text for a in journal(MONDAY) if not a.text.startswith("<p>")] == ["Volume 12, Issue 3, Pages 201-219."]


# -- Text that is easily spoilt


@pytest.mark.parametrize(
    "name", [r"Mar\'ia Rodr\'iguez-G\'alvez", r"Jos\'e ", r"S{\o}ren ", r"\v{S}", r"{\i}", r"{\aa}"]
)
def test_accents_of_authors_are_tex(name: str) -> None:
    assert any(name in p.creator for p in arxiv(MONDAY))


def test_the_same_author_is_tex_at_arxiv_and_unicode_at_hugging_face() -> None:
    [optimizer] = [p for p in arxiv(MONDAY) if p.title.startswith("Half a Memory")]

    names = [author["name"] for author in huggingface(MONDAY)[optimizer.id]["paper"]["authors"]]

    assert optimizer.creator.startswith(r"Jos\'e Mar\'ia Urrutxaga, ")
    assert names[0] == "José María Urrutxaga"


def test_a_title_has_less_than_and_ampersand() -> None:
    assert any("< 0.05" in p.title and "R&D" in p.title for p in arxiv(MONDAY))


def test_formulas_with_less_than_are_there() -> None:
    assert any(r"$2.6<\eta<4$" in p.abstract for p in arxiv(MONDAY))


def test_one_abstract_is_rich_in_formulas() -> None:
    [decoding] = [p.abstract for p in arxiv(MONDAY) if r"$\mathcal{O}(n \log n)$" in p.abstract]

    assert decoding.count("$") >= 30
    assert all(text.count("$") % 2 == 0 for text in texts().values())


def test_a_collaboration_has_more_than_sixty_authors() -> None:
    assert max(len(p.creator.split(", ")) for p in arxiv(MONDAY)) > 60


def test_one_paper_gives_affiliations_with_commas_inside() -> None:
    assert any(re.search(r"\([^()]+, [^()]+\), ", p.creator) for p in arxiv(MONDAY))


def test_a_journal_s_title_has_a_subscript_as_html() -> None:
    assert any("CO<sub>2</sub>" in a.title for a in journal(MONDAY))


# -- Through our own parsers


@pytest.mark.parametrize(
    ("kind", "module", "source"),
    [
        ("arxiv", "arxiv.source", "ArxivSource"),
        ("huggingface", "huggingface", "HuggingFaceSource"),
        ("journal", "feed", "FeedSource"),
    ],
)
@pytest.mark.parametrize("day", DAYS)
def test_our_parser_finds_every_item_and_rejects_none(kind: str, module: str, source: str, day: str) -> None:
    url = (SAMPLE / f"{kind}-{day}.{KINDS[kind]}").as_uri()
    expected = {"arxiv": arxiv, "huggingface": huggingface, "journal": journal}[kind](day)

    parsed = getattr(pytest.importorskip(f"digest.sources.{module}"), source)(kind, url=url).parse(
        content(kind, day), url=url
    )

    assert len(parsed.records) == len(expected)
    assert parsed.rejected == ()
