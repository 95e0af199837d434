"""Subscriptions of feed readers become sources."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from digest.core.errors import SourceError
from digest.sources.libraries.opml import Outline, as_config, parse_opml

NESTED = """<?xml version="1.0"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <!-- by hand -->
  <outline text="Science">
    <outline title="Nature" text="ignored" type="rss" xmlUrl="https://www.nature.com/nature.rss"/>
    <outline text="Physics"><outline text="Quanta &amp; more" XMLURL="http://quanta.example/feed/"/></outline>
    <outline text="A page" type="link" url="https://example.org/"/>
  </outline>
  <outline text="Nature again" xmlUrl="http://nature.com/nature.rss/"/>
  <outline xmlUrl="feed://blog.example/atom.xml"/>
  <outline text="Gopher" xmlUrl="gopher://old.example/feed"/>
  <outline text="Script" xmlUrl="javascript:alert(1)"/>
</body></opml>"""


def parse(text: str) -> tuple[Outline, ...]:
    return parse_opml(text.encode(), url="mine.opml").feeds


def sources(*outlines: Outline, taken: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    text = as_config(outlines, taken_names=taken, known_urls=known)
    found: list[dict[str, Any]] = tomllib.loads(text).get("source", [])
    return found


def outline(url: str, title: str = "A feed") -> Outline:
    return Outline(title=title, url=url)


def test_feeds_are_found_in_nested_folders_in_order_and_each_once() -> None:
    assert parse(NESTED) == (
        Outline(title="Nature", url="https://www.nature.com/nature.rss", folders=("Science",)),
        Outline(title="Quanta & more", url="http://quanta.example/feed/", folders=("Science", "Physics")),
        Outline(title="blog.example", url="http://blog.example/atom.xml"),
    )


def test_feeds_that_differ_in_their_parameters_are_two() -> None:
    both = parse(
        '<opml><body><outline xmlUrl="https://a.org/f?source=x"/><outline xmlUrl="https://a.org/f?source=y"/></body></opml>'
    )

    assert [o.url for o in both] == ["https://a.org/f?source=x", "https://a.org/f?source=y"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("<rss version='2.0'><channel/></rss>", "is no OPML but XML with the root <rss>"),
        ("<html><title>Sign in</title></html>", "answered with a web page titled 'Sign in'"),
        ("<opml><body><outline text='x'", "is damaged or was cut off"),
        ("<opml><body><outline text='x'/></body></opml>", "is OPML without a feed"),
        (
            "<opml><body><outline xmlUrl='mailto:a@b.c'/></body></opml>",
            "is OPML, but none of its feeds (1) has an http",
        ),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "declares a document type of its own"),
    ],
)
def test_what_is_no_list_of_feeds_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=re.escape(sentence)):
        parse(text)


def test_deep_nesting_is_read_or_refused_but_never_a_crash() -> None:
    def nested(depth: int) -> str:
        folders = '<outline text="f">' * depth
        return f'<opml><body>{folders}<outline xmlUrl="https://a.org/"/>{"</outline>" * depth}</body></opml>'

    assert len(parse(nested(200))[0].folders) == 200
    with pytest.raises(SourceError, match="damaged or was cut off"):
        parse(nested(20_000))


def test_a_feed_becomes_a_source_with_its_folder_above_it() -> None:
    text = as_config(parse(NESTED)[1:2], taken_names=(), known_urls=())

    assert (
        text
        == '# Science / Physics\n[[source]]\nname = "Quanta & more"\nkind = "feed"\nurl = "http://quanta.example/feed/"\n'
    )


def test_names_are_distinct_from_each_other_and_from_those_that_are_there() -> None:
    made = sources(
        outline("https://a.org/1", "Nature"),
        outline("https://a.org/2", "nature"),
        outline("https://a.org/3", "Nature 2"),
        outline("https://a.org/4", "word " * 40),
        taken=("NATURE",),
    )

    assert [s["name"] for s in made[:3]] == ["Nature 2", "nature 3", "Nature 2 2"]
    assert made[3]["name"] == ("word " * 12).strip() + "…"


def test_a_feed_that_is_a_source_already_becomes_a_comment() -> None:
    text = as_config(
        [outline("https://www.a.org/feed/", "A"), outline("https://b.org/feed", "B")],
        taken_names=(),
        known_urls=("http://a.org/feed", "papers-{date}.jsonl", "http://["),
    )

    assert text.splitlines()[0] == "# Already a source: A (https://www.a.org/feed/)"
    assert [s["name"] for s in tomllib.loads(text)["source"]] == ["B"]


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("https://rss.arxiv.org/rss/cs.LG", {"kind": "arxiv", "categories": ["cs.LG"]}),
        ("http://export.arxiv.org/rss/cs.LG+stat.ML", {"kind": "arxiv", "categories": ["cs.LG", "stat.ML"]}),
        ("http://arxiv.org/rss/astro-ph?version=2.0", {"kind": "arxiv", "categories": ["astro-ph"]}),
        ("https://rss.arxiv.org/atom/math.AG", {"kind": "arxiv", "categories": ["math.AG"]}),
        (
            "https://export.arxiv.org/api/query?search_query=all:x",
            {"kind": "arxiv", "url": "https://export.arxiv.org/api/query?search_query=all:x"},
        ),
        ("https://huggingface.co/api/daily_papers", {"kind": "huggingface"}),
        ("https://connect.biorxiv.org/biorxiv_xml.php?subject=all", {"kind": "biorxiv"}),
        (
            "http://connect.medrxiv.org/medrxiv_xml.php?subject=public_health+neurology",
            {"kind": "medrxiv", "subjects": ["public health", "neurology"]},
        ),
    ],
)
def test_addresses_of_known_services_become_sources_of_their_own_kind(url: str, settings: dict[str, Any]) -> None:
    (made,) = sources(outline(url))

    assert made == {"name": "A feed", **settings}


@pytest.mark.parametrize(
    "url",
    [
        "https://rss.arxiv.org/rss/cs.LG?author=x",
        "https://arxiv.org/list/cs.LG/recent",
        "https://notarxiv.org/rss/cs.LG",
        "https://rss.arxiv.org.evil.example/rss/cs.LG",
        "https://huggingface.co/blog/feed.xml",
        "https://connect.biorxiv.org/medrxiv_xml.php?subject=all",
        "https://connect.biorxiv.org/biorxiv_xml.php",
        "https://connect.biorxiv.org/biorxiv_xml.php?subject=a%22b",
    ],
)
def test_what_is_not_certain_stays_a_feed(url: str) -> None:
    assert sources(outline(url)) == [{"name": "A feed", "kind": "feed", "url": url}]


def test_two_addresses_of_one_arxiv_list_are_one_source() -> None:
    made = sources(outline("https://rss.arxiv.org/rss/cs.LG"), outline("http://arxiv.org/rss/cs.LG", "B"))

    assert [s["name"] for s in made] == ["A feed"]


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), max_size=6))
def test_whatever_titles_say_the_text_is_toml_with_one_source_for_each(rows: list[tuple[str, str, str]]) -> None:
    root = etree.Element("opml")
    for number, (folder, title, query) in enumerate(rows):
        holder = etree.SubElement(root, "outline", text=_for_xml(folder))
        etree.SubElement(holder, "outline", title=_for_xml(title), xmlUrl=f"https://a.org/{number}")
        etree.SubElement(holder, "outline", title=_for_xml(title), xmlUrl=_for_xml(f"https://b.org/{number}?{query}"))
    etree.SubElement(root, "outline", title="last", xmlUrl="https://c.org/")

    outlines = parse_opml(etree.tostring(root), url="x").feeds
    made = sources(*outlines, taken=("last",))

    assert [s["url"] for s in made] == [o.url for o in outlines]
    assert len({s["name"].casefold() for s in made} | {"last"}) == len(made) + 1
    assert all(s["name"] and not any(category(c) == "Cc" for c in s["name"]) for s in made)


def _for_xml(text: str) -> str:
    """Without what no XML can hold."""
    return "".join(c for c in text if c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd")


def test_recorded_lists_of_feed_readers_are_read_whole(real_data: Path) -> None:
    corpora = real_data / "corpora"
    lists = [*corpora.rglob("*.opml"), *corpora.glob("rome/rome-opml/**/opml_[12].0.xml")]
    assert lists

    for path in lists:
        content = path.read_bytes()
        addresses = {str(e.get("xmlUrl")) for e in etree.fromstring(content).iter("outline") if e.get("xmlUrl")}
        outlines = parse_opml(content, url=path.name).feeds
        assert {o.url for o in outlines} <= addresses
        # Two blogs stand in one of them twice: with and without the last slash, www. or https.
        assert {_bare(o.url) for o in outlines} == {_bare(address) for address in addresses}, path
        assert len(sources(*outlines)) == len(outlines)


def _bare(url: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", url).rstrip("/")


def test_a_list_that_was_passed_on_leads_into_no_private_network() -> None:
    outlines = [
        Outline(title="Metadata", url="http://169.254.169.254/latest/meta-data"),
        Outline(title="Router", url="http://192.168.1.1/feed"),
        Outline(title="Fine", url="https://quanta.example/feed/"),
    ]

    text = as_config(outlines, taken_names=(), known_urls=())

    assert [source["name"] for source in tomllib.loads(text)["source"]] == ["Fine"]
    assert "# On a private network, and so for you to add: Metadata (http://169.254.169.254/latest/meta-data)" in text


# -- what readers write that is no XML


def body(text: str, before: str = "") -> bytes:
    return f'{before}<opml version="1.0"><body>\n{text}\n</body></opml>'.encode()


@pytest.mark.parametrize(
    ("text", "title", "url"),
    [
        ('<outline title="Marsh & Reed" xmlUrl="https://a.org/?x=1&y=2"/>', "Marsh & Reed", "https://a.org/?x=1&y=2"),
        ('<outline title="A" xmlUrl="https://a.org/?x=1&copy=2&lt=3"/>', "A", "https://a.org/?x=1&copy=2&lt=3"),
        ('<outline title="A&nbsp;caf&eacute;" xmlUrl="https://a.org/?a&amp;b"/>', "A café", "https://a.org/?a&b"),
        ('<outline title="A &bogus; & one" xmlUrl="https://a.org/"/>', "A &bogus; & one", "https://a.org/"),
        ('<outline title="p < 0.05" xmlUrl="https://a.org/"/>', "p < 0.05", "https://a.org/"),
        ('<outline title="The "best" ones" xmlUrl="https://a.org/"/>', 'The "best" ones', "https://a.org/"),
        ("<outline title='It's so' xmlUrl='https://a.org/'/>", "It's so", "https://a.org/"),
        ('<outline title="A\x01\x0b & b" xmlUrl="https://a.org/"/>', "A & b", "https://a.org/"),
        ('<outline fz:id="1" title="A" xmlUrl="https://a.org/"/>', "A", "https://a.org/"),
        ('<outline type="rss" title="A" url="https://a.org/feed"/>', "A", "https://a.org/feed"),
    ],
)
def test_what_readers_write_badly_is_read_as_it_was_meant(text: str, title: str, url: str) -> None:
    found = parse_opml(body(text + '<outline title="Last" xmlUrl="https://z.org/"/>'), url="x")

    assert [(feed.title, feed.url) for feed in found.feeds] == [(title, url), ("Last", "https://z.org/")]
    assert found.remarks == ()


@pytest.mark.parametrize(
    "content",
    [
        body('<outline title="Café & Co" xmlUrl="https://a.org/"/>', before="\ufeff"),
        body('<outline title="Café & Co" xmlUrl="https://a.org/"/>', before="Warning: x in y.php\n"),
        body('<outline title="Café & Co" xmlUrl="https://a.org/"/>').decode().encode("utf-16"),
        body('<outline title="Café & Co" xmlUrl="https://a.org/"/>').decode().encode("cp1252"),
    ],
)
def test_a_list_without_a_declared_encoding_is_read(content: bytes) -> None:
    [feed] = parse_opml(content, url="x").feeds

    assert feed.title == "Café & Co"


@pytest.mark.parametrize(
    "content",
    [
        body(
            '<outline text="F"><outline title="A" xmlUrl="https://a.org/"/><outline title="B" xmlUrl="https://b.org/">'
        ),
        body('<outline title="A" xmlUrl="https://a.org/"/><outline title="B" xmlUrl="https://b.org/"/></outline>'),
        body('<outline title="A" xmlUrl="https://a.org/"/><outline title="B" xmlUrl="https://b.org/"/>')[:-12],
    ],
)
def test_a_list_without_a_proper_end_is_read_with_a_remark(content: bytes) -> None:
    found = parse_opml(content, url="x")

    assert [feed.title for feed in found.feeds] == ["A", "B"]
    assert found.remarks[0].startswith("the list is damaged or was cut off")


def test_what_is_lost_in_the_damage_is_named() -> None:
    found = parse_opml(
        body(
            '<outline xmlUrl="https://a.org/"/><outline xmlUrl=https://lost.org/ text="B"/><outline xmlUrl="https://c.org/"/>'
        ),
        url="x",
    )

    assert [feed.url for feed in found.feeds] == ["https://a.org/", "https://c.org/"]
    assert "not read of it: https://lost.org/" in found.remarks[0]


def test_what_is_commented_out_stays_out_with_all_that_is_in_it() -> None:
    feeds = parse(
        '<opml><body><outline text="Off" isComment="true"><outline><outline xmlUrl="https://a.org/"/></outline></outline>'
        '<outline ISCOMMENT="True" xmlUrl="https://b.org/"/><!-- <outline xmlUrl="https://c.org/"/> -->'
        '<outline isComment="false" xmlUrl="https://d.org/"/></body></opml>'
    )

    assert [feed.url for feed in feeds] == ["https://d.org/"]


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ('title="A" xmlUrl="https://ada:hunter2@a.org/x"', "“A” (https://a.org/x) holds a password"),
        ('title="A" xmlUrl="https://ada:hun/ter2@a.org/x"', "“A” (https://a.org/x) holds a password"),
        ('text="A" xmlUrl="itpc://a.org/x"', "“A” (itpc://a.org/x) begins with itpc: and not with http or https"),
        ('text="A" xmlUrl="file:///home/ada/x.xml"', "“A” (file:///home/ada/x.xml) begins with file:"),
        ('xmlUrl="not an address"', "not an address is no web address"),
        ('text="A" xmlUrl="http://[a"', "“A” (http://[a) is no web address"),
        ('text="A" type="rss" xmlUrl=""', "“A” has no address"),
    ],
)
def test_a_subscription_that_is_not_taken_over_is_named_without_its_password(text: str, remark: str) -> None:
    found = parse_opml(body(f'<outline {text}/><outline xmlUrl="https://z.org/"/>'), url="x")

    assert len(found.feeds) == 1
    [said] = found.remarks
    assert said.startswith(f"not added: {remark}")
    assert "ter2" not in said


def test_pages_and_folders_are_no_subscriptions_that_were_dropped() -> None:
    found = parse_opml(
        body(
            '<outline type="link" text="A page" url="https://p.org/"/><outline text="x"/><outline xmlUrl="https://z.org/"/>'
        ),
        url="x",
    )

    assert (len(found.feeds), found.remarks) == (1, ())


def test_a_list_of_nothing_but_bad_addresses_names_them() -> None:
    with pytest.raises(SourceError, match="“Frogs” .itpc://a.org/x. begins with itpc:"):
        parse('<opml><body><outline text="Frogs" xmlUrl="itpc://a.org/x"/></body></opml>')
