"""Issues are posted to places beside mail once, in the same ledger as mails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from digest.app.usecases import delivering
from digest.config.settings import HookConfig
from digest.core.errors import ConfigError, DeliveryError, InDoubtError, RefusedError
from digest.core.issues.post import Post
from digest.core.models import Delivery, DeliveryState
from digest.stages.posts import Hook, Posted, Posting, new_posts, recipient_of
from digest.store import SqlStore, tables
from digest.usecases.status import status_of
from tests.conftest import NOON, paper
from tests.fakes.clock import FakeClock
from tests.servers.hooks import Answer, HookServer
from tests.support.desk import CONFIG, Desk
from tests.support.store_values import DAY, issue, read

pytest_plugins = ("tests.support.store_fixtures",)

TEAM = HookConfig(name="team", kind="slack", editions=("daily",), url="https://x.example/secret")
ROOM = HookConfig(name="room", kind="matrix", editions=("daily",), url="https://x.example", room="!a:b")


class FakePoster:
    """Takes posts, or fails as it is told."""

    def __init__(self, *errors: Exception | None, before: type[Exception] | None = None) -> None:
        self.posts: list[Post] = []
        self.errors = list(errors)

    def send(self, post: Post, *, before_dot: Callable[[], None]) -> None:
        error = self.errors.pop(0) if self.errors else None
        if error is not None and not isinstance(error, InDoubtError):
            raise error
        before_dot()
        self.posts.append(post)
        if error is not None:
            raise error


def due(store: SqlStore, *hooks: HookConfig, day: Any = DAY) -> None:
    """Store an issue that is due to *hooks*."""
    read(store, paper(day.day), day=day)
    to = new_posts(hooks, "daily", message_id=lambda recipient: f"<{recipient} {day}@example.org>")
    store.save_issue(issue(paper(day.day), day=day), at=NOON + (day - DAY), deliveries={}, to=to)


def posting(store: SqlStore, clock: FakeClock, poster: FakePoster, *hooks: HookConfig, **more: Any) -> Posting:
    values: dict[str, Any] = {"root": "https://x.org/", "base": Path("/etc/digest"), **more}
    return Posting(store=store, hooks=hooks or (TEAM,), poster=lambda _: poster, clock=clock, **values)


def run(of: Posting, **more: Any) -> Posted:
    return of.post_all(["daily"], more.pop("day", DAY), only=False, waiting_until=lambda _: more.get("waits"))["daily"]


def delivery(store: SqlStore, channel: str = "slack", day: Any = DAY) -> Delivery:
    [found] = store.deliveries("daily", day, channel=channel)
    return found


def test_a_new_issue_is_due_to_the_hooks_of_its_edition() -> None:
    other = HookConfig(name="other", kind="ntfy", editions=("weekly",), url="https://x", room="t")

    [new] = new_posts([TEAM, other], "daily", message_id=lambda recipient: f"<{recipient}>")

    assert (new.recipient, new.channel, new.message_id) == ("hook team", "slack", "<hook team>")


def test_a_due_issue_is_posted_once_with_its_entries_and_a_link(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)
    poster = FakePoster()

    found = [run(posting(store, clock, poster)), run(posting(store, clock, poster))]

    [post] = poster.posts
    assert [one.sent for one in found] == [1, 0]
    assert delivery(store).state is DeliveryState.SENT
    assert (post.key, post.url) == (f"hook team {DAY}@example.org", f"https://x.org/daily/{DAY}/index.html")
    assert [entry.title for entry in post.entries] == [paper(DAY.day).title]
    assert post.document["date"] == DAY.isoformat()


def test_posts_are_no_mails(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)

    assert store.undelivered("daily", since=DAY, until=DAY) == ()
    assert store.claim_deliveries("daily", DAY, limit=10) == ()


def test_what_is_not_taken_now_is_due_when_the_place_asked_for_it(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)
    later = DeliveryError("hook team: not taken now: HTTP 429")
    later.retry_after_s = 600.0
    poster = FakePoster(later)
    of = posting(store, clock, poster)

    found = run(of)
    clock.advance(seconds=599)
    run(of)
    assert poster.posts == []
    clock.advance(seconds=2)
    run(of)

    assert found.warnings == ("hook team: not taken now: HTTP 429",)
    assert len(poster.posts) == 1
    assert delivery(store).state is DeliveryState.SENT


def test_tries_are_a_minute_apart_and_then_ever_longer(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)
    of = posting(store, clock, FakePoster(*(DeliveryError("no") for _ in range(9))))
    waits = []
    for _ in range(9):
        run(of)
        at = delivery(store).due_at
        assert at is not None
        waits.append((at - clock()) / timedelta(minutes=1))
        clock.advance(seconds=(at - clock()).total_seconds())

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_is_not_taken_for_long_fails(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)
    clock.advance(hours=21)

    run(posting(store, clock, FakePoster(DeliveryError("no"))))

    assert (delivery(store).state, delivery(store).error) == (DeliveryState.FAILED, "no; given up after 20 hours")


def test_what_is_refused_fails_and_says_why(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)

    found = run(posting(store, clock, FakePoster(RefusedError("hook team: refused: HTTP 404"))))

    assert (delivery(store).state, delivery(store).error) == (DeliveryState.FAILED, "hook team: refused: HTTP 404")
    assert found.warnings == ("hook team: refused: HTTP 404",)


@pytest.mark.parametrize(
    ("hook", "resend", "state"),
    [
        (TEAM, False, DeliveryState.UNKNOWN),
        (TEAM, True, DeliveryState.DUE),
        (ROOM, False, DeliveryState.DUE),
    ],
    ids=["hold", "resend", "idempotent"],
)
def test_a_post_in_doubt_is_repeated_only_where_that_may_be(
    store: SqlStore, clock: FakeClock, hook: HookConfig, resend: bool, state: DeliveryState
) -> None:
    due(store, hook)

    run(posting(store, clock, FakePoster(InDoubtError("no answer")), hook, resend=resend))

    assert delivery(store, hook.kind).state is state


@pytest.mark.parametrize(("hook", "state"), [(TEAM, DeliveryState.UNKNOWN), (ROOM, DeliveryState.SENT)])
def test_what_a_dead_process_left_at_the_dot_is_in_doubt(
    store: SqlStore, clock: FakeClock, hook: HookConfig, state: DeliveryState
) -> None:
    due(store, hook)
    with store._write() as connection:
        connection.execute(update(tables.delivery).values(state=DeliveryState.DOT, claimed_by="dead", claimed_at=NOON))

    run(posting(store, clock, FakePoster(), hook))

    assert delivery(store, hook.kind).state is state


def test_one_place_that_fails_does_not_stop_the_others(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM, ROOM)

    found = run(posting(store, clock, FakePoster(RefusedError("no")), TEAM, ROOM))

    assert found.sent == 1


def test_a_hook_that_left_the_config_is_skipped(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)

    posted = run(posting(store, clock, FakePoster(), ROOM))

    assert delivery(store).state is DeliveryState.SKIPPED
    assert any("not in config.toml any more, so nothing was posted" in warning for warning in posted.warnings)


def test_a_hook_whose_secret_is_missing_keeps_its_posts_due(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)

    def poster(_: Hook) -> FakePoster:
        raise ConfigError("the variable SLACK must be set, and is not")

    of = Posting(store=store, hooks=[TEAM], poster=poster, clock=clock, root=None, base=Path("/x"))
    found = run(of)

    assert found.warnings == ("the variable SLACK must be set, and is not",)
    assert delivery(store).state is DeliveryState.DUE


def test_issues_of_a_week_are_posted_and_older_ones_are_not(store: SqlStore, clock: FakeClock) -> None:
    old, young = DAY - timedelta(days=9), DAY - timedelta(days=2)
    due(store, TEAM, day=old)
    due(store, TEAM, day=young)
    poster = FakePoster()

    posted = run(posting(store, clock, poster, retry=timedelta(days=9)))

    assert [post.day for post in poster.posts] == [young]
    assert delivery(store, day=old).state is DeliveryState.SKIPPED
    assert any("within 7 days and will not be" in warning for warning in posted.warnings)


def test_issues_that_may_be_out_already_wait_for_a_person(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)
    poster = FakePoster()

    posted = run(posting(store, clock, poster), waits=DAY)

    assert poster.posts == []
    assert any("wait, for they may be out already" in warning for warning in posted.warnings)


# -- whole runs


@pytest.fixture
def server() -> Iterator[HookServer]:
    one = HookServer(Answer(503), Answer(200))
    yield one
    one.close()


def test_a_run_posts_its_issue_and_a_later_one_what_was_not_taken(tmp_path: Path, server: HookServer) -> None:
    hook = '\n[[hook]]\nname = "team"\nkind = "webhook"\nurl_env = "TEAM_URL"\ntoken_env = "TEAM_KEY"\n'
    desk = Desk(tmp_path, CONFIG + hook, environment={"TEAM_URL": f"{server.url}/geheim", "TEAM_KEY": "k"})
    desk.feed(DAY, [paper(n) for n in range(1, 4)])

    first = desk.run(DAY)
    desk.now += timedelta(minutes=2)
    with desk.app() as app:
        second = app.run(["daily"], DAY)

    assert [p.path for p in server.posted] == ["/geheim", "/geheim"]
    assert server.posted[0].body == server.posted[1].body
    assert server.posted[0].headers["idempotency-key"] == server.posted[1].headers["idempotency-key"]
    assert server.posted[1].json["papers"] == 3
    assert any("hook team: not taken now: HTTP 503" in w for r in first for w in r.warnings)
    assert not any("hook" in w for r in second for w in r.warnings)
    with desk.app() as app:
        [found] = app.store.deliveries("daily", DAY, channel="webhook")
        assert (found.state, found.recipient) == (DeliveryState.SENT, recipient_of("team"))
    assert b"geheim" not in (tmp_path / "var" / "digest.db").read_bytes()


def test_a_post_that_failed_stands_in_the_status_and_is_posted_again_at_a_persons_command(
    tmp_path: Path, server: HookServer
) -> None:
    server.answer_next(Answer(404, b"no such hook"))
    desk = Desk(tmp_path, f'{CONFIG}\n[[hook]]\nname = "team"\nkind = "slack"\nurl = "{server.url}/geheim"\n')
    desk.feed(DAY, [paper(1)])
    desk.run(DAY)

    with desk.app() as app:
        [failed] = status_of(app.store, app.config, now=desk.now, summarizer=lambda: app.summarizer).undelivered
        server.answer_next(Answer(200))
        [posted] = delivering(app).deliver(["daily"], DAY, retry="failed", recipients=["hook team"])

    assert (failed.recipient, failed.state) == ("hook team", DeliveryState.FAILED)
    assert "HTTP 404: no such hook" in (failed.error or "")
    assert posted.delivered.posted == 1


def test_a_post_that_was_put_off_is_waited_for(store: SqlStore, clock: FakeClock) -> None:
    due(store, TEAM)
    of = posting(store, clock, FakePoster(DeliveryError("no")))

    found = run(of)

    assert found.next_at == of.next_at("daily", since=DAY, until=DAY) == clock() + timedelta(minutes=1)


def test_a_run_does_not_begin_without_the_secret_of_a_hook(tmp_path: Path) -> None:
    hook = '\n[[hook]]\nname = "team"\nkind = "slack"\nurl_env = "TEAM_URL"\n'
    desk = Desk(tmp_path, CONFIG + hook)
    desk.feed(DAY, [paper(1)])

    with pytest.raises(ConfigError, match=r"\[\[hook\]\] team: the environment variable TEAM_URL must be set"):
        desk.run(DAY)
