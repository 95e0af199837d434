"""Letters arrive whatever they were written in, whatever the label says."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from digest.app.usecases import on_demand
from digest.sources import guard
from digest.sources.door.http import Door
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource
from digest.sources.libraries.library import read_library
from digest.sources.listing import ListingSource
from digest.sources.page import parse_page
from tests.servers.loopback import says, serving
from tests.support.desk import Desk

LATIN = "Café naïve: Ærø, ¿qué?"
QUOTED = "Café – “naïve” … €5"
POLISH = "Zażółć gęślą jaźń"
CYRILLIC = "Статья о графах"
GREEK = "Άρθρο για γράφους"
TURKISH = "İstanbul'da ışığın hızı"
HEBREW = "מאמר על גרפים"
ARABIC = "مقالة حول البيانات"
THAI = "บทความเรื่องกราฟ"
JAPANESE = "グラフに関する論文"
CHINESE = "关于图神经网络的论文"
TAIWANESE = "關於圖神經網路的論文"
KOREAN = "그래프에 관한 논문"
MANY = "Żluťoučký kůň – 论文 Статья 😀"


def rss(title: str, declared: str | None) -> str:
    head = f'<?xml version="1.0" encoding="{declared}"?>\n' if declared else ""
    item = f"<item><title>{title}</title><link>https://x.org/1</link></item>"
    return f'{head}<rss version="2.0"><channel><title>J</title>{item}</channel></rss>'


def title_of(content: bytes) -> str:
    (record,) = FeedSource("f", url="").parse(content, url="").records
    return record.paper.title


@pytest.mark.parametrize(
    ("title", "declared", "written_in"),
    [
        # the encodings of Unicode
        (MANY, None, "utf-8"),
        (MANY, "utf-8", "utf-8"),
        (MANY, "UTF8", "utf-8"),
        (MANY, None, "utf-8-sig"),
        (MANY, "iso-8859-1", "utf-8-sig"),
        (MANY, None, "utf-16"),
        (MANY, "utf-16", "utf-16"),
        (MANY, "utf-16", "utf-16-le"),
        (MANY, "utf-16be", "utf-16-be"),
        (MANY, None, "utf-16-le"),
        (MANY, None, "utf-16-be"),
        (MANY, "utf-32", "utf-32"),
        (MANY, None, "utf-32-le"),
        (MANY, "utf-32", "utf-32-be"),
        # alphabets of 256 letters
        (LATIN, "iso-8859-1", "iso-8859-1"),
        (QUOTED, "windows-1252", "cp1252"),
        (QUOTED, "x-cp1252", "cp1252"),
        ("Œuvre à 5 €", "iso-8859-15", "iso-8859-15"),
        (POLISH, "iso-8859-2", "iso-8859-2"),
        (POLISH, "windows-1250", "cp1250"),
        (CYRILLIC, "iso-8859-5", "iso-8859-5"),
        (CYRILLIC, "windows-1251", "cp1251"),
        (CYRILLIC, "KOI8-R", "koi8-r"),
        (CYRILLIC, "x-mac-cyrillic", "mac-cyrillic"),
        (GREEK, "iso-8859-7", "iso-8859-7"),
        (GREEK, "windows-1253", "cp1253"),
        (TURKISH, "iso-8859-9", "iso-8859-9"),
        (TURKISH, "windows-1254", "cp1254"),
        (HEBREW, "windows-1255", "cp1255"),
        (HEBREW, "iso-8859-8-i", "iso-8859-8"),
        (ARABIC, "windows-1256", "cp1256"),
        (THAI, "tis-620", "tis-620"),
        (THAI, "windows-874", "cp874"),
        # letters of more than one byte
        (JAPANESE, "Shift_JIS", "shift_jis"),
        ("①の論文", "x-sjis", "cp932"),
        (JAPANESE, "EUC-JP", "euc-jp"),
        (JAPANESE, "iso-2022-jp", "iso-2022-jp"),
        (CHINESE, "gb2312", "gb2312"),
        ("朱镕基的论文", "gb2312", "gbk"),
        ("𠮷的论文", "gb18030", "gb18030"),
        (TAIWANESE, "big5", "big5"),
        ("香港嘅論文", "big5", "big5hkscs"),
        (KOREAN, "euc-kr", "euc-kr"),
        ("똠방각하의 논문", "ks_c_5601-1987", "cp949"),
        # labels that lie
        (MANY, "iso-8859-1", "utf-8"),
        (MANY, "windows-1251", "utf-8"),
        (MANY, "us-ascii", "utf-8"),
        (MANY, "utf-16", "utf-8"),
        (MANY, "no-such-charset", "utf-8"),
        (MANY, "utf-7", "utf-8"),
        (QUOTED, "utf-8", "cp1252"),
        (QUOTED, "iso-8859-1", "cp1252"),
        (QUOTED, "us-ascii", "cp1252"),
        (QUOTED, None, "cp1252"),
    ],
)
def test_a_title_arrives_letter_for_letter(title: str, declared: str | None, written_in: str) -> None:
    assert title_of(rss(title, declared).encode(written_in)) == title


@pytest.mark.parametrize(
    "head", ["<?xml version='1.0' encoding='koi8-r' ?>", '\n<?xml version="1.0"\n encoding = "KOI8-R"?>']
)
def test_a_declaration_may_be_written_loosely(head: str) -> None:
    assert title_of((head + rss(CYRILLIC, None)).encode("koi8-r")) == CYRILLIC


@pytest.mark.parametrize("damage", [b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"])
def test_a_damaged_byte_costs_no_other_letter(damage: bytes) -> None:
    title = title_of(rss(f"{MANY} X", "utf-8").encode().replace(b" X", b" " + damage + b" X"))

    assert title.startswith(MANY)
    assert title.endswith("X")
    assert "\ufffd" in title


def test_zeros_within_text_are_no_sign_of_another_encoding() -> None:
    assert title_of(b"\0" + rss(MANY, "utf-8").encode()) == MANY
    assert title_of(rss("A\0\0\0B", "utf-8").encode()) == "AB"


def test_letters_by_number_arrive_in_every_encoding() -> None:
    by_number = "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in MANY)

    assert title_of(rss(by_number, "us-ascii").encode("ascii")) == MANY
    assert title_of(rss(by_number, "koi8-r").encode("koi8-r")) == MANY


@pytest.mark.parametrize(
    "written_in", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]
)
def test_json_may_be_any_encoding_of_unicode(written_in: str) -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": MANY}]}
    line = json.dumps({"title": MANY}, ensure_ascii=False)

    assert title_of(json.dumps(feed, ensure_ascii=False).encode(written_in)) == MANY
    assert JsonlSource("j", url="").parse(line.encode(written_in), url="").records[0].paper.title == MANY


@pytest.mark.parametrize("written_in", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_saved_page_may_come_from_any_editor(written_in: str) -> None:
    text = f"{QUOTED}\n\n{'We study things in depth. ' * 30}\n"

    parsed = ListingSource("l", url="").parse(text.encode(written_in), url="")

    assert parsed.records[0].paper.title == QUOTED


@pytest.mark.parametrize("written_in", ["utf-8", "koi8-r", "cp1251"])
def test_a_web_page_says_its_encoding_in_its_head(written_in: str) -> None:
    page = f"<html><head><meta charset='{written_in}'><title>{CYRILLIC}</title></head><p>x</p></html>"

    assert parse_page(page.encode(written_in), url="https://x.org/1").paper.title == CYRILLIC


def test_what_a_parser_gets_leaves_it_nothing_to_guess() -> None:
    for written_in in ("utf-16", "koi8-r", "utf-8"):
        checked = guard.xml(rss(CYRILLIC, written_in).encode(written_in))

        assert checked.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
        assert checked.count(b"<?xml") == 1
        assert CYRILLIC in checked.decode("utf-8")
        assert not checked.startswith(codecs.BOM_UTF8)


# -- what the header of an answer says


def fetched(body: bytes, content_type: str, **headers: str) -> bytes:
    with (
        serving(says(body, headers={"Content-Type": content_type, **headers})) as server,
        Door(sleep=lambda _: None) as door,
    ):
        return door.get(server.url, trusted=True).content


@pytest.mark.parametrize(
    ("title", "content_type", "declared", "written_in"),
    [
        # the header alone says it
        (CYRILLIC, "application/rss+xml; charset=windows-1251", None, "cp1251"),
        (POLISH, "text/xml; charset=ISO-8859-2", None, "iso-8859-2"),
        (POLISH, 'text/xml;charset="iso-8859-2"', None, "iso-8859-2"),
        (CYRILLIC, "text/xml; charset=KOI8-R; q=1", None, "koi8-r"),
        (JAPANESE, "text/xml; charset=Shift_JIS", None, "shift_jis"),
        (JAPANESE, "text/xml; charset=iso-2022-jp", None, "iso-2022-jp"),
        (CHINESE, "text/xml; charset=gb2312", None, "gbk"),
        (MANY, "text/xml; charset=utf-16le", None, "utf-16-le"),
        # the declaration lies
        (CHINESE, "text/xml; charset=gbk", "utf-8", "gbk"),
        (CYRILLIC, "text/xml; charset=windows-1251", "utf-8", "cp1251"),
        (CYRILLIC, "text/xml; charset=windows-1251", "koi8-r", "cp1251"),
        (CHINESE, "text/xml; charset=utf-8", "gbk", "utf-8"),
        # the header lies
        (MANY, "text/xml; charset=us-ascii", None, "utf-8"),
        (MANY, "text/xml; charset=iso-8859-1", "utf-8", "utf-8"),
        (MANY, "text/xml; charset=windows-1251", None, "utf-8"),
        (MANY, "text/xml; charset=gbk", "utf-8", "utf-8"),
        (MANY, "text/xml; charset=utf-16", None, "utf-8"),
        (MANY, "text/xml; charset=gbk", None, "utf-8-sig"),
        (MANY, "text/xml; charset=windows-1251", None, "utf-16"),
        (POLISH, "text/xml; charset=iso-8859-1", "iso-8859-2", "iso-8859-2"),
        (POLISH, "text/xml; charset=utf-8", "iso-8859-2", "iso-8859-2"),
        (QUOTED, "text/xml; charset=iso-8859-1", None, "cp1252"),
        (QUOTED, "text/xml; charset=utf-8", "utf-8", "cp1252"),
        (MANY, "text/xml; charset=no-such-thing", None, "utf-8"),
        (MANY, "text/xml", None, "utf-8"),
    ],
)
def test_the_charset_of_the_header_is_read_where_it_can_be_true(
    title: str, content_type: str, declared: str | None, written_in: str
) -> None:
    content = guard.in_utf8(rss(title, declared).encode(written_in), content_type)

    assert title_of(content) == title


def test_a_feed_of_which_only_the_header_says_how_it_is_written_arrives() -> None:
    content = fetched(rss(CYRILLIC, None).encode("cp1251"), "application/rss+xml; charset=windows-1251")

    assert title_of(content) == CYRILLIC


def test_a_document_that_needs_nothing_stays_as_it_came() -> None:
    for written_in in ("ascii", "utf-8"):
        content = rss("plain", "utf-8").encode(written_in)

        assert fetched(content, "text/xml; charset=utf-8") == content
        assert guard.in_utf8(content, "text/xml; charset=windows-1251") == content


def test_a_pdf_is_no_text_whatever_its_header_says() -> None:
    content = b"%PDF-1.7\n" + bytes(range(256))

    assert guard.in_utf8(content, "application/pdf; charset=koi8-r") == content


def test_a_page_is_read_by_its_headers_charset() -> None:
    text = f"<html><head><title>{CYRILLIC}</title></head><body><p>{CYRILLIC * 20}</p></body></html>"
    paper = parse_page(
        guard.in_utf8(text.encode("cp1251"), "text/html; charset=windows-1251"), url="https://x.org"
    ).paper

    assert paper.title == CYRILLIC
    assert paper.abstract.startswith(CYRILLIC)


def test_json_lines_and_listings_are_read_by_their_headers_charset() -> None:
    line = json.dumps({"title": CYRILLIC, "abstract": "x"}, ensure_ascii=False)
    content = guard.in_utf8(line.encode("cp1251"), "application/json; charset=windows-1251")
    (record,) = JsonlSource("j", url="x").parse(content, url="x").records

    assert record.paper.title == CYRILLIC


@pytest.mark.parametrize(
    ("text", "written_in"),
    [(QUOTED, "cp1252"), (MANY, "utf-8-sig"), (MANY, "utf-16"), (MANY, "utf-8")],
)
@pytest.mark.parametrize("kind", ["txt", "jsonl", "html"])
def test_a_file_of_ones_own_is_read_however_it_was_saved(tmp_path: Path, kind: str, text: str, written_in: str) -> None:
    content = {
        "txt": f"{text}\n\nAn abstract about {text}.\n",
        "jsonl": json.dumps({"title": text, "abstract": "An abstract."}, ensure_ascii=False) + "\n",
        "html": f"<html><head><title>{text}</title></head><body><p>{text}</p></body></html>",
    }[kind]
    (tmp_path / f"paper.{kind}").write_bytes(content.encode(written_in))
    with Desk(tmp_path).app() as app:
        [answer] = on_demand(app).summarize([str(tmp_path / f"paper.{kind}")]).answers

    assert answer.error is None
    assert answer.paper is not None
    assert answer.paper.title.split("\n")[0] == text


@pytest.mark.parametrize(
    ("ending", "entry"), [("bib", "@article{{k, title={{{}}}}}"), ("ris", "TY  - JOUR\nTI  - {}\nER  -\n")]
)
@pytest.mark.parametrize(("text", "written_in"), [("Café naïve", "cp1252"), (POLISH, "utf-16"), (POLISH, "utf-8-sig")])
def test_a_library_is_read_however_it_was_saved(ending: str, entry: str, text: str, written_in: str) -> None:
    parsed = read_library(entry.format(text).encode(written_in), name=f"x.{ending}")

    assert [r.paper.title for r in parsed.records] == [text]
