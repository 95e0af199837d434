"""The command on mails that come back: `digest bounces`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from digest.cli.common import app_of, config_option, exit_by, filled, json_option, working
from digest.cli.show.console import print_json


@click.command(short_help="Read mails that came back, and suppress whom they are about.")
@click.argument("source", callback=filled("SOURCE"))
@click.option("--keep", is_flag=True, help="Mark nothing in the mailbox as read.")
@config_option
@json_option
def bounces(source: str, keep: bool, config: Path, as_json: bool) -> None:
    """Read mails that came back to the sender's address, and stop mails to whom they are about.

    SOURCE is a file with one mail or many (mbox), a Maildir, imaps://user@host/folder, or - for stdin. The password of
    an IMAP mailbox is in the variable of [mail] bounces_password_env; an @ in the user's name is written %40.

    Who has no mailbox any more gets nothing from then on, who did not take three issues in a row neither; who
    complained, or mailed "unsubscribe", at once. They come back by confirming again. What is refused for the sender's
    sake suppresses nobody and is told. A report counts once, however often it is read.

    What could be read is marked as read in a Maildir and over IMAP, and only that: letters to you, and reports that
    could not be understood, stay unread. [mail] operator gets a mail if somebody was suppressed.
    """
    from digest.app.usecases import bounces as use_case
    from digest.app.usecases import mailbox
    from digest.cli.show.bounces import print_reading, reading_json

    with (
        working(as_json) as host,
        app_of(config, host) as app,
        mailbox(app, source, stdin=sys.stdin.buffer, keep=keep) as mails,
    ):
        found = use_case(app).read(mails)
    if as_json:
        print_json(reading_json(found))
    else:
        print_reading(found)
    exit_by([found.status])
