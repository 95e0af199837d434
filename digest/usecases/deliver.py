"""Mails: the stage `deliver` over all editions of a run, and `digest deliver`, which a person calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest.core.errors import NotFoundError
from digest.core.models import Delivery, DeliveryState, Edition, Issue, Mail
from digest.stages.deliver import LEFT, Delivered, Round, mails_since
from digest.stages.lost import LostIssues, lost_issues
from digest.stages.report import Mailed

if TYPE_CHECKING:
    from digest.app.app import App

STATES: Final = ("due", "sent", "unknown", "failed")
"""What deliveries are counted as; `sending` and `dot` are due, and `skipped` is nobody's business any more."""
RETRIED: Final = {
    "failed": DeliveryState.FAILED,
    "unknown": DeliveryState.UNKNOWN,
    "skipped": DeliveryState.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried:
    """A delivery that is due again by a person's word."""

    date: date
    recipient: str
    may_arrive_twice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What `digest deliver` did with the mails of one edition."""

    edition: str
    since: date
    until: date
    """The days whose issues it was about."""
    retried: tuple[Retried, ...]
    delivered: Delivered
    states: Mapping[str, int]
    """How many mails of these days are in which state now; those of `STATES`."""

    @property
    def tried(self) -> bool:
        """Some mail was due."""
        return self.delivered.sent > 0 or self.delivered.trouble or self.states["due"] > 0

    @property
    def status(self) -> str:
        """`done`, or `degraded` where something did not go out."""
        return "degraded" if self.delivered.trouble or self.states["due"] else "done"


def deliver(
    app: App, editions: Sequence[Edition], day: date | None, *, retry: str | None = None, recipients: Sequence[str] = ()
) -> list[Posted]:
    """Send what is due: of today's issue and the days before, or of *day* alone.

    Args:
        retry: One of `RETRIED`: make those due again first.
        recipients: Only these of them; none: all.

    Raises:
        NotFoundError: One of *recipients* has no such mail; nothing was done.
    """
    app.check(send=True)
    until = day or app.today()
    since = day or mails_since(until)
    with app.only_run():
        again: dict[str, tuple[Retried, ...]] = {}
        if retry is not None:
            _find(app, editions, (since, until), retry, recipients)
            again = {e.name: _retry(app, e, (since, until), retry, recipients) for e in editions}
        # Who names a day has decided.
        lost = lost_issues(app) if day is None else LostIssues()
        delivered = deliver_all(app, editions, until, only=day is not None, lost=lost)
        return [
            Posted(
                edition=e.name,
                since=since,
                until=until,
                retried=again.get(e.name, ()),
                delivered=delivered[e.name],
                states=_states(app, e, (since, until)),
            )
            for e in editions
        ]


def _find(
    app: App, editions: Sequence[Edition], span: tuple[date, date], retry: str, recipients: Sequence[str]
) -> None:
    names = {e.name for e in editions}
    found = [d for d in app.store.deliveries_in([RETRIED[retry]]) if d.edition in names]
    near = {d.recipient.lower() for d in found if span[0] <= d.date <= span[1]}
    for address in recipients:
        if address.lower() not in near:
            days = sorted({str(d.date) for d in found if d.recipient.lower() == address.lower()})
            older = f"; there is one of {days[-1]}: name it with --date" if days else ""
            raise NotFoundError(f"no mail to {address} is {retry} from {span[0]} to {span[1]}{older}; nothing was sent")


def _retry(
    app: App, edition: Edition, span: tuple[date, date], retry: str, recipients: Sequence[str]
) -> tuple[Retried, ...]:
    again = app.store.retry_deliveries(
        edition.name, since=span[0], until=span[1], states=[RETRIED[retry]], recipients=recipients
    )
    twice = RETRIED[retry] is DeliveryState.UNKNOWN
    return tuple(Retried(date=d.date, recipient=d.recipient, may_arrive_twice=twice) for d in again)


def _states(app: App, edition: Edition, span: tuple[date, date]) -> dict[str, int]:
    return count_states(app.store.count_deliveries(edition.name, since=span[0], until=span[1]))


def count_states(counts: Mapping[DeliveryState, int]) -> dict[str, int]:
    """How many are in each of `STATES`."""
    found = dict.fromkeys(STATES, 0)
    for state, n in counts.items():
        if state is not DeliveryState.SKIPPED:
            # `sending` and `dot` are another process at work, or one that died: it is finished by the next run.
            found[state.value if state.value in found else "due"] += n
    return found


def deliver_all(
    app: App, editions: Iterable[Edition], day: date, *, only: bool = False, lost: LostIssues
) -> dict[str, Delivered]:
    """Send what is due of *editions*; by name. What one of them met at the server counts for the next ones too.

    Args:
        only: Leave the issues of the days before alone.
        lost: What the archive holds and the database lacks: mails of those days may be out already.
    """
    met = Round()
    with app.mailer() as mailer:
        return {
            e.name: app.pipeline.deliver(
                e,
                day,
                compose=_letter(app, e),
                mailer=mailer,
                met=met,
                only=only,
                waiting_until=lost.mails_wait_until(e.name),
            )
            for e in editions
        }


def _letter(app: App, edition: Edition) -> Callable[[Issue, Delivery], Mail]:
    """What makes the mail of an issue for one recipient; the part that is the same for all is made once."""
    from digest.publish.mail import Body, compose, draw_body

    mail, site_url, templates = app.config.mail, app.config.site_url, app.templates
    drawn: dict[str, Body] = {}

    def letter(issue: Issue, delivery: Delivery) -> Mail:
        if issue.id not in drawn:
            app.host.progress(f"sending {issue.id}")
            drawn[issue.id] = draw_body(_abroad(issue, app.config.base), templates=templates, site_url=site_url)
        composed = compose(
            issue,
            recipient=delivery.recipient,
            sender=mail.sender,
            sender_name=mail.sender_name,
            message_id=delivery.message_id,
            at=delivery.queued_at,
            templates=templates,
            site_url=site_url,
            body=drawn[issue.id],
        )
        return replace(composed, label=f"{edition.name}-{issue.date}")

    return letter


def _abroad(issue: Issue, base: Path) -> Issue:
    """*issue* for people elsewhere: what went wrong with a file names it as seen from config.toml."""
    private = str(base)

    def seen(error: str | None) -> str | None:
        return error and error.replace(f"{private}{os.sep}", "").replace(private, "the folder of config.toml")

    return replace(issue, sources=tuple(replace(s, error=seen(s.error)) for s in issue.sources))


def give_up_left(app: App) -> tuple[str, ...]:
    """Give up the mails of editions that left the config; what is to be said of it.

    They are due again when the edition is back.
    """
    names = {e.name for e in app.config.editions}
    said = []
    for name in app.store.editions_on_their_way():
        if name not in names and (skipped := app.store.skip_deliveries(name, before=None, reason=LEFT)):
            n = sum(skipped.values())
            mails = "1 mail is" if n == 1 else f"{n} mails are"
            said.append(f"{mails} not sent, for there is no edition {name!r} in {app.config.path.name} any more")
    return tuple(said)


def mailed(app: App, edition: Edition, day: date, delivered: Delivered) -> Mailed:
    """What is to be reported of an edition's mails."""
    sent = app.store.count_deliveries(edition.name, since=day, until=day).get(DeliveryState.SENT, 0)
    already = sent - delivered.sent_today
    already_at = app.store.sent_at(edition.name, day, already)
    return Mailed(
        recipients=len(edition.recipients),
        sent=delivered.sent,
        skipped=delivered.skipped,
        already=already,
        already_at=already_at.astimezone(app.config.timezone) if already_at else None,
    )
