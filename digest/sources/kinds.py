"""The registry of all kinds of source, a line for each. A kind's file is imported when the kind is first needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Final

from digest.core.errors import ConfigError
from digest.core.lists.calendar import CALENDARS
from digest.core.ports import Clock, Source
from digest.sources.kind import Kind, SourceConfig

_FILES: Final[Mapping[str, str]] = {
    "arxiv": "arxiv.source",
    "huggingface": "huggingface",
    "biorxiv": "biorxiv",
    "medrxiv": "biorxiv",
    "openreview": "openreview",
    "openalex": "openalex",
    "semanticscholar": "semanticscholar",
    "pubmed": "pubmed",
    "feed": "feed",
    "listing": "listing",
    "jsonl": "jsonl",
    "command": "command",
}
"""The module below `digest.sources` whose `KIND` declares each kind, by the kind's name."""
NAMES: Final = tuple(_FILES)


@cache
def kind_of(name: str) -> Kind:
    """Return the declaration of the kind called *name*, which must be one of `NAMES`."""
    kind: Kind = import_module(f"digest.sources.{_FILES[name]}").KIND
    return kind


def all_kinds() -> Iterator[tuple[str, Kind]]:
    """Yield every name with its kind; all kinds' files are imported."""
    return ((name, kind_of(name)) for name in NAMES)


def make_source(config: SourceConfig, clock: Clock) -> Source:
    """Make the adapter of one [[source]].

    Raises:
        ConfigError: A value of the [[source]] cannot be used.
    """
    if config.kind not in _FILES:
        raise ConfigError(f"[[source]] {config.name!r}: kind {config.kind!r} is not known")
    source = kind_of(config.kind).make(config, clock)
    if config.calendar is not None:
        source.calendar = CALENDARS[config.calendar]()
    if config.holidays:
        holidays = source.calendar.holidays | frozenset(config.holidays)
        source.calendar = replace(source.calendar, holidays=holidays)
    return source
