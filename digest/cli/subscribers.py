"""Commands on readers: `digest subscribers add`, `list`, `show`, `remove`, `import`, `export`, `forget`, `rotate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.common import DEGRADED, FAILED, Misused, app_of, config_option, json_option, working
from digest.cli.show.console import print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from digest.usecases.subscribers import Done

_EDITIONS = click.option(
    "--edition", "editions", multiple=True, metavar="NAME", help="This edition; may be given several times."
)


@click.group(short_help="Add, list, import, export and forget subscribers.")
def subscribers() -> None:
    """Who gets which edition, beside the recipients in config.toml: readers whom you add, or who sign up themselves."""


@subscribers.command(short_help="Subscribe addresses, or change what they get.")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@_EDITIONS
@click.option("--cadence", help="daily, weekdays, weekly:fri (or another weekday) or feed.")
@click.option("--interests", multiple=True, metavar="TEXT", help="The reader's own; may be given several times.")
@click.option("--avoid", multiple=True, metavar="TEXT", help="What the reader does not want; likewise.")
@click.option("--lead", metavar="N", help="Show so many papers first and in full.")
@click.option("--max-papers", metavar="N", help="So many papers at most.")
@click.option("--language", metavar="CODE", help="Of summaries that a model writes, as in de.")
@click.option("--zone", metavar="ZONE", help="The reader's time zone, as in Europe/Paris.")
@click.option(
    "--library",
    "libraries",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A library of papers (.bib, .ris, …) that speaks for the reader's interests; may be given several times.",
)
@click.option("--unconfirmed", is_flag=True, help="Mail them a link first: nothing else is sent until they follow it.")
@config_option
@json_option
def add(
    emails: tuple[str, ...],
    editions: tuple[str, ...],
    cadence: str | None,
    interests: tuple[str, ...],
    avoid: tuple[str, ...],
    lead: str | None,
    max_papers: str | None,
    language: str | None,
    zone: str | None,
    libraries: tuple[Path, ...],
    unconfirmed: bool,
    config: Path,
    as_json: bool,
) -> None:
    """Subscribe each EMAIL to an edition; of one that is subscribed already, change what is given.

    You answer for their consent, unless you say --unconfirmed. Who unsubscribed, complained, or wanted to be forgotten
    is refused, and an address whose mails came back too: only they themselves can come back, by the link that
    --unconfirmed mails them. Interests take the forms that config.toml takes, but no files: for those is --library. An
    option with nothing in it, as --zone "", takes a wish back.
    """
    from digest.core.subscribers import wishes
    from digest.usecases.subscribers import read_libraries

    given: dict[str, Any] = {}
    _take(given, "cadence", cadence, lambda text: wishes.read_cadence(text or "daily"))
    _take(given, "interests", interests or None, wishes.read_interests)
    _take(given, "avoid", avoid or None, wishes.read_interests)
    _take(given, "lead", lead, lambda text: wishes.read_number(text, least=0))
    _take(given, "max_papers", max_papers, lambda text: wishes.read_number(text, least=1))
    _take(given, "language", language, wishes.read_language)
    _take(given, "zone", zone, wishes.read_zone)
    found = read_libraries(libraries)
    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_desk

        done = subscriber_desk(app).add(emails, editions, given, libraries=found, confirmed=not unconfirmed)
    _tell(done, as_json=as_json)


def _take(given: dict[str, Any], name: str, said: Any, read: Callable[[Any], Any]) -> None:
    """Put a wish among those that are given, if it was said."""
    from digest.core.errors import WishError

    if said is None:
        return
    try:
        given[name] = read(said)
    except WishError as error:
        raise Misused(f"--{name.replace('_', '-')}: {error}") from error


def _tell(done: Sequence[Done], *, as_json: bool) -> None:
    """Show what became of addresses; the exit status says whether some were refused, or all."""
    from digest.cli.show.subscribers import done_json, print_done

    print_json(done_json(done)) if as_json else print_done(done)
    refused = sum(one.outcome == "refused" for one in done)
    if refused:
        sys.exit(FAILED if refused == len(done) else DEGRADED)


@subscribers.command("list", short_help="List subscribers and what they get.")
@_EDITIONS
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(("pending", "confirmed", "unsubscribed", "bounced", "complained")),
    help="Only those in this state; may be given several times.",
)
@config_option
@json_option
def list_(editions: tuple[str, ...], states: tuple[str, ...], config: Path, as_json: bool) -> None:
    """List subscribers, in the order in which they came, and what they get.

    Recipients of config.toml stand here from their first issue on.
    """
    from digest.cli.show.subscribers import listed_json, print_listed
    from digest.core.subscribers.subscriber import SubscriberState

    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_desk

        found = subscriber_desk(app).listed(editions=editions, states=[SubscriberState(s) for s in states])
        print_json([listed_json(one) for one in found]) if as_json else print_listed(found)


@subscribers.command(short_help="Show all that is kept of a person.")
@click.argument("email")
@config_option
@json_option
def show(email: str, config: Path, as_json: bool) -> None:
    """Show all that is kept of EMAIL: state, editions, interests, libraries, marks, mails, and what came back.

    Who asks what you know of them may be given this, with --json for machines.
    """
    from digest.cli.show.subscribers import person_json, print_person

    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_desk

        person = subscriber_desk(app).person(email)
    print_json(person_json(person)) if as_json else print_person(person)


@subscribers.command(short_help="Unsubscribe addresses.")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@_EDITIONS
@config_option
@json_option
def remove(emails: tuple[str, ...], editions: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Unsubscribe each EMAIL, from all editions unless some are named. What is due to them is not sent.

    The address is kept, so that no import brings it back; `digest subscribers forget` deletes it.
    """
    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_desk

        done = subscriber_desk(app).remove(emails, editions)
    _tell(done, as_json=as_json)


@subscribers.command("import", short_help="Take over a table of subscribers (CSV).")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="FILE.csv")
@click.option("--edition", metavar="NAME", help="For rows that name none.")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each row.")
@config_option
@json_option
def import_(file: Path, edition: str | None, dry_run: bool, config: Path, as_json: bool) -> None:
    """Take over subscribers from a table (CSV): of `digest subscribers export`, or of another newsletter tool.

    Columns are known by their headings, also as listmonk, Mailchimp, Buttondown, Substack, beehiiv, Kit and Ghost write
    them: email (needed), edition, state, cadence, paused_until, interests and avoid (several with semicolons between
    them), lead, max_papers, language, zone. A list of bare addresses will do.

    Nobody is mailed because of it, and nobody brought back: who is unsubscribed, bounced or not confirmed there is kept
    as such. Each row of which something is to be said gets a line; exit status 3 if any was refused.
    """
    from digest.cli.show.subscribers import imported_json, print_imported
    from digest.core.subscribers.table import read_table

    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_import

        taking = subscriber_import(app, edition)
        done = taking.take(read_table(_content(file), name=str(file)), write=not dry_run)
    print_json(imported_json(done, dry_run=dry_run)) if as_json else print_imported(done, dry_run=dry_run)
    if done.counts["refused"]:
        taken = any(n for became, n in done.counts.items() if became != "refused")
        sys.exit(DEGRADED if taken else FAILED)


def _content(file: Path) -> bytes:
    from digest.core.errors import ConfigError
    from digest.core.subscribers.table import LARGEST
    from digest.core.walls import reason_of

    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(LARGEST + 1)
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be read: {reason_of(exc)}") from exc


@subscribers.command(short_help="Write all subscribers into a table (CSV).")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), metavar="[FILE.csv]"
)
@_EDITIONS
@config_option
@json_option
def export(file: Path | None, editions: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Write a row for each subscription into a table (CSV), to FILE or stdout; `digest subscribers import` reads it.

    A cell that a spreadsheet would run as a formula begins with an apostrophe. FILE can be read by you alone. Uploaded
    libraries and marks are not in it.
    """
    from digest.cli.show.console import print_text
    from digest.cli.show.subscribers import print_exported
    from digest.core.subscribers.table import write_table

    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_desk

        rows = subscriber_desk(app).exported(editions=editions)
        if as_json:
            print_json(list(rows))
        elif file is None or str(file) == "-":
            for line in write_table(rows):
                print_text(line)
        else:
            print_exported(_write(file, write_table(rows)), file)


def _write(file: Path, lines: Iterable[str]) -> int:
    """Write a table that its owner alone may read; how many rows it has."""
    import os

    from digest.core.errors import ConfigError
    from digest.core.walls import reason_of

    whole = file.with_suffix(file.suffix + ".new")
    try:
        whole.unlink(missing_ok=True)
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as opened:
            n = -1
            for line in lines:
                opened.write(line)
                n += 1
        whole.replace(file)
    except OSError as exc:
        raise ConfigError(f"{file}: cannot be written: {reason_of(exc)}") from exc
    finally:
        whole.unlink(missing_ok=True)
    return n


@subscribers.command(short_help="Delete all that is kept of a person.")
@click.argument("emails", nargs=-1, required=True, metavar="EMAIL...")
@config_option
@json_option
def forget(emails: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Delete all that is kept of each EMAIL: address, interests, libraries, marks, mails in the outbox.

    What stays is a keyed hash, from which nobody can read the address, and which keeps it from being imported again;
    and of each issue that a mail of it was sent, not to whom. The database is written anew, so that its file does not
    hold the address either. Backups, and mail servers' logs, are out of reach.
    """
    from digest.cli.show.subscribers import forgotten_json, print_forgotten
    from digest.core.errors import AddressError
    from digest.core.subscribers.addresses import parse_address

    try:
        addresses = [parse_address(email) for email in emails]
    except AddressError as error:
        raise Misused(f"{error}; nothing was forgotten") from error
    with working(as_json) as host, app_of(config, host) as app:
        from digest.app.usecases import subscriber_desk

        forgotten = [app.forgetting.forget(address, on=app.today()) for address in addresses]
        host.progress("writing the database anew")
        is_swept = app.store.sweep()
        named = {a.text: names for a in addresses if (names := subscriber_desk(app).recipient_of(a))}
    if as_json:
        print_json(forgotten_json(forgotten, is_swept=is_swept, named=named))
    else:
        print_forgotten(forgotten, is_swept=is_swept, named=named)
    if not is_swept or named:
        sys.exit(DEGRADED)


@subscribers.command(short_help="Sign links with a new secret.")
@click.option("--drop", is_flag=True, help="Make all links void that were mailed before, those to unsubscribe too.")
@config_option
@json_option
def rotate(drop: bool, config: Path, as_json: bool) -> None:
    """Sign the links in mails with a new secret from now on. Links that were mailed before still hold.

    With --drop they do not: for a secret that others came to know. Readers then find new links in the next mail, or
    have them mailed from the page that an old link leads to.
    """
    from digest.cli.show.subscribers import print_rotated

    with working(as_json) as host, app_of(config, host) as app:
        number = app.store.renew_link_secret(drop=drop)
    print_json({"secret": number, "dropped": drop}) if as_json else print_rotated(dropped=drop)
