"""One paper over sources, days and versions: found in the store, joined with a reason, and followed when it changes."""

from __future__ import annotations

import itertools
import json
import random
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, insert, select

from digest.core.identity.ids import title_key
from digest.core.identity.resolve import Known, resolve
from digest.core.identity.sketch import sketch
from digest.core.models import Announcement, Paper, PaperId, Record
from digest.store import SqlStore, tables
from digest.store.migrations import MIGRATIONS
from digest.store.papers import find_known, load_papers
from tests.bench import duplicates as bench
from tests.conftest import paper
from tests.core.test_likeness import ABSTRACT, OTHER, TEAM
from tests.support.store_values import DAY, fitting, listed, publish, read

pytest_plugins = ("tests.support.store_fixtures",)

YESTERDAY = DAY - timedelta(days=1)
ARTICLE, PREPRINT = PaperId("doi:10.1038/s1"), PaperId("doi:10.1101/2024.01.02.573912")


def preprint(**changes: object) -> Paper:
    values = {"id": PREPRINT, "title": "Where the sand of rivers goes", "abstract": ABSTRACT, "authors": TEAM}
    return paper(1, **{**values, **changes})


def article(**changes: object) -> Paper:
    """The same work, renamed, shortened by a word, and with initials."""
    values = {
        "id": ARTICLE,
        "title": "Dams starve coasts",
        "abstract": ABSTRACT.replace("a tenth", "ten percent"),
        "authors": ("A. Lovelace", "E. Noether", "S. Kowalewskaja"),
        "version": None,
    }
    return paper(1, **{**values, **changes})


def reasons(store: SqlStore) -> dict[str, str]:
    with store._read() as connection:
        return {row.id: row.reason for row in connection.execute(select(tables.alias.c.id, tables.alias.c.reason))}


def assert_sketches_fit(store: SqlStore) -> None:
    """What is stored to find papers by is what their words give, no more and no less."""
    with store._read() as connection:
        stored = {tuple(row) for row in connection.execute(select(tables.sketch.c.key, tables.sketch.c.paper_pk))}
        papers = load_papers(connection, connection.scalars(select(tables.paper.c.pk)).all())
    assert stored == {(key, pk) for pk, one in papers.items() for key in sketch(one).kept}


# -- found again


def test_a_renamed_article_is_the_preprint_of_another_day(store: SqlStore) -> None:
    read(store, preprint(), source="bioRxiv", day=YESTERDAY)

    read(store, article(), source="Nature")

    found = store.paper(ARTICLE)
    assert found is not None
    assert {found.id, *found.aliases} == {ARTICLE, PREPRINT}
    assert found == store.paper(PREPRINT)
    assert reasons(store)[ARTICLE] == "abstract 92 % alike, 3 authors in common"
    assert_sketches_fit(store)


def test_a_misspelt_title_without_an_abstract_is_found(store: SqlStore) -> None:
    read(store, preprint(), source="bioRxiv", day=YESTERDAY)

    read(store, article(title="Where the sand of rivres goes", abstract=""), source="PubMed")

    assert reasons(store)[ARTICLE] == "title differs by 1 letter, 3 authors in common"


def test_another_work_of_the_same_people_is_not(store: SqlStore) -> None:
    read(store, preprint(), day=YESTERDAY)

    read(
        store,
        article(title="Where the sand of rivers goes, Part II"),
        article(id=PaperId("doi:10.1038/s2"), abstract=OTHER),
    )

    assert store.paper(PREPRINT) == preprint()
    assert_sketches_fit(store)


def test_words_that_many_papers_share_find_none_of_them(store: SqlStore) -> None:
    crowd = [preprint(id=PaperId(f"arxiv:2603.{n:05d}"), title=f"Title {n:05d}") for n in range(11)]
    read(store, *crowd, day=YESTERDAY)

    with store._read() as connection:
        assert find_known(connection, [], [], [article()]) == []
        assert len(find_known(connection, [crowd[0].id], [], [crowd[0]])) == 1


def test_of_a_title_that_very_many_papers_have_a_few_are_looked_at(store: SqlStore) -> None:
    title = "Proceedings of the day"
    crowd = [paper(n, title=title, abstract="", authors=(f"Author{n} Name{n}",)) for n in range(60)]
    read(store, *crowd, day=YESTERDAY)

    with store._read() as connection:
        assert len(find_known(connection, [], [title_key(title)])) == 50


def test_a_number_that_many_papers_have_is_not_kept_for_all_of_them(store: SqlStore) -> None:
    crowd = [preprint(id=PaperId(f"arxiv:2603.{n:05d}"), title=f"Title {n:05d}") for n in range(20)]
    read(store, *crowd, day=YESTERDAY)

    with store._read() as connection:
        per_key = select(func.count()).select_from(tables.sketch).group_by(tables.sketch.c.key)
        assert set(connection.scalars(per_key)) == {11}


def test_a_paper_that_is_known_by_an_id_is_looked_for_by_nothing_else(store: SqlStore) -> None:
    other = article(id=PaperId("arxiv:2603.00002"))
    read(store, preprint(id=PaperId("arxiv:2603.00001")), other, day=YESTERDAY)

    with store._read() as connection:
        assert [k.paper for k in find_known(connection, [other.id], [], [other])] == [other]


def test_a_paper_is_found_by_the_words_it_has_now(store: SqlStore) -> None:
    read(store, preprint(id=PaperId("arxiv:2603.00001"), abstract=OTHER), day=YESTERDAY)

    read(store, preprint(id=PaperId("arxiv:2603.00001"), version=2))

    assert_sketches_fit(store)
    read(store, article(), source="Nature")
    assert len(reasons(store)) == 2
    assert_sketches_fit(store)


def test_a_store_from_before_there_were_sketches_gets_them(new_url: str) -> None:
    before = list(itertools.takewhile(lambda step: step.name != "sketches", MIGRATIONS))
    rows = [{**bench.row(one, pk), "first_seen": YESTERDAY} for pk, one in enumerate((preprint(), paper(2)), start=1)]
    SqlStore.open(new_url, steps=before).close()
    engine = create_engine(new_url)
    with engine.begin() as connection:
        connection.execute(insert(tables.paper), fitting(connection, rows))
        ids = [{"id": row["id"], "paper_pk": row["pk"], "reason": "its own id", "since": YESTERDAY} for row in rows]
        connection.execute(insert(tables.alias), ids)
    engine.dispose()

    with SqlStore.open(new_url) as store:
        assert_sketches_fit(store)
        read(store, article(), source="Nature")
        assert PREPRINT in (store.paper(ARTICLE) or paper()).aliases


# -- what becomes of it


def test_versions_of_a_preprint_are_one_paper_and_the_last_one_stands(store: SqlStore) -> None:
    read(store, preprint(version=2, abstract=f"{ABSTRACT} Revised.", withdrawn=True), day=YESTERDAY)

    read(store, preprint(version=1))

    found = store.paper(PREPRINT)
    assert found is not None
    assert (found.version, found.withdrawn, found.abstract) == (2, True, f"{ABSTRACT} Revised.")


def test_a_withdrawn_preprint_stays_withdrawn_when_its_article_comes(store: SqlStore) -> None:
    read(store, preprint(title="WITHDRAWN: Where the sand of rivers goes", withdrawn=True), day=YESTERDAY)

    read(store, article(title="Where the sand of rivers goes"))

    found = store.paper(ARTICLE)
    assert found is not None
    assert found.withdrawn
    assert len(found.aliases) == 1


def both(**changes: object) -> Paper:
    """The record that shows that preprint and article are one."""
    return preprint(aliases=(ARTICLE,), **changes)


def known_apart(store: SqlStore, *first: Record, day: object = DAY) -> None:
    """Preprint and article under words that nothing joins, in one list."""
    read(store, *first, source="arXiv", day=day)
    with store._read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.paper)) == 2


@pytest.mark.parametrize("news_first", [True, False])
def test_news_is_not_lost_when_two_papers_of_a_list_turn_out_to_be_one(store: SqlStore, news_first: bool) -> None:
    kinds = [Announcement.NEW, Announcement.REPLACE]
    one, other = kinds if news_first else reversed(kinds)
    known_apart(
        store,
        listed(preprint(), one, upvotes=3),
        listed(article(abstract=OTHER, authors=("Bo Li",)), other, upvotes=9),
    )

    read(store, both(), source="elsewhere")

    [candidate] = store.candidates("daily", ["arXiv"], DAY, carry_days=0)
    assert (candidate.announcement, candidate.signals.upvotes, candidate.position) == (Announcement.NEW, 9, 0)
    assert_sketches_fit(store)


def test_a_replacement_and_a_new_item_of_one_paper_are_news_in_the_list_that_joins_them(store: SqlStore) -> None:
    read(store, preprint(), source="arXiv", day=YESTERDAY)
    read(store, article(abstract=OTHER, authors=("Bo Li",)), source="arXiv", day=YESTERDAY)

    read(
        store,
        listed(preprint(version=2), Announcement.REPLACE),
        listed(article(abstract=OTHER, authors=("Bo Li",)), Announcement.NEW),
        listed(both(version=2), Announcement.REPLACE_CROSS),
        source="arXiv",
    )

    [candidate] = store.candidates("daily", ["arXiv"], DAY, carry_days=0)
    assert candidate.announcement is Announcement.NEW
    assert candidate.paper.version == 2


def test_what_was_printed_under_either_id_is_not_printed_again(store: SqlStore) -> None:
    known_apart(store, listed(preprint()), listed(article(abstract=OTHER, authors=("Bo Li",))), day=YESTERDAY)
    publish(store, article(abstract=OTHER, authors=("Bo Li",)), day=YESTERDAY)

    read(store, both(), source="arXiv")

    assert store.candidates("daily", ["arXiv"], DAY, carry_days=0) == ()


# -- laws


def spellings(n: int) -> list[Paper]:
    """Records of one work, each with an id of its own."""
    title = f"{'North South East West'.split()[n]} winds carry the sand of rivers to the coast"
    abstract = " ".join(f"{word} {n}" if k % 3 == 0 else word for k, word in enumerate(ABSTRACT.split()))
    texts = [title, title.replace("carry", "carries"), title.upper(), f"{title}: forty dams", f"On {n} dams and coasts"]
    ids = [
        f"arxiv:2603.0000{n}",
        f"doi:10.5555/{n}",
        f"doi:10.1101/{n}",
        f"openreview:note{n}",
        f"url:https://a.org/{n}",
    ]
    return [
        paper(n, id=PaperId(i), title=text, abstract=abstract, authors=TEAM[: 2 + k % 2], url="")
        for k, (i, text) in enumerate(zip(ids, texts, strict=True))
    ]


_records = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=10)


def works(records: list[Paper]) -> set[frozenset[PaperId]]:
    return {frozenset((r.paper.id, *r.paper.aliases)) for r in resolve([Record(paper=p) for p in records], []).papers}


@given(_records, st.randoms(use_true_random=False))
def test_which_records_are_one_paper_does_not_depend_on_their_order(
    picks: list[tuple[int, int]], rng: random.Random
) -> None:
    records = [spellings(n)[k] for n, k in picks]
    shuffled = rng.sample(records, len(records))

    assert works(records) == works(shuffled)
    assert len(works(records)) == len({n for n, _ in picks})


@given(_records)
def test_reading_again_what_was_read_joins_nothing_more(picks: list[tuple[int, int]]) -> None:
    records = [Record(paper=spellings(n)[k]) for n, k in picks]
    first = resolve(records, []).papers
    known = [Known(pk=pk, paper=one.paper) for pk, one in enumerate(first, start=1)]

    second = resolve(records, known).papers

    assert [one.paper for one in second] == [one.paper for one in first]
    assert all(one.pk and not one.joined and not one.reasons for one in second)


@given(_records, st.data())
def test_each_id_has_a_reason_to_be_where_it_is(picks: list[tuple[int, int]], data: st.DataObject) -> None:
    known = [Known(pk=n + 1, paper=spellings(n)[0]) for n in range(data.draw(st.integers(0, 4)))]

    for one in resolve([Record(paper=spellings(n)[k]) for n, k in picks], known).papers:
        before = {i for k in known if k.pk == one.pk for i in (k.paper.id, *k.paper.aliases)}
        assert {i for i, _ in one.reasons} == {one.paper.id, *one.paper.aliases} - before
        assert all(reason for _, reason in one.reasons)


_ids = st.sampled_from(
    "arxiv:2603.00001 arxiv:2603.00002 doi:10.5555/1 doi:10.5555/2 doi:10.1101/1 doi:10.1101/2 openreview:a "
    "openreview:b url:https://a.org/1 url:https://a.org/2 url:https://b.org/1".split()
)
_anything = st.builds(
    lambda ids, title, abstract, authors: paper(
        1,
        id=PaperId(ids[0]),
        aliases=tuple(map(PaperId, sorted(ids[1:]))),
        title=title,
        abstract=abstract,
        authors=authors,
    ),
    st.lists(_ids, min_size=1, max_size=3, unique=True),
    st.sampled_from(
        ["Where the sand of rivers goes", "Where the sands of rivers go", "Dams starve coasts", "Editorial"]
    ),
    st.sampled_from(["", ABSTRACT, OTHER]),
    st.sampled_from([(), TEAM, ("Bo Li",)]),
)


@given(st.lists(_anything, max_size=6), st.lists(_anything, min_size=1, max_size=6))
def test_no_id_belongs_to_two_papers_whatever_the_records_say(before: list[Paper], now: list[Paper]) -> None:
    first = resolve([Record(paper=p) for p in before], []).papers
    known = [Known(pk=pk, paper=one.paper) for pk, one in enumerate(first, start=1)]

    second = resolve([Record(paper=p) for p in now], known).papers

    ids = [i for one in second for i in (one.paper.id, *one.paper.aliases)]
    untouched = {k.pk for k in known} - {pk for one in second for pk in (one.pk, *one.joined)}
    ids += [i for k in known if k.pk in untouched for i in (k.paper.id, *k.paper.aliases)]
    assert len(ids) == len(set(ids))
    assert {i for one in first for i in (one.paper.id, *one.paper.aliases)} <= set(ids)


# -- on real papers


def test_the_same_papers_of_two_sources_are_found_without_their_ids(real_data: Path) -> None:
    arxiv, others = bench.arxiv_papers(), bench.hugging_face_papers()
    pairs = bench.joined([*arxiv, *others])

    ids = [p.id for p in (*arxiv, *others)]
    shared = {p.id for p in arxiv} & {p.id for p in others}
    assert {ids[a] for a, b in pairs if ids[a] == ids[b]} == shared
    assert [pair for pair in pairs if ids[pair[0]] != ids[pair[1]]] == []


def test_different_papers_of_real_days_stay_apart(real_data: Path) -> None:
    records = [
        Record(
            paper=paper(
                1, id=PaperId(f"openreview:{row['id']}"), title=row["title"], abstract="", authors=tuple(row["authors"])
            )
        )
        for path in sorted((real_data / "arxiv-days").glob("2026-04-0*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]

    assert len(resolve(records, []).papers) == len({r.paper.id for r in records})
