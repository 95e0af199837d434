"""A wrong join is undone: both papers are as they were, and stay two."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from digest.cli.main import cli
from digest.core.errors import NotFoundError
from digest.core.models import Announcement, Paper, PaperId
from digest.store import SqlStore, tables
from tests.conftest import paper
from tests.store.test_duplicates import (
    ARTICLE,
    OTHER,
    PREPRINT,
    YESTERDAY,
    article,
    assert_sketches_fit,
    both,
    preprint,
)
from tests.support.store_values import DAY, candidate_ids, listed, printed_in, publish, read

pytest_plugins = ("tests.support.store_fixtures",)

TOMORROW = DAY + timedelta(days=1)


def listings(store: SqlStore, paper_id: PaperId) -> list[tuple[str, str]]:
    return [(one.source, str(one.day)) for one in store.records_of(paper_id)]


def join(store: SqlStore) -> None:
    """The preprint on one day, the article on the next, joined by their abstract."""
    read(store, preprint(), source="bioRxiv", day=YESTERDAY)
    read(store, article(), source="Nature")
    assert store.paper(PREPRINT) == store.paper(ARTICLE)


def test_a_split_paper_is_the_two_records_again(store: SqlStore) -> None:
    join(store)

    done = store.split(PREPRINT, ARTICLE, day=DAY)

    assert (done.kept, done.taken) == (preprint(), article())
    assert (store.paper(PREPRINT), store.paper(ARTICLE)) == (preprint(), article())
    assert listings(store, PREPRINT) == [("bioRxiv", str(YESTERDAY))]
    assert listings(store, ARTICLE) == [("Nature", str(DAY))]
    assert_sketches_fit(store)


def test_of_two_parts_the_one_with_the_lesser_id_is_taken_out(store: SqlStore) -> None:
    join(store)
    whole = store.paper(PREPRINT)
    assert whole is not None

    done = store.split(PREPRINT, day=DAY)

    assert done.kept.id == whole.id
    assert {done.kept.id, done.taken.id} == {PREPRINT, ARTICLE}


def test_either_part_may_be_taken_out(store: SqlStore) -> None:
    join(store)

    done = store.split(ARTICLE, PREPRINT, day=DAY)

    assert (done.kept, done.taken) == (article(), preprint())
    assert (store.paper(PREPRINT), store.paper(ARTICLE)) == (preprint(), article())
    assert listings(store, PREPRINT) == [("bioRxiv", str(YESTERDAY))]


@pytest.mark.parametrize("first", [preprint, article])
def test_the_next_reading_does_not_join_them_again(store: SqlStore, first: object) -> None:
    join(store)
    store.split(PREPRINT, ARTICLE, day=DAY)

    read(store, *((preprint(), article()) if first is preprint else (article(), preprint())), day=TOMORROW)
    read(store, both(), source="a third", day=TOMORROW)

    found = store.paper(PREPRINT), store.paper(ARTICLE)
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].id != found[1].id
    assert store.kept_from(PREPRINT) == (ARTICLE,)
    assert store.kept_from(ARTICLE) == (PREPRINT,)


def test_what_came_after_the_join_goes_with_the_record_that_it_is_of(store: SqlStore) -> None:
    join(store)
    later = preprint(version=2, abstract=OTHER)
    read(store, later, source="bioRxiv", day=TOMORROW)

    store.split(PREPRINT, ARTICLE, day=TOMORROW)

    assert (store.paper(PREPRINT), store.paper(ARTICLE)) == (later, article())
    assert listings(store, PREPRINT) == [("bioRxiv", str(YESTERDAY)), ("bioRxiv", str(TOMORROW))]


def test_two_known_papers_that_a_third_record_joined_get_back_what_each_had(store: SqlStore) -> None:
    stranger = article(abstract=OTHER, authors=("Bo Li",))
    read(store, preprint(), source="bioRxiv", day=YESTERDAY)
    read(store, listed(stranger, Announcement.NEW, upvotes=7), source="Nature", day=YESTERDAY)
    publish(store, stranger, day=YESTERDAY)
    read(store, both(), source="elsewhere")
    assert store.paper(PREPRINT) == store.paper(ARTICLE)

    store.split(PREPRINT, ARTICLE, day=DAY)

    assert store.paper(ARTICLE) == stranger
    assert store.paper(PREPRINT) == preprint()
    assert listings(store, ARTICLE) == [("Nature", str(YESTERDAY))]
    assert listings(store, PREPRINT) == [("bioRxiv", str(YESTERDAY)), ("elsewhere", str(DAY))]
    assert [v.upvotes for v in store.votes_of(ARTICLE)] == [7]
    assert printed_in(store, ARTICLE) == (("daily", YESTERDAY),)
    assert printed_in(store, PREPRINT) == ()


def test_what_was_printed_stays_printed_and_the_other_is_news(store: SqlStore) -> None:
    read(store, preprint(), source="hf")
    read(store, listed(article(), Announcement.NEW), source="Nature")
    whole = store.paper(PREPRINT)
    assert whole is not None
    publish(store, whole)
    other = next(i for i in (PREPRINT, ARTICLE) if i != whole.id)

    store.split(PREPRINT, day=DAY)

    assert printed_in(store, whole.id) == (("daily", DAY),)
    assert candidate_ids(store, day=TOMORROW, sources=("hf", "Nature")) == [other]


def test_a_list_that_had_both_is_a_list_of_both(store: SqlStore) -> None:
    read(store, preprint(), article(), source="hf")
    assert listings(store, PREPRINT) == [("hf", str(DAY))]

    store.split(PREPRINT, ARTICLE, day=DAY)

    assert listings(store, PREPRINT) == listings(store, ARTICLE) == [("hf", str(DAY))]


def test_of_three_records_two_stay_together(store: SqlStore) -> None:
    third = PaperId("openreview:note1")
    join(store)
    read(store, preprint(id=third), source="OpenReview", day=TOMORROW)
    with pytest.raises(NotFoundError, match="joined out of 3 records: name one of"):
        store.split(PREPRINT, day=TOMORROW)

    store.split(PREPRINT, ARTICLE, day=TOMORROW)

    assert store.paper(ARTICLE) == article()
    assert store.paper(third) == store.paper(PREPRINT) != None  # noqa: E711
    assert {part.id for part in store.parts_of(third)} == {third, PREPRINT}
    assert store.split(third, third, day=TOMORROW).taken == preprint(id=third)
    assert store.paper(PREPRINT) == preprint()
    assert store.parts_of(PREPRINT) == ()


def test_an_id_that_both_name_goes_with_the_record_that_bears_it(store: SqlStore) -> None:
    named = paper(1, aliases=(ARTICLE,), title="Where the sand of rivers goes")
    read(store, named, source="arXiv", day=YESTERDAY)
    read(store, article(abstract=OTHER, authors=("Bo Li",)), source="Nature")

    store.split(named.id, ARTICLE, day=DAY)
    read(store, named, source="arXiv", day=TOMORROW)

    found = store.paper(named.id)
    assert found is not None
    assert found.aliases == ()
    assert store.paper(ARTICLE) == article(abstract=OTHER, authors=("Bo Li",))


def test_a_paper_of_one_record_cannot_be_taken_apart(store: SqlStore) -> None:
    read(store, preprint())

    with pytest.raises(NotFoundError, match="all that is known of it came under one id"):
        store.split(PREPRINT, day=DAY)
    with pytest.raises(NotFoundError, match="the store has no paper doi:10"):
        store.split(ARTICLE, day=DAY)


def test_a_part_that_is_not_there_is_named_with_those_that_are(store: SqlStore) -> None:
    join(store)

    with pytest.raises(NotFoundError, match=r"has no part doi:10\.1/x: name one of doi:10"):
        store.split(PREPRINT, PaperId("doi:10.1/x"), day=DAY)


_words = st.lists(st.sampled_from("sand river dam coast lake the of and silt a".split()), min_size=1, max_size=8)
_texts = st.one_of(_words.map(" ".join), st.sampled_from([preprint().abstract, article().abstract, OTHER, ""]))
_records = st.builds(
    lambda i, title, abstract, authors, version, withdrawn, keywords: paper(
        1,
        id=PaperId(i),
        title=title,
        abstract=abstract,
        authors=authors,
        version=version,
        withdrawn=withdrawn,
        keywords=tuple(sorted(set(keywords))),
    ),
    st.sampled_from(["arxiv:2603.00001", "doi:10.1038/s1", "doi:10.1101/2024.01.02.573912", "openreview:note1"]),
    _words.map(" ".join),
    _texts,
    st.sampled_from([(), ("Ada Lovelace",), ("Ada Lovelace", "Emmy Noether"), ("Bo Li",)]),
    st.sampled_from([None, 1, 2]),
    st.booleans(),
    _words,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(_records, _records, st.booleans())
def test_splitting_what_was_joined_gives_back_both_records(store: SqlStore, a: Paper, b: Paper, at_once: bool) -> None:
    with store._write() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            if table not in (tables.meta, tables.migration):
                connection.execute(table.delete())
    if a.id == b.id or (a.id.startswith("doi:10.1038") and b.id.startswith("arxiv")):
        b = paper(1, id=PaperId("url:https://a.org/1"), title=b.title, abstract=b.abstract, authors=b.authors)
    # Somebody who knows better says that they are one.
    third = paper(9, id=a.id, aliases=(b.id,), title=a.title, abstract="", authors=())
    if at_once:
        read(store, a, b, source="hf")
    else:
        read(store, a, source="hf", day=YESTERDAY)
        read(store, b, source="Nature")
    apart = store.paper(a.id), store.paper(b.id)
    if apart[0] != apart[1]:
        read(store, third, source="a third", day=TOMORROW)

    done = store.split(a.id, b.id, day=TOMORROW)

    assert done.taken == store.paper(b.id) == b
    assert store.paper(a.id) == done.kept
    if apart[0] == apart[1]:
        assert done.kept == a
    assert_sketches_fit(store)
    with store._read() as connection:
        ids = connection.execute(select(tables.alias.c.id, tables.paper.c.id.label("of")).join(tables.paper)).all()
    assert {row.of for row in ids} == {a.id, b.id}


# -- by a person's word


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config over a store in which preprint and article were joined."""
    file = tmp_path / "config.toml"
    lines = '{"id": "1", "title": "A", "abstract": "B"}\n'
    (tmp_path / "list.jsonl").write_text(lines, encoding="utf-8")
    file.write_text(
        '[digest]\ntitle = "T"\ntimezone = "UTC"\n'
        '[[source]]\nname = "list"\nkind = "jsonl"\nurl = "list.jsonl"\n'
        '[[edition]]\nname = "daily"\nsources = ["list"]\n',
        encoding="utf-8",
    )
    with SqlStore.open(f"sqlite:///{tmp_path}/var/digest.db") as there:
        join(there)
    return file


def run(*words: str, config: Path) -> str:
    result = CliRunner().invoke(cli, [*words, "--config", str(config)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_person_sees_what_a_paper_was_joined_out_of_and_takes_it_apart(config: Path) -> None:
    before = run("show", "--why", ARTICLE, config=config)
    said = run("split", PREPRINT, "https://doi.org/10.1038/s1", config=config)
    after = run("show", "--why", ARTICLE, config=config)

    assert "Where the sand of rivers goes" in before
    assert f"digest split {ARTICLE} ID" in before
    assert said.splitlines()[1:] == [
        f"  “Where the sand of rivers goes” ({PREPRINT})",
        f"  “Dams starve coasts” ({ARTICLE})",
    ]
    assert f"Taken apart from {PREPRINT}" in after
    assert "digest split" not in after


def test_a_split_is_told_to_programs_too(config: Path) -> None:
    said = json.loads(run("split", ARTICLE, PREPRINT, "--json", config=config))
    why = json.loads(run("show", "--why", PREPRINT, "--json", config=config))

    assert (said["kept"]["id"], said["taken"]["id"]) == (ARTICLE, PREPRINT)
    assert (why["parts"], why["kept_apart_from"]) == ([], [ARTICLE])


def test_a_record_is_named_by_its_title_too(config: Path) -> None:
    said = json.loads(run("split", "where the SAND of rivers goes", "where sand goes", "--json", config=config))

    assert (said["kept"]["id"], said["taken"]["id"]) == (ARTICLE, PREPRINT)


def test_who_names_no_record_gets_them_with_their_titles(config: Path) -> None:
    result = CliRunner().invoke(cli, ["split", PREPRINT, "10.1234/other", "--config", str(config)])

    assert f"{PREPRINT} (“Where the sand of rivers goes”)" in str(result.exception)


@pytest.mark.parametrize("words", [(PREPRINT,), (ARTICLE,), (PREPRINT, ARTICLE), (PREPRINT, "Dams starve coasts")])
def test_a_split_that_was_done_before_says_so_and_ends_well(words: tuple[str, ...], config: Path) -> None:
    run("split", PREPRINT, config=config)
    papers = run("show", "--why", ARTICLE, config=config)

    said = run("split", *words, config=config)

    assert said.startswith("They are two papers already")
    assert PREPRINT in said
    assert ARTICLE in said
    assert run("show", "--why", ARTICLE, config=config) == papers
