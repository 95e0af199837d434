"""Author lines and lists → people, one by one."""

from __future__ import annotations

import json

import pytest

from digest.core.words.names import author_name, people, split_authors
from digest.sources.arxiv.source import ArxivSource
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource
from digest.sources.page import parse_page


@pytest.mark.parametrize(
    ("line", "names"),
    [
        # punctuation of other scripts
        ("张三，李四，王小明", ["张三", "李四", "王小明"]),
        ("赵一；钱二（某某大学）；孙三", ["赵一", "钱二", "孙三"]),
        ("周五、吴六", ["周五", "吴六"]),
        ("李 明， 王 芳", ["李 明", "王 芳"]),
        ("محمد علي، أحمد حسن", ["محمد علي", "أحمد حسن"]),
        # two people, or one turned round
        ("Yolanda Benjio, Aaron Courtville", ["Yolanda Benjio", "Aaron Courtville"]),
        ("Benjio, Yolanda", ["Yolanda Benjio"]),
        ("van der Berg, Jan", ["Jan van der Berg"]),
        ("Gómez-Noguera, Samuel Enrique", ["Samuel Enrique Gómez-Noguera"]),
        ("Smith, John and Doe, Jane", ["John Smith", "Jane Doe"]),
        ("Kaur, M., Shukla, A.", ["M. Kaur", "A. Shukla"]),
        ("Willyard, Ann; Cooper, Blake", ["Ann Willyard", "Blake Cooper"]),
        ("Smith, J., Jr., Doe, A.", ["J. Smith Jr.", "A. Doe"]),
        ("Smith, MS, Jones, AB", ["MS Smith", "AB Jones"]),
        ("Smith, Jr.", ["Smith Jr."]),
        ("Ada Marsh, Bo Reed, Jr.", ["Ada Marsh", "Bo Reed Jr."]),
        ("Ada Marsh, Reed, MD", ["Ada Marsh", "MD Reed"]),
        ("Ada Marsh, PhD, A. B.", ["Ada Marsh", "A. B."]),
        ("Smith, J., A. B., Doe, C.", ["J. Smith", "A. B.", "C. Doe"]),
        ("Smith,, J.", ["Smith", "J."]),
        ("Marsh,", ["Marsh"]),
        ("张三, Wei", ["张三", "Wei"]),
        ("李, 王", ["李", "王"]),
        # affiliations in parentheses, nested and broken
        ("Ada Marsh (X (Y) Z), Bo Reed", ["Ada Marsh", "Bo Reed"]),
        ("Ada Marsh (X, Bo Reed (Y), Cy Day", ["Ada Marsh", "Bo Reed", "Cy Day"]),
        ("Ada Marsh), Bo Reed (X), Cy Day", ["Ada Marsh", "Bo Reed", "Cy Day"]),
        ("Ada (X) Marsh) (Y), Bo Reed", ["Ada Marsh", "Bo Reed"]),
        # what divides
        ("Ada Marsh & Bo Reed", ["Ada Marsh", "Bo Reed"]),
        ("By Ada Marsh and Bo Reed", ["Ada Marsh", "Bo Reed"]),
        ("Ada Marsh, Bo Reed, and Cy Willow", ["Ada Marsh", "Bo Reed", "Cy Willow"]),
        ("Ada Marsh | Bo Reed", ["Ada Marsh", "Bo Reed"]),
        ("Hans Müller und Anna Schmidt", ["Hans Müller", "Anna Schmidt"]),
        # what stands behind a name
        ("Ada Marsh1,2, Bo Reed2*, Cy Willow†", ["Ada Marsh", "Bo Reed", "Cy Willow"]),
        ("Ada Marsh¹, Bo Reed²", ["Ada Marsh", "Bo Reed"]),
        ("Ada Marsh [1], Bo Reed [2,3]", ["Ada Marsh", "Bo Reed"]),
        ("Ada Marsh, MD, PhD, Bo Reed, MSc", ["Ada Marsh", "Bo Reed"]),
        ("Ada Marsh <ada@x.org>, Bo Reed 0000-0001-2345-678X", ["Ada Marsh", "Bo Reed"]),
        ("A Marsh, University of X; B Reed, University of Y", ["A Marsh", "B Reed"]),
        # nobody
        ("Ada Marsh, Bo Reed, et al.", ["Ada Marsh", "Bo Reed"]),
        ("Ada Marsh and 12 others", ["Ada Marsh"]),
        (":", []),
        ("et al.", []),
        ("N/A", []),
        ("", []),
        # groups
        ("The Willow Collaboration: L. Root, J. Bark", ["The Willow Collaboration", "L. Root", "J. Bark"]),
        ("X Collaboration: A. B., C. D.", ["X Collaboration", "A. B.", "C. D."]),
        ("Ada Marsh, Pond Collaboration: B. Reed", ["Ada Marsh", "Pond Collaboration", "B. Reed"]),
        ("Pond Consortium ： 张三，李四", ["Pond Consortium", "张三", "李四"]),
        (
            "Marsh, Ada; Reed, Bo; Pond Collaboration: C. Day, D. Fox",
            ["Ada Marsh", "Bo Reed", "Pond Collaboration", "C. Day", "D. Fox"],
        ),
        (
            "Pond Collaboration: A. Marsh, Lake Team: B. Reed, C. Day; Sea Survey: D. Fox",
            ["Pond Collaboration", "A. Marsh", "Lake Team", "B. Reed", "C. Day", "Sea Survey", "D. Fox"],
        ),
        ("A. Smith, on behalf of the ATLAS Collaboration", ["A. Smith", "ATLAS Collaboration"]),
        ("A. Smith for the CLAS12 Collaboration", ["A. Smith", "CLAS12 Collaboration"]),
    ],
)
def test_a_line_is_taken_apart_into_people(line: str, names: list[str]) -> None:
    assert list(split_authors(line)) == names


def test_a_list_of_names_has_people_alone() -> None:
    given = [
        "Pond Collaboration",
        ":",
        "P. A. R. Marsh",
        "et al.",
        "Reed, Bo",
        "X Collaboration: A. B.",
        "Li1*",
        "others",
    ]

    assert people(given) == ("Pond Collaboration", "P. A. R. Marsh", "Bo Reed", "X Collaboration", "A. B.", "Li")


@pytest.mark.parametrize(
    "name", [":", "et al.", "et al", "and others", "…", "*", " , ", "\u3000", "（某某大学）", "None"]
)
def test_nobody_is_no_author(name: str) -> None:
    assert author_name(name) == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Marsh, Ada", "Ada Marsh"),
        ("Marsh, Jr.", "Marsh, Jr."),
        ("Marsh, Ada, Jr.", "Marsh, Ada, Jr."),
        ("Ada Marsh, University of X", "Ada Marsh"),
        ("Ada Marsh, PhD", "Ada Marsh"),
        ("Ada Marsh (X", "Ada Marsh"),
        ("Ada Marsh)", "Ada Marsh"),
    ],
)
def test_a_name_is_turned_where_one_comma_parts_it(text: str, name: str) -> None:
    assert author_name(text) == name


def test_what_is_longer_than_two_hundred_letters_is_no_name() -> None:
    assert split_authors(f"Ada Marsh, Bo Reed, {'x' * 200}") == ("Ada Marsh", "Bo Reed", "x" * 200)
    assert split_authors(f"Ada Marsh, Bo Reed, {'x' * 201}") == ("Ada Marsh", "Bo Reed")


def test_every_way_in_leaves_nobody_out() -> None:
    names = ["Pond Collaboration", ":", "P. Marsh", "et al."]
    tags = "".join(f"<author><name>{name}</name></author>" for name in names)
    api = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2611.00001v1</id><title>Frogs</title>'
        f"<summary>We count.</summary>{tags}<published>2026-11-26T00:00:00Z</published></entry></feed>"
    )
    metas = "".join(f"<meta name='citation_author' content='{name}'>" for name in names)
    found = [
        ArxivSource("a", url="x").parse(api.encode(), url="x").records[0],
        FeedSource("f", url="x").parse(api.replace("arxiv.org", "x.org").encode(), url="x").records[0],
        JsonlSource("j", url="x").parse(json.dumps({"title": "T", "authors": names}).encode(), url="x").records[0],
        parse_page(f"<meta name='citation_title' content='T'>{metas}".encode(), url="https://x.org/1"),
    ]

    assert {record.paper.authors for record in found} == {("Pond Collaboration", "P. Marsh")}


def test_a_feed_takes_a_line_of_any_script_apart() -> None:
    content = (
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><item><title>T</title>'
        "<link>https://x.org/1</link><dc:creator>赵一；钱二（某某大学）；孙三</dc:creator></item></channel></rss>"
    )
    (record,) = FeedSource("f", url="x").parse(content.encode(), url="x").records

    assert record.paper.authors == ("赵一", "钱二", "孙三")
