"""The stage `deliver`: who gets a mail now, later, never; and when the server is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from digest.core.errors import DeliveryError, InDoubtError, MailUnavailable, RefusedError, StoreError
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail
from digest.stages.deliver import LEFT, TOO_LATE, Delivered, Delivering, Round, mails_since
from digest.stages.pacing import Pacing
from digest.store import SqlStore
from tests.conftest import paper
from tests.fakes.clock import FakeClock
from tests.fakes.mailer import FakeMailer
from tests.support.store_values import DAY, claim, publish

NAMES = ("ada", "bob", "cleo", "dan", "emmy", "fay")


def refused(code: str = "RCPT 550 5.1.1", *, names_recipient: bool = True) -> RefusedError:
    return RefusedError("refused: 550 5.1.1 no such user", code=code, names_recipient=names_recipient)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Iterator[SqlStore]:
    with SqlStore.open("sqlite://", clock=clock) as opened:
        yield opened


def issue(store: SqlStore, *names: str, day: date = DAY, edition: str = "daily") -> Edition:
    """An issue that is due to these people, and its edition."""
    n = (day - date(2026, 1, 1)).days
    publish(store, paper(n), day=day, edition=edition, deliveries={f"{m}@x.org": f"<{m}.{day}>" for m in names})
    return Edition(name=edition, title="Daily", sources=(), recipients=tuple(f"{m}@x.org" for m in NAMES))


def run(
    store: SqlStore,
    edition: Edition,
    mailer: FakeMailer,
    *,
    day: date = DAY,
    met: Round | None = None,
    only: bool = False,
) -> Delivered:
    def letter(_: Issue, delivery: Delivery, __: object) -> Mail:
        return Mail(sender="d@x.org", recipient=delivery.recipient, message_id=delivery.message_id, content=b"")

    turn = Delivering(
        store=store,
        clock=store._clock,
        edition=edition,
        day=day,
        compose=letter,
        mailers=[mailer],
        met=met or Round(),
        pacing=Pacing(store=store, clock=store._clock, sleep=lambda _: None),
    )
    return turn.deliver(only=only)


def states(store: SqlStore, day: date = DAY, edition: str = "daily") -> str:
    """The first letters of all states, in the order of the recipients."""
    return "".join(d.state.value[0] for d in store.deliveries(edition, day))


def reasons(store: SqlStore, day: date = DAY) -> list[str | None]:
    return [d.error for d in store.deliveries("daily", day)]


def test_all_are_sent_and_counted(store: SqlStore) -> None:
    edition = issue(store, *NAMES)
    issue(store, "ada", day=DAY - timedelta(days=1))

    done = run(store, edition, FakeMailer())

    assert (done.sent, done.sent_today, done.skipped, done.warnings, done.trouble) == (7, 6, 0, (), False)
    assert states(store) == "ssssss"


def test_todays_issue_goes_out_before_those_that_were_left(store: SqlStore) -> None:
    edition = issue(store, "ada")
    issue(store, "bob", day=DAY - timedelta(days=1))
    issue(store, "cleo", day=DAY - timedelta(days=2))
    mailer = FakeMailer()

    run(store, edition, mailer)

    assert mailer.tried == ["ada", "bob", "cleo"]


def test_a_refused_login_is_met_once_by_all_editions_of_a_run_and_all_mails_stay_due(store: SqlStore) -> None:
    one, other = issue(store, *NAMES), issue(store, "ada", "bob", edition="other")
    mailer, met = FakeMailer({"*": MailUnavailable("refused the login")}), Round()

    first, second = (run(store, edition, mailer, met=met) for edition in (one, other))

    assert mailer.tried == ["ada"]
    assert (states(store), states(store, edition="other")) == ("dddddd", "dd")
    assert first.warnings == ("no mail was sent, and 6 mails wait for the next run: refused the login",)
    assert second.warnings == ("no mail was sent, and 2 mails wait for the next run: refused the login",)
    assert first.trouble


@pytest.mark.parametrize(
    ("failure", "after"),
    [
        (DeliveryError("451"), "dddddd"),
        (InDoubtError("no answer"), "uuuddd"),
        (refused("x", names_recipient=False), "dddddd"),
    ],
)
def test_three_in_a_row_that_are_not_taken_end_the_delivery(
    store: SqlStore, failure: DeliveryError, after: str
) -> None:
    edition = issue(store, *NAMES)
    mailer = FakeMailer({"*": failure})

    done = run(store, edition, mailer)

    assert mailer.tried == ["ada", "bob", "cleo"]
    assert states(store) == after
    left = after.count("d")
    assert f"no mail was sent, and {left} mails wait for the next run: 3 mails one after another were not taken" in (
        done.warnings
    )


def test_one_mail_that_waits_is_not_called_mails(store: SqlStore) -> None:
    done = run(store, issue(store, "ada"), FakeMailer({"*": MailUnavailable("refused the login")}))

    assert done.warnings == ("no mail was sent, and 1 mail waits for the next run: refused the login",)


def test_of_a_run_that_did_not_come_to_the_mails_none_is_counted_and_nothing_went_wrong() -> None:
    none = Delivered()

    assert (none.sent, none.sent_today, none.skipped, none.warnings, none.trouble) == (0, 0, 0, (), False)


def test_two_in_a_row_do_not_end_the_delivery_and_one_that_is_taken_begins_the_count_anew(store: SqlStore) -> None:
    edition = issue(store, *NAMES)
    mailer = FakeMailer({n: DeliveryError("451") for n in ("ada", "bob", "dan", "emmy")})

    done = run(store, edition, mailer)

    assert mailer.tried == list(NAMES)
    assert states(store) == "ddsdds"
    assert [w.partition(":")[0] for w in done.warnings] == ["ada@x.org", "bob@x.org", "dan@x.org", "emmy@x.org"]


def test_doubt_and_delay_count_together(store: SqlStore) -> None:
    edition = issue(store, *NAMES)
    failures = {"ada": InDoubtError("?"), "bob": DeliveryError("451"), "cleo": InDoubtError("?")}
    mailer = FakeMailer(failures)  # type: ignore[arg-type]  # of one kind each

    run(store, edition, mailer)

    assert (mailer.tried, states(store)) == (["ada", "bob", "cleo"], "ududdd")


def test_what_was_put_off_is_not_tried_twice_in_a_run_and_keeps_its_reason(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob")
    mailer = FakeMailer({"ada": DeliveryError("not taken now: 451")})

    run(store, edition, mailer)

    assert mailer.tried == ["ada", "bob"]
    assert (states(store), reasons(store)) == ("ds", ["not taken now: 451", None])


def test_the_rest_waits_is_said_with_no_more_where_some_were_sent(store: SqlStore) -> None:
    edition = issue(store, *NAMES)
    failures = dict.fromkeys(NAMES[1:4], DeliveryError("451"))

    done = run(store, edition, FakeMailer(failures))  # type: ignore[arg-type]  # as above

    assert done.warnings[-1] == (
        "no more was sent, and 5 mails wait for the next run: 3 mails one after another were not taken"
    )


# -- refusals


def test_an_address_that_is_refused_where_others_are_taken_fails_for_good(store: SqlStore) -> None:
    edition = issue(store, *NAMES)

    done = run(store, edition, FakeMailer({"ada": refused(), "fay": refused()}))

    assert states(store) == "fssssf"
    assert done.warnings == ("ada@x.org: refused: 550 5.1.1 no such user", "fay@x.org: refused: 550 5.1.1 no such user")


def test_the_same_refusal_for_all_fails_nobody(store: SqlStore) -> None:
    edition = issue(store, *NAMES)

    done = run(store, edition, FakeMailer({"*": refused()}))

    assert states(store) == "dddddd"
    assert reasons(store)[0] == "refused: 550 5.1.1 no such user; it is tried again by the next run"
    assert done.warnings[-1].startswith("all 6 got the same refusal and no mail was taken")


def test_the_same_refusal_of_two_and_no_other_fails_neither(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob")

    done = run(store, edition, FakeMailer({"*": refused()}))

    assert states(store) == "dd"
    assert done.warnings[-1].startswith("all 2 got the same refusal and no mail was taken")


def test_refusals_that_differ_are_each_their_recipients(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob")

    done = run(store, edition, FakeMailer({"ada": refused(), "bob": refused("RCPT 552 5.2.2")}))

    assert states(store) == "ff"
    assert len(done.warnings) == 2


def test_the_only_recipient_fails_if_the_server_says_that_it_is_the_address(store: SqlStore) -> None:
    edition = issue(store, "ada")

    run(store, edition, FakeMailer({"ada": refused()}))

    assert states(store) == "f"


def test_the_only_recipient_does_not_fail_for_what_others_would_get_alike(store: SqlStore) -> None:
    edition = issue(store, "ada")

    run(store, edition, FakeMailer({"ada": refused("DATA 554", names_recipient=False)}))

    assert states(store) == "d"


def test_a_mail_that_others_were_sent_is_refused_for_its_recipients_sake(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob")

    run(store, edition, FakeMailer({"ada": refused("DATA 554", names_recipient=False)}))

    assert states(store) == "fs"


def test_a_server_that_knows_nobody_is_asked_twenty_times(store: SqlStore) -> None:
    people = tuple(f"p{n:02}" for n in range(30))
    edition = replace(issue(store, *people), recipients=tuple(f"{p}@x.org" for p in people))
    mailer = FakeMailer({"*": refused()})

    done = run(store, edition, mailer)

    assert (len(mailer.tried), states(store)) == (20, "d" * 30)
    assert "30 mails wait for the next run: 20 mails one after another were not taken" in done.warnings[-1]


def test_nineteen_dead_addresses_keep_nobody_waiting_behind_them(store: SqlStore) -> None:
    people = tuple(f"p{n:02}" for n in range(20))
    edition = replace(issue(store, *people), recipients=tuple(f"{p}@x.org" for p in people))

    run(store, edition, FakeMailer({p: refused() for p in people[:19]}))

    assert states(store) == "f" * 19 + "s"


def test_who_is_no_longer_a_recipient_gets_nothing_whatever_its_capitals(store: SqlStore) -> None:
    edition = replace(issue(store, "ada", "bob"), recipients=("ADA@x.org",))
    mailer = FakeMailer()

    done = run(store, edition, mailer)

    assert (mailer.tried, states(store)) == (["ada"], "sf")
    assert done.warnings == ("bob@x.org: is no longer a recipient of this edition, so nothing was sent",)


def test_those_behind_somebody_who_is_no_longer_a_recipient_get_their_mails(store: SqlStore) -> None:
    edition = replace(issue(store, "ada", "bob"), recipients=("bob@x.org",))
    mailer = FakeMailer()

    run(store, edition, mailer)

    assert mailer.tried == ["bob"]


# -- other processes


def test_a_mail_that_another_process_took_over_stops_no_other(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob")

    done = run(store, edition, FakeMailer({"ada": StoreError("delivery 1 is in the hands of another process")}))

    assert [d.state for d in store.deliveries("daily", DAY)] == [DeliveryState.DUE, DeliveryState.SENT]
    assert done.warnings == ("ada@x.org: delivery 1 is in the hands of another process",)


def test_a_run_that_took_so_long_that_another_took_over_says_so_and_ends_well(
    store: SqlStore, clock: FakeClock
) -> None:
    edition = issue(store, "ada", "bob", "cleo")
    with SqlStore(store._engine, clock=clock) as other:

        def steal() -> None:
            clock.advance(minutes=16)
            assert len(other.claim_deliveries("daily", DAY, limit=3)) == 3

        mailer = FakeMailer({"ada": DeliveryError("451"), "bob": refused()}, before={"cleo": steal})

        done = run(store, edition, mailer)

    said = [w for w in done.warnings if "in the hands of another process" in w]
    assert [w.partition(":")[0] for w in said] == ["cleo@x.org", "ada@x.org", "bob@x.org"]
    assert mailer.tried == ["ada", "bob", "cleo"]


# -- what is too late


def test_the_first_day_of_all_has_no_day_before_it() -> None:
    assert mails_since(date.min) == date.min
    assert mails_since(DAY) == old(7)


def old(days: int) -> date:
    return DAY - timedelta(days=days)


def test_mails_of_a_week_ago_still_go_out(store: SqlStore) -> None:
    edition = issue(store, "ada", day=old(7))

    done = run(store, edition, FakeMailer())

    assert (done.sent, done.sent_today, done.skipped) == (1, 0, 0)


def test_older_mails_are_skipped_with_a_reason_and_the_run_says_so_once(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob", day=old(8))
    issue(store, "cleo", day=old(9))
    mailer = FakeMailer()

    first, second = run(store, edition, mailer), run(store, edition, mailer)

    assert (mailer.tried, first.skipped, first.trouble) == ([], 3, True)
    assert [d.state for d in store.deliveries("daily", old(8))] == [DeliveryState.SKIPPED] * 2
    assert reasons(store, old(8)) == [TOO_LATE] * 2
    assert first.warnings == (
        f"issue of {old(9)}: 1 mail was not sent within 7 days and will not be, "
        f"unless by `digest deliver --date {old(9)}`",
        f"issue of {old(8)}: 2 mails were not sent within 7 days and will not be, "
        f"unless by `digest deliver --date {old(8)}`",
    )
    assert (second.skipped, second.warnings, second.trouble) == (0, (), False)


def test_a_run_of_the_day_itself_sends_what_was_skipped(store: SqlStore) -> None:
    edition = issue(store, "ada", day=old(8))
    run(store, edition, FakeMailer())

    done = run(store, edition, FakeMailer(), day=old(8))

    assert (done.sent_today, states(store, old(8))) == (1, "s")


def test_a_run_of_one_day_alone_leaves_the_days_before(store: SqlStore) -> None:
    edition = issue(store, "ada")
    issue(store, "bob", day=old(1))
    issue(store, "cleo", day=old(8))
    mailer = FakeMailer()

    done = run(store, edition, mailer, only=True)

    assert (mailer.tried, done.skipped, states(store, old(1)), states(store, old(8))) == (["ada"], 0, "d", "d")


def test_a_day_that_lies_ahead_makes_no_mail_too_late(store: SqlStore) -> None:
    edition = issue(store, "ada")

    done = run(store, edition, FakeMailer(), day=DAY + timedelta(days=300))

    assert (done.skipped, states(store)) == (0, "d")


def test_it_is_already_tomorrow_somewhere(store: SqlStore) -> None:
    edition = issue(store, "ada", day=old(7))
    issue(store, "bob", day=old(6))

    assert run(store, edition, FakeMailer(), day=DAY + timedelta(days=1)).skipped == 1
    assert run(store, edition, FakeMailer(), day=DAY + timedelta(days=2)).skipped == 0
    assert [states(store, old(7)), states(store, old(6))] == ["s", "s"]


def test_two_days_ahead_are_not_today_anywhere(store: SqlStore) -> None:
    edition = issue(store, "bob", day=old(6))

    done = run(store, edition, FakeMailer(), day=DAY + timedelta(days=2))

    assert (done.skipped, states(store, old(6))) == (0, "d")


def test_mails_of_an_edition_that_is_back_are_due_again_unless_they_are_too_late(store: SqlStore) -> None:
    edition = issue(store, "ada", day=old(7))
    issue(store, "bob", day=old(8))
    store.skip_deliveries("daily", before=None, reason=LEFT)

    done = run(store, edition, FakeMailer())

    assert (done.sent, states(store, old(7)), states(store, old(8))) == (1, "s", "s")
    assert [d.state for d in store.deliveries("daily", old(8))] == [DeliveryState.SKIPPED]


def test_a_mail_of_an_earlier_day_left_in_doubt_is_said_once(store: SqlStore, clock: FakeClock) -> None:
    edition = issue(store, "ada", day=old(1))
    left = claim(store, day=old(1))
    assert left is not None
    store.mark_delivery(left.id, DeliveryState.DOT)
    clock.advance(minutes=16)

    done, again = run(store, edition, FakeMailer()), run(store, edition, FakeMailer())

    assert done.warnings == (f"issue of {old(1)}: 1 of its mails may have been delivered and may not; not sent again",)
    assert again.warnings == ()


def test_what_became_of_a_mail_of_an_earlier_day_names_its_day(store: SqlStore) -> None:
    edition = issue(store, "ada", "bob", day=old(1))

    done = run(store, edition, FakeMailer({"ada": DeliveryError("451"), "bob": refused()}))

    assert done.warnings == (
        f"issue of {old(1)}: ada@x.org: 451",
        f"issue of {old(1)}: bob@x.org: refused: 550 5.1.1 no such user",
    )
