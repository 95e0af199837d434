"""Feeds of journals, preprint servers and blogs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from digest.core.errors import SourceError
from digest.core.lists.calendar import ANY_DAY, daily
from digest.core.models import Paper, Parsed
from digest.core.ports import Source
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource
from digest.sources.listing import ListingSource

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
URL = "https://journal.example.org/feeds/new.xml"
SOURCE = FeedSource("feed", url=URL, clock=lambda: NOW)

NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"'
)


def rss(*items: str) -> Parsed:
    body = "".join(f"<item>{item}</item>" for item in items)
    content = f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel><title>J</title>{body}</channel></rss>'
    return SOURCE.parse(content.encode(), url=URL)


def only(parsed: Parsed) -> Paper:
    (record,) = parsed.records
    assert parsed.rejected == ()
    return record.paper


def test_an_article_of_nature() -> None:
    paper = only(
        rss(
            "<title><![CDATA[ An S<sub>N</sub>2 reaction at 10<sup>5</sup> &amp; more ]]></title>"
            "<link>https://www.nature.com/articles/s41586-024-00001-1</link>"
            "<content:encoded><![CDATA[<p>Nature, Published online: 26 April 2024; <a href='https://x'>doi:10.1038/s41586-024-"
            "00001-1</a></p>We show $x&lt;y$ and $a&gt;b$.]]></content:encoded>"
            "<dc:creator>Ada Lovelace</dc:creator><dc:creator>Noether, Emmy</dc:creator>"
            "<dc:date>2024-04-26</dc:date><prism:doi>10.1038/s41586-024-00001-1</prism:doi>"
        )
    )

    assert paper.id == "doi:10.1038/s41586-024-00001-1"
    assert paper.title == "An SN2 reaction at 10⁵ & more"
    assert paper.abstract == "We show $x<y$ and $a>b$."
    assert paper.authors == ("Ada Lovelace", "Emmy Noether")
    assert paper.published == datetime(2024, 4, 26, tzinfo=UTC)


def test_an_article_of_pubmed_is_known_by_its_doi_and_has_a_link_that_stays() -> None:
    paper = only(
        rss(
            "<title>Bacteria</title><guid isPermaLink='false'>pubmed:34902460</guid>"
            "<link>https://pubmed.ncbi.nlm.nih.gov/34902460/?utm_source=Mobile Safari UI&amp;fc=1&amp;ff=2021</link>"
            "<description>CONCLUSIONS: It grows.</description>"
            "<content:encoded><![CDATA[<div><p>Mol Biol Rep. 2021 Nov 5. doi: 10.1007/s1. Online ahead of print.</p>"
            "<p><b>ABSTRACT</b></p><p>BACKGROUND: A species.</p><p>CONCLUSIONS: It grows.</p><p>PMID:<a>34902460</a> | "
            "DOI:<a>10.1007/s1</a></p></div>]]></content:encoded>"
            "<dc:identifier>pmid:34902460</dc:identifier><dc:identifier>doi:10.1007/s1</dc:identifier>"
        )
    )

    assert paper.id == "doi:10.1007/s1"
    assert paper.url == "https://pubmed.ncbi.nlm.nih.gov/34902460/"
    assert paper.abstract == "BACKGROUND: A species.\nCONCLUSIONS: It grows."


def test_a_preprint_loses_the_version_in_its_address_and_keeps_it_as_a_number() -> None:
    short, long = rss(
        "<title>\nWheat\n</title><link>\nhttp://biorxiv.org/cgi/content/short/743294v2?rss=1\n</link>"
        "<description>Wheat grows.</description><dc:creator>Kaur, M., Shukla, A.</dc:creator>"
        "<dc:identifier>doi:10.1101/743294</dc:identifier>",
        "<title>Rye</title><link>https://www.biorxiv.org/content/10.64898/2026.04.03.716344v1?rss=1</link>",
    ).records

    assert (short.paper.id, short.paper.version) == ("doi:10.1101/743294", 2)
    assert short.paper.url == "https://doi.org/10.1101/743294"
    assert short.paper.authors == ("M. Kaur", "A. Shukla")
    assert (long.paper.id, long.paper.version) == ("doi:10.64898/2026.04.03.716344", 1)


@pytest.mark.parametrize(
    ("description", "abstract", "authors"),
    [
        ('<a href="/toc">Volume 70, Issue 1</a>, July 2021, Page 32-52<br/>. <br/>', "", ()),
        (
            "<p>Publication date: May 2021</p><p><b>Source:</b> J, Volume 2</p><p>Author(s): Ada B, Cora D</p>",
            "",
            ("Ada B", "Cora D"),
        ),
        (
            "<p>ZooKeys 1068: 149-187</p><p>DOI: 10.3897/z.1</p><p>Authors: Ada B, Cora D</p><p>Abstract: A wasp.</p>",
            "A wasp.",
            ("Ada B", "Cora D"),
        ),
        ('<div class="boxTitle">Abstract</div><span>Trees grow.</span>', "Trees grow.", ()),
        ("TAXON, EarlyView.", "", ()),
        (
            "A title<br>Ada B, Cora D<br>bioRxiv 2025.02.25.1; doi: https://doi.org/10.1101/2025.02.25.1",
            "",
            ("Ada B", "Cora D"),
        ),
        ("朱弘;库伟鹏;</br>浙江南麂岛。", "浙江南麂岛。", ("朱弘", "库伟鹏")),
        ("arXiv:2606.01234v1 Announce Type: new \nAbstract: We prove.", "We prove.", ()),
        ("Abstract interpretation is used.", "Abstract interpretation is used.", ()),
        ("We study p&lt;0.05; see Section 1. 2021 was hard.", "We study p<0.05; see Section 1. 2021 was hard.", ()),
    ],
)
def test_what_stands_in_the_place_of_an_abstract_is_told_from_it(
    description: str, abstract: str, authors: tuple[str, ...]
) -> None:
    paper = only(
        rss(f"<title>A title</title><link>https://a.org/1</link><description><![CDATA[{description}]]></description>")
    )

    assert (paper.abstract, paper.authors) == (abstract, authors)


def test_an_entry_of_atom_has_its_relative_link_joined_and_its_own_dates() -> None:
    content = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><link href="https://lab.example.org/blog/"/><entry>'
        b'<title type="text">AT&amp;T</title><id>tag:x,1</id><link href="2026/one.html"/>'
        b"<updated>2026-06-02T10:00:00Z</updated><author><name>Ada Lovelace</name></author>"
        b'<category term="cs.LG"/><category term="Deep learning"/></entry></feed>'
    )

    paper = only(SOURCE.parse(content, url=URL))

    assert paper.title == "AT&T"
    assert paper.url == "https://lab.example.org/blog/2026/one.html"
    assert (paper.published, paper.updated) == (None, datetime(2026, 6, 2, 10, tzinfo=UTC))
    assert (paper.categories, paper.keywords) == (("cs.LG",), ("Deep learning",))


def test_a_json_feed() -> None:
    content = b"""{"version": "https://jsonfeed.org/version/1.1", "next_url": "https://a.org/2", "items": [
      {"id": "1", "url": "https://a.org/1", "title": "One <b>word</b>", "content_html": "<p>Some &amp; more</p>",
       "date_published": "2026-06-02T10:00:00+02:00", "authors": [{"name": "Ada Lovelace"}], "tags": ["x"]},
      {"id": 2, "title": "Two", "content_text": "a < b & c", "author": {"name": "Emmy Noether"}},
      {"id": "3", "content_text": "no title"}, "nonsense"]}"""

    parsed = SOURCE.parse(content, url=URL)

    one, two = (record.paper for record in parsed.records)
    assert (one.title, one.abstract, one.keywords) == ("One word", "Some & more", ("x",))
    assert one.published == datetime(2026, 6, 2, 8, tzinfo=UTC)
    assert (two.abstract, two.authors, two.url) == ("a < b & c", ("Emmy Noether",), "")
    assert [r.reason for r in parsed.rejected] == ["no title", "no title"]


def test_one_bad_item_does_not_stop_the_others() -> None:
    parsed = rss(
        "<title>Good</title><link>https://a.org/1</link>",
        "<link>https://a.org/2</link><description>no title</description>",
        "<title>nothing else</title>",
        "<title>Bad date</title><link>https://a.org/3</link><pubDate>99 Foo 2026</pubDate>",
        "<title>Bad link</title><link>javascript:alert(1)</link><description>x</description>",
        f"<title>{'long ' * 300}</title><link>https://a.org/4</link>",
    )

    assert [r.paper.title for r in parsed.records] == ["Good", "Bad date", "Bad link"]
    assert parsed.records[2].paper.url == ""
    assert [r.reason for r in parsed.rejected] == [
        "no title",
        "neither id nor link nor abstract",
        "title of more than 1,000 characters",
    ]
    assert parsed.rejected[0].excerpt == "https://a.org/2"


@pytest.mark.parametrize("place", ["head", "entry"])
@pytest.mark.parametrize(
    "poison",
    [
        "</width>",
        "<image></width></image>",
        "<textinput><title>x</textinput><link>y</link>",
        "<textInput><title>x</title><link>y</link></textInput>",
        "<image><title>x</title><textinput><link>y</link></textinput></image>",
    ],
)
def test_a_poisonous_entry_costs_the_digest_at_most_itself(poison: str, place: str) -> None:
    items = [f"<item><title>Paper {n}</title><link>http://x.org/{n}</link></item>" for n in range(9)]
    if place == "entry":
        items[4] = items[4].replace("</item>", f"{poison}</item>")
    head = poison if place == "head" else ""
    content = f'<rss version="2.0"><channel><title>J</title>{head}{"".join(items)}</channel></rss>'

    parsed = SOURCE.parse(content.encode(), url=URL)

    expected = {f"Paper {n}" for n in range(9)} - ({"Paper 4"} if place == "entry" else set())
    assert {r.paper.title for r in parsed.records} >= expected
    assert len(parsed.records) + len(parsed.rejected) == 9
    assert all("damaged" in r.reason for r in parsed.rejected)


def test_a_feed_of_nothing_but_damage_is_counted() -> None:
    bad = "<item><title>x</title><textInput><title>x</title><link>y</link></textInput></item>"

    parsed = SOURCE.parse(f'<rss version="2.0"><channel>{bad * 40}</channel></rss>'.encode(), url=URL)

    assert (len(parsed.records), len(parsed.rejected)) == (0, 40)


def test_an_address_of_the_feed_that_is_none_stops_nothing() -> None:
    parsed = SOURCE.parse(
        b'<rss version="2.0"><channel><title>J</title><link>http://[</link>'
        b"<item><title>A</title><link>/1</link></item></channel></rss>",
        url=URL,
    )

    assert only(parsed).url == "https://journal.example.org/1"


def test_a_guid_that_is_no_address_is_no_id() -> None:
    paper = only(rss("<title>A Paper on Things</title><guid>https://x.org&lt;y/1</guid>"))
    blanks = only(rss("<title>A Paper on Things</title><guid>https://x.org/a b</guid>"))

    assert paper.id.startswith("title:")
    assert blanks.id == "url:https://x.org/a%20b"


def test_a_version_beyond_all_versions_is_none() -> None:
    paper = only(
        rss("<title>A</title><link>https://www.biorxiv.org/content/10.1101/2024.01.01.123456v2999999999999999</link>")
    )

    assert paper.id == "doi:10.1101/2024.01.01.123456"
    assert paper.version is None


def test_no_id_holds_invisible_characters_or_a_whole_page() -> None:
    beside = f"<dc:identifier>10.1/{'x' * 9000}</dc:identifier>"
    paper = only(rss(f"<title>A Paper on Things</title><guid>doi:10.1000/a\u200bb</guid>{beside}"))
    endless = only(rss(f"<title>A Paper on Things</title><guid>https://x.org/{'y' * 9000}</guid>"))

    assert paper.id == "doi:10.1000/ab"
    assert len(endless.id) < 3000


def test_a_date_in_the_future_is_dropped() -> None:
    paper = only(rss("<title>x</title><link>https://a.org/1</link><pubDate>Mon, 01 Mar 2027 00:00:00 GMT</pubDate>"))

    assert (paper.published, paper.updated) == (None, None)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            b"<html><head><title>Just a moment...</title></head></html>",
            "a web page titled 'Just a moment...', not a feed",
        ),
        (b'<?xml version="1.0"?><opml><head><title>Mine</title></head></opml>', "(OPML) titled 'Mine', not a feed"),
        (b"<note><to>Tove</to></note>", "answered with XML (<note>), not a feed"),
        (b"<rss version='2.0'><channel><item><title>One</title></item><item><title>Tw", "was cut off after 2 entries"),
        (b'{"status": "ok"}', "JSON that is no JSON Feed"),
        (b"", "is empty"),
        (
            b"<rss><channel>" + b"<item><title>x</title></item>" * 6000 + b"</channel></rss>",
            "has more than 5,000 entries",
        ),
    ],
)
def test_what_is_no_feed_is_said_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        SOURCE.parse(content, url=URL)

    assert sentence in str(caught.value)


@pytest.mark.parametrize("make", [FeedSource, ListingSource, JsonlSource])
def test_a_day_that_is_over_is_had_from_an_address_with_a_day_in_it(make: Callable[..., Source]) -> None:
    dated, only_now = make("s", url="lists/{date}.txt"), make("s", url="newest.txt")

    assert dated.past_url(date(2026, 6, 2)) == "lists/2026-06-02.txt"
    assert only_now.past_url(date(2026, 6, 2)) is None


@pytest.mark.parametrize("make", [FeedSource, ListingSource, JsonlSource])
def test_a_feed_promises_nothing_unless_it_is_told_to(make: Callable[..., Source]) -> None:
    assert make("s", url="x").calendar is ANY_DAY
    assert make("s", url="x", calendar=daily()).calendar == daily()


RECORDED = [
    *[f"biorxiv/2025-03-{day:02}.atom.xml" for day in (1, 8)],
    "biorxiv/plant-biology.rdf",
    "journals/nature/2024-04-25.rdf",
    *[
        f"journals/pubmed-and-others/{name}"
        for name in ("native-pubmed.xml", "oup.xml", "phytokeys.xml", "taxon.xml", "tand.rdf")
    ],
    *[
        f"journals/pubmed-and-others/{name}"
        for name in ("actaa.xml", "canent.xml", "cnki.xml", "elsevier.xml", "zootaxa.rdf")
    ],
]


@pytest.mark.parametrize("name", RECORDED)
def test_each_entry_of_the_recorded_feeds_is_read(real_data: Path, name: str) -> None:
    content = (real_data / name).read_bytes()

    parsed = SOURCE.parse(content, url=URL)

    assert len(parsed.records) == len(re.findall(rb"<(?:item|entry)[\s>]", content))
    assert parsed.rejected == ()
    titles = " ".join(r.paper.title for r in parsed.records)
    assert not re.search(r"</?(?:p|i|em|sub|strong)>|&amp;", titles)


def test_the_recorded_preprints_have_doi_version_and_authors(real_data: Path) -> None:
    parsed = SOURCE.parse((real_data / "biorxiv" / "plant-biology.rdf").read_bytes(), url=URL)

    assert all(r.paper.id.startswith("doi:10.1101/") and r.paper.version for r in parsed.records)
    assert all(r.paper.authors and r.paper.abstract for r in parsed.records)


def test_broken_feeds_of_other_readers_tests_do_no_harm(real_data: Path) -> None:
    files = sorted(
        f for f in (real_data / "corpora").rglob("*") if f.suffix in (".xml", ".rss", ".atom", ".rdf", ".json")
    )
    read = 0

    for file in files[::7]:
        try:
            parsed = SOURCE.parse(file.read_bytes(), url=URL)
        except SourceError:
            continue
        read += 1
        assert all(r.paper.title for r in parsed.records), file
    assert read > 50


@pytest.mark.parametrize("tags", ["<b>" * 45_000 + "x" + "</b>" * 45_000, "<b/>" * 45_000])
def test_a_feed_of_too_many_tags_is_refused_before_it_is_parsed(tags: str) -> None:
    feed = f"<rss version='2.0'><channel><item><title>A title {tags}</title></item></channel></rss>"

    with pytest.raises(SourceError, match="has more than 80,000 tags"):
        FeedSource("x", url="https://x.org/feed").parse(feed.encode(), url="https://x.org/feed")


def test_of_an_entry_with_endless_categories_the_first_thousand_are_read() -> None:
    named = "".join(f"<category>c{n}</category>" for n in range(1_500))
    content = f"<rss version='2.0'><channel><item><title>A title</title><guid>g</guid>{named}</item></channel></rss>"

    (record,) = FeedSource("f", url="").parse(content.encode(), url="https://example.org/feed").records

    assert max(len(record.paper.categories), len(record.paper.keywords)) == 1_000
