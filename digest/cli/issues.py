"""Commands on issues: what one says, and the topics that they are ordered by: `digest show`, `preview`, `topics`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from digest.cli.common import DateType, app_of, config_option, filled, json_option, sample_option, working
from digest.cli.show.console import print_json


@click.command(short_help="Show an issue in the terminal.")
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


@click.command(short_help="Show what an issue would print, and why.")
@click.argument("edition", required=False)
@click.option("--date", "day", type=DateType(), help="From the lists of this day; by default the newest.")
@click.option(
    "--interests",
    metavar="TEXT",
    multiple=True,
    callback=filled("--interests"),
    help="Try this instead of the interests of the edition; may be given several times.",
)
@click.option(
    "--avoid",
    metavar="TEXT",
    multiple=True,
    callback=filled("--avoid"),
    help="Try this instead of what the edition avoids; may be given several times.",
)
@click.option("--max-papers", type=click.IntRange(1, 100_000), help="Print so many.")
@click.option("--lead", type=click.IntRange(0, 100_000), help="Show so many first and in full.")
@config_option
@sample_option
@json_option
def preview(
    edition: str | None,
    day: date | None,
    interests: tuple[str, ...],
    avoid: tuple[str, ...],
    max_papers: int | None,
    lead: int | None,
    config: Path,
    sample: bool,
    as_json: bool,
) -> None:
    """Show what an issue would print, and why; by default of the first edition, from the newest lists.

    Nothing is written, no source is read and no model asked: papers without a stored summary have an extract. Where
    the day's issue is out already, what would be printed anew is shown, and the issue stays as it is.

    TEXT is what may stand under interests in config.toml: words, a paper's id or address, "author: Ada Lovelace", a
    file of a library. Once they find what they should, write them there.
    """
    from digest.app.usecases import previewing
    from digest.cli.show.preview import preview_json, print_preview
    from digest.usecases.preview import Tried

    tried = Tried(interests=interests, avoid=avoid, max_papers=max_papers, lead=lead)
    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        found = previewing(app).preview(edition, day, tried)
        templates, site_url = app.templates, app.config.site_url
    if as_json:
        print_json(preview_json(found))
    else:
        print_preview(found, templates=templates, site_url=site_url)


@click.command(short_help="List the topics by use, and words without a home.")
@click.option("--apply", "is_applied", is_flag=True, help="Give topics in old issues and pages their names of today.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many lines of each.")
@click.option("--days", type=click.IntRange(1, 36_600), help="Only papers of so many days up to today.")
@config_option
@sample_option
@json_option
def topics(is_applied: bool, limit: int, days: int | None, config: Path, sample: bool, as_json: bool) -> None:
    """List the topics by use, and what is proposed often and has no home among them.

    Topics are added, given further words and renamed under [topics] in config.toml. After that, --apply gives the
    topics in old issues, kept summaries and pages their names of today, and old addresses of topics lead to the new
    ones; mails that were sent stay as they are.

    A model's and an author's free words become topics through the aliases. Where a source has no categories, a small
    classifier that knows arXiv's stands in.
    """
    from digest.app.usecases import apply_topics
    from digest.cli.show.topics import applied_json, print_applied, print_survey, survey_json
    from digest.usecases.topics import survey

    if is_applied and days is not None:
        raise click.UsageError("--apply goes over all issues: leave --days out")
    if is_applied:
        with working(as_json) as host, app_of(config, host, sample=sample) as app:
            done = apply_topics(app)
        print_json(applied_json(done)) if as_json else print_applied(done)
        return
    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        host.progress("counting topics")
        found = survey(app.store, app.taxonomy, today=app.today(), limit=limit, days=days)
    print_json(survey_json(found)) if as_json else print_survey(found, limit=limit, days=days)
