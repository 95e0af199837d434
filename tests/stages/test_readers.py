"""Readers' issues: who is due, what each gets, once, and whatever dies meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.app.app import App
from digest.core.issues.personal import NOTHING_FOUND, personal_issue
from digest.core.models import Delivery, DeliveryState, Issue, Paper, PaperId
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState, Subscription
from digest.store.subscribers import Library
from tests.conftest import paper
from tests.fakes.store import FakeDyingStore
from tests.fakes.summarizer import FakeSummarizer
from tests.stages.test_stages import Machines
from tests.support.desk import CONFIG, Desk

pytest_plugins = ("tests.support.store_fixtures",)

MONDAY = date(2026, 6, 1)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (MONDAY + timedelta(days=n) for n in range(1, 6))
SUBJECTS = ("rivers", "glaciers", "volcanoes", "orchids", "beetles", "comets")
SHORT = CONFIG.replace('name = "daily"', 'name = "daily"\nmax_papers = 3\nlead = 1\ndays = "daily"')


def papers_of(day: date, each: int = 2) -> list[Paper]:
    """The papers of a day: *each* of every subject, with ids that tell the day."""
    return [
        paper(
            n := day.day * 100 + 10 * s + i,
            title=f"A survey of {subject} number {n}",
            abstract=f"We measured {subject} in the field. There were {n} {subject} where {subject} had been counted.",
            authors=(f"Author {n}",),
        )
        for s, subject in enumerate(SUBJECTS)
        for i in range(each)
    ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, SHORT)
    for n in range(6):
        made.feed(MONDAY + timedelta(days=n), papers_of(MONDAY + timedelta(days=n)))
    made.now = at(MONDAY, hour=1)
    return made


def at(day: date, *, hour: int = 8) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def subscribe(app: App, name: str, *, on: date = MONDAY, hour: int = 1, **values: Any) -> Subscription:
    moment = at(on, hour=hour)
    one, _ = app.store.save_subscriber(
        parse_address(f"{name}@example.org"), origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=moment
    )
    return app.store.save_subscription(one.pk, "daily", at=moment, confirmed_at=moment, **values)


def run(desk: Desk, *days: date, hour: int = 8) -> None:
    """Read and publish, as far as that, on each of *days*."""
    for day in days:
        desk.now = at(day, hour=hour)
        with desk.app() as app:
            publish(app, day)


def publish(app: App, day: date) -> Any:
    app.reader.fetch("arXiv", day)
    app.publishing.publish("daily", day)
    return app.readers.make("daily", day)


@contextmanager
def opened(desk: Desk) -> Iterator[App]:
    with desk.app() as app:
        yield app


def delivery_of(app: App, name: str, day: date) -> Delivery | None:
    every = (d for channel in ("mail", "feed") for d in app.store.deliveries("daily", day, channel=channel))
    found = [d for d in every if d.recipient == f"{name}@example.org"]
    assert len(found) <= 1
    return found[0] if found else None


def issue_of(app: App, name: str, day: date) -> Issue | None:
    """The issue that a reader gets, as a mail draws it."""
    delivery, base = delivery_of(app, name, day), app.store.issue("daily", day)
    if delivery is None or delivery.state is DeliveryState.SKIPPED or base is None:
        return None
    if delivery.picks is None:
        return base
    picks = app.store.picks(delivery.picks)
    assert picks is not None
    entries = app.store.picked("daily", day, picks.language)
    return personal_issue(base, picks, entries, app.taxonomy.field)


def titles(app: App, name: str, day: date) -> list[str]:
    issue = issue_of(app, name, day)
    return [] if issue is None else [entry.paper.title for entry in issue.entries]


def ids(app: App, name: str, day: date) -> set[PaperId]:
    issue = issue_of(app, name, day)
    return set() if issue is None else {entry.paper.id for entry in issue.entries}


# -- what a reader gets


def test_a_reader_without_wishes_gets_the_edition_s_own_issue(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva")

    run(desk, MONDAY)

    with desk.app() as app:
        delivery = delivery_of(app, "eva", MONDAY)
        assert delivery is not None
        assert (delivery.state, delivery.channel, delivery.picks, delivery.due_at) == ("due", "mail", None, None)


def test_a_reader_gets_the_best_for_their_own_interests_with_reasons(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",), max_papers=2)

    run(desk, MONDAY)

    with desk.app() as app:
        issue = issue_of(app, "eva", MONDAY)
        assert issue is not None
        assert all("orchids" in entry.paper.title for entry in issue.entries)
        assert {entry.reason for entry in issue.entries} == {"matches “orchids”"}
        assert issue.considered == 12
        assert len(issue.leads) == 1


def test_what_a_reader_avoids_is_left_out_and_what_the_edition_avoids_too(desk: Desk) -> None:
    config = SHORT.replace("max_papers = 3", 'max_papers = 12\navoid = ["beetles"]')
    (desk.folder / "config.toml").write_text(config)
    with desk.app() as app:
        subscribe(app, "eva", avoid=("rivers",))

    run(desk, MONDAY)

    with desk.app() as app:
        found = " ".join(titles(app, "eva", MONDAY))
        assert "comets" in found
        assert "rivers" not in found
        assert "beetles" not in found


def test_a_mark_of_a_reader_counts_for_that_reader_alone(desk: Desk) -> None:
    run(desk, MONDAY)
    with desk.app() as app:
        eva, _ = subscribe(app, "eva"), subscribe(app, "bob")
        volcano = next(p for p in papers_of(MONDAY) if "volcanoes" in p.title)
        app.store.mark("daily", volcano.id, 1, at=at(MONDAY), reader=eva.reader)

    run(desk, TUESDAY)

    with desk.app() as app:
        assert any("volcanoes" in title for title in titles(app, "eva", TUESDAY))
        assert delivery_of(app, "bob", TUESDAY).picks is None  # type: ignore[union-attr]


def test_a_library_that_was_uploaded_is_an_interest_of_its_own(desk: Desk) -> None:
    with desk.app() as app:
        eva = subscribe(app, "eva", max_papers=2)
        content = "".join(
            f"@article{{k{n}, title={{Comets of {n}}}, author={{A. B.}}, abstract={{We counted comets and comets. "
            f"Comets are where comets had been counted, and {n} comets more in the field.}}}}\n"
            for n in range(4)
        )
        app.store.save_library(eva.pk, Library(name="mine.bib", content=content.encode(), papers=4), at=at(MONDAY))

    run(desk, MONDAY)

    with desk.app() as app:
        assert all("comets" in title for title in titles(app, "eva", MONDAY))


def test_a_library_that_cannot_be_read_holds_up_nobody(desk: Desk) -> None:
    with desk.app() as app:
        eva = subscribe(app, "eva", interests=("orchids",))
        app.store.save_library(eva.pk, Library(name="mine.rdf", content=b"\0<<", papers=0), at=at(MONDAY))

    run(desk, MONDAY)

    with desk.app() as app:
        assert any("orchids" in title for title in titles(app, "eva", MONDAY))


def test_an_interest_named_like_a_file_reads_no_file_of_the_machine(desk: Desk) -> None:
    (desk.folder / "library.bib").write_text("@article{a, title={On comets}, author={A. B.}}")
    with desk.app() as app:
        subscribe(app, "eva", interests=("library.bib", "orchids"))
        profile = app.reader_interests.profiles(
            app.editions_by_name["daily"],
            MONDAY,
            list(app.reader_interests.wishes("daily", app.store.subscriptions_of(1)).values()),
            seen={},
        )[1]

    assert (profile.words, profile.liked) == (("library.bib", "orchids"), ())


def test_readers_of_equal_wishes_share_their_picks(desk: Desk) -> None:
    with desk.app() as app:
        for name in ("eva", "bob", "zoe"):
            subscribe(app, name, interests=("orchids",) if name != "zoe" else ("comets",))
        app.reader.fetch("arXiv", MONDAY)
        app.publishing.publish("daily", MONDAY)

        made = app.readers.make("daily", MONDAY)

        assert (made.readers, made.personal, made.shared, made.skipped) == (3, 3, 1, 0)
        eva, bob, zoe = (delivery_of(app, name, MONDAY) for name in ("eva", "bob", "zoe"))
        assert eva.picks == bob.picks != zoe.picks  # type: ignore[union-attr]


# -- not twice


def test_what_a_reader_was_shown_is_not_shown_again(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",))

    run(desk, MONDAY)
    # Listed again, with votes that make it rise.
    with desk.app() as app:
        shown = ids(app, "eva", MONDAY)
    again = [{**line_of(p), "upvotes": 500} for p in papers_of(MONDAY) if p.id in shown]
    desk.feed(TUESDAY, [*papers_of(TUESDAY), *again])
    run(desk, TUESDAY)

    with desk.app() as app:
        assert len(shown) == 3
        assert len(ids(app, "eva", TUESDAY)) == 3
        assert ids(app, "eva", TUESDAY).isdisjoint(shown)


def line_of(one: Paper) -> dict[str, Any]:
    from tests.support.desk import line

    return line(one)


def test_a_weekly_reader_gets_the_week_s_best_once(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",), cadence="weekly:fri", max_papers=8)

    run(desk, *(MONDAY + timedelta(days=n) for n in range(6)))

    with desk.app() as app:
        got = [day for n in range(6) if delivery_of(app, "eva", day := MONDAY + timedelta(days=n))]
        issue = issue_of(app, "eva", FRIDAY)
        assert got == [FRIDAY]
        assert issue is not None
        days = {int(entry.paper.id[-4:]) // 100 for entry in issue.entries if "orchids" in entry.paper.title}
        assert days == {1, 2, 3, 4, 5}
        assert "this week" in issue.overview


def test_one_who_changes_from_daily_to_weekly_is_not_shown_the_days_again(desk: Desk) -> None:
    with desk.app() as app:
        eva = subscribe(app, "eva", interests=("orchids",))
    run(desk, MONDAY, TUESDAY)
    with desk.app() as app:
        app.store.change_subscription(eva.pk, cadence="weekly:fri")

    run(desk, WEDNESDAY, THURSDAY, FRIDAY)

    with desk.app() as app:
        shown = ids(app, "eva", MONDAY) | ids(app, "eva", TUESDAY)
        assert delivery_of(app, "eva", WEDNESDAY) is None
        assert ids(app, "eva", FRIDAY)
        assert ids(app, "eva", FRIDAY).isdisjoint(shown)


def test_a_weekly_reader_of_the_edition_s_interests_is_not_shown_what_its_issue_had_shown(desk: Desk) -> None:
    with desk.app() as app:
        eva = subscribe(app, "eva")
    run(desk, MONDAY)
    with desk.app() as app:
        app.store.change_subscription(eva.pk, cadence="weekly:wed")

    run(desk, TUESDAY, WEDNESDAY)

    with desk.app() as app:
        of_monday = app.store.issue("daily", MONDAY)
        assert of_monday is not None
        assert delivery_of(app, "eva", WEDNESDAY).picks is not None  # type: ignore[union-attr]
        assert ids(app, "eva", WEDNESDAY).isdisjoint({entry.paper.id for entry in of_monday.entries})


def test_a_weekly_reader_gets_the_week_also_on_a_day_without_an_issue(desk: Desk) -> None:
    desk.feed(FRIDAY, [])
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",), cadence="weekly:fri")
        subscribe(app, "bob", interests=("orchids",))

    run(desk, WEDNESDAY, THURSDAY, FRIDAY)

    with desk.app() as app:
        assert app.store.issue("daily", FRIDAY).entries == ()  # type: ignore[union-attr]
        assert ids(app, "eva", FRIDAY)
        assert delivery_of(app, "bob", FRIDAY) is None


def test_papers_of_a_day_that_came_after_the_week_s_issue_are_in_the_next_one(desk: Desk) -> None:
    late = desk.folder / f"arxiv-{THURSDAY}.jsonl"
    content = late.read_text()
    late.write_text("")
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",), cadence="weekly:thu", max_papers=12)
    run(desk, WEDNESDAY, THURSDAY)
    late.write_text(content)
    run(desk, THURSDAY, hour=10)
    run(desk, FRIDAY, SATURDAY)
    with desk.app() as app:
        assert app.store.issue("daily", THURSDAY).entries  # type: ignore[union-attr]
    for n in range(3, 7):
        desk.feed(THURSDAY + timedelta(days=n), papers_of(MONDAY + timedelta(days=n + 10)))
    run(desk, *(THURSDAY + timedelta(days=n) for n in (3, 4, 5, 6, 7)))

    with desk.app() as app:
        orchids = {p.id for p in papers_of(THURSDAY) if "orchids" in p.title}
        assert orchids <= ids(app, "eva", THURSDAY + timedelta(days=7))


def test_nothing_found_is_said_and_not_sent(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",), avoid=SUBJECTS)

    run(desk, MONDAY)

    with desk.app() as app:
        delivery = delivery_of(app, "eva", MONDAY)
        assert delivery is not None
        assert (delivery.state, delivery.error) == ("skipped", NOTHING_FOUND)
        assert app.store.subscriptions_of(delivery.subscription or 0)[0].covered_until == MONDAY


def test_one_who_subscribed_after_the_issue_was_built_is_not_among_its_readers(desk: Desk) -> None:
    run(desk, MONDAY)
    with desk.app() as app:
        subscribe(app, "eva", hour=9)

    run(desk, MONDAY)

    with desk.app() as app:
        assert delivery_of(app, "eva", MONDAY) is None


def test_the_private_feed_has_its_issue_at_once(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", cadence="feed", interests=("orchids",))

    run(desk, MONDAY)

    with desk.app() as app:
        delivery = delivery_of(app, "eva", MONDAY)
        assert delivery is not None
        assert (delivery.channel, delivery.state, delivery.sent_at) == ("feed", "sent", at(MONDAY))
        assert delivery.picks is not None


def test_a_reader_elsewhere_gets_it_in_their_own_morning(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", zone="America/New_York")
        subscribe(app, "bob", zone="Mars/Olympus")

    run(desk, MONDAY)

    with desk.app() as app:
        eva, bob = (delivery_of(app, name, MONDAY) for name in ("eva", "bob"))
        assert eva is not None
        assert eva.due_at == at(MONDAY, hour=11)
        assert bob is not None
        assert bob.due_at is None


def test_a_zone_that_does_not_exist_is_told(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", zone="Mars/Olympus")

        made = publish(app, MONDAY)

        assert made.warnings == (
            "1 subscription of daily: there is no time zone 'Mars/Olympus', so that of the config holds",
        )


# -- drawn again


def test_an_issue_is_drawn_again_as_it_was_whatever_has_changed_since(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",))
    run(desk, MONDAY)
    with desk.app() as app:
        before = issue_of(app, "eva", MONDAY)

    changed = [
        {**line_of(replace(p, title=f"{p.title}, revised", abstract=f"{p.abstract} It was wrong.")), "upvotes": 900}
        for p in papers_of(MONDAY)
    ]
    desk.feed(TUESDAY, changed)
    run(desk, TUESDAY)

    with desk.app() as app:
        assert app.store.papers_known([papers_of(MONDAY)[0].id]) != {}
        assert issue_of(app, "eva", MONDAY) == before


# -- summaries


def test_no_paper_is_asked_for_again_because_a_reader_gets_it_too(desk: Desk) -> None:
    asked = []
    with desk.app() as app:
        app.__dict__["summarizer"] = fake = FakeSummarizer()
        for name, interests in {"eva": ("orchids",), "bob": ("orchids", "comets"), "zoe": ("rivers",)}.items():
            subscribe(app, name, interests=interests)

        publish(app, MONDAY)

        asked = fake.asked
        got = set().union(*(ids(app, name, MONDAY) for name in ("eva", "bob", "zoe")))
        base = app.store.issue("daily", MONDAY)
    assert base is not None
    printed = {entry.paper.id for entry in base.entries}
    assert got - printed
    assert sorted(asked) == sorted(got | printed)


def test_readers_get_extracts_where_the_budget_is_spent(desk: Desk) -> None:
    with desk.app() as app:
        app.__dict__["summarizer"] = FakeSummarizer(fails="the budget is spent", fails_on="orchids")
        subscribe(app, "eva", interests=("orchids",), max_papers=2)

        made = publish(app, MONDAY)

        issue = issue_of(app, "eva", MONDAY)
        assert issue is not None
        assert {entry.summary.fell_back for entry in issue.entries} == {"the budget is spent"}
        assert issue.usage.fell_back == 2
        assert made.sums.usage.fell_back


def test_another_language_has_summaries_of_its_own(desk: Desk) -> None:
    with desk.app() as app:
        app.__dict__["summarizer"] = FakeSummarizer()
        subscribe(app, "eva", language="de")

        publish(app, MONDAY)

        issue = issue_of(app, "eva", MONDAY)
        assert issue is not None
        assert {entry.summary.language for entry in issue.entries} == {"de"}


# -- once


def test_a_run_that_dies_before_the_readers_are_stored_is_finished_by_the_next(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",))
        subscribe(app, "bob")
        app.reader.fetch("arXiv", MONDAY)
        app.publishing.publish("daily", MONDAY)
        dying = replace(app.readers, store=FakeDyingStore(app.store, at="save_readers"))
        with pytest.raises(KeyboardInterrupt):
            dying.make("daily", MONDAY)
        assert delivery_of(app, "eva", MONDAY) is None

    run(desk, TUESDAY)

    with desk.app() as app:
        for day in (MONDAY, TUESDAY):
            assert any("orchids" in title for title in titles(app, "eva", day))
            assert delivery_of(app, "bob", day) is not None
        assert app.store.without_readers("daily", since=MONDAY, until=TUESDAY) == ()


def test_two_machines_make_each_reader_s_issue_once(tmp_path: Path, url: str) -> None:
    database = f'[digest]\ndatabase = "{url}"'
    desk = Desk(tmp_path, SHORT.replace("[digest]", database))
    desk.feed(MONDAY, papers_of(MONDAY))
    desk.now = at(MONDAY)
    machines = Machines(desk)
    with desk.app() as app:
        for n in range(40):
            subscribe(app, f"reader{n}", interests=(SUBJECTS[n % 6],) if n % 2 else ())
        app.reader.fetch("arXiv", MONDAY)
        app.publishing.publish("daily", MONDAY)

    one, other = machines.at_once(lambda app: app.readers.make("daily", MONDAY))

    with desk.app() as app:
        found = app.store.deliveries("daily", MONDAY)
        assert len({d.recipient for d in found}) == len(found) == 41
        assert one.readers + other.readers == 40
        assert all((d.picks is None) == (int(d.recipient[6:].partition("@")[0]) % 2 == 0) for d in found[1:])


def test_publishing_again_makes_nothing_twice(desk: Desk) -> None:
    with desk.app() as app:
        subscribe(app, "eva", interests=("orchids",))
    run(desk, MONDAY)

    with desk.app() as app:
        made = publish(app, MONDAY)

        assert made.readers == 0
        assert len(app.store.deliveries("daily", MONDAY)) == 2


# -- recipients of the config


def test_a_recipient_of_the_config_has_a_subscription_with_the_delivery(desk: Desk) -> None:
    run(desk, MONDAY)

    with desk.app() as app:
        [delivery] = app.store.deliveries("daily", MONDAY)
        found = app.store.subscription(delivery.subscription or 0)
        assert found is not None
        assert (found.subscriber.address, found.subscriber.origin, found.is_listed) == (
            "ada@example.org",
            "operator",
            True,
        )


def test_a_recipient_who_wishes_otherwise_gets_it_otherwise(desk: Desk) -> None:
    run(desk, MONDAY)
    with desk.app() as app:
        app.store.change_subscription(1, interests=("orchids",))
    run(desk, TUESDAY)
    with desk.app() as app:
        app.store.change_subscription(1, cadence="weekly:fri")
    run(desk, WEDNESDAY, THURSDAY, FRIDAY)

    with desk.app() as app:
        assert [delivery_of(app, "ada", day) is not None for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)] == [
            *(True, True, False, False, True)
        ]
        assert delivery_of(app, "ada", TUESDAY).picks is not None  # type: ignore[union-attr]


def test_a_recipient_whom_the_config_lists_no_more_gets_nothing(desk: Desk) -> None:
    run(desk, MONDAY)
    (desk.folder / "config.toml").write_text(SHORT.replace('["ada@example.org"]', '["bob@example.org"]'))

    run(desk, TUESDAY)

    with desk.app() as app:
        assert [d.recipient for d in app.store.deliveries("daily", TUESDAY)] == ["bob@example.org"]


@pytest.mark.parametrize("gone", ["stopped", "forgotten"])
def test_a_recipient_who_is_gone_gets_nothing_though_the_config_lists_them_and_that_is_told(
    desk: Desk, gone: str
) -> None:
    run(desk, MONDAY)
    with desk.app() as app:
        if gone == "stopped":
            app.store.stop_subscription(1, at=at(MONDAY))
        else:
            app.store.forget_subscriber(parse_address("ada@example.org"), on=MONDAY, secret=app.store.hash_secret())

    desk.now = at(TUESDAY)
    with desk.app() as app:
        app.reader.fetch("arXiv", TUESDAY)
        _, sums = app.publishing.publish("daily", TUESDAY)

        assert app.store.deliveries("daily", TUESDAY) == ()
        assert "1 of its recipients gets nothing" in sums.warnings[0]
        assert "ada" not in sums.warnings[0]


def test_a_recipient_who_paused_gets_nothing_until_then(desk: Desk) -> None:
    run(desk, MONDAY)
    with desk.app() as app:
        app.store.change_subscription(1, paused_until=THURSDAY)

    run(desk, TUESDAY, WEDNESDAY, THURSDAY)

    with desk.app() as app:
        assert [bool(app.store.deliveries("daily", day)) for day in (TUESDAY, WEDNESDAY, THURSDAY)] == [
            *(False, False, True)
        ]


def test_a_recipient_that_is_no_address_of_the_world_gets_it_as_before(desk: Desk) -> None:
    (desk.folder / "config.toml").write_text(SHORT.replace("ada@example.org", "ada@localhost"))

    run(desk, MONDAY)

    with desk.app() as app:
        [delivery] = app.store.deliveries("daily", MONDAY)
        assert (delivery.recipient, delivery.subscription) == ("ada@localhost", None)


# -- what a reader tries


def test_what_an_issue_would_be_with_other_wishes_is_told_without_keeping_anything(desk: Desk) -> None:
    with desk.app() as app:
        eva = subscribe(app, "eva")
    run(desk, MONDAY)

    with desk.app() as app:
        tried = replace(eva, interests=("comets",), max_papers=2)
        wishes = app.reader_interests.wishes("daily", [tried])[eva.pk]
        found = app.readers.would_be(wishes, MONDAY)

        assert [("comets" in one.candidate.paper.title, one.reason) for one in found] == [
            *((True, "matches “comets”"), (True, "matches “comets”"))
        ]
        assert len(app.store.deliveries("daily", MONDAY)) == 2


def test_readers_of_an_edition_that_is_not_in_the_config_are_told_of_once(desk: Desk) -> None:
    with desk.app() as app:
        eva = subscribe(app, "eva")
        app.store.save_subscription(eva.subscriber.pk, "evening", at=desk.now, confirmed_at=desk.now)

    warned = [
        [warning for report in desk.run(day) for warning in report.warnings if "'evening'" in warning]
        for day in (MONDAY, TUESDAY)
    ]

    assert warned == [
        [
            "the issues of 1 reader of 'evening' are not made, for there is no such edition in config.toml: "
            "name one so again, or export them, change their edition, and import them"
        ],
        [],
    ]
