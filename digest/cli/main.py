"""The command line: words → one call into the app; prints for people or, with --json, for programs.

Imports of anything heavy stand inside the commands: `digest --help` must feel instant.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from digest import __version__
from digest.cli.common import (
    DEGRADED,
    FAILED,
    MISUSED,
    DateType,
    Interrupts,
    MonthType,
    Output,
    app_of,
    config_option,
    exit_by,
    filled,
    json_option,
    log_to_stderr,
    sample_option,
    working,
)
from digest.cli.papers import evaluate, feedback, search, similar, split, topics
from digest.cli.show.console import print_json
from digest.cli.show.errors import print_error, print_lost_folder, print_lost_output, print_stopped
from digest.cli.sources import sources
from digest.core.errors import ConfigError, DigestError

if TYPE_CHECKING:
    from digest.app.app import App

_STAGES: Final = ("fetch", "summarize", "publish", "site", "deliver")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="digest")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done, to stderr.")
def cli(verbose: bool) -> None:
    """The day's new research papers, summarized, in one mail and a static archive."""
    log_to_stderr(verbose=verbose)


@cli.command(short_help="Make today's issues: fetch, summarize, publish, deliver.")
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
        editions = app.editions(names)
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
        editions = app.editions(names)
        found = estimator(app).estimate(editions, day or _day(app, sample=sample))
    if as_json:
        print_json(estimate_json(found))
    else:
        print_estimate(found)


@cli.command(short_help="Summarize an arXiv id, a DOI, a URL, a file or stdin.")
@click.argument("targets", nargs=-1, metavar="TARGET...", callback=filled("TARGET"))
@click.option("--stale", is_flag=True, help="Renew instead summaries of printed papers that an earlier prompt wrote.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="With --stale: how many papers at most, the newest first.",
)
@config_option
@json_option
def summarize(targets: tuple[str, ...], stale: bool, limit: int, config: Path, as_json: bool) -> None:
    """Summarize papers on demand, with the model of the config; without one, with sentences of the abstract.

    TARGET is an arXiv id, a DOI, a URL, a file (text, HTML, PDF, a saved listing, JSON lines of id, title and
    abstract), or - for stdin.

    With --stale there is no TARGET: after a change of the prompt, summaries of printed papers are written anew, within
    the budgets. Issues that are out stay as they are.

    A prompt is changed by one of your own in prompts/summarize.txt or prompts/overview.txt beside config.toml. Start
    from those that ship; {{ language }} in one stands for the edition's.
    """
    if stale == bool(targets):
        raise click.UsageError("name a TARGET, or give --stale alone")
    if stale:
        _renew(config, limit, as_json=as_json)
        return
    from digest.app.usecases import on_demand
    from digest.cli.show.summaries import print_answers, print_answers_json, print_warnings

    with working(as_json) as host, app_of(config, host, optional=True) as app:
        app.check(send=False)
        done = on_demand(app).summarize(targets)
    answers = done.answers
    print_warnings(done.warnings)
    print_answers_json(answers) if as_json else print_answers(answers)
    bad = sum(a.error is not None for a in answers)
    if answers and bad == len(answers):
        sys.exit(FAILED)
    if bad or any(a.summary and a.summary.fell_back for a in answers):
        sys.exit(DEGRADED)


def _renew(config: Path, limit: int, *, as_json: bool) -> None:
    from digest.cli.show.summaries import print_renewal, renewal_json
    from digest.usecases.renew import renew

    with working(as_json) as host, app_of(config, host) as app:
        app.check(send=False)
        done = renew(
            app.store,
            app.config.editions,
            app.summarizer,
            limit=limit,
            sleep=host.sleep,
            progress=host.progress,
        )
    if as_json:
        print_json(renewal_json(done))
    else:
        print_renewal(done)
    if any(s.usage.fell_back for s in done.sums):
        sys.exit(DEGRADED if done.renewed else FAILED)


@cli.command(short_help="Show an issue in the terminal.")
@click.argument("edition", required=False)
@click.argument("day", required=False, metavar="[DATE]")
@click.option(
    "--why",
    metavar="PAPER",
    callback=filled("PAPER"),
    help="Show instead how a paper came and what issues made of it: its score, and what stood before it.",
)
@config_option
@sample_option
@json_option
def show(edition: str | None, day: str | None, why: str | None, config: Path, sample: bool, as_json: bool) -> None:
    """Show an issue in the terminal; by default the newest of the first edition.

    PAPER is an id as the store shows it (arxiv:2603.01234), an arXiv id, a DOI, an address, or words of its title that
    no other has.

    Of the reasons why a paper is printed "matches" and "close to" are strong; "touches on" and "near" are weaker and
    name the words. Where nothing but chance speaks for a paper, there is none.
    """
    from digest.cli.show.issue import print_issue
    from digest.usecases.find import issue_of

    if why is not None:
        from digest.app.usecases import histories
        from digest.cli.show.history import history_json, print_history

        with working(as_json) as host, app_of(config, host, sample=sample) as app:
            found = histories(app).of(why)
        print_json(history_json(found)) if as_json else print_history(found)
        return
    if edition and day is None and edition[:4].isdigit():
        edition, day = None, edition
    when = DateType().convert(day, None, click.get_current_context()) if day else None
    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        issue = issue_of(app.store, app.config, edition, when)
        if as_json:
            from digest.publish.issue_json import issue_json

            print_json(issue_json(issue))
            return
        templates, site_url = app.templates, app.config.site_url
    print_issue(issue, templates=templates, site_url=site_url)


@cli.command(short_help="Send the mails that are due, or those that failed again.")
@click.argument("addresses", nargs=-1, metavar="[ADDRESS...]")
@click.option("--edition", "names", multiple=True, metavar="NAME", help="Only of this edition.")
@click.option("--date", "day", type=DateType(), help="Only the issue of this day, however old it is.")
@click.option(
    "--retry",
    type=click.Choice(("failed", "unknown", "skipped")),
    help="First make those due again that ended so: of all recipients, or of each ADDRESS.",
)
@config_option
@json_option
def deliver(
    addresses: tuple[str, ...],
    names: tuple[str, ...],
    day: date | None,
    retry: str | None,
    config: Path,
    as_json: bool,
) -> None:
    """Send the mails that are due: of today's issue and of the seven days before, or of the day of --date.

    With --retry, mails that failed, or of which it is not known whether they arrived, are due again first. The latter
    may arrive twice.

    What is older than seven days is skipped. An address that the server does not know fails for good; a mistake in the
    set-up (no login, relay denied, a mail that is too large, the same refusal for all) keeps the mails due. After three
    mails in a row that were put off or are in doubt, or after one refused login, the rest waits for the next run.
    """
    if addresses and retry is None:
        raise click.UsageError("ADDRESS goes with --retry: what is due goes to everybody")
    from digest.app.usecases import delivering
    from digest.cli.show.deliveries import posted_json, print_posted

    with working(as_json) as host, app_of(config, host) as app:
        editions = [edition.name for edition in app.editions(names)]
        app.check(send=True)
        posted = delivering(app).deliver(editions, day, retry=retry, recipients=addresses)
    if as_json:
        print_json([posted_json(p) for p in posted])
    else:
        print_posted(posted, retry=retry)
    exit_by([p.status for p in posted])


@cli.command()
@config_option
def schedule(config: Path) -> None:
    """Stay, and run each edition when it is due.

    With `mode = "batch"`, papers are handed over to the model hours before. Ctrl-C or SIGTERM ends it at once, with
    status 0; with 130 if a run was under way, which the next start goes on with.
    """
    import threading
    from datetime import timedelta
    from functools import partial

    from digest.cli.show.schedule import ScheduleLog
    from digest.usecases.find import is_done
    from digest.usecases.schedule import Schedule

    with working(as_json=False) as host, app_of(config, host) as app:
        app.check(send=True)
        llm, outbox = app.config.llm, app.config.mail.transport == "outbox"
        Schedule(
            app.config.editions,
            app.config.timezone,
            clock=host.clock,
            is_done=partial(is_done, app.store),
            run=app.run,
            prepare=app.run.prepare,
            lead=timedelta(hours=llm.batch_lead_hours) if llm.mode == "batch" and app.jobs else None,
            listener=ScheduleLog(page_of=app.site.page, data_dir=app.config.data_dir, outbox=outbox),
        ).stay(threading.Event())


@cli.command(short_help="Tell what happened last and what is due.")
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """Tell what happened last, what is due, and what it cost this month.

    Of mails that failed or are unknown it names address and reason. Of summaries it counts which checks they failed
    (what one passed stands under `checked` in its issue.json), and how many printed ones an earlier prompt wrote.
    """
    from digest.cli.show.status import print_status, status_json
    from digest.usecases.status import status_of

    with working(as_json) as host, app_of(config, host) as app:
        found = status_of(app.store, app.config, now=host.clock(), summarizer=lambda: app.summarizer)
    if as_json:
        print_json(status_json(found))
    else:
        print_status(found)


@cli.command(short_help="Tell what the model cost, by day.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Today and the days before.")
@click.option("--month", type=MonthType(), help="This month instead.")
@config_option
@sample_option
@json_option
def cost(days: int, month: date | None, config: Path, sample: bool, as_json: bool) -> None:
    """Tell what the model cost, by day and model, and what is left of the budgets.

    What was reserved for an answer that never came is in doubt, and counts as spent. Where the vocabulary of a model
    cannot be fetched, tokens are reckoned by an upper bound, four times too high: budgets hold, but are not used up.
    """
    from digest.cli.show.money import bill_json, print_bill
    from digest.usecases.cost import bill

    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        found = bill(app.store, app.config, today=app.today(), days=days, month=month)
    if as_json:
        print_json(bill_json(found))
    else:
        print_bill(found)


@cli.command(short_help="Check config, folders and sources; say what to do.")
@config_option
@click.option("--offline", is_flag=True, help="Leave out what needs the network.")
@json_option
def doctor(config: Path, offline: bool, as_json: bool) -> None:
    """Check what is configured, reachable and missing, and say what to do about it.

    It says what interests were taken for, and which papers of them the next run will fetch. Of a mail server it tries
    login and sender without sending anything.
    """
    from digest.app.usecases import examine
    from digest.cli.show.doctor import finding_json, print_findings

    with working(as_json) as host:
        findings = examine(config, host, offline=offline)
    if as_json:
        print_json([finding_json(f) for f in findings])
    else:
        print_findings(findings)
    if any(f.level == "wrong" for f in findings):
        sys.exit(FAILED)


@cli.command(short_help="Write a commented config.toml to start from.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="[DIR]")
def init(folder: Path) -> None:
    """Write a config.toml to start from, with every key explained. A file that is there already is left alone."""
    from digest import assets
    from digest.cli.show.config import print_written
    from digest.cli.show.sources import with_kinds
    from digest.sources.kinds import all_kinds

    path = folder / "config.toml"
    text = with_kinds(assets.shipped("config.toml").read_text(encoding="utf-8"), dict(all_kinds()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; it is left as it is") from None
    except OSError as exc:
        raise click.UsageError(f"{path} cannot be written: {exc.strerror or exc}") from exc
    print_written(path)


@cli.command("import", short_help="Add a feed reader's subscriptions to config.toml.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.opml")
@click.option("--dry-run", is_flag=True, help="Print the sources and change nothing.")
@config_option
def import_(file: Path, dry_run: bool, config: Path) -> None:
    """Add the subscriptions of a feed reader, exported as OPML, to config.toml as sources.

    What is in the config already is left alone, and what cannot be taken over is named (exit status 3). Addresses of
    arXiv, bioRxiv, medRxiv and Hugging Face become sources of their own kind.
    """
    from digest.cli.show.config import print_imported
    from digest.core.host import now
    from digest.usecases.import_opml import import_opml

    done = import_opml(file, config, clock=now, write=not dry_run)
    print_imported(done, config, is_tried=dry_run)
    if done.remarks:
        sys.exit(DEGRADED)


for _command in (search, similar, feedback, topics, split, evaluate, sources):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; every error that a person can do something about is one sentence on stderr."""
    output = Output()
    with Interrupts() as interrupts:
        try:
            status = _status(interrupts)
        except (click.Abort, KeyboardInterrupt):
            print_stopped()
            sys.stdout.flush()
            interrupts.leave()
    if lost := output.lost():
        print_lost_output(lost)
        status = status or DEGRADED
    if status:
        sys.exit(status)


def _status(interrupts: Interrupts) -> int | str | None:
    """The status that the command line ends with."""
    try:
        Path.cwd()
    except OSError as exc:
        print_lost_folder(exc)
        return FAILED
    try:
        cli(standalone_mode=False, prog_name="digest", obj=interrupts)
    except click.ClickException as error:
        error.show()
        return MISUSED
    except DigestError as error:
        print_error(error)
        return MISUSED if isinstance(error, ConfigError) else FAILED
    except SystemExit as done:
        return done.code
    return None
