"""What the store keeps of what the sources said."""

from __future__ import annotations

import json
import signal
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select

from digest.core.lists.freshness import Seen, Verdict
from digest.core.models import Announcement, Document, Link, PaperId, PaperKind, Parsed, Rejected, SourceState
from digest.store import SqlStore, tables
from tests.conftest import NOON, paper
from tests.support.store_values import DAY, candidate_ids, listed, printed_in, publish, read, start

pytest_plugins = ("tests.support.store_fixtures",)

YESTERDAY, TOMORROW = DAY - timedelta(days=1), DAY + timedelta(days=1)
ABSTRACT = "We study how things that are studied twice are found to be one thing, and why that is good for readers."

_numbers = count(1)
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_moment = st.timedeltas(timedelta(days=-30_000), timedelta(days=30_000)).map(lambda since: NOON + since)
_some = st.lists(_text, max_size=4).map(tuple)


def rows(url: str) -> dict[str, list[Any]]:
    """All there is in the database but the times at which it was written."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            name: sorted(connection.execute(select(*(c for c in table.c if c.name not in ("at", "content")))), key=repr)
            for name, table in tables.metadata.tables.items()
        }
    engine.dispose()
    return found


def titled(title: str, paper_id: str, **changes: Any) -> Any:
    return paper(1, id=PaperId(paper_id), title=title, abstract=ABSTRACT, url="", **changes)


# -- what goes in comes out


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.fixed_dictionaries(
        {
            "title": _text,
            "abstract": _text,
            "authors": _some,
            "url": _text,
            "links": st.lists(st.builds(Link, rel=_text, url=_text), max_size=2, unique=True).map(
                lambda links: tuple(sorted(links, key=lambda link: (link.rel, link.url)))
            ),
            "published": st.none() | _moment,
            "updated": st.none() | _moment,
            "version": st.none() | st.integers(1, 99),
            "categories": _some,
            "keywords": st.sets(_text, max_size=3).map(lambda words: tuple(sorted(words))),
            "withdrawn": st.booleans(),
            "kind": st.sampled_from(PaperKind),
            "venue": _text,
            "language": _text,
            **dict.fromkeys(
                ("corrects", "issn", "italics"), st.sets(_text, max_size=3).map(lambda words: tuple(sorted(words)))
            ),
        }
    )
)
def test_a_paper_comes_out_as_it_went_in(store: SqlStore, changes: dict[str, Any]) -> None:
    n = next(_numbers)
    one = paper(n, aliases=(PaperId(f"doi:10.1/{n}"), PaperId(f"openreview:note{n}")), **changes)

    read(store, one)

    assert store.paper(one.id) == one
    assert store.paper(one.aliases[0]) == one


def test_text_that_a_database_cannot_hold_does_not_stop_a_reading(store: SqlStore) -> None:
    rejected = Rejected(reason="no title", excerpt="\ud800\0")

    read(
        store,
        paper(1, title="A \0 \udfff B"),
        parsed=Parsed(records=(listed(paper(1, title="A \0 \udfff B")),), rejected=(rejected,)),
    )

    assert store.paper(paper(1).id).title == "A \ufffd \ufffd B"


def test_a_moment_without_a_zone_is_a_mistake(store: SqlStore) -> None:
    with pytest.raises(Exception, match="without a time zone"):
        read(store, paper(1, published=datetime(2026, 1, 1)))  # noqa: DTZ001 -- the mistake


def test_saving_the_same_reading_twice_changes_nothing(store: SqlStore, url: str) -> None:
    reading = {
        "parsed": Parsed(
            records=(listed(paper(1), upvotes=3), listed(paper(2))), rejected=(Rejected(reason="r", excerpt="e"),)
        ),
        "documents": [Document(url="u", content=b"feed", etag='"1"')],
    }
    read(store, **reading)
    before = rows(url)

    read(store, **reading)

    assert rows(url) == before
    assert len(before["record"]) == 2


def test_a_reading_that_fails_half_way_leaves_nothing(store: SqlStore, url: str) -> None:
    before = rows(url)

    def no_idea(_: Seen) -> Verdict:
        raise LookupError("no idea")

    with pytest.raises(LookupError):
        read(store, paper(1), judge=no_idea, documents=[Document(url="u", content=b"feed")])

    assert rows(url) == before


def test_a_process_killed_while_saving_leaves_nothing(store: SqlStore, url: str) -> None:
    before = rows(url)
    script = """
import os, signal, sys
sys.path.insert(0, "tests")
from tests.support.store_values import read
from tests.conftest import paper
from digest.store import SqlStore
read(SqlStore.open(sys.argv[1]), paper(1), judge=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""

    process = start(script, url)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == -signal.SIGKILL, errors
    assert rows(url) == before
    read(store, paper(1))
    assert candidate_ids(store) == [paper(1).id]


# -- the state of a source


def test_papers_of_an_earlier_day_were_seen_before(store: SqlStore) -> None:
    counts = []

    def note(seen: Seen) -> Verdict:
        counts.append((seen.listed, len(seen.unseen)))
        return Verdict(state=SourceState.FRESH)

    read(store, paper(1), paper(2), day=YESTERDAY, judge=note)
    read(store, paper(2), paper(3), paper(3), judge=note)
    read(store, paper(3), source="arxiv", judge=note)

    assert counts == [(2, 2), (2, 1), (1, 1)]


def test_a_day_read_late_counts_as_it_would_have_in_time(store: SqlStore) -> None:
    read(store, paper(1))

    read(store, paper(1), day=YESTERDAY)

    assert [r.state for r in store.source_reports("daily", ["hf"], YESTERDAY)] == ["fresh"]


def test_a_list_that_grows_during_the_day_keeps_what_it_had(store: SqlStore) -> None:
    read(store, listed(paper(1), upvotes=1), paper(2))

    read(store, paper(3), listed(paper(1), upvotes=9))

    assert store.source_reports("daily", ["hf"], DAY)[0].listed == 3
    assert {c.paper.id: c.signals.upvotes for c in store.candidates("daily", ["hf"], DAY, carry_days=0)} == {
        paper(1).id: 9,
        paper(2).id: None,
        paper(3).id: None,
    }


def test_only_settled_sources_need_no_further_reading(store: SqlStore) -> None:
    read(store, paper(1), source="fresh")
    read(store, source="quiet")
    read(store, source="waiting", judge=lambda _: Verdict(state=SourceState.WAITING))
    store.save_failure("failed", DAY, at=NOON, read_on=DAY, state=SourceState.FAILED, error="HTTP 503")

    assert store.unsettled(["never", "quiet", "failed", "fresh", "waiting"], DAY) == ("never", "failed", "waiting")
    assert store.unsettled(["fresh"], TOMORROW) == ("fresh",)


def test_a_failure_does_not_overwrite_a_reading_of_the_same_day(store: SqlStore) -> None:
    read(store, paper(1), parsed=Parsed(records=(listed(paper(1)),), expected=1))

    store.save_failure("hf", DAY, at=NOON, read_on=DAY, state=SourceState.FAILED, error="HTTP 503")

    report = store.source_reports("daily", ["hf"], DAY)[0]
    assert (report.state, report.listed, report.expected, report.error) == (SourceState.FRESH, 1, 1, None)


def test_a_reading_that_succeeds_at_last_replaces_the_failure(store: SqlStore) -> None:
    store.save_failure("hf", DAY, at=NOON, read_on=DAY, state=SourceState.WAITING, error="not out yet")
    store.save_failure("hf", DAY, at=NOON, read_on=DAY, state=SourceState.FAILED, error="HTTP 503")
    failed = store.source_reports("daily", ["hf"], DAY)[0]
    read(store, paper(1))

    report = store.source_reports("daily", ["hf"], DAY)[0]

    assert (failed.state, failed.error, failed.days_failing) == (SourceState.FAILED, "HTTP 503", 1)
    assert (report.state, report.error, report.days_failing) == (SourceState.FRESH, None, 0)


def test_days_failing_are_counted_back_to_the_last_good_day(store: SqlStore) -> None:
    def fail(day: int) -> None:
        store.save_failure(
            "hf", date(2026, 6, day), at=NOON, read_on=date(2026, 6, day), state=SourceState.FAILED, error="HTTP 503"
        )

    fail(1)
    read(store, day=date(2026, 6, 2))
    for day in (5, 8, 9):  # the 6th and 7th are a weekend without a reading
        fail(day)

    assert [store.source_reports("daily", ["hf"], date(2026, 6, d))[0].days_failing for d in (1, 2, 5, 8, 9)] == [
        1,
        0,
        1,
        2,
        3,
    ]


# -- reports


def test_reports_come_in_the_order_asked_for_and_without_sources_never_read(store: SqlStore) -> None:
    read(store, source="b", parsed=Parsed(rejected=(Rejected(reason="no title", excerpt="<item/>"),)), gap=6)
    read(store, paper(1), source="a")

    reports = store.source_reports("daily", ["b", "never", "a"], DAY)

    assert [(r.name, r.listed, r.expected, r.rejected) for r in reports] == [("b", 0, 7, 1), ("a", 1, 1, 0)]


def test_a_report_is_the_same_before_and_after_the_issue_of_its_day(store: SqlStore) -> None:
    read(store, paper(1), paper(2), day=YESTERDAY)
    publish(store, paper(1), cut=(paper(2),), day=YESTERDAY)
    read(store, paper(1), paper(2), paper(3), paper(4))
    before = store.source_reports("daily", ["hf"], DAY)

    publish(store, paper(2), paper(3), cut=(paper(4),))

    assert store.source_reports("daily", ["hf"], DAY) == before
    assert (before[0].listed, before[0].new, before[0].seen_before) == (4, 2, 2)
    assert store.source_reports("other", ["hf"], DAY)[0].new == 4


def test_later_versions_are_updates_and_no_news(store: SqlStore) -> None:
    read(
        store,
        listed(paper(1), Announcement.NEW),
        listed(paper(2), Announcement.CROSS),
        listed(paper(3), Announcement.REPLACE),
        listed(paper(4), Announcement.REPLACE_CROSS),
    )

    report = store.source_reports("daily", ["hf"], DAY)[0]

    assert (report.listed, report.new, report.seen_before, report.updates) == (4, 2, 2, 2)
    assert candidate_ids(store) == [paper(1).id, paper(2).id]


# -- documents


def test_a_document_with_a_validator_is_remembered_for_the_next_request(store: SqlStore) -> None:
    first = Document(url="https://x.org/feed", content=b"one" * 1000, etag='W/"1"', last_modified="Wed, 03 Jun 2026")
    read(store, documents=[first, Document(url="https://x.org/plain", content=b"two")])

    assert store.cached("https://x.org/feed") == first
    assert store.cached("https://x.org/plain") is None

    second = Document(url="https://x.org/feed", content=b"three", etag='W/"2"')
    read(store, documents=[second], day=TOMORROW)

    assert store.cached("https://x.org/feed") == second


def test_a_document_that_could_not_be_understood_is_kept_but_not_for_a_conditional_request(
    store: SqlStore, url: str
) -> None:
    store.save_failure(
        "hf",
        DAY,
        at=NOON,
        read_on=DAY,
        state=SourceState.FAILED,
        error="HTML",
        documents=[Document(url="u", content=b"<html>", etag="1")],
    )

    assert store.cached("u") is None
    assert [row.size_bytes for row in rows(url)["document"]] == [6]


def test_the_same_bytes_are_kept_once(store: SqlStore, url: str) -> None:
    for day in (YESTERDAY, DAY):
        read(store, day=day, documents=[Document(url="u", content=b"same"), Document(url="v", content=b"same")])

    assert len(rows(url)["document"]) == 1
    assert len(rows(url)["reading_document"]) == 4


def test_what_could_not_become_a_paper_can_be_looked_at(store: SqlStore) -> None:
    items = tuple(Rejected(reason=reason, excerpt="<item/>") for reason in ("no title", "no link", "no title"))
    read(store, parsed=Parsed(rejected=items))
    read(store, source="other", parsed=Parsed(rejected=items[:1]))

    assert store.rejections("hf", DAY) == items

    read(store, parsed=Parsed(rejected=items[1:]))

    assert store.rejections("hf", DAY) == items[1:]
    assert store.rejections("hf", TOMORROW) == ()


# -- papers that turn out to be one


def test_a_paper_known_by_its_title_gets_the_better_id(store: SqlStore) -> None:
    by_title = titled("A listing without any links to papers", "title:alistingwithoutanylinkstopapers")
    read(store, by_title, source="listing", day=YESTERDAY)
    publish(store, by_title, day=YESTERDAY)

    read(store, titled("A Listing without any Links to Papers", "arxiv:2603.00009", version=2), source="arxiv")

    found = store.paper(by_title.id)
    assert (found.id, found.aliases) == ("arxiv:2603.00009", (by_title.id,))
    assert [(a.id, a.since) for a in store.aliases(found.id)] == [(found.id, DAY), (by_title.id, YESTERDAY)]
    assert all(a.reason for a in store.aliases(found.id))
    assert [(r.source, r.day) for r in store.records_of(found.id)] == [("listing", YESTERDAY), ("arxiv", DAY)]
    assert printed_in(store, found.id) == (("daily", YESTERDAY),)
    assert candidate_ids(store, sources=("listing", "arxiv")) == []
    assert store.issue("daily", YESTERDAY).entries[0].paper == by_title


def test_two_known_papers_that_turn_out_to_be_one_are_folded(store: SqlStore) -> None:
    arxiv = titled("First words on a thing to be studied", "arxiv:2603.00001")
    journal = titled("Last words on quite another-looking thing", "doi:10.1/one", authors=("Someone Else",))
    read(store, arxiv, journal, day=YESTERDAY)
    publish(store, journal, cut=(arxiv,), day=YESTERDAY)

    read(store, titled(arxiv.title, "arxiv:2603.00001", aliases=(PaperId("doi:10.1/one"),)))

    assert store.status(since=NOON).papers == 1
    assert store.paper(journal.id) == store.paper(arxiv.id)
    assert store.paper(arxiv.id).aliases == ("doi:10.1/one",)
    assert printed_in(store, arxiv.id) == (("daily", YESTERDAY),)
    assert candidate_ids(store) == []
    assert len(store.records_of(arxiv.id)) == 2
    assert len(store.search("things studied twice", limit=5)) == 1
    assert [a.reason for a in store.aliases(arxiv.id) if a.id == "doi:10.1/one"] == ["same id doi:10.1/one"]


def test_a_folded_paper_brings_its_other_days_along(store: SqlStore) -> None:
    arxiv = titled("First words on a thing to be studied", "arxiv:2603.00001")
    journal = titled("Last words on quite another-looking thing", "doi:10.1/one", authors=("Someone Else",))
    read(store, journal, source="journal", day=YESTERDAY)
    publish(store, journal, day=YESTERDAY, edition="weekly")
    read(store, arxiv, source="arxiv")
    publish(store, cut=(arxiv,))

    joined = titled(arxiv.title, "arxiv:2603.00001", aliases=(PaperId("doi:10.1/one"),))
    read(store, joined, source="arxiv", day=TOMORROW)

    assert [(r.source, r.day) for r in store.records_of(arxiv.id)] == [
        ("journal", YESTERDAY),
        ("arxiv", DAY),
        ("arxiv", TOMORROW),
    ]
    assert candidate_ids(store, edition="weekly", sources=("arxiv", "journal"), day=TOMORROW) == []
    assert [c.cut_on for c in store.candidates("daily", ["arxiv"], TOMORROW, carry_days=2)] == [DAY]


def test_the_versions_that_a_source_listed_can_be_looked_up(store: SqlStore) -> None:
    read(store, listed(paper(1, version=1), Announcement.NEW), source="arxiv", day=YESTERDAY)
    read(store, listed(paper(1, version=2), Announcement.REPLACE), source="arxiv")
    read(store, listed(paper(1, version=None), upvotes=4))

    found = [(r.source, r.version, r.announcement, r.signals.upvotes) for r in store.records_of(paper(1).id)]

    assert found == [("arxiv", 1, "new", None), ("arxiv", 2, "replace", None), ("hf", None, None, 4)]
    assert store.paper(paper(1).id).version == 2


def test_a_list_longer_than_a_query_may_be_is_saved_whole(store: SqlStore) -> None:
    read(store, *(paper(n) for n in range(1, 1101)))
    read(store, *(paper(n) for n in range(1, 1101)), day=TOMORROW)

    assert store.status(since=NOON).papers == 1100
    assert len(candidate_ids(store, day=TOMORROW)) == 1100


def test_a_weekend_that_repeats_friday_brings_no_new_paper(store: SqlStore, real_data: Any) -> None:
    days = [date(2026, 4, 3), date(2026, 4, 4)]
    for day in days:
        lines = (real_data / "arxiv-days" / f"{day}.jsonl").read_text().splitlines()
        read(store, *(_from_line(line) for line in lines), source="arxiv", day=day)

    friday, saturday = (store.source_reports("daily", ["arxiv"], day)[0] for day in days)

    assert friday.listed == saturday.listed == len({json.loads(line)["id"] for line in lines})
    assert (friday.state, saturday.state) == (SourceState.FRESH, SourceState.QUIET)
    assert store.status(since=NOON).papers == friday.listed


def _from_line(line: str) -> Any:
    item = json.loads(line)
    values = {
        "id": PaperId(f"arxiv:{item['id']}"),
        "title": item["title"],
        "abstract": item["summary"],
        "url": item["abs"],
    }
    return paper(1, **values, authors=tuple(item["authors"]), categories=tuple(item["categories"]))


def test_nothing_is_written_twice_to_the_index_of_ids(store: SqlStore, url: str) -> None:
    read(store, paper(1, aliases=(PaperId("doi:10.1/x"),)))
    read(store, paper(2, aliases=(PaperId("doi:10.1/x"),)), day=TOMORROW)

    engine = create_engine(url)
    with engine.connect() as connection:
        owners = connection.scalar(select(func.count(tables.alias.c.paper_pk.distinct())))
        named = connection.scalars(select(tables.paper.c.id).order_by(tables.paper.c.id)).all()
    engine.dispose()
    assert owners == 2
    assert named == [paper(1).id, paper(2).id]
    assert store.paper(PaperId("doi:10.1/x")).id == paper(1).id


def test_what_one_reading_of_a_day_called_news_a_later_one_cannot_take_back(store: SqlStore) -> None:
    read(store, listed(paper(1), Announcement.NEW), listed(paper(2), Announcement.CROSS))

    read(store, listed(paper(1), Announcement.REPLACE), listed(paper(2), Announcement.NEW))

    assert candidate_ids(store) == [paper(1).id, paper(2).id]
    assert [r.announcement for n in (1, 2) for r in store.records_of(paper(n).id)] == [Announcement.NEW] * 2
