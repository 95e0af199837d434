"""Commands with which one begins: `digest init`, `import`, `sources`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from digest.cli.common import DEGRADED, Misused, config_option, json_option
from digest.cli.show.console import print_json


@click.command(short_help="Write a commented config.toml to start from.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path(), metavar="[DIR]")
@click.option(
    "--field", "names", multiple=True, metavar="NAME", help="A field whose sources to begin with; repeatable."
)
@click.option("--list-fields", is_flag=True, help="Print the fields there are, and write nothing.")
def init(folder: Path, names: tuple[str, ...], list_fields: bool) -> None:
    """Write a config.toml to start from, with every key explained. A file that is there already is left alone.

    Without --field its sources are of machine learning. With several fields each becomes an edition of its own.
    """
    from digest import assets
    from digest.cli.show.config import print_fields, print_written
    from digest.cli.show.sources import with_kinds
    from digest.sources.kinds import all_kinds
    from digest.usecases.fields import read_fields, with_fields

    fields = read_fields(assets.shipped("fields.toml").read_text(encoding="utf-8"))
    if list_fields:
        print_fields(fields.values())
        return
    if unknown := [name for name in names if name not in fields]:
        from digest.config.table import nearest

        raise Misused(
            f"there is no field {unknown[0]!r}{nearest(unknown[0], tuple(fields))}: digest init --list-fields"
        )
    path = folder / "config.toml"
    text = with_kinds(assets.shipped("config.toml").read_text(encoding="utf-8"), dict(all_kinds()))
    text = with_fields(text, [fields[name] for name in dict.fromkeys(names)])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.UsageError(f"{path} is there already; it is left as it is") from None
    except OSError as exc:
        raise click.UsageError(f"{path} cannot be written: {exc.strerror or exc}") from exc
    print_written(path)


@click.command("import", short_help="Add a feed reader's subscriptions to config.toml.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.opml")
@click.option("--dry-run", is_flag=True, help="Print the sources and change nothing.")
@config_option
def import_(file: Path, dry_run: bool, config: Path) -> None:
    """Add the subscriptions of a feed reader, exported as OPML, to config.toml as sources.

    What is in the config already is left alone, and what cannot be taken over is named (exit status 3). Addresses of
    arXiv, bioRxiv, medRxiv and Hugging Face become sources of their own kind.
    """
    from digest.app.host import now
    from digest.cli.show.config import print_imported
    from digest.usecases.import_opml import import_opml

    done = import_opml(file, config, clock=now, write=not dry_run)
    print_imported(done, config, is_tried=dry_run)
    if done.remarks:
        sys.exit(DEGRADED)


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
