"""Commands that make issues and mail them: `digest run`, `deliver`, `schedule`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from digest.cli.common import DateType, app_of, config_option, exit_by, json_option, working
from digest.cli.show.console import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.app.app import App
    from digest.stages.report import Report
    from digest.usecases.deliver import Posted

_STAGES: Final = ("fetch", "summarize", "publish", "site", "deliver")


@click.command(short_help="Make today's issues: fetch, summarize, publish, deliver.")
@config_option
@click.option(
    "--date", "day", type=DateType(), help="The day to take for today: to catch up, or to replay recorded feeds."
)
@click.option(
    "--edition", "names", multiple=True, metavar="NAME", help="Only this edition; may be given several times."
)
@click.option("--until", type=click.Choice(_STAGES), default="deliver", help="Stop after this stage.")
@click.option("--sample", is_flag=True, help="Use the shipped sample feeds and write below ./digest-sample/.")
@click.option("--no-send", is_flag=True, help="Do everything but deliver; the mails stay due.")
@click.option(
    "--estimate", is_flag=True, help="Only say what it would cost: the lists are read, but no model is asked."
)
@click.option(
    "--accept-database",
    is_flag=True,
    help="Go on with a database that lacks issues which the archive holds: the day is made and mailed anew.",
)
@json_option
def run(
    config: Path,
    day: date | None,
    names: tuple[str, ...],
    until: str,
    sample: bool,
    no_send: bool,
    estimate: bool,
    accept_database: bool,
    as_json: bool,
) -> None:
    """Make today's issues: fetch, summarize, publish, draw the archive, deliver.

    What an earlier run did is not done again; what it left is finished. Where the archive holds issues that the
    database lacks (an older one was put back, say), their pages stay and they are not made and mailed again, unless
    --accept-database says that this database is the one to go on with.

    Ctrl-C and SIGTERM end it within a moment, with the programs of `command` sources; only a mail that is being handed
    over gets its receipt first.

    An estimate is of requests that succeed: if one in five goes wrong, it is a tenth more input and a quarter more
    time.
    """
    from digest.cli.show.run import pages_of, print_reports, report_json
    from digest.stages.report import Stage

    if estimate:
        _estimate(config, day, names, sample=sample, as_json=as_json)
        return
    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        editions = app.config.editions_named(names)
        day = day or _day(app, sample=sample)
        reports = app.run(
            [e.name for e in editions], day, until=Stage(until), send=not no_send, accept_database=accept_database
        )
        pages = pages_of(reports, app.site.page)
    if as_json:
        print_json([report_json(r, pages.get(r.edition)) for r in reports])
    else:
        print_reports(reports, pages, data_dir=app.config.data_dir, outbox=app.config.mail.transport == "outbox")
    exit_by([r.status for r in reports])


def _day(app: App, *, sample: bool) -> date:
    """The day that a run is of where none is named."""
    if sample:
        from digest.usecases.sample import sample_day

        return sample_day(app.store, app.config)
    return app.today()


def _estimate(config: Path, day: date | None, names: tuple[str, ...], *, sample: bool, as_json: bool) -> None:
    from digest.app.usecases import estimator
    from digest.cli.show.money import estimate_json, print_estimate

    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        editions = app.config.editions_named(names)
        found = estimator(app).estimate(editions, day or _day(app, sample=sample))
    if as_json:
        print_json(estimate_json(found))
    else:
        print_estimate(found)


@click.command("send-test", short_help="Send the last issue to one address, to see how it arrives.")
@click.argument("address")
@click.option("--edition", metavar="NAME", help="Of this edition; by default the first.")
@click.option("--date", "day", type=DateType(), help="The issue of this day; by default the newest.")
@config_option
@json_option
def send_test(address: str, edition: str | None, day: date | None, config: Path, as_json: bool) -> None:
    """Send an issue to ADDRESS as the config sends it, and tell what the server answers; with -v each line of the talk.

    Nothing is written down as delivered. A mailbox at another provider shows what became of it: in the mail's source
    Authentication-Results tells of SPF, DKIM and DMARC. A subscriber's mail has the links of that subscriber, another
    none.
    """
    import logging

    from digest.app.usecases import sending_test
    from digest.cli.show.deliveries import print_sent_test, sent_test_json
    from digest.usecases.find import issue_of

    log = logging.getLogger("digest.mail")
    with working(as_json) as host, app_of(config, host) as app:
        app.check(send=True)
        issue = issue_of(app.store, app.config, edition, day)
        sent = sending_test(app).send(issue, address, heard=lambda line: log.info("%s", line))
    print_json(sent_test_json(sent)) if as_json else print_sent_test(sent)


@click.command(short_help="Send the mails that are due, or those that failed again.")
@click.argument("addresses", nargs=-1, metavar="[ADDRESS...]")
@click.option("--edition", "names", multiple=True, metavar="NAME", help="Only of this edition.")
@click.option("--date", "day", type=DateType(), help="Only the issue of this day, however old it is.")
@click.option(
    "--retry",
    type=click.Choice(("failed", "unknown", "skipped", "due")),
    help="First make those due again that ended so: of all recipients, or of each ADDRESS. `due`: were put off.",
)
@click.option(
    "--wait",
    type=click.IntRange(0, 24 * 60),
    default=0,
    metavar="MINUTES",
    help="Stay so long, and send what falls due meanwhile.",
)
@config_option
@json_option
def deliver(
    addresses: tuple[str, ...],
    names: tuple[str, ...],
    day: date | None,
    retry: str | None,
    wait: int,
    config: Path,
    as_json: bool,
) -> None:
    """Send the mails that are due: of today's issue and of the seven days before, or of the day of --date.

    It sends what is due now and says when the next try is. A mail that a server takes later is tried again after a
    minute, then after twice as long, an hour at most, until there is a newer issue or [mail] retry_hours are over. A
    domain that says "too many" is left alone for ten minutes. `digest schedule` sends all that in time.

    With --retry, mails that failed, or of which it is not known whether they arrived, are due again first. The latter
    may arrive twice.

    What is older than seven days is skipped. An address that the server does not know fails for good; a mistake in the
    set-up (no login, relay denied, a mail that is too large, the same refusal for all) keeps the mails due. After three
    mails in a row that were put off or are in doubt, or after one refused login, the rest waits for the next run.
    """
    if addresses and retry is None:
        raise click.UsageError("ADDRESS goes with --retry: what is due goes to everybody")
    from datetime import timedelta

    from digest.app.usecases import delivering
    from digest.cli.show.deliveries import posted_json, print_posted

    with working(as_json) as host, app_of(config, host) as app:
        editions = [edition.name for edition in app.config.editions_named(names)]
        app.check(send=True)
        posted = delivering(app).deliver(editions, day, retry=retry, recipients=addresses, wait=timedelta(minutes=wait))
    if as_json:
        print_json([posted_json(p) for p in posted])
    else:
        print_posted(posted, retry=retry)
    exit_by([p.status for p in posted])


@click.command(short_help="Stay; run editions and send mails when they are due.")
@config_option
def schedule(config: Path) -> None:
    """Stay, run each edition when it is due, and send each mail when its time has come.

    With `mode = "batch"`, papers are handed over to the model hours before. Ctrl-C or SIGTERM ends it at once, with
    status 0; with 130 if a run was under way, which the next start goes on with.
    """
    import threading
    from datetime import timedelta
    from functools import partial

    from digest.app.usecases import delivering
    from digest.cli.show.schedule import ScheduleLog
    from digest.usecases.find import is_done
    from digest.usecases.schedule import Mails, Schedule

    with working(as_json=False) as host, app_of(config, host) as app:
        app.check(send=True)
        llm, outbox = app.config.llm, app.config.mail.transport == "outbox"

        def run(names: Sequence[str], day: date) -> list[Report]:
            try:
                return app.run(names, day)
            finally:
                app.store.let_go()

        def send() -> list[Posted]:
            try:
                return delivering(app).deliver([edition.name for edition in app.config.editions], None)
            finally:
                app.store.let_go()

        def next_mail() -> datetime | None:
            found = (app.mailing.waiting(e.name, app.today()).next_at for e in app.config.editions)
            return min(filter(None, found), default=None)

        def prepare(names: Sequence[str], day: date, *, read: bool) -> list[Report]:
            try:
                return app.run.prepare(names, day, read=read)
            finally:
                app.store.let_go()

        Schedule(
            app.config.editions,
            app.config.timezone,
            clock=host.clock,
            is_done=partial(is_done, app.store),
            run=run,
            prepare=prepare,
            mails=Mails(next_at=next_mail, send=send),
            lead=timedelta(hours=llm.batch_lead_hours) if llm.mode == "batch" and app.handovers else None,
            listener=ScheduleLog(page_of=app.site.page, data_dir=app.config.data_dir, outbox=outbox),
        ).stay(threading.Event())
