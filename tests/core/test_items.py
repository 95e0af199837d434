"""Items of a feed on several days: the same paper wherever its link leads, and never another one's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Final

import pytest

from digest.core.identity.ids import ids_of
from digest.core.identity.items import says_nothing
from digest.core.identity.resolve import Known, resolve
from digest.core.models import Paper
from digest.core.ports import Source
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource

URL: Final = "https://journal.example.org/feeds/new.xml"
TEXT: Final = "We follow four hundred marsh frogs over two winters and find that their calls grow deeper with the cold."

Item = Mapping[str, str]


def rss(items: Sequence[Item]) -> bytes:
    body = "".join(
        "<item>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in item.items()) + "</item>" for item in items
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>J</title>{body}</channel></rss>'.encode()


def atom(items: Sequence[Item]) -> bytes:
    names = {"guid": "id", "description": "summary"}
    body = ""
    for item in items:
        parts = "".join(
            f'<link href="{escape(text)}"/>'
            if tag == "link"
            else f"<{names.get(tag, tag)}>{escape(text)}</{names.get(tag, tag)}>"
            for tag, text in item.items()
        )
        body += f"<entry>{parts}</entry>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>J</title><id>urn:j</id>{body}</feed>'.encode()


def json_feed(items: Sequence[Item]) -> bytes:
    names = {"guid": "id", "description": "content_text", "link": "url"}
    found = [{names.get(tag, tag): text for tag, text in item.items()} for item in items]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": found}).encode()


def json_lines(items: Sequence[Item]) -> bytes:
    names = {"guid": "id", "description": "abstract", "link": "url"}
    return "\n".join(json.dumps({names.get(tag, tag): text for tag, text in item.items()}) for item in items).encode()


FORMATS: Final[Mapping[str, tuple[Source, Callable[[Sequence[Item]], bytes]]]] = {
    "RSS": (FeedSource("f", url=URL), rss),
    "Atom": (FeedSource("f", url=URL), atom),
    "JSON Feed": (FeedSource("f", url=URL), json_feed),
    "JSON lines": (JsonlSource("f", url=URL), json_lines),
}


def papers_after(days: Sequence[Sequence[Item]], form: str = "RSS") -> tuple[list[int], list[Paper]]:
    """How many papers of a feed were new on each of these days, and all papers in the end."""
    source, written = FORMATS[form]
    known: dict[int, Known] = {}
    counts = []
    for items in days:
        before = len(known)
        for one in resolve(source.parse(written(items), url=URL).records, known.values()).papers:
            pk = len(known) if one.pk is None else one.pk
            known[pk] = Known(pk=pk, paper=one.paper, parts=one.parts)
        counts.append(len(known) - before)
    return counts, [k.paper for k in known.values()]


def new_on(days: Sequence[Sequence[Item]], form: str = "RSS") -> list[int]:
    return papers_after(days, form)[0]


def item(n: int = 1, **more: str) -> Item:
    given = {
        "title": f"Frog calls in winter, as heard from pond number {n}",
        "link": f"https://journal.example.org/item/{n}",
        "description": f"{TEXT} That was in pond {n}.",
        "guid": f"urn:journal:item-{n}",
    }
    return {tag: text for tag, text in {**given, **more}.items() if text}


@pytest.mark.parametrize("form", FORMATS)
def test_an_item_with_an_id_is_printed_once_wherever_its_link_leads(form: str) -> None:
    days = [[item(n, link=f"https://go.example.org/{n}{day}?t={day}") for n in (1, 2)] for day in range(6)]

    assert new_on(days, form) == [2, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("guid", ["", "N/A", "-", "0", "null"])
def test_an_item_without_an_id_is_known_by_its_title_and_text(form: str, guid: str) -> None:
    days = [[item(n, guid=guid, link=f"https://go.example.org/{n}?t={day}") for n in (1, 2)] for day in range(3)]

    assert new_on(days, form) == [2, 0, 0]


def test_an_id_that_is_the_changing_link_itself_says_no_more_than_none() -> None:
    days = [[item(n, guid=link, link=link) for n in (1, 2) if (link := f"https://a.org/{n}?t={day}")] for day in "ab"]

    assert new_on(days) == [2, 0]


def test_an_item_without_id_and_text_is_known_by_a_telling_title_where_only_parameters_change() -> None:
    days = [[item(guid="", description="", link=f"https://a.org/{path}?t={day}")] for day, path in enumerate("aab")]

    assert new_on(days) == [1, 0, 1]


@pytest.mark.parametrize("title", ["Editorial", "Frogs"])
def test_a_title_that_many_have_tells_nothing_without_a_text(title: str) -> None:
    days = [[item(title=title, guid="", description="", link=f"https://a.org/a?t={day}")] for day in "ab"]

    assert new_on(days) == [1, 1]


def test_an_item_with_an_id_is_the_same_though_its_title_was_corrected() -> None:
    days = [[item(title=title, link=f"https://a.org/{n}")] for n, title in enumerate(["Frog cals", "Of other things"])]

    assert new_on(days) == [1, 0]


def test_an_item_with_an_id_is_the_same_though_its_text_was_written_anew() -> None:
    texts = [TEXT, "Nothing of what we said about those animals last year can be repeated by others, which is a pity."]
    days = [[item(description=text, link=f"https://a.org/{n}")] for n, text in enumerate(texts)]

    assert new_on(days) == [1, 0]


def test_ids_that_are_given_again_every_day_join_nothing() -> None:
    words = ["Ice and seals in the drifting north", "Dye in the roots of young willows", "A tally of newts by night"]
    days = [
        [
            item(
                title=f"{word} of year {n}",
                guid=f"item-{n}",
                link=f"https://a.org/{day}/{n}",
                description=f"{word}: {word.split()[0]} were seen there {n} times {word[::-1]}.",
            )
            for n in range(3)
        ]
        for day, word in enumerate(words)
    ]

    assert new_on(days) == [3, 3, 3]


@pytest.mark.parametrize("guid", ["N/A", "urn:journal"])
def test_an_id_that_all_items_have_joins_nothing(guid: str) -> None:
    days = [[item(n, guid=guid) for n in (1, 2, 3)], [item(n, guid=guid) for n in (3, 4)]]

    assert new_on(days) == [3, 1]


def test_two_items_of_one_title_and_text_stay_two() -> None:
    both = [item(title="Frogs in the news", description=TEXT, guid="", link=f"https://a.org/{n}") for n in (1, 2)]

    assert new_on([both, both[::-1]]) == [2, 0]


def test_an_id_that_was_given_to_another_item_does_not_make_one_paper_of_two_known_ones() -> None:
    one = item(1, title="Frog calls in winter, again", description="")
    other = item(2, title="Frog calls in winter, again, once more", description="")
    moved = {**other, "title": one["title"], "guid": one["guid"]}

    counts, papers = papers_after([[one, other], [moved]])

    assert (counts, len(papers)) == ([2, 0], 2)
    assert [paper.url for paper in papers] == [one["link"], other["link"]]


@pytest.mark.parametrize(("guid", "new"), [("ab12", [1, 0]), ("ab1", [1, 1]), ("1", [1, 1])])
def test_an_id_of_less_than_four_signs_is_a_place_in_a_list(guid: str, new: list[int]) -> None:
    assert new_on([[item(guid=guid, description="", link=f"https://a.org/{day}")] for day in "ab"]) == new


GENERIC = "Introduction to the special issue on frogs"


@pytest.mark.parametrize(
    ("title", "text", "new"),
    [
        ("Frogs of my winters", "Short.", [1, 0]),  # 16 letters
        ("Frogs of my winter", "Short.", [1, 1]),
        ("Frogs of my winter", "x" * 80, [1, 0]),
        ("Frogs of my winter", "x" * 79, [1, 1]),
        (GENERIC, "Short.", [1, 1]),
        (GENERIC, "x" * 80, [1, 0]),
        (f"Frogs {'x' * 23}", "", [1, 1]),
        (f"Frogs {'x' * 24}", "", [1, 1]),
        (f"Frogs {'x' * 25}", "", [1, 0]),  # 30 letters
        (f"{GENERIC} and seals", "", [1, 1]),
    ],
)
def test_an_item_is_known_by_its_words_where_they_tell_it_from_others(title: str, text: str, new: list[int]) -> None:
    days = [[item(title=title, description=text, guid="", link=f"https://a.org/a?t={day}")] for day in "ab"]

    assert new_on(days) == new


def test_an_item_with_another_text_is_another_one() -> None:
    days = [[item(guid="", description=f"{TEXT} {day}", link=f"https://a.org/a?t={day}")] for day in ("one", "two")]

    assert new_on(days) == [1, 1]


def test_an_item_without_text_is_another_one_if_it_appeared_at_another_time() -> None:
    dates = ["Mon, 02 Feb 2026 10:00:00 GMT", "Tue, 03 Feb 2026 10:00:00 GMT"]
    days = [[item(guid="", description="", link=f"https://a.org/a?t={date[5:7]}", pubDate=date)] for date in dates]

    assert new_on(days) == [1, 1]


def test_what_a_source_calls_an_item_is_an_alias_and_says_whose() -> None:
    _, [by_id] = papers_after([[item()]])
    _, [by_text] = papers_after([[item(guid="")]])
    _, [by_title] = papers_after([[item(guid="", link="")]])
    _, [by_doi] = papers_after([[item(link="https://doi.org/10.1000/frogs")]])

    assert all(re.fullmatch(r"guid:f:[0-9a-f]{20}", one) for one in (*by_id.aliases, *by_text.aliases))
    assert [len(paper.aliases) for paper in (by_id, by_text, by_title, by_doi)] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "text", ["", " ", "-", "…", "0", "00", "N/A", "n.a.", "NULL", "none", "TBD", "#", "Not available"]
)
def test_some_words_say_only_that_there_is_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["1", "10", "a", "nature", "/na/1", "https://example.org/"])
def test_all_others_say_something(text: str) -> None:
    assert not says_nothing(text)


def test_a_link_that_changes_every_day_leaves_no_trail_of_ids() -> None:
    days = [[item(link=f"https://go.example.org/{day}")] for day in range(7)]

    _, [paper] = papers_after(days)

    assert sum(i.startswith("url:") for i in ids_of(paper)) == 3
