"""Which papers the records of a reading are: by which id, title or likeness, with what reason, and where it ends."""

from __future__ import annotations

import random
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from digest.core.identity.ids import title_id, title_key
from digest.core.identity.resolve import Known, Resolution, Resolved, lookup_keys, resolve
from digest.core.models import Announcement, Paper, PaperId, Record, Signals
from tests.conftest import paper

TEAM = ("Ada Lovelace", "Emmy Noether", "Sofja Kowalewskaja")
ARTICLE = PaperId("doi:10.5555/article")


def found(*papers: Paper, known: list[Known] | None = None) -> tuple[Resolved, ...]:
    return resolve([Record(paper=p) for p in papers], known or []).papers


def store(*papers: Paper) -> list[Known]:
    return [Known(pk=pk, paper=one) for pk, one in enumerate(papers, start=1)]


# -- by words

PHRASES = [
    "frogs sang under the moon",
    "gulls ate all the bread",
    "kites rose above the hill",
    "quails slept in open meadows",
    "voles dug below the barn",
    "yaks walked over thin snow",
]
"""Each begins at a word by which an abstract is found; no other word of this file's abstracts is one."""


def text(*phrases: str, seed: int, words: int) -> str:
    """Phrases by which it is found, with *words* other words between that no other text has in this order."""
    rnd = random.Random(seed)
    others = [f"{a}{b}{c}" for a in "bcdhlmnprstw" for b in "aeiou" for c in ("m", "n", "rd", "st", "lt")]
    parts = ["the", *phrases, *(rnd.choice(others) for _ in range(words))]
    return " ".join(parts)


WHOLE = "There " + " ".join(f"{phrase} {text(seed=n, words=30)}" for n, phrase in enumerate(PHRASES))

ONE_PHRASE_OF_WHOLE = " ".join(word if word[0] not in "gkqvy" else f"j{word}" for word in WHOLE.split())
"""The same abstract, in which all phrases but the first begin with another word."""


def renamed(n: int, abstract: str, **changes: Any) -> Paper:
    """A paper that only its abstract joins to others."""
    values = {"id": PaperId(f"arxiv:2603.{n:05d}"), "title": f"{text(seed=1000 + n, words=4)}", "authors": TEAM}
    return paper(n, abstract=abstract, **{**values, **changes})


def of_one_phrase(n: int) -> Paper:
    """Another work that has one phrase of `WHOLE`."""
    own = [f"{anchor}{n} {text(seed=2000 + n, words=4)}" for anchor in ("fox", "goat", "jay")]
    return renamed(n, text(PHRASES[n % 6], *own, seed=n, words=60))


def article(abstract: str = WHOLE, **changes: Any) -> Paper:
    return renamed(90, abstract, id=ARTICLE, version=None, **changes)


@pytest.mark.parametrize("others", [0, 24, 48])
def test_of_many_that_share_a_phrase_the_one_that_shares_the_most_is_found(others: int) -> None:
    known = store(*map(of_one_phrase, range(others)), renamed(80, WHOLE))

    [one] = found(article(), known=known)

    assert one.pk == others + 1


@pytest.mark.parametrize(("others", "pk"), [(19, 20), (20, None)])
def test_a_record_is_compared_with_the_twenty_papers_that_share_the_most(others: int, pk: int | None) -> None:
    crowd = [n for n in range(60) if n % 6][:others]

    [one] = found(article(), known=store(*map(of_one_phrase, crowd), renamed(80, ONE_PHRASE_OF_WHOLE)))

    assert one.pk == pk


def test_of_equals_the_one_that_was_there_first_is_the_one_it_is() -> None:
    known = [Known(pk=pk, paper=renamed(80 + pk, WHOLE, id=PaperId(f"arxiv:2603.000{90 - pk}"))) for pk in (3, 1, 2)]

    assert found(article(), known=known)[0].joined == ()


def test_papers_of_strangers_are_not_joined_by_words_alone() -> None:
    known = store(renamed(80, WHOLE, authors=("Bo Li", "Jo Doe")))

    assert found(article(), known=known)[0].pk is None


def test_words_never_show_that_two_known_papers_are_one() -> None:
    known = store(renamed(80, WHOLE), renamed(81, WHOLE))

    [one] = found(article(), known=known)

    assert (one.pk, one.joined) == (1, ())


def test_a_record_finds_the_words_of_one_before_it_in_the_same_list() -> None:
    papers = found(renamed(1, text(PHRASES[0], seed=5, words=60)), renamed(80, WHOLE), article())

    assert [one.paper.aliases for one in papers] == [(), (ARTICLE,)]


@pytest.mark.parametrize(("sharing", "pk"), [(9, 10), (10, None)])
def test_a_phrase_that_more_than_ten_papers_have_finds_none(sharing: int, pk: int | None) -> None:
    known = store(*(of_one_phrase(6 * n) for n in range(sharing)), renamed(80, ONE_PHRASE_OF_WHOLE))

    [one] = found(article(), known=known)

    assert one.pk == pk


# -- by title


def cited(n: int, title: str = "Where the sand of rivers goes", **changes: Any) -> Paper:
    """A paper without an abstract, of one author."""
    values = {"id": PaperId(f"openreview:note{n}"), "authors": (f"Author{n} Name{n}",), "abstract": ""}
    return paper(n, title=title, **{**values, **changes})


@pytest.mark.parametrize(("others", "pk"), [(49, 50), (50, None)])
def test_of_a_title_that_many_papers_have_the_first_fifty_are_compared(others: int, pk: int | None) -> None:
    known = store(*map(cited, range(others)), cited(90, authors=TEAM))

    [one] = found(cited(91, authors=TEAM), known=known)

    assert one.pk == pk


def test_a_title_alone_is_the_paper_with_the_likest_abstract_and_joins_no_others() -> None:
    title = "Where the sand of rivers goes"
    known = store(*(paper(n, title=title, abstract=text(*PHRASES[:n], seed=n, words=5)) for n in (1, 2, 3)))
    bare = paper(4, id=title_id(title), title=title, abstract=known[1].paper.abstract, authors=(), url="")

    [one] = found(bare, known=known)

    assert (one.pk, one.joined) == (2, ())


def test_of_equally_like_papers_of_a_title_the_one_of_the_lowest_id_is_taken() -> None:
    title = "Where the sand of rivers goes"
    known = store(*(paper(n, title=title, abstract="The same words.") for n in (3, 1, 2)))
    bare = paper(4, id=title_id(title), title=title, abstract="", authors=(), url="")

    [one] = found(bare, known=known)

    assert (one.pk, one.joined) == (2, ())


def test_a_paper_is_found_under_the_title_that_a_record_before_gave_it() -> None:
    later = paper(1, version=2, title="Where the sand of rivers goes")
    bare = paper(4, id=title_id(later.title), title=later.title, abstract="", authors=(), url="")

    [one] = found(later, bare, known=store(paper(1)))

    assert one.pk == 1


def test_what_is_looked_up_is_each_id_each_telling_title_and_what_a_title_would_be_called() -> None:
    one = paper(1, aliases=(ARTICLE,))
    editorial = paper(2, title="Editorial")

    ids, titles, papers = lookup_keys([Record(paper=one), Record(paper=editorial)])

    named = {title_id(p.title, p.abstract) for p in (one, editorial)}
    assert ids == {one.id, ARTICLE, editorial.id} | named
    assert titles == {title_key(one.title)}
    assert papers == (one, editorial)


# -- by address

PAGE = PaperId("url:https://journal.example.org/issue")


def at_one_page(title: str, **changes: Any) -> Paper:
    return paper(1, **{"id": PAGE, "title": title, "authors": (), "abstract": "", "url": "", **changes})


@pytest.mark.parametrize(
    ("title", "other", "papers"),
    [
        ("Apples pears plums", "Apples pears cherries", 1),  # 2 of 4 words
        ("Apples pears plums", "Apples pears cherries nuts", 2),  # 2 of 5
        ("Apples pears", "Apples nuts", 2),
        ("APPLES, pears: plums", "apples pears plums", 1),
        ("?", "!", 1),
        ("Apples", "!", 2),
    ],
)
def test_an_address_is_of_one_paper_as_long_as_half_of_the_titles_words_agree(
    title: str, other: str, papers: int
) -> None:
    assert len(found(at_one_page(title), at_one_page(other))) == papers


def test_an_address_stays_with_the_paper_that_had_it_first() -> None:
    first, second = found(at_one_page("On apples and pears"), at_one_page("Bridges of the north"))

    assert first.paper.id == PAGE
    assert second.paper.id == title_id("Bridges of the north")
    assert PAGE not in second.paper.aliases


def test_a_paper_that_is_one_by_its_abstract_keeps_its_address_under_any_title() -> None:
    old, new = renamed(1, WHOLE, id=PAGE), renamed(2, WHOLE, id=PAGE)

    [one] = found(new, known=store(old))

    assert (one.pk, one.paper.id) == (1, PAGE)


# -- reasons


def test_each_id_that_a_fold_brings_says_which_id_showed_it() -> None:
    preprint = paper(1)
    other = paper(2, id=ARTICLE, title="Under another name", authors=("Jo Doe",), abstract="")
    both = paper(1, aliases=(ARTICLE,))

    [one] = found(preprint, other, both)

    assert one.reasons == ((preprint.id, "its own id"), (ARTICLE, f"same id {ARTICLE}"))


def test_a_new_paper_has_each_of_its_own_ids_by_its_own_word() -> None:
    [one] = found(paper(1, aliases=(ARTICLE,)))

    assert one.reasons == ((paper(1).id, "its own id"), (ARTICLE, "its own id"))


def test_an_id_that_is_new_to_a_known_paper_has_the_reason_of_the_match() -> None:
    [one] = found(paper(1, aliases=(ARTICLE,)), known=store(paper(1)))

    assert one.reasons == ((ARTICLE, f"same id {paper(1).id}"),)


def test_the_first_reason_of_an_id_stays() -> None:
    page = PaperId("url:https://a.org/1")

    [one] = found(paper(1, aliases=(ARTICLE,)), paper(1, aliases=(ARTICLE, page)), paper(1, aliases=(page,)))

    assert dict(one.reasons) == {paper(1).id: "its own id", ARTICLE: "its own id", page: f"same id {paper(1).id}"}


# -- what a person said


def test_what_a_person_kept_apart_from_a_part_stays_apart_from_the_whole() -> None:
    apart = cited(7, authors=TEAM)
    old = cited(2, id=ARTICLE, authors=TEAM, title="The sand of rivers")
    known = [
        Known(pk=1, paper=cited(1, authors=TEAM)),
        Known(pk=2, paper=old, apart=frozenset({apart.id})),
    ]

    papers = found(cited(1, authors=TEAM, aliases=(ARTICLE,)), apart, known=known)

    assert [(one.pk, one.joined) for one in papers] == [(1, (2,)), (None, ())]


def test_without_a_persons_word_the_same_papers_are_one() -> None:
    known = store(cited(1, authors=TEAM))

    assert [one.pk for one in found(cited(7, authors=TEAM), known=known)] == [1]


def test_two_papers_that_a_person_kept_apart_are_not_folded_by_a_record_that_names_both() -> None:
    a, b = paper(1), paper(2, id=ARTICLE, title="Under another name", authors=("Jo Doe",), abstract="")
    known = [Known(pk=1, paper=a, apart=frozenset({ARTICLE})), Known(pk=2, paper=b)]

    papers = found(paper(1, aliases=(ARTICLE,)), known=known)

    assert [(one.pk, one.joined, one.paper.aliases) for one in papers] == [(1, (), ())]


# -- order, parts and lists


def test_papers_stand_where_the_list_has_them_first() -> None:
    papers = found(paper(3), paper(1), paper(2), paper(3, version=2), known=store(paper(2), paper(1)))

    assert [(one.paper.id[-1], one.position, one.pk) for one in papers] == [("3", 0, None), ("1", 1, 2), ("2", 2, 1)]


def test_a_known_paper_that_is_not_in_the_list_is_not_in_the_answer() -> None:
    assert [one.pk for one in found(paper(1), known=store(paper(2), paper(1)))] == [2]


def test_a_fold_takes_the_first_place_the_newest_news_and_the_higher_votes() -> None:
    other = paper(2, id=ARTICLE, title="Under another name", authors=("Jo Doe",), abstract="")
    records = [
        Record(paper=other, announcement=Announcement.REPLACE, signals=Signals(upvotes=9)),
        Record(paper=paper(1), announcement=Announcement.NEW, signals=Signals(upvotes=3)),
        Record(paper=paper(1, aliases=(ARTICLE,)), announcement=Announcement.CROSS, signals=Signals(upvotes=1)),
    ]

    [one] = resolve(records, []).papers

    assert (one.position, one.record.announcement, one.record.signals.upvotes) == (0, Announcement.NEW, 9)
    assert one.record.paper == one.paper


def test_a_paper_of_one_record_has_no_parts_and_is_listed_as_itself() -> None:
    [one] = found(paper(1, version=2), known=store(paper(1)))

    assert (one.parts, one.listed_as) == ((), (paper(1).id,))


def test_the_parts_of_a_join_are_kept_as_they_were_said_by_their_ids() -> None:
    other = paper(2, id=ARTICLE, title="Under another name", authors=("Jo Doe",), abstract="")
    both = paper(1, aliases=(ARTICLE,), version=2)

    [one] = found(both, known=store(paper(1), other))

    assert [part.id for part in one.parts] == [paper(1).id, ARTICLE]
    assert one.parts[1] == other
    assert one.parts[0].version == 2
    assert one.listed_as == (paper(1).id,)


def test_what_a_fold_brings_is_listed_under_its_own_name_too() -> None:
    other = paper(2, id=ARTICLE, title="Under another name", authors=("Jo Doe",), abstract="")

    [one] = found(paper(1), other, paper(1, aliases=(ARTICLE,)))

    assert one.listed_as == (paper(1).id, ARTICLE)


def test_three_known_papers_that_turn_out_to_be_one_are_joined_into_the_oldest() -> None:
    page = PaperId("openreview:note1")
    known = [
        Known(pk=9, paper=paper(1)),
        Known(pk=4, paper=paper(2, id=ARTICLE, title="Under another name", authors=("Jo Doe",), abstract="")),
        Known(pk=7, paper=paper(3, id=page, title="Under a third name", authors=("Bo Li",), abstract="")),
    ]

    [one] = found(paper(1, aliases=(ARTICLE, page)), known=known)

    assert (one.pk, one.joined) == (4, (7, 9))


@pytest.mark.parametrize("value", [Known(pk=1, paper=paper(1)), Resolution(papers=()), *found(paper(1))])
def test_what_was_found_out_cannot_be_changed(value: Known | Resolution | Resolved) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, fields(value)[0].name, None)


# -- what is kept of each


def under_another_name(**changes: Any) -> Paper:
    values = {"id": ARTICLE, "title": "Under another name", "authors": ("Jo Doe",), "abstract": ""}
    return paper(2, **{**values, **changes})


def test_a_paper_keeps_its_id_though_title_text_and_people_are_others() -> None:
    renewed = paper(1, version=2, title="Bridges of the north", abstract=WHOLE, authors=("Bo Li",))

    [one] = found(renewed, known=store(paper(1)))

    assert (one.pk, one.paper.id, one.paper.title) == (1, paper(1).id, renewed.title)


def test_what_the_list_says_of_a_known_paper_is_said_of_all_that_is_known_of_it() -> None:
    [one] = found(paper(1, abstract="", aliases=(ARTICLE,)), known=store(paper(1)))

    assert one.record.paper == one.paper == paper(1, aliases=(ARTICLE,))


def test_a_part_holds_the_ids_that_its_own_record_named() -> None:
    [one] = found(paper(1, aliases=(ARTICLE,)), known=store(paper(1), under_another_name()))

    assert [(part.id, part.aliases) for part in one.parts] == [(paper(1).id, (ARTICLE,)), (ARTICLE, ())]


def test_a_part_stays_under_its_own_id_whatever_better_one_a_record_names() -> None:
    records = paper(1, aliases=(ARTICLE,)), under_another_name(aliases=(paper(1).id,))

    [one] = found(*records, known=store(paper(1), under_another_name()))

    assert [(part.id, part.aliases) for part in one.parts] == [(paper(1).id, (ARTICLE,)), (ARTICLE, (paper(1).id,))]
    assert one.listed_as == (paper(1).id, ARTICLE)


def test_a_part_keeps_what_was_said_of_it_before() -> None:
    [one] = found(paper(1, abstract="", aliases=(ARTICLE,)), known=store(paper(1), under_another_name()))

    assert one.parts[0].abstract == paper(1).abstract


def test_a_paper_that_is_listed_again_and_again_does_not_crowd_itself_out() -> None:
    again = [renamed(80, f"{WHOLE} {n}", version=n) for n in range(1, 15)]

    [one] = found(*again, article())

    assert one.paper.aliases == (ARTICLE,)


# -- addresses that change

NAME = PaperId("guid:f:0123456789abcdef0123")
ADDRESSES = [PaperId(f"url:https://a.org/{n}") for n in range(5)]


def linked(*addresses: PaperId, **changes: Any) -> Paper:
    """An item that its source calls by one name, under these addresses."""
    return paper(1, **{"id": addresses[0], "aliases": tuple(sorted((*addresses[1:], NAME))), **changes})


@pytest.mark.parametrize(("had", "has"), [(1, 2), (2, 3), (3, 3), (4, 4)])
def test_an_item_is_known_under_three_addresses_at_most_unless_it_had_more(had: int, has: int) -> None:
    [one] = found(linked(ADDRESSES[4]), known=store(linked(*ADDRESSES[:had])))

    assert sum(i.startswith("url:") for i in (one.paper.id, *one.paper.aliases)) == has
    assert one.pk == 1


def test_an_item_of_many_addresses_is_listed_as_its_first_one_under_yet_another() -> None:
    [one] = found(linked(ADDRESSES[4]), known=store(linked(*ADDRESSES[:3])))

    assert one.listed_as == (ADDRESSES[0],)


def test_an_item_of_many_addresses_is_listed_under_the_one_it_has_if_that_is_known() -> None:
    [one] = found(linked(ADDRESSES[2]), known=store(linked(*ADDRESSES[:3])))

    assert one.listed_as == (ADDRESSES[2],)


def test_an_item_of_many_addresses_is_known_by_a_doi_as_soon_as_it_has_one() -> None:
    [one] = found(linked(ARTICLE), known=store(linked(*ADDRESSES[:3])))

    assert (one.pk, one.paper.id, one.listed_as) == (1, ARTICLE, (ARTICLE,))


def test_an_item_that_a_person_kept_apart_is_not_joined_by_what_its_source_calls_it() -> None:
    other = linked(ADDRESSES[1])
    known = [Known(pk=1, paper=linked(ADDRESSES[0]), apart=frozenset({ADDRESSES[1]}))]

    assert found(other, known=known)[0].pk is None


def test_what_a_source_calls_an_item_joins_nothing_of_other_words() -> None:
    other = linked(ADDRESSES[1], title="Bridges of the north", abstract=WHOLE, authors=("Bo Li",))

    assert found(other, known=store(linked(ADDRESSES[0])))[0].pk is None


def test_where_another_id_tells_the_name_in_a_source_does_not_join_a_second_paper() -> None:
    known = store(paper(1, id=ARTICLE, aliases=()), linked(ADDRESSES[0], authors=("Bo Li",), title="Of other things"))
    record = paper(1, id=ARTICLE, aliases=(NAME,))

    [one] = found(record, known=known)

    assert (one.pk, one.joined) == (1, ())
