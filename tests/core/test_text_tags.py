"""Tags are markup or words, as the format says: encoded twice, in titles, in JSON, in text that says it is text."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

import pytest

from digest.core.words.text import clean_html, clean_line, clean_mixed, clean_mixed_line, clean_text, clean_title
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource

TEXT = "We follow marsh frogs & count them."


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("&lt;p&gt;We follow &lt;a href=&#34;https://x.org/&#34;&gt;frogs&lt;/a&gt;.&lt;/p&gt;", "We follow frogs."),
        ("&lt;b&gt;Results&lt;/b&gt; are in", "Results are in"),
        ("one&lt;br/&gt;two", "one\ntwo"),
        ("<p>&lt;p&gt;wrapped&lt;/p&gt;&lt;p&gt;again&lt;/p&gt;</p>", "wrapped\nagain"),
        ("&amp;lt;p&amp;gt;three times&amp;lt;/p&amp;gt;", "three times"),
        ("R&amp;amp;D of 10&amp;nbsp;km", "R&D of 10 km"),
        # meant to be read
        ("The &lt;area&gt; tag of <i>HTML</i>", "The <area> tag of HTML"),
        ("use &lt;p&gt; and &lt;/p&gt; in <i>HTML</i>", "use <p> and </p> in HTML"),
        ("the &lt;pre&gt; token", "the <pre> token"),
        ("a &lt; b and &amp;lt; stays", "a < b and &lt; stays"),
        ("p &lt; 0.05", "p < 0.05"),
    ],
)
def test_what_was_encoded_twice_is_decoded_twice_and_nothing_else(markup: str, text: str) -> None:
    assert clean_html(markup) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("strain 1A16257<sup>T</sup>", "strain 1A16257ᵀ"),
        ("H<sub>0</sub><sup>1</sup>(Ω), [Fe(CN)<sub>6</sub>]<sup>3−</sup>", "H₀¹(Ω), [Fe(CN)₆]³⁻"),
        ("Ca<sup>2+</sup>, <sup>14</sup>C, <sup>99m</sup>Tc", "Ca²⁺, ¹⁴C, ⁹⁹ᵐTc"),
        ("<i>T</i><sub>c</sub> and <i>x</i><sub><i>i</i></sub>", "T_c and xᵢ"),
        ("<i>e</i><sup>−x/2</sup>, x<sup>n+1</sup>", "e^(−x/2), xⁿ⁺¹"),
        ("T<sub>eff</sub>, S<sub>N</sub>2, T<sub>H</sub>17", "T_eff, SN2, TH17"),
        ("Trp53<sup>-/-</sup>, Kras<sup>G12D</sup>", "Trp53⁻/⁻, Kras^G12D"),
        ("La<sub>0.7</sub>Sr<sub>0.3</sub>MnO<sub>3−δ</sub>", "La₀.₇Sr₀.₃MnO_(3−δ)"),
        ("as shown<sup>1,2</sup> on the 2<sup>nd</sup> day at 20<sup>o</sup>C", "as shown¹,² on the 2nd day at 20°C"),
    ],
)
def test_what_is_raised_or_lowered_is_not_read_as_part_of_the_word(markup: str, text: str) -> None:
    assert clean_html(markup) == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Do frogs read <table> as <area>? A <i>study</i>", "Do frogs read <table> as <area>? A study"),
        ("What the &lt;pre&gt; token hides", "What the <pre> token hides"),
        ("<p>Frogs</p>", "Frogs"),
        ("Frogs<br>and newts", "Frogs and newts"),
        ('<a href="https://x.org/">Frogs', "Frogs"),
        ("&lt;i&gt;Rana&lt;/i&gt; in winter", "Rana in winter"),
        ("Ice &amp; seals", "Ice & seals"),
        ("p<0.05 and a<b", "p<0.05 and a<b"),
    ],
)
def test_a_title_loses_markup_and_keeps_words_in_angle_brackets(title: str, text: str) -> None:
    assert clean_title(title) == text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("<i>Rana</i> &amp; <b>Bufo</b>", "Rana & Bufo"),
        ("reading <area> tags", "reading <area> tags"),
        ("AT&amp;T and $a<b$", "AT&T and $a<b$"),
        ("CO<sub>2</sub> at 10<sup>5</sup>", "CO₂ at 10⁵"),
        (r"Sch\'eduling $x<y$ and $a>b$", "Schéduling $x<y$ and $a>b$"),
    ],
)
def test_text_that_may_be_anything_is_known_by_its_tags(title: str, text: str) -> None:
    item = {"title": title, "abstract": title}
    (record,) = JsonlSource("j", url="x").parse(json.dumps(item).encode(), url="x").records

    assert (record.paper.title, record.paper.abstract) == (text, text)
    assert (clean_mixed_line(title), clean_mixed(title)) == (text, text)


def atom(title: str, kind: str | None, summary: str = TEXT) -> str:
    says = f' type="{kind}"' if kind else ""
    content = (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><title{says}>{escape(title)}</title>'
        f"<summary{says}>{escape(summary)}</summary></entry></feed>"
    )
    (record,) = FeedSource("f", url="").parse(content.encode(), url="").records
    assert record.paper.abstract
    return record.paper.title


@pytest.mark.parametrize(
    ("title", "kind", "text"),
    [
        ("Do frogs read <table> as <area>?", "text", "Do frogs read <table> as <area>?"),
        ("Why <b>bold</b> is <b>bold</b>", "text", "Why <b>bold</b> is <b>bold</b>"),
        ("Do frogs read <table>?", None, "Do frogs read <table>?"),
        ("<i>Rana</i> in winter", None, "Rana in winter"),
        ("What the &lt;pre&gt; token hides", "html", "What the <pre> token hides"),
        ("<i>Rana</i> in winter", "html", "Rana in winter"),
    ],
)
def test_an_atom_title_is_what_its_type_says(title: str, kind: str | None, text: str) -> None:
    assert atom(title, kind) == text


def json_feed(**changes: Any) -> list[Any]:
    items = changes.pop("items")
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items, **changes}
    return [r.paper for r in FeedSource("f", url="").parse(json.dumps(feed).encode(), url="").records]


def item(n: Any, **changes: Any) -> dict[str, Any]:
    return {"id": n, "url": f"https://x.org/{n}", "title": f"Paper {n}", "content_text": TEXT, **changes}


@pytest.mark.parametrize(
    ("changes", "authors"),
    [
        ({"author": "Bo Reed"}, ("Bo Reed",)),
        ({"author": {"name": "Bo Reed"}}, ("Bo Reed",)),
        ({"authors": {"name": "Cy Willow"}}, ("Cy Willow",)),
        ({"authors": "Cy Willow"}, ("Cy Willow",)),
        ({"authors": ["Cy Willow", {"name": "Bo Reed"}, 7, None]}, ("Cy Willow", "Bo Reed")),
        ({"authors": [], "author": {"name": "Bo Reed"}}, ("Bo Reed",)),
        ({}, ("Ada Marsh",)),
        ({"authors": [{"url": "https://x.org/"}]}, ("Ada Marsh",)),
    ],
)
def test_authors_of_a_json_feed_are_found_however_they_are_given(
    changes: dict[str, Any], authors: tuple[str, ...]
) -> None:
    (paper,) = json_feed(items=[item(1, **changes)], authors=[{"name": "Ada Marsh"}])

    assert paper.authors == authors


def test_text_in_a_json_feed_is_no_html() -> None:
    (paper,) = json_feed(items=[item(1, content_text="Is <b>bold</b> bold?")])

    assert paper.abstract == "Is <b>bold</b> bold?"


def test_an_answer_of_crossref_is_read() -> None:
    work = {
        "DOI": "10.9999/x.5",
        "title": [r"A bound on $$\overline{M}_{g,n}$$ for <i>ponds</i>"],
        "author": [{"given": "Ada", "family": "Marsh"}, {"name": "The Pond Collaboration"}],
        "abstract": "<jats:title>Abstract</jats:title><jats:p>We follow frogs.</jats:p>"
        "<jats:list><jats:list-item><jats:p>First pond.</jats:p></jats:list-item></jats:list>",
        "published": {"date-parts": [[2026, 11, 28]]},
    }
    source = JsonlSource("c", url="x", items="message.items", fields={"doi": "DOI", "authors": "author"})
    content = json.dumps({"message": {"items": [work]}}).encode()
    (record,) = source.parse(content, url="x").records
    paper = record.paper

    assert paper.title == r"A bound on $$\overline{M}_{g,n}$$ for ponds"
    assert paper.authors == ("Ada Marsh", "The Pond Collaboration")
    assert paper.abstract == "We follow frogs.\nFirst pond."
    assert paper.published is not None
    assert paper.published.date().isoformat() == "2026-11-28"


@pytest.mark.parametrize("title", [[], [""], None, [{}]])
def test_a_list_without_a_title_is_none(title: Any) -> None:
    parsed = JsonlSource("j", url="x").parse(json.dumps({"title": title, "abstract": "x"}).encode(), url="x")

    assert [r.reason for r in parsed.rejected] == ["line 1: no title"]


@pytest.mark.parametrize("clean", [clean_line, clean_text, clean_html, clean_title, clean_mixed, clean_mixed_line])
def test_ligatures_become_letters_and_powers_stay(clean: Any) -> None:
    assert clean("Eﬃcient classiﬁcation of ﬂoating ﬀ ﬄ ﬅ ﬆ 10² ½ Ⅳ ™") == (
        "Efficient classification of floating ff ffl st st 10² ½ Ⅳ ™"
    )
