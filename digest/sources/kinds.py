"""The kinds of source there are, a line for each. A kind's file is imported when the kind is first asked for."""

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
"""Name → the module below `digest.sources` whose `KIND` declares it."""
NAMES: Final = tuple(_FILES)


@cache
def kind_of(name: str) -> Kind:
    """The declaration of the kind of that name, which must be one of `NAMES`."""
    kind: Kind = import_module(f"digest.sources.{_FILES[name]}").KIND
    return kind


def all_kinds() -> Iterator[tuple[str, Kind]]:
    """Every name with its declaration; all their files are imported."""
    return ((name, kind_of(name)) for name in NAMES)


def make_source(config: SourceConfig, clock: Clock) -> Source:
    """The adapter of one [[source]].

    Raises:
        ConfigError: Something in it cannot be used.
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
