"""config.toml and the environment → one frozen `Config`. An error names file, table, key and the nearest known name.

Read once, by `digest.app`; nothing else knows where a setting comes from.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from email.errors import InvalidHeaderDefect
from email.policy import default
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.config_extras import read_extra_body, read_own_prices
from digest.config_table import Table, nearest
from digest.core.errors import ConfigError
from digest.core.models import CHANGES, Edition
from digest.core.wanted import LIBRARIES, understand
from digest.llm.prices import Price

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
CLIENTS: Final = ("extractive", "openai", "replay")
TRANSPORTS: Final = ("outbox", "smtp")
SECURITIES: Final = ("starttls", "tls", "none")
_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EDITION_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_FILE_NAME: Final = re.compile(r"[^\s]{1,100}\.[A-Za-z]{2,8}")
_RESERVED_NAMES: Final = frozenset({"topics", "papers", "search"})
"""Folders of the archive; an edition of that name would lie on top of them."""
_LONGEST_LEAD_H: Final = 23
"""With a day and more, the day before would be prepared for two days at once."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Letters beyond ASCII need SMTPUTF8, which many servers lack; quoted local parts are not worth their trouble.
_ADDRESS: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[\w-]+(?:\.[\w-]+)*", re.ASCII)


class Secret:
    """A password or key that no log, repr or error shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """How sources are reached."""

    concurrency: int = 8
    """Sources that are read at once."""
    proxy: str | None = None
    ca_file: Path | None = None
    """Certificate authorities besides those of the system."""
    private_hosts: tuple[str, ...] = ()
    """Hosts that redirects and links may lead to although their addresses are private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMConfig:
    client: str = "extractive"
    model: str = ""
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    concurrency: int = 8
    mode: str = "direct"
    """`direct`: asked during the run. `batch`: handed over earlier, at half the price."""
    batch_lead_hours: float = 4.0
    """How long before an edition is due its papers are handed over, in the mode `batch`."""
    batch_tokens: int = 12_000
    max_papers_per_request: int = 20
    timeout_s: float = 120.0
    time_limit_s: float = 900.0
    """How long a run waits for the model in all."""
    overview: bool = True
    """The model writes the overview of the day too."""
    budget_usd_per_run: float | None = None
    budget_usd_per_month: float | None = None
    recording: Path | None = None
    """Where prompts and answers are written to (`openai`) or answered from (`replay`)."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """By model, on top of the shipped table."""
    effort: str = ""
    """How much a model is to think before it answers, in its server's words; empty: as it likes."""
    service_tier: str = ""
    """`flex` costs half and takes its time; empty: nothing is said of it."""
    context_tokens: int | None = None
    """What the model sees at once, prompt and answer together; None: as found out."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Passed through with each request."""
    organization: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailConfig:
    sender_name: str = "Research digest"
    sender: str = "digest@localhost"
    """The bare address."""
    transport: str = "outbox"
    host: str = ""
    port: int = 587
    security: str = "starttls"
    username: str = ""
    password_env: str = "DIGEST_SMTP_PASSWORD"  # noqa: S105 -- the name of a variable, not a password
    timeout_s: float = 60.0
    ca_file: Path | None = None
    """A CA bundle for servers whose certificate the system does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    path: Path
    """config.toml; relative paths in it are relative to its folder."""
    title: str
    timezone: ZoneInfo
    data_dir: Path
    database: str
    sources: tuple[SourceConfig, ...]
    network: NetworkConfig = NetworkConfig()
    llm: LLMConfig
    editions: tuple[Edition, ...]
    mail: MailConfig
    site_url: str | None
    """Without a trailing slash."""
    topics: Mapping[str, Any] = field(default_factory=dict)
    """What is added to the taxonomy, as `digest.core.taxonomy` reads it."""

    @property
    def base(self) -> Path:
        return self.path.parent

    def edition(self, name: str) -> Edition:
        """The edition of that name.

        Raises:
            ConfigError: There is none.
        """
        for edition in self.editions:
            if edition.name == name:
                return edition
        raise ConfigError(f"no edition {name!r} in {self.path}{nearest(name, [e.name for e in self.editions])}")

    def api_key(self, environment: Mapping[str, str]) -> Secret | None:
        """The key for the model; None where none is needed.

        Raises:
            ConfigError: The variable is not set. A server of one's own (`base_url`) may do without.
        """
        if self.llm.client != "openai":
            return None
        value = _variable(environment, self.llm.api_key_env)
        if not value and self.llm.base_url is None:
            raise ConfigError(
                f"{self.path.name}: [llm] client = 'openai' needs the environment variable {self.llm.api_key_env}, "
                f"which is not set; set it, or use client = 'extractive', which needs no key"
            )
        return Secret(value) if value else None

    def source_key(self, source: SourceConfig, environment: Mapping[str, str]) -> Secret | None:
        """The key of a source; None for one that is asked without.

        Raises:
            ConfigError: The variable is not set.
        """
        if not source.api_key_env:
            return None
        value = _variable(environment, source.api_key_env)
        if not value:
            raise ConfigError(
                f"{self.path.name}: [[source]] {source.name!r} api_key_env: the environment variable "
                f"{source.api_key_env} is not set; set it, or take the line out to ask without a key"
            )
        return Secret(value)

    def smtp_password(self, environment: Mapping[str, str]) -> Secret | None:
        """The password for the mail server; None where no `username` is set.

        Raises:
            ConfigError: The variable is not set.
        """
        if self.mail.transport != "smtp" or not self.mail.username:
            return None
        value = _variable(environment, self.mail.password_env)
        if not value:
            raise ConfigError(
                f"{self.path.name}: [mail] username is set, so the environment variable {self.mail.password_env} "
                "must hold the password, and it is not set"
            )
        return Secret(value)


def _variable(environment: Mapping[str, str], name: str) -> str:
    """A variable without the line break at its end that `$(cat FILE)` leaves off and other ways leave on."""
    return environment.get(name, "").rstrip("\r\n")


def load(path: Path, *, data_dir: Path | None = None) -> Config:
    """Read and check a config.toml.

    Args:
        data_dir: Used instead of what the file says, for the sample.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or something in it is unknown, missing or of the wrong type.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise ConfigError(f"there is no {path}; `digest init` writes one to start from") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read: {exc}") from exc
    except (ValueError, RecursionError) as exc:  # ValueError: TOMLDecodeError is one, and so is a number without end
        raise ConfigError(f"{path}: is not valid TOML: {exc}") from exc
    return _Reader(path.resolve()).config(data, data_dir)


def _is_proxy(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return re.fullmatch(r"http://[^\s/]+/?", text) is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is never closed
        return False


def library_path(base: Path, file: str) -> Path:
    """Where a library that interests name lies: beside the config, unless it is written otherwise."""
    try:
        return base / Path(file).expanduser()
    except RuntimeError:  # "~ada/library.bib" where there is no ada
        return base / file


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.name

    def config(self, data: dict[str, Any], data_dir: Path | None) -> Config:
        top = Table(self._file, "", data)
        digest = Table(self._file, "[digest]", top.table("digest"))
        folder = self._path.parent / digest.text("data_dir", "var")
        folder = data_dir or folder
        title = digest.text("title", "Research digest")
        language = digest.text("language", "en")
        zone = self._zone(digest)
        database = self._database(digest.text("database"), folder, overridden=data_dir is not None)
        digest.close()
        sources = tuple(self._source(t) for t in self._tables(top, "source"))
        self._distinct("[[source]]", [s.name for s in sources])
        editions = tuple(self._edition(t, sources, title, language) for t in self._tables(top, "edition"))
        self._distinct("[[edition]]", [e.name for e in editions])
        llm = self._llm(Table(self._file, "[llm]", top.table("llm")))
        mail = self._mail(Table(self._file, "[mail]", top.table("mail")))
        network = self._network(Table(self._file, "[network]", top.table("network")))
        site_url = self._site(Table(self._file, "[site]", top.table("site")))
        topics = top.table("topics")
        top.close()
        for name, there in (("[[source]]", sources), ("[[edition]]", editions)):
            if not there:
                raise ConfigError(f"{self._file}: has no {name}; at least one is needed")
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
            site_url=site_url,
            topics=topics,
        )

    def _tables(self, top: Table, key: str) -> list[Table]:
        value = top.list_of_tables(key)
        return [Table(self._file, f"[[{key}]] {self._label(t, n)}", t) for n, t in enumerate(value, start=1)]

    def _label(self, table: object, n: int) -> str:
        name = table.get("name") if isinstance(table, dict) else None
        return repr(name) if isinstance(name, str) and name else f"number {n}"

    def _distinct(self, table: str, names: Sequence[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"{self._file}: {table} name {name!r} is given twice")

    def _zone(self, digest: Table) -> ZoneInfo:
        name = digest.text("timezone", "UTC")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise digest.wrong("timezone", f"{name!r} is not a time zone such as Europe/Paris") from exc

    def _database(self, url: str, data_dir: Path, *, overridden: bool) -> str:
        if not url or overridden:
            return f"sqlite:///{data_dir / 'digest.db'}"
        scheme, separator, rest = url.partition(":///")
        if scheme == "sqlite" and separator:
            return f"sqlite:///{self._path.parent / rest}"
        if url.startswith(("postgresql+psycopg://", "postgresql://")):
            return url.replace("postgresql://", "postgresql+psycopg://", 1)
        raise ConfigError(
            f"{self._file}: [digest] database: {url.partition('@')[0].partition(':')[0]!r} is not known; "
            "use sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"
        )

    def _source(self, table: Table) -> SourceConfig:
        kind = table.choice("kind", KINDS, "")
        for key in {k for keys in _KEYS_OF_KIND.values() for k in keys}.difference(_KEYS_OF_KIND[kind]):
            if table.has(key):
                kinds = [k for k, keys in _KEYS_OF_KIND.items() if key in keys]
                raise table.wrong(key, f"is for sources of kind {' or '.join(kinds)}, not {kind}")
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
            fields=self._fields(table),
            items=table.text("items") or None,
            command=table.texts("command"),
            timeout_s=table.number("timeout_s", 60.0) or 60.0,
        )
        keys, example = _NEEDED.get(kind, ((), ""))
        if keys and not any(table.has(key) for key in keys):
            named = " or ".join((", ".join(keys[:-1]), keys[-1])) if len(keys) > 1 else keys[0]
            raise table.wrong(keys[0], f"is missing: a source of kind {kind} needs {named}, as in {example}")
        for category in source.categories:
            if not re.fullmatch(r"[a-z-]+(?:\.[A-Za-z-]+)?", category):
                raise table.wrong("categories", f"{category!r} is not an arXiv category such as cs.LG")
        table.close()
        return source

    def _fields(self, table: Table) -> Mapping[str, str]:
        fields = table.table("fields")
        for ours, theirs in fields.items():
            if not isinstance(theirs, str):
                raise table.wrong("fields", f"{ours} must be the name of a field, not {theirs!r}")
        return dict(fields)

    def _edition(self, table: Table, sources: Sequence[SourceConfig], title: str, language: str) -> Edition:
        name = table.required("name")
        if not _EDITION_NAME.fullmatch(name) or name in _RESERVED_NAMES:
            raise table.wrong(
                "name", f"{name!r} must be lower-case letters, digits and hyphens, and not topics or papers"
            )
        known = tuple(s.name for s in sources)
        chosen = table.texts("sources", known)
        for source in chosen:
            if source not in known:
                raise table.wrong("sources", f"there is no [[source]] named {source!r}{nearest(source, known)}")
        recipients = table.texts("recipients")
        for address in recipients:
            if not _ADDRESS.fullmatch(address):
                raise table.wrong(
                    "recipients", f"{address!r} is not an address such as ada@example.org, in ASCII letters"
                )
        self._distinct(f"{table.name} recipients", [r.lower() for r in recipients])
        edition = Edition(
            name=name,
            title=table.text("title", title) or title,
            sources=tuple(dict.fromkeys(chosen)),
            interests=self._understood(table, "interests", table.texts("interests")),
            avoid=self._understood(table, "avoid", table.texts("avoid")),
            exploration=self._share(table, "exploration", table.number("exploration", 0.1)),
            max_papers=table.integer("max_papers", 30, least=1, most=100_000),
            carry_days=table.integer("carry_days", 3, least=0, most=31),
            at=self._at(table),
            days=self._days(table),
            recipients=recipients,
            language=table.text("language", language) or language,
            changes=self._changes(table),
        )
        table.close()
        for text in edition.avoid:
            if text in edition.interests:
                raise table.wrong("avoid", f"{text!r} stands in interests too; take it out of one of them")
        return edition

    def _understood(self, table: Table, key: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The texts of one list, as they are; each must be understood, and each file be there."""
        try:
            wanted = understand(texts)
        except ConfigError as error:
            raise table.wrong(key, str(error)) from error
        for file in wanted.files:
            if not library_path(self._path.parent, file).is_file():
                raise table.wrong(key, f"there is no file {file} beside {self._file}; export the library there")
        for text in wanted.words:
            if _FILE_NAME.fullmatch(text) and (self._path.parent / text).is_file():
                raise table.wrong(key, f"{text!r} is a file of a kind that is not known; known: {', '.join(LIBRARIES)}")
        return texts

    def _share(self, table: Table, key: str, share: float | None) -> float:
        if share is None or share > 1:
            raise table.wrong(key, f"must be a share from 0 to 1, not {share}")
        return share

    def _changes(self, table: Table) -> tuple[str, ...]:
        chosen = table.texts("changes", ("withdrawn", "rising"))
        for one in chosen:
            if one not in CHANGES:
                raise table.wrong("changes", f"{one!r} is not one of {', '.join(CHANGES)}{nearest(one, CHANGES)}")
        return tuple(kind for kind in CHANGES if kind in chosen)

    def _at(self, table: Table) -> time:
        text = table.text("at", "07:00")
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
        if not match:
            raise table.wrong("at", f'{text!r} is not a time such as "07:00"')
        return time(int(match[1]), int(match[2]))

    def _days(self, table: Table) -> frozenset[int]:
        text = table.text("days", "mon-fri").lower().replace(" ", "")
        if text in ("daily", "*"):
            return frozenset(range(7))
        days: set[int] = set()
        for part in text.split(","):
            first, _, last = part.partition("-")
            if first not in _WEEKDAYS or (last or first) not in _WEEKDAYS:
                raise table.wrong("days", f'{part!r} is not a weekday or a span of them, as in "mon-fri" or "mon,thu"')
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
        if llm.client == "openai" and not llm.model:
            raise table.wrong("model", "is missing: client openai needs one, as in model = 'gpt-5-mini'")
        if llm.client == "replay" and llm.recording is None:
            raise table.wrong("recording", "is missing: client replay answers from a file that was recorded")
        if llm.mode == "batch" and (llm.client != "openai" or llm.recording is not None):
            raise table.wrong("mode", "'batch' needs client = 'openai', and no recording: others answer at once")
        if llm.batch_lead_hours > _LONGEST_LEAD_H:
            raise table.wrong("batch_lead_hours", f"must be {_LONGEST_LEAD_H} at most, not {llm.batch_lead_hours:g}")
        if llm.base_url and not llm.base_url.startswith(("http://", "https://")):
            raise table.wrong("base_url", f"{llm.base_url!r} must begin with http:// or https://")
        return llm

    def _mail(self, table: Table) -> MailConfig:
        sender_name, sender = self._sender(table)
        ca_file = table.text("ca_file")
        mail = MailConfig(
            sender_name=sender_name,
            sender=sender,
            transport=table.choice("transport", TRANSPORTS, "outbox"),
            host=table.text("host"),
            port=table.integer("port", 587, least=1, most=65535),
            security=table.choice("security", SECURITIES, "starttls"),
            username=table.text("username"),
            password_env=table.text("password_env", "DIGEST_SMTP_PASSWORD"),
            timeout_s=table.number("timeout_s", 60.0) or 60.0,
            ca_file=self._path.parent / ca_file if ca_file else None,
        )
        table.close()
        if mail.transport == "smtp" and not mail.host:
            raise table.wrong("host", 'is missing: transport smtp needs one, as in host = "smtp.example.org"')
        if mail.transport == "smtp" and mail.username and mail.security == "none" and mail.host not in _LOOPBACK:
            raise table.wrong("security", "none would send the password in the clear; use starttls or tls")
        return mail

    def _sender(self, table: Table) -> tuple[str, str]:
        """Name and address of `from`."""
        text = table.text("from", "Research digest <digest@localhost>")
        found = default.header_factory("From", text)
        addresses = [a for a in found.addresses if "@" in a.addr_spec]
        if len(addresses) > 1:
            raise table.wrong("from", f"{text!r} has {len(addresses)} addresses; a mail comes from one")
        is_whole = not any(isinstance(d, InvalidHeaderDefect) for d in found.defects)
        if not is_whole or len(addresses) != 1 or not _ADDRESS.fullmatch(addresses[0].addr_spec):
            quotes = "; a name with a comma or brackets stands in quotes" if "@" in text else ""
            raise table.wrong(
                "from", f"must be an address, as in 'Research digest <digest@example.org>', not {text!r}{quotes}"
            )
        return addresses[0].display_name, addresses[0].addr_spec

    def _network(self, table: Table) -> NetworkConfig:
        ca_file, proxy = table.text("ca_file"), table.text("proxy")
        network = NetworkConfig(
            concurrency=table.integer("concurrency", 8, least=1, most=64),
            proxy=proxy or None,
            ca_file=self._path.parent / ca_file if ca_file else None,
            private_hosts=table.texts("private_hosts"),
        )
        if proxy and not _is_proxy(proxy):
            raise table.wrong("proxy", "must look like http://proxy.example.org:3128")
        table.close()
        return network

    def _site(self, table: Table) -> str | None:
        url = table.text("base_url")
        if url and not re.fullmatch(r"https?://[^\s\"<>]+", url):
            raise table.wrong("base_url", f"{url!r} must begin with http:// or https://")
        table.close()
        return url.rstrip("/") or None
