"""The kinds of source: from a [[source]] of the config to its adapter, and to what fetches its documents."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from digest.config.settings import Secret
from digest.config.sources import SourceConfig
from digest.core.errors import ConfigError, SourceError
from digest.core.lists import calendar
from digest.core.models import Document
from digest.core.ports import Clock, Source
from digest.core.private import without_password

if TYPE_CHECKING:
    from digest.app.app import App

_PER_PAGE_S: Final = 20.0
"""More time for a source that has just given a page."""
_ALL_PAGES_S: Final = 600.0
"""All that pages can add: a server that is slow on each of a thousand is given up in the end."""


def fetcher(source: Source, app: App) -> Callable[[str], Document]:
    """What fetches the documents of *source* during one run; all of them together have one deadline.

    A source that keeps giving pages is alive, and gets a little more time for each, up to ten minutes.
    """
    from digest.sources.door.deadline import Deadline
    from digest.sources.door.request import same_server
    from digest.sources.door.statuses import of_key

    configured = {s.name: s for s in app.config.sources}[source.name]
    if configured.kind == "command":
        return lambda url: _run_command(configured, app, url)
    key = app.config.source_key(configured, app.host.environment)
    headers, query = _credentials(configured.kind, key)
    # Hugging Face's own address holds the day too.
    is_dated = "{date}" in configured.url if configured.url else source.kind == "huggingface"
    deadline, added_s = Deadline(time.monotonic), 0.0

    own = source.url_for(app.today())

    def get(url: str) -> Document:
        nonlocal added_s
        # A page names the next one: what it names elsewhere gets neither the key nor the way to the operator's network.
        trusted = url == own or same_server(own, url) or not _is_web(own) or (_of_arxiv(own) and _of_arxiv(url))
        if not trusted and not _is_web(url):
            raise SourceError(f"goes on at {without_password(url)[:100]}, which is no web address", url=own)
        try:
            document = app.door.get(
                url,
                cached=app.store.cached(url),
                dated=is_dated,
                folder=_lasting_folder(configured.url or ""),
                trusted=trusted,
                headers=headers if trusted else {},
                secret_query=query if trusted else {},
                deadline=deadline,
            )
        except SourceError as error:
            if key is None or not trusted:
                raise
            raise of_key(error, configured.api_key_env) from error
        if added_s < _ALL_PAGES_S:
            deadline.extend(_PER_PAGE_S)
            added_s += _PER_PAGE_S
        return document

    return get


def _of_arxiv(url: str) -> bool:
    """Whether it is one of the several servers of arXiv, over https."""
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname or ''}".endswith(".arxiv.org")


def _lasting_folder(url: str) -> str | None:
    """The folder of a dated path that is there whatever the day; None where there is no such path."""
    before, mark, _ = url.partition("{date}")
    return before.rpartition("/")[0] if mark and not _is_web(url) else None


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _run_command(source: SourceConfig, app: App, url: str) -> Document:
    from digest.sources.command import argv_of, run_command
    from digest.sources.guard import MAX_FILE_BYTES

    # The program is the operator's own, but the keys of other things are none of its business.
    secret = {app.config.llm.api_key_env, app.config.mail.password_env, *(s.api_key_env for s in app.config.sources)}
    content = run_command(
        argv_of(url),
        cwd=app.config.base,
        environment={k: v for k, v in app.host.environment.items() if k not in secret},
        timeout_s=source.timeout_s,
        max_bytes=MAX_FILE_BYTES,
        children=app.children,
    )
    return Document(url=url, content=content)


def turns_folder(environment: Mapping[str, str], data_dir: Path) -> Path:
    """Where all programs of one person agree on whose turn it is at arXiv; below *data_dir* where there is no home."""
    caches = environment.get("XDG_CACHE_HOME") or (environment["HOME"] + "/.cache" if environment.get("HOME") else "")
    return Path(caches) / "research-digest" if caches else data_dir


def _credentials(kind: str, key: Secret | None) -> tuple[dict[str, str], dict[str, str]]:
    """How a service wants its key: (headers, parameters)."""
    if key is None:
        return {}, {}
    match kind:
        case "semanticscholar":
            return {"x-api-key": key.reveal()}, {}
        case "openreview":
            return {"Authorization": f"Bearer {key.reveal()}"}, {}
        case _:
            return {}, {"api_key": key.reveal()}


def make_source(config: SourceConfig, clock: Clock) -> Source:
    """The adapter of one [[source]]."""
    source = _make_source(config, clock)
    if config.calendar is not None:
        source.calendar = _CALENDARS[config.calendar]()
    if config.holidays:
        holidays = source.calendar.holidays | frozenset(config.holidays)
        source.calendar = replace(source.calendar, holidays=holidays)
    return source


_CALENDARS: Final[Mapping[str, Callable[[], calendar.Calendar]]] = {
    "arxiv": calendar.arxiv,
    "weekdays": calendar.weekdays,
    "daily": calendar.daily,
    "none": lambda: calendar.ANY_DAY,
}


def _make_source(config: SourceConfig, clock: Clock) -> Source:
    from digest.sources.arxiv.source import ArxivSource
    from digest.sources.biorxiv import BiorxivSource
    from digest.sources.command import CommandSource
    from digest.sources.feed import FeedSource
    from digest.sources.huggingface import HuggingFaceSource
    from digest.sources.jsonl import JsonlSource
    from digest.sources.listing import ListingSource
    from digest.sources.openalex import OpenAlexSource
    from digest.sources.openreview import OpenReviewSource
    from digest.sources.pubmed import PubMedSource
    from digest.sources.semanticscholar import SemanticScholarSource

    name, url = config.name, config.url
    days = {} if config.days is None else {"days": config.days}
    match config.kind:
        case "arxiv":
            return ArxivSource(
                name,
                categories=config.categories,
                search=config.search,
                set_=config.set_,
                url=url,
                witness=config.compare,
            )
        case "huggingface":
            return HuggingFaceSource(name, url=url, period=config.period)
        case "biorxiv" | "medrxiv":
            return BiorxivSource(name, server=config.kind, subjects=config.subjects, url=url)
        case "openreview":
            return OpenReviewSource(name, venue=config.venue, url=url, **days)
        case "openalex":
            return OpenAlexSource(name, search=config.search, filter=config.filter, url=url, **days)
        case "semanticscholar":
            fields = config.fields_of_study
            return SemanticScholarSource(name, query=config.search, fields_of_study=fields, url=url, **days)
        case "pubmed":
            return PubMedSource(name, query=config.search, url=url, **days)
        case "feed":
            return FeedSource(name, url=url or "", clock=clock)
        case "listing":
            return ListingSource(name, url=url or "")
        case "jsonl":
            return JsonlSource(name, url=url or "", fields=config.fields, items=config.items)
        case "command":
            return CommandSource(name, command=config.command, fields=config.fields, items=config.items, clock=clock)
    raise ConfigError(f"[[source]] {config.name!r}: kind {config.kind!r} is not known")
