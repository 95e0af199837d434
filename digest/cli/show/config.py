"""What was written into a config.toml, as text: `digest init` and `digest import`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from digest.cli.show.console import complain, print_lines, print_text, were
from digest.publish.phrasing import count

if TYPE_CHECKING:
    from digest.usecases.fields import Field
    from digest.usecases.import_opml import Imported


def print_written(path: Path) -> None:
    """That a config.toml to start from is written, and what to do next."""
    there = "" if path.parent == Path() else f" in {path.parent}"
    print_lines([f"{path} is written. Edit it, then{there}: digest doctor, digest run"])


def print_fields(fields: Iterable[Field]) -> None:
    """The fields that `digest init --field` knows, a line each."""
    each = tuple(fields)
    width = max(len(field.name) for field in each)
    print_lines([f"{field.name:<{width}}  {field.about}" for field in each])


def print_imported(done: Imported, config: Path, *, is_tried: bool) -> None:
    """What came of a list of subscriptions: the sources on stdout where they are not in *config*, the rest on stderr.

    Args:
        is_tried: Nothing was to be changed.
    """
    if is_tried or not done.added:
        print_text(done.text)
    for remark in done.remarks:
        complain(f"! {remark}")
    added = f"{count(done.added, 'source')} would be" if is_tried else were(done.added, "source")
    complain(f"{added} added to {config}")
