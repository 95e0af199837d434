"""The command on kinds of source."""

from __future__ import annotations

import click

from digest.cli.common import Misused, json_option
from digest.cli.show.console import print_json


def _known(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    from digest.sources.kinds import NAMES

    if value is not None and value not in NAMES:
        from digest.config.table import nearest

        raise Misused(f"there is no kind of source {value!r}{nearest(value, NAMES)}")
    return value


@click.command(short_help="Tell which kinds of source there are, or all about one.")
@click.argument("kind", required=False, callback=_known)
@json_option
def sources(kind: str | None, as_json: bool) -> None:
    """Tell which kinds of source there are; of one KIND what it reads, its keys and calendar, and an example.

    An example can be copied into config.toml as it is.

    Of each source and day the program knows one of five states: fresh (something new), waiting (today's list is not out
    yet), quiet (no list today, or nothing new in it), stalled (it should be out and is not), failed (it could not be
    read). What is waiting, stalled or failed is asked again later the same day, and a list of a day on which nothing
    ran is read by the next run, from wherever the source still has it. A source that fails is explained on the first
    and on the third day, and when it is back; a server that keeps answering with errors is asked ever more rarely, once
    a day at last, and one that says 410 no more.
    """
    from digest.cli.show.sources import kind_json, print_kind, print_kinds
    from digest.sources.kinds import all_kinds, kind_of

    if kind is not None:
        print_json(kind_json(kind, kind_of(kind))) if as_json else print_kind(kind, kind_of(kind))
        return
    every = dict(all_kinds())
    print_json([kind_json(name, one) for name, one in every.items()]) if as_json else print_kinds(every)
