"""What reaches a parser: no entities, no web pages, no guessed encodings."""

from __future__ import annotations

import time

import pytest

from digest.core.errors import SourceError
from digest.sources import guard
from digest.sources.arxiv.source import ArxivSource
from digest.sources.feed import FeedSource
from tests.fuzz.measure import cost, slowness
from tests.fuzz.targets import TARGETS

HEAD = '<?xml version="1.0"?>'


def rss(title: str = "A title", *, prolog: str = "", head: str = HEAD) -> str:
    item = f"<item><title>{title}</title><link>https://a.org/1</link></item>"
    return f'{head}{prolog}<rss version="2.0"><channel><title>x</title>{item}</channel></rss>'


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
FILE = '<!DOCTYPE l [<!ENTITY c SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>'
LONE = '<!ENTITY c "x">'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("prolog", [LAUGHS, FILE, PARAMETER, LONE, "<!-- > -->" + LAUGHS, "<?pi [?>" + FILE])
def test_a_document_with_entities_of_its_own_is_refused(prolog: str, encoding: str) -> None:
    content = rss("&c;", prolog=prolog).encode(encoding)

    with pytest.raises(SourceError, match="which no feed or library needs"):
        guard.xml(content)


def test_no_declared_encoding_hides_an_entity() -> None:
    seven = b'<?xml version="1.0" encoding="utf-7"?>' + rss("&c;", prolog=LAUGHS, head="").encode("utf-7")
    ebcdic = rss("&c;", prolog=LAUGHS, head='<?xml version="1.0" encoding="cp037"?>').encode("cp037")

    for content in (seven, ebcdic):
        try:
            titles = [r.paper.title for r in FeedSource("f", url="").parse(content, url="").records]
        except SourceError:
            continue
        assert not any("ha" in title for title in titles)


def test_a_plain_doctype_and_talk_of_entities_are_let_through() -> None:
    public = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss-0.91.dtd">'
    talk = "<![CDATA[How <!DOCTYPE x [<!ENTITY a 'b'>]> works]]>"

    assert b"DOCTYPE rss" not in guard.xml(rss(prolog=public).encode())
    assert b"A title" in guard.xml(rss(prolog=public).encode())
    assert b"<!ENTITY a" in guard.xml(rss(talk).encode())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\xef\xbb\xbf", "is empty"),
        (b"\0\0\0\0", "is empty"),
        (
            b"<!DOCTYPE html><html><head><title>Just a moment...</title>",
            "a web page titled 'Just a moment...', not a feed",
        ),
        (b"<html><body>Sign in</body></html>", "answered with a web page, not a feed"),
        (b"Too many requests", "is no XML; it begins with “Too many requests”"),
        (b'{"error": "x"}', "is no XML"),
        (b"x" * 11_000_000, "is larger than 10 MB"),
        (b"<rss>" + b"<a/>" * 300_000 + b"</rss>", "has more than 200,000 tags"),
        (b"<rss " + b'a="1" ' * 100_000 + b"></rss>", "has a tag of more than 100,000 characters"),
    ],
)
def test_what_is_no_feed_is_named(content: bytes, sentence: str) -> None:
    start = time.perf_counter()

    with pytest.raises(SourceError) as caught:
        guard.xml(content)

    assert sentence in str(caught.value)
    assert time.perf_counter() - start < 1.0


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<?xml version="1.0" encoding="utf-8"?>', "utf-8"),
        ("", "utf-8"),
        ("\ufeff", "utf-8"),
        ("", "utf-16"),
        ('<?xml version="1.0" encoding="utf-16"?>', "utf-16-le"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>', "cp1252"),
        ('<?xml version="1.0" encoding="windows-1252"?>', "cp1252"),
        ('<?xml version="1.0" encoding="utf-8"?>', "cp1252"),
        ('<?xml version="1.0" encoding="no-such"?>', "utf-8"),
        ("<?xml version='1.0' encoding='koi8-r'?>", "koi8-r"),
        ('<?xml version="1.0" encoding="gb2312"?>', "gb18030"),
        ('<?xml version="1.0" encoding="shift_jis"?>', "cp932"),
    ],
)
def test_letters_arrive_in_any_encoding(head: str, encoding: str) -> None:
    title = {"koi8-r": "Статья", "gb18030": "鎔基的论文", "cp932": "①論文"}.get(encoding, "Žluťoučký – ß")
    if encoding == "cp1252":
        title = "Café – naïve"

    parsed = FeedSource("f", url="").parse(rss(title, head=head).encode(encoding), url="")

    assert [r.paper.title for r in parsed.records] == [title]


def test_one_damaged_byte_does_not_spoil_the_other_letters() -> None:
    content = rss("Café naïve é X").encode().replace(b"X", b"\xff")

    title = FeedSource("f", url="").parse(content, url="").records[0].paper.title

    assert title.startswith("Café naïve é")


def test_control_characters_do_not_stop_a_parser() -> None:
    content = rss("A\x00 ti\x0btle\x1f").encode()

    assert FeedSource("f", url="").parse(content, url="").records[0].paper.title == "A title"


@pytest.mark.parametrize("reference", ["&#0;", "&#x1F;", "&#xD800;", "&#65535;", "&#1114112;", "&#x99999999999;"])
def test_a_reference_to_no_character_does_not_stop_a_parser(reference: str) -> None:
    content = rss(f"A {reference}ti&#116;le").encode()

    assert FeedSource("f", url="").parse(content, url="").records[0].paper.title == "A title"
    assert b"ti&#116;le" in guard.xml(content)


def test_deep_nesting_is_no_crash() -> None:
    content = rss("x" + "<b>" * 39_000 + "</b>" * 39_000).encode()

    assert FeedSource("f", url="").parse(content, url="").records[0].paper.title.startswith("x")
    with pytest.raises(SourceError, match="damaged or was cut off"):
        ArxivSource("a").parse(content, url="")


def test_a_raw_line_end_within_a_string_of_json_is_forgiven() -> None:
    assert guard.json(b'{"a": "b\tc\nd"}') == {"a": "b\tc\nd"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[1, 2", "is no JSON, or was cut off"),
        (b"[" * 100_000, "is nested too deeply"),
        (b"<html><title>Gateway</title></html>", "a web page titled 'Gateway', not JSON"),
        (b"", "is empty"),
        (b'{"a": "b\tc', "is no JSON, or was cut off"),
    ],
)
def test_what_is_no_json_is_named(content: bytes, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        guard.json(content)

    assert sentence in str(caught.value)


def bomb(entity: str, uses: int) -> bytes:
    return rss("&a;" * uses, prolog=f'<!DOCTYPE l [<!ENTITY a "{entity}">]>').encode()


BOMBS = {
    "billion laughs": rss("&c;", prolog=LAUGHS.replace("&b;", "&b;" * 500).replace("&a;", "&a;" * 500)).encode(),
    "7 KB that become 2 MB": bomb("x" * 1_000, 2_000),
    "503 KB that become 10 GB": bomb("x" * 200_000, 100_000),
    "a file of the machine": rss("&c;", prolog=FILE).encode(),
    "a parameter entity": rss("&c;", prolog=PARAMETER).encode(),
    "100,000 elements in each other": rss("<div>" * 100_000 + "</div>" * 100_000).encode(),
    "a million attributes": rss("<b " + " ".join(f"a{n}=''" for n in range(1_000_000)) + "/>").encode(),
    "a title of 20 MB": rss("x" * 20_000_000).encode(),
    "nothing but NUL": b"\0" * 5_000_000,
    "NUL between all letters": rss("\0".join("title" * 1_000)).encode(),
}


@pytest.mark.parametrize("kind", ["arxiv", "feed", "biorxiv", "pubmed", "opml", "arxiv-listing", "page"])
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_goes_off_in_no_parser(kind: str, name: str) -> None:
    read = TARGETS[kind].make()
    said: list[str] = []

    def outcome(content: bytes) -> str:
        try:
            return repr(read(content))
        except SourceError as error:
            return str(error)

    outcome(rss().encode())  # what is imported on the first call is not the bomb's
    _, megabytes = cost(lambda: said.append(outcome(BOMBS[name])))

    assert "root:" not in said[0]
    assert "hahaha" not in said[0]
    assert len(said[0]) < 20_000
    assert slowness(lambda: outcome(BOMBS[name]), enough=20) <= 20  # a second of a quiet machine
    assert megabytes < 50
