"""What an edition may print, its issues, and its summaries."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

from digest.core.models import (
    Announcement,
    Candidate,
    DeliveryState,
    PaperId,
    PastList,
    Signals,
    SourceState,
    Summary,
    SummaryKey,
)
from digest.store import SqlStore
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.support.store_values import DAY, candidate_ids, issue, listed, printed_in, publish, read

pytest_plugins = ("tests.support.store_fixtures",)


def day(n: int) -> date:
    """The n-th day after DAY; negative before."""
    return DAY + timedelta(days=n)


# -- candidates


def test_a_candidate_says_what_the_sources_say_of_it(store: SqlStore) -> None:
    read(store, paper(9), listed(paper(1), Announcement.CROSS, comments=2), source="arxiv", day=day(-1))
    read(store, listed(paper(1), Announcement.NEW), source="arxiv-lg")
    read(store, paper(8), paper(7), listed(paper(1), upvotes=5, comments=1), source="hf")

    found = {c.paper.id: c for c in store.candidates("daily", ["hf", "arxiv", "arxiv-lg"], DAY, carry_days=3)}

    assert found[paper(1).id] == Candidate(
        paper=paper(1),
        sources=("hf", "arxiv", "arxiv-lg"),
        position=2,
        listed_on=day(-1),
        announcement=Announcement.NEW,
        signals=Signals(upvotes=5, comments=2),
    )


def test_candidates_come_in_the_order_of_the_editions_sources_and_their_lists(store: SqlStore) -> None:
    read(store, paper(5), paper(2), source="a")
    read(store, paper(4), paper(5), paper(3), source="b")

    assert candidate_ids(store, sources=("a", "b")) == [paper(n).id for n in (5, 2, 4, 3)]
    assert candidate_ids(store, sources=("b", "a")) == [paper(n).id for n in (4, 5, 3, 2)]
    assert candidate_ids(store, sources=("a",)) == [paper(n).id for n in (5, 2)]


def test_a_printed_paper_is_never_a_candidate_again(store: SqlStore) -> None:
    read(store, paper(1), paper(2))
    publish(store, paper(1))
    read(store, paper(1), source="other", day=day(6))

    assert candidate_ids(store, day=day(6), sources=("hf", "other")) == [paper(2).id]
    assert candidate_ids(store, day=day(-1)) == []


def test_editions_do_not_know_of_each_other(store: SqlStore) -> None:
    read(store, paper(1))
    publish(store, paper(1), edition="weekly")

    assert candidate_ids(store, edition="daily") == [paper(1).id]
    assert candidate_ids(store, edition="weekly") == []


def test_a_paper_cut_for_room_is_carried_with_what_it_had_when_it_was_first_cut(store: SqlStore) -> None:
    read(store, listed(paper(1), upvotes=2))
    publish(store, cut=(paper(1),))
    read(store, listed(paper(1), upvotes=30), day=day(1))
    publish(store, cut=(paper(1),), day=day(1))

    carried = store.candidates("daily", ["hf"], day(2), carry_days=2)

    assert [(c.signals.upvotes, c.cut_at, c.cut_on) for c in carried] == [(30, Signals(upvotes=2), DAY)]
    assert candidate_ids(store, day=day(3), carry_days=2) == []


def test_a_paper_cut_once_and_printed_later_is_done(store: SqlStore) -> None:
    read(store, paper(1))
    publish(store, cut=(paper(1),))
    publish(store, paper(1), day=day(1))

    assert candidate_ids(store, day=day(2)) == []
    assert printed_in(store, paper(1).id) == (("daily", day(1)),)


def test_anew_the_candidates_of_a_day_are_those_that_its_issue_chose_from(store: SqlStore) -> None:
    read(store, paper(1), listed(paper(2), upvotes=2), day=day(-1))
    publish(store, paper(1), cut=(paper(2),), day=day(-1))
    read(store, paper(3), listed(paper(2), upvotes=9), paper(4))
    publish(store, paper(3), paper(2), cut=(paper(4),))
    read(store, paper(5), day=day(1))
    publish(store, paper(4), day=day(1))

    anew = store.candidates("daily", ["hf"], DAY, carry_days=3, anew=DAY)

    assert candidate_ids(store) == []
    assert [c.paper.id for c in anew] == [paper(n).id for n in (3, 2, 4)]
    assert {c.paper.id: (c.cut_on, c.cut_at) for c in anew} == {
        paper(2).id: (day(-1), Signals(upvotes=2)),
        paper(3).id: (None, None),
        paper(4).id: (None, None),
    }
    # An edition that never made an issue begins on that day, and may begin before its first.
    assert [c.paper.id for c in store.candidates("new", ["hf"], day(1), carry_days=3, anew=day(1))] == [paper(5).id]


def test_days_with_lists_and_their_news_are_known(store: SqlStore) -> None:
    read(store, paper(1), source="a", day=day(-1))
    read(store, paper(1), paper(2), listed(paper(3), Announcement.REPLACE), source="b")
    read(store, source="a", day=day(1))

    assert store.days_listed(["a", "b"], until=day(2), most=5) == (DAY, day(-1))
    assert store.days_listed(["a"], until=DAY, most=1) == (day(-1),)
    assert store.days_listed(["b"], until=day(-1), most=1) == ()
    assert store.news(["a", "b"], since=day(-1), until=DAY) == {day(-1): (paper(1),), DAY: (paper(2),)}
    assert store.news(["b"], since=DAY, until=day(1)) == {DAY: (paper(1), paper(2))}


def test_an_edition_looks_back_no_further_than_its_first_day(store: SqlStore) -> None:
    for n in range(4):
        read(store, paper(n), day=day(n))
    store.register_edition("daily", day(2))

    assert candidate_ids(store, day=day(3)) == [paper(2).id, paper(3).id]

    store.register_edition("daily", day(1))
    store.register_edition("daily", day(3))

    assert candidate_ids(store, day=day(3)) == [paper(n).id for n in (1, 2, 3)]
    assert candidate_ids(store, day=day(2)) == [paper(n).id for n in (1, 2)]


def test_a_paper_listed_more_than_a_month_ago_is_no_news(store: SqlStore) -> None:
    read(store, paper(1), day=day(-32))
    read(store, paper(2), day=day(-31))

    assert candidate_ids(store) == [paper(2).id]


def test_an_earlier_list_is_open_while_a_paper_of_it_was_not_considered(store: SqlStore) -> None:
    read(store, paper(1), day=day(-3))
    read(store, paper(2), paper(3), day=day(-2))
    read(store, listed(paper(4), Announcement.REPLACE), day=day(-1))
    read(store, paper(5))
    read(store, paper(6), day=day(1))
    publish(store, paper(1), cut=(paper(2),), day=day(-2))

    assert store.past_lists("daily", ["hf"], DAY) == {"hf": (PastList(day=day(-2), listed=2, new=1),)}
    assert store.past_lists("daily", ["other"], DAY) == {}


def test_a_store_with_nothing_in_it_answers_everything(store: SqlStore) -> None:
    assert store.candidates("daily", [], DAY, carry_days=3) == ()
    assert store.source_reports("daily", [], DAY) == ()
    assert store.unsettled([], DAY) == ()
    assert store.issue("daily", DAY) is None
    assert store.issue_dates() == ()
    assert store.deliveries("daily", DAY) == ()
    assert store.claim_deliveries("daily", DAY, limit=1) == ()
    assert store.paper(PaperId("arxiv:0000.00000")) is None
    assert store.aliases(PaperId("arxiv:0000.00000")) == ()
    assert store.spent_usd(NOON) == 0
    assert store.summaries([]) == {}


# -- issues


def test_an_issue_comes_out_as_it_went_in(store: SqlStore) -> None:
    built = issue(paper(1), paper(2, title="Ünicode ✓ $x<y$ \\ \" '"), cut=(paper(3),))

    assert store.save_issue(built, at=NOON, deliveries={})

    assert store.issue("daily", DAY) == built
    assert store.issue("daily", day(1)) is None


def test_an_issue_with_entries_is_a_fact(store: SqlStore) -> None:
    publish(store, paper(1), deliveries={"ada@example.org": "<1@x>"})

    assert not publish(store, paper(2), deliveries={"emmy@example.org": "<2@x>"})

    assert store.issue("daily", DAY) == issue(paper(1))
    assert [d.recipient for d in store.deliveries("daily", DAY)] == ["ada@example.org"]


def test_an_empty_issue_gives_way_to_one_of_the_same_day(store: SqlStore) -> None:
    read(store, paper(1), paper(2))
    publish(store, cut=(paper(1),))

    assert publish(store, paper(1), cut=(paper(2),), deliveries={"ada@example.org": "<1@x>"})

    assert store.issue("daily", DAY) == issue(paper(1), cut=(paper(2),))
    assert store.issue_dates("daily") == (("daily", DAY, 1),)
    assert candidate_ids(store, day=day(1)) == [paper(2).id]


def test_dates_of_issues_are_sorted_by_edition_and_date(store: SqlStore) -> None:
    publish(store, paper(1), day=day(1), edition="weekly")
    publish(store, paper(1), paper(2), day=day(2))
    publish(store, day=day(1))

    assert store.issue_dates() == (("daily", day(1), 0), ("daily", day(2), 2), ("weekly", day(1), 1))
    assert store.issue_dates("weekly") == (("weekly", day(1), 1),)


def test_the_deliveries_of_an_issue_are_due_with_it(store: SqlStore) -> None:
    publish(store, paper(1), deliveries={"b@example.org": "<b@x>", "a@example.org": "<a@x>"})

    found = store.deliveries("daily", DAY)

    assert [(d.recipient, d.message_id, d.state, d.attempts, d.queued_at) for d in found] == [
        ("b@example.org", "<b@x>", DeliveryState.DUE, 0, NOON),
        ("a@example.org", "<a@x>", DeliveryState.DUE, 0, NOON),
    ]


def test_of_many_who_build_an_issue_at_once_one_stores_it(url: str, clock: FakeClock) -> None:
    answers: list[bool] = []
    gate = threading.Barrier(6)

    def build(n: int) -> None:
        with SqlStore.open(url, clock=clock) as own:
            gate.wait(timeout=30)
            answers.append(publish(own, paper(n), deliveries={"ada@example.org": f"<{n}@x>"}))

    threads = [threading.Thread(target=build, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 5 + [True]
    with SqlStore.open(url) as own:
        assert len(own.deliveries("daily", DAY)) == 1


# -- summaries


def key(content: str, **changes: Any) -> SummaryKey:
    values: dict[str, Any] = {"client": "openai", "model": "m", "prompt": "p", "language": "en", **changes}
    return SummaryKey(**values, content=content)


def test_a_summary_is_found_by_its_whole_key(store: SqlStore) -> None:
    one = Summary(tldr="One.", points=("a", "b"), topics=("t",), client="openai", model="m", checked=("numbers",))
    store.save_summaries({key("1"): one, key("2"): Summary(tldr="Two.", client="openai")})

    found = store.summaries([key("1"), key("3"), key("1", language="fr"), key("1", model="n"), key("1", prompt="q")])

    assert found == {key("1"): one}


def test_a_summary_that_is_there_stays_as_it_is(store: SqlStore) -> None:
    store.save_summaries({key("1"): Summary(tldr="First.", client="openai")})

    store.save_summaries(
        {key("1"): Summary(tldr="Second.", client="openai"), key("2"): Summary(tldr="New.", client="openai")}
    )

    assert {k.content: s.tldr for k, s in store.summaries([key("1"), key("2")]).items()} == {"1": "First.", "2": "New."}


def test_what_stands_in_for_a_summary_is_another_one_for_each_day(store: SqlStore) -> None:
    said, extract = Summary(tldr="One.", client="openai"), Summary(tldr="An extract.", client="extractive")
    store.save_summaries({key("1", stood_in_on=DAY): extract, key("2", stood_in_on=DAY): extract, key("2"): said})

    found = store.summaries(key(c, stood_in_on=d) for c in ("1", "2") for d in (None, DAY, day(1)))

    assert found == {key("1", stood_in_on=DAY): extract, key("2", stood_in_on=DAY): extract, key("2"): said}


def test_more_summaries_than_a_query_may_ask_for_are_found(store: SqlStore) -> None:
    many = {key(str(n)): Summary(tldr=f"{n}.", client="openai") for n in range(1050)}
    store.save_summaries(many)

    assert store.summaries(many) == many


# -- the store at a glance


def test_the_status_counts_what_is_there(store: SqlStore) -> None:
    read(store, paper(1), paper(2), day=day(-1))
    read(store, paper(1), source="arxiv")
    store.save_failure("hf", DAY, at=NOON, read_on=DAY, state=SourceState.FAILED, error="HTTP 503")
    publish(store, paper(1), deliveries={"a@example.org": "<a@x>", "b@example.org": "<b@x>"})
    publish(store, day=day(1))
    store.claim_deliveries("daily", DAY, limit=1)

    status = store.status(since=NOON)

    assert (status.papers, status.records, status.issues) == (2, 3, 1)
    assert [(r.source, r.day, r.state, r.listed, r.error) for r in status.readings] == [
        ("arxiv", DAY, "quiet", 1, None),
        ("hf", DAY, "failed", 0, "HTTP 503"),
    ]
    assert status.deliveries == ((DeliveryState.DUE, 1), (DeliveryState.SENDING, 1))
    assert status.size_bytes > 10_000


def test_the_secret_is_made_once_for_each_database(store: SqlStore, url: str) -> None:
    assert len(store.secret()) == 32
    with SqlStore.open(url) as again:
        assert again.secret() == store.secret()
