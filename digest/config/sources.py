"""One `[[source]]` of config.toml: which keys a source of each kind takes, and which it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from digest.config.table import Table

_KEYS_OF_KIND: Final = {
    "arxiv": ("categories", "search", "set", "compare"),
    "huggingface": ("period",),
    "biorxiv": ("subjects",),
    "medrxiv": ("subjects",),
    "openreview": ("venue", "days", "api_key_env"),
    "openalex": ("search", "filter", "days", "api_key_env"),
    "semanticscholar": ("search", "fields_of_study", "days", "api_key_env"),
    "pubmed": ("search", "days", "api_key_env"),
    "feed": (),
    "listing": (),
    "jsonl": ("fields", "items"),
    "command": ("command", "timeout_s", "fields", "items"),
}
"""What a source of a kind can set besides `name`, `kind`, `url`, `calendar` and `holidays`."""
_NEEDED: Final = {
    "arxiv": (("categories", "search", "set", "url"), 'categories = ["cs.LG", "cs.CL"]'),
    "openreview": (("venue", "url"), 'venue = "ICLR.cc/2027/Conference"'),
    "openalex": (("search", "filter", "url"), 'search = "graph neural networks"'),
    "semanticscholar": (("search", "url"), "search = 'retrieval + \"long context\"'"),
    "pubmed": (("search", "url"), 'search = "crispr[tiab]"'),
    "feed": (("url",), 'url = "https://www.nature.com/nature.rss"'),
    "listing": (("url",), 'url = "papers-{date}.txt"'),
    "jsonl": (("url",), 'url = "papers/{date}.jsonl"'),
    "command": (("command",), 'command = ["python3", "crawl.py", "{date}"]'),
}
"""One of which keys a source of a kind must set, and how that looks."""
KINDS: Final = tuple(_KEYS_OF_KIND)
CALENDARS: Final = ("arxiv", "weekdays", "daily", "none")
PERIODS: Final = ("day", "week", "month")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    name: str
    kind: str
    url: str | None = None
    """http(s), file:, or a path relative to the folder of config.toml; `{date}` stands for the day of the run."""
    calendar: str | None = None
    """One of `CALENDARS`; None: the kind's own."""
    holidays: tuple[date, ...] = ()
    """Days without a list, besides those the calendar knows."""
    categories: tuple[str, ...] = ()
    search: str = ""
    """What to look for, in the source's own language."""
    filter: str = ""
    set_: str = ""
    """Of arXiv, the set that is read over OAI-PMH."""
    compare: bool = True
    """Of arXiv: ask its listing pages whether the feed is whole."""
    period: str = "day"
    subjects: tuple[str, ...] = ()
    venue: str = ""
    fields_of_study: tuple[str, ...] = ()
    days: int | None = None
    """How many days back is looked; None: the kind's own."""
    api_key_env: str = ""
    """The name of the variable that holds the key; empty: it is asked without one."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Our name of a field → the file's name of it."""
    items: str | None = None
    """The key of the list, where the file is one JSON document."""
    command: tuple[str, ...] = ()
    timeout_s: float = 60.0


def read_source(table: Table) -> SourceConfig:
    """One `[[source]]` of the file; what is wrong with it is written down."""
    kind = table.choice("kind", KINDS, "")
    others = {k for keys in _KEYS_OF_KIND.values() for k in keys}.difference(_KEYS_OF_KIND.get(kind, ()))
    for key in sorted(others) if kind else ():
        if table.has(key):
            kinds = [k for k, keys in _KEYS_OF_KIND.items() if key in keys]
            table.blame(key, f"is for sources of kind {' or '.join(kinds)}, not {kind}")
    source = SourceConfig(
        name=table.required("name"),
        kind=kind,
        url=(table.text("url") or None) if kind != "command" else None,
        calendar=table.choice("calendar", CALENDARS, "none") if table.has("calendar") else None,
        holidays=table.dates("holidays"),
        categories=table.texts("categories"),
        search=table.text("search"),
        filter=table.text("filter"),
        set_=table.text("set"),
        compare=table.flag("compare", True),
        period=table.choice("period", PERIODS, "day"),
        subjects=table.texts("subjects"),
        venue=table.text("venue"),
        fields_of_study=table.texts("fields_of_study"),
        days=table.integer("days", 0, least=1, most=31) if table.has("days") else None,
        api_key_env=table.text("api_key_env"),
        fields=_fields(table),
        items=table.text("items") or None,
        command=table.texts("command"),
        timeout_s=table.number("timeout_s", 60.0) or 60.0,
    )
    keys, example = _NEEDED.get(kind, ((), ""))
    if keys and not any(table.has(key) for key in keys):
        named = " or ".join((", ".join(keys[:-1]), keys[-1])) if len(keys) > 1 else keys[0]
        table.blame(keys[0], f"is missing: a source of kind {kind} needs {named}, as in {example}")
    for category in source.categories:
        if not re.fullmatch(r"[a-z-]+(?:\.[A-Za-z-]+)?", category):
            table.blame("categories", f"{category!r} is not an arXiv category such as cs.LG")
    table.close()
    return source


def _fields(table: Table) -> Mapping[str, str]:
    fields = table.table("fields")
    for ours, theirs in fields.items():
        if not isinstance(theirs, str):
            table.blame("fields", f"{ours} must be the name of a field, not {theirs!r}")
    return dict(fields)
