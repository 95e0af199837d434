"""config.toml and the environment → one frozen `Config`. An error names file, table, key and the nearest known name.

Read once, by `digest.app.app`; nothing else knows where a setting comes from.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.assets import read_text, utf8
from digest.config.extras import read_extra_body, read_own_prices
from digest.config.mail import ADDRESS, read_hook, read_mail, read_serve
from digest.config.settings import Config, LLMConfig, MailConfig, NetworkConfig, ServeConfig
from digest.config.sources import read_source
from digest.config.table import Problems, Table, nearest
from digest.core.database_address import parse_database, sqlite_address
from digest.core.errors import AddressError, ConfigError
from digest.core.models import CHANGES, Edition, PaperKind
from digest.core.private import has_password
from digest.core.ranking.interests import LIBRARIES, parse_interests
from digest.core.subscribers.addresses import parse_address
from digest.core.topics.taxonomy import read as read_taxonomy
from digest.core.words.language_marks import LANGUAGES
from digest.sources.kind import SourceConfig

T = TypeVar("T")

CLIENTS: Final = ("extractive", "openai", "replay")
POINTS: Final = ("all", "leads")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EDITION_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_FILE_NAME: Final = re.compile(r"[^\s]{1,100}\.[A-Za-z]{2,8}")
_RESERVED_NAMES: Final = frozenset(
    {"topics", "papers", "search", "subscribe", "confirm", "unsubscribe", "preferences", "feedback", "feed", "mine"}
    | {"healthz", "metrics"}
)
"""Folders of the archive and addresses of `digest serve`; an edition of that name would lie on top of them."""
_LONGEST_LEAD_H: Final = 23
"""With a day and more, the day before would be prepared for two days at once."""


def load(path: Path, *, data_dir: Path | None = None) -> Config:
    """Read and check a config.toml.

    Args:
        data_dir: Used instead of what the file says, for the sample.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or something in it is unknown, missing or of the wrong type.
    """
    try:
        text = utf8(path.read_bytes())
        data = tomllib.loads(text.replace("\r\n", "\n").replace("\r", "\n"))
    except FileNotFoundError as exc:
        raise ConfigError(f"there is no {path}; `digest init` writes one to start from") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ConfigError(f"{path}: is not valid TOML: {exc}") from exc
    except ValueError as exc:
        raise ConfigError(f"{path}: {exc}") from exc
    return _Reader(path.resolve()).config(data, data_dir)


def without_file() -> Config:
    """What holds where there is no config.toml: the extract summarizes, and nothing is kept."""
    return Config(
        path=Path("config.toml").resolve(),
        title="Research digest",
        timezone=ZoneInfo("UTC"),
        data_dir=Path("var").resolve(),
        database="",
        sources=(),
        llm=LLMConfig(),
        editions=(Edition(name="daily", title="Research digest", sources=()),),
        mail=MailConfig(),
        site_url=None,
    )


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return re.fullmatch(r"http://[^\s/]+/?", text) is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        return False


def _recipient(text: str) -> str | None:
    """What is equal for two spellings of an operator's recipient; None if it is no address.

    Who writes the config may mail to `ada@localhost`, which no stranger can subscribe with.
    """
    try:
        return parse_address(text).key if text == text.strip() else None
    except AddressError:
        return text.lower() if ADDRESS.fullmatch(text) else None


def library_path(base: Path, file: str) -> Path:
    """Where a library that interests name lies: beside the config, unless it is written otherwise."""
    try:
        return base / Path(file).expanduser()
    except RuntimeError:  # "~ada/library.bib" where there is no ada
        return base / file


class _Reader:
    """Reads all of the file before it tells what is wrong with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.name
        self._problems = Problems()

    def config(self, data: dict[str, Any], data_dir: Path | None) -> Config:
        top = self._table("", data)
        digest = self._table("[digest]", top.table("digest"))
        folder = self._path.parent / digest.text("data_dir", "var")
        folder = data_dir or folder
        title = digest.text("title", "Research digest")
        language = digest.text("language", "en")
        zone = self._zone(digest)
        database = self._database(digest, folder, overridden=data_dir is not None)
        digest.close()
        sources = self._each(self._tables(top, "source"), read_source)
        self._distinct("[[source]]", [s.name for s in sources])
        editions = self._each(
            self._tables(top, "edition"), lambda table: self._edition(table, sources, title, language)
        )
        self._distinct("[[edition]]", [e.name for e in editions])
        llm, mail, network, site_url = LLMConfig(), MailConfig(), NetworkConfig(), None
        serve = ServeConfig()
        with self._problems.gathered():
            llm = self._llm(self._table("[llm]", top.table("llm")))
        with self._problems.gathered():
            mail = read_mail(self._table("[mail]", top.table("mail")), self._path.parent)
        with self._problems.gathered():
            serve = self._serve(self._table("[serve]", top.table("serve")))
        hooks = self._each(self._tables(top, "hook"), lambda table: read_hook(table, [e.name for e in editions]))
        self._distinct("[[hook]]", [h.name for h in hooks])
        with self._problems.gathered():
            network = self._network(self._table("[network]", top.table("network")))
        with self._problems.gathered():
            site_url = self._site(self._table("[site]", top.table("site")))
        if llm.client != "extractive":
            # What a model says of a paper is in the edition's language, whatever the paper's is.
            editions = tuple(replace(edition, languages=()) for edition in editions)
        topics = top.table("topics")
        if topics:
            with self._problems.gathered():
                read_taxonomy(read_text("taxonomy.toml", self._path.parent), topics, file=self._file)
        top.close()
        for key, there in (("source", sources), ("edition", editions)):
            # A misspelt or mistyped table was named already.
            if not there and not top.is_any_blamed:
                self._problems.add(f"{self._file}: has no [[{key}]]; at least one is needed")
        self._problems.tell()
        return Config(
            path=self._path,
            title=title,
            timezone=zone,
            data_dir=folder,
            database=database,
            sources=sources,
            network=network,
            llm=llm,
            editions=editions,
            mail=mail,
            serve=serve,
            hooks=hooks,
            site_url=site_url,
            topics=topics,
        )

    def _table(self, name: str, data: object) -> Table:
        return Table(self._file, name, data, self._problems)

    def _each(self, tables: Sequence[Table], read: Callable[[Table], T]) -> tuple[T, ...]:
        found: list[T] = []
        for table in tables:
            with self._problems.gathered():
                found.append(read(table))
        return tuple(found)

    def _tables(self, top: Table, key: str) -> list[Table]:
        value = top.list_of_tables(key)
        return [self._table(f"[[{key}]] {self._label(t, n)}", t) for n, t in enumerate(value, start=1)]

    def _label(self, table: object, n: int) -> str:
        name = table.get("name") if isinstance(table, dict) else None
        return repr(name) if isinstance(name, str) and name else f"number {n}"

    def _distinct(self, table: str, names: Sequence[str]) -> None:
        for name in dict.fromkeys(names):
            if name and names.count(name) > 1:
                self._problems.add(f"{self._file}: {table} name {name!r} is given twice")

    def _zone(self, digest: Table) -> ZoneInfo:
        name = digest.text("timezone", "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            digest.blame("timezone", f"{name!r} is not a time zone such as Europe/Paris")
            return ZoneInfo("UTC")

    def _database(self, digest: Table, data_dir: Path, *, overridden: bool) -> str:
        default = sqlite_address(str(data_dir / "digest.db"))
        url = digest.text("database")
        if not url or overridden:
            return default
        try:
            address = parse_database(url)
        except ValueError as exc:
            digest.blame("database", str(exc))
            return default
        if not address.is_sqlite:
            return f"postgresql+psycopg://{url.partition('://')[2]}"
        query = f"?{urlencode(address.query)}" if address.query else ""
        return sqlite_address(str(self._path.parent / address.name)) + query

    def _edition(self, table: Table, sources: Sequence[SourceConfig], title: str, language: str) -> Edition:
        name = table.required("name")
        if name and (not _EDITION_NAME.fullmatch(name) or name in _RESERVED_NAMES):
            table.blame("name", f"{name!r} must be lower-case letters, digits and hyphens, and not topics or papers")
        known = tuple(s.name for s in sources)
        chosen = table.texts("sources", known)
        for source in chosen:
            if source not in known:
                table.blame("sources", f"there is no [[source]] named {source!r}{nearest(source, known)}")
        recipients = table.texts("recipients")
        for address in recipients:
            if _recipient(address) is None:
                table.blame("recipients", f"{address!r} is not an address such as ada@example.org")
        self._distinct(f"{table.name} recipients", [_recipient(r) or r.lower() for r in recipients])
        max_papers = table.integer("max_papers", 30, least=1, most=100_000)
        upvotes = table.integer("avoid_unless_upvotes", 1, least=1)
        edition = Edition(
            name=name,
            title=table.text("title", title) or title,
            sources=tuple(dict.fromkeys(chosen)),
            interests=self._interests(table, "interests", table.texts("interests")),
            avoid=self._interests(table, "avoid", table.texts("avoid")),
            avoid_unless_upvotes=upvotes if table.has("avoid_unless_upvotes") else None,
            exploration=self._share(table, "exploration", table.number("exploration", 0.1)),
            max_papers=max_papers,
            lead=table.integer("lead", min(5, max_papers), least=0, most=max_papers),
            carry_days=table.integer("carry_days", 3, least=0, most=31),
            at=self._at(table),
            days=self._days(table),
            recipients=recipients,
            open=table.flag("open", True),
            language=table.text("language", language) or language,
            languages=self._languages(table),
            changes=self._changes(table),
            kinds=self._kinds(table),
        )
        table.close()
        for text in edition.avoid:
            if text in edition.interests:
                table.blame("avoid", f"{text!r} stands in interests too; take it out of one of them")
        return edition

    def _interests(self, table: Table, key: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The texts of one list, as they are; each must be understood, and each file be there."""
        try:
            parsed = parse_interests(texts)
        except ConfigError as error:
            table.blame(key, str(error))
            return ()
        for file in parsed.files:
            if not library_path(self._path.parent, file).is_file():
                table.blame(key, f"there is no file {file} beside {self._file}; export the library there")
        for text in parsed.words:
            if _FILE_NAME.fullmatch(text) and (self._path.parent / text).is_file():
                table.blame(key, f"{text!r} is a file of a kind that is not known; known: {', '.join(LIBRARIES)}")
        return texts

    def _share(self, table: Table, key: str, share: float | None) -> float:
        if share is None or share > 1:
            table.blame(key, f"must be a share from 0 to 1, not {share}")
        return share or 0.0

    def _languages(self, table: Table) -> tuple[str, ...]:
        chosen = table.texts("languages")
        for one in chosen:
            if one not in LANGUAGES:
                table.blame(
                    "languages", f"{one!r} is not one of {', '.join(LANGUAGES)}{nearest(one, tuple(LANGUAGES))}"
                )
        if table.has("languages") and not chosen and not table.is_blamed("languages"):
            table.blame("languages", 'names none; leave it out for all, or name some, as in ["en", "de"]')
        return tuple(dict.fromkeys(chosen))

    def _changes(self, table: Table) -> tuple[str, ...]:
        chosen = table.texts("changes", ("withdrawn", "rising"))
        for one in chosen:
            if one not in CHANGES:
                table.blame("changes", f"{one!r} is not one of {', '.join(CHANGES)}{nearest(one, CHANGES)}")
        return tuple(kind for kind in CHANGES if kind in chosen)

    def _kinds(self, table: Table) -> tuple[PaperKind, ...]:
        names = [kind.value for kind in PaperKind]
        chosen = table.texts("kinds", ("research", "review"))
        for one in chosen:
            if one not in names:
                table.blame("kinds", f"{one!r} is not one of {', '.join(names)}{nearest(one, names)}")
        return tuple(kind for kind in PaperKind if kind.value in chosen)

    def _at(self, table: Table) -> time:
        text = table.text("at", "07:00")
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
        if not match:
            table.blame("at", f'{text!r} is not a time such as "07:00"')
            return time(7)
        return time(int(match[1]), int(match[2]))

    def _days(self, table: Table) -> frozenset[int]:
        text = table.text("days", "mon-fri").lower().replace(" ", "")
        if text in ("daily", "*"):
            return frozenset(range(7))
        days: set[int] = set()
        for part in text.split(","):
            first, _, last = part.partition("-")
            if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS:
                table.blame("days", f'{part!r} is not a weekday or a span of them, as in "mon-fri" or "mon,thu"')
                continue
            a, b = _WEEKDAYS.index(first), _WEEKDAYS.index(last or first)
            days.update(range(a, b + 1) if a <= b else (*range(a, 7), *range(b + 1)))
        return frozenset(days)

    def _llm(self, table: Table) -> LLMConfig:
        recording = table.text("recording")
        tier = table.choice("service_tier", ("auto", "default", "flex"), "auto")
        # OpenAI's advice for its flex tier, which waits for room: a quarter of an hour.
        timeout_s, time_limit_s = (900.0, 1800.0) if tier == "flex" else (120.0, 900.0)
        llm = LLMConfig(
            client=table.choice("client", CLIENTS, "extractive"),
            model=table.text("model"),
            base_url=table.text("base_url") or None,
            api_key_env=table.text("api_key_env", "OPENAI_API_KEY"),
            concurrency=table.integer("concurrency", 8, least=1, most=256),
            mode=table.choice("mode", ("direct", "batch"), "direct"),
            batch_lead_hours=table.number("batch_lead_hours", 4.0) or 0.0,
            batch_tokens=table.integer("batch_tokens", 12_000, least=500, most=1_000_000),
            max_papers_per_request=table.integer("max_papers_per_request", 20, least=1, most=200),
            timeout_s=table.number("timeout_s", timeout_s) or timeout_s,
            time_limit_s=table.number("time_limit_s", time_limit_s) or time_limit_s,
            overview=table.flag("overview", True),
            points=table.choice("points", POINTS, "all"),
            budget_usd_per_run=table.number("budget_usd_per_run", None),
            budget_usd_per_month=table.number("budget_usd_per_month", None),
            recording=self._path.parent / recording if recording else None,
            prices=read_own_prices(table),
            effort=table.text("effort"),
            service_tier="" if tier == "auto" else tier,
            context_tokens=table.integer("context_tokens", 0, least=1_000) if table.has("context_tokens") else None,
            extra_body=read_extra_body(table),
            organization=table.text("organization"),
            project=table.text("project"),
        )
        table.close()
        if llm.client == "openai" and not llm.model and not table.is_blamed("model"):
            table.blame("model", "is missing: client openai needs one, as in model = 'gpt-5-mini'")
        if llm.client == "replay" and llm.recording is None and not table.is_blamed("recording"):
            table.blame("recording", "is missing: client replay answers from a file that was recorded")
        if (
            llm.mode == "batch"
            and not table.is_blamed("client")
            and (llm.client != "openai" or llm.recording is not None)
        ):
            table.blame("mode", "'batch' needs client = 'openai', and no recording: others answer at once")
        if llm.batch_lead_hours > _LONGEST_LEAD_H:
            table.blame("batch_lead_hours", f"must be {_LONGEST_LEAD_H} at most, not {llm.batch_lead_hours:g}")
        self._web(table, llm.base_url, advice="name the variable that holds the key in api_key_env")
        return llm

    def _web(self, table: Table, url: str | None, *, advice: str) -> None:
        """Refuse a `base_url` that is no web address, or that carries what must not be seen by others."""
        if url and has_password(url):
            # It would stand in pages, feeds, the database and messages, and go out in the place of the key.
            table.blame("base_url", f"holds a user, a password or a key, which others would see; {advice}")
        elif url and not re.fullmatch(r"https?://[^\s\"<>]+", url):
            table.blame("base_url", f"{url!r} must begin with http:// or https://")

    def _network(self, table: Table) -> NetworkConfig:
        ca_file, proxy = table.text("ca_file"), table.text("proxy")
        network = NetworkConfig(
            concurrency=table.integer("concurrency", 8, least=1, most=64),
            proxy=proxy or None,
            ca_file=self._path.parent / ca_file if ca_file else None,
            private_hosts=table.texts("private_hosts"),
        )
        if proxy and not _is_proxy(proxy):
            table.blame("proxy", "must look like http://proxy.example.org:3128")
        table.close()
        return network

    def _serve(self, table: Table) -> ServeConfig:
        serve = read_serve(table)
        self._web(table, serve.base_url, advice="take it out")
        return serve

    def _site(self, table: Table) -> str | None:
        url = table.text("base_url")
        self._web(table, url, advice="take it out")
        table.close()
        return url.rstrip("/") or None
