"""What a kind of source is, as its own file declares it beside its parser.

    Kind     its names, what it is, its keys, an example, its calendar, and what makes its adapter
    Key      one key of a `[[source]]` of the kind: type, default and help
    Access   how its service wants a key
    SourceConfig   one `[[source]]`, read by that declaration

Reading the config, the adapters, `digest sources`, `digest init` and `digest doctor` go by this one value, so that a
new kind is its own file and one line in `digest.sources.kinds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, Protocol

from digest.core.lists.calendar import CALENDARS
from digest.core.models import Document
from digest.core.ports import Clock, Source

Get = Callable[[str], Document]
"""Gets the document at an address of a source.

Raises:
    SourceError: It cannot be had.
"""


class Run(Protocol):
    """Runs a program of the operator's own and gives what it printed."""

    def __call__(self, argv: Sequence[str], *, timeout_s: float) -> bytes:
        """Run *argv*: the program and its arguments.

        Raises:
            SourceError: It failed, or took longer than *timeout_s* seconds.
        """
        ...


class KeyType(StrEnum):
    """What a key takes, in words."""

    TEXT = "text"
    TEXTS = "list of texts"
    CHOICE = "choice"
    FLAG = "true or false"
    INTEGER = "whole number"
    NUMBER = "number"
    NAMES = "table of names"
    """Texts by name: `{ abstract = "summary" }`."""
    DATES = "list of dates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a `[[source]]`."""

    name: str
    type: KeyType
    help: str
    """What it does, in a few words without a full stop at their end."""
    default: Any = None
    """What holds where the file does not set it; None for "" and the other empty values, by type."""
    choices: tuple[str, ...] = ()
    """Of a `CHOICE`."""
    least: int = 0
    most: int = 10**9
    """Bounds of an `INTEGER`, both included."""
    check: Callable[[str], str] | None = None
    """Of `TEXTS`: what is wrong with one of them, in words; empty where nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What goes with each request to a service itself, and where it came from."""

    variable: str = ""
    """The environment variable that holds the key; empty: the service is asked without one."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Added to the query of the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a service wants a key: in a header, or as a parameter of the query."""

    variable: str
    """How people usually call the variable that holds it. It is read only where `api_key_env` names it."""
    header: str = ""
    scheme: str = ""
    """What stands before the key in the header: `Bearer`."""
    parameter: str = ""

    def credentials(self, key: str, variable: str) -> Credentials:
        """The key, which came out of *variable*, as it is sent."""
        headers = {self.header: f"{self.scheme} {key}".strip()} if self.header else {}
        return Credentials(
            variable=variable, headers=headers, parameters={self.parameter: key} if self.parameter else {}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """One `[[source]]` of config.toml."""

    name: str
    kind: str
    url: str | None = None
    """http(s), file:, or a path relative to the folder of config.toml; `{date}` stands for the day of the run."""
    calendar: str | None = None
    """One of `digest.core.lists.calendar.CALENDARS`; None: the kind's own."""
    holidays: tuple[date, ...] = ()
    """Days without a list, besides those the calendar knows."""
    api_key_env: str = ""
    """The name of the variable that holds the key; empty: it is asked without one."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Every key that the kind declares → its value, the default where the file does not set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of source. What it says of its keys and its url is the only place where that stands."""

    names: tuple[str, ...]
    """What `kind` may be for it; mostly one."""
    line: str
    """What it reads, in a line, without a full stop."""
    about: str
    """What somebody must know who wants to use it, with an empty line between two paragraphs. See `paragraphs`."""
    keys: tuple[Key, ...] = ()
    """Besides those that all sources have."""
    url: str = ""
    """What its `url` may be, as help; empty: it has none."""
    needs: tuple[str, ...] = ()
    """The keys of which a source of this kind must set at least one."""
    needs_as_in: str = ""
    """How one of these looks: `search = "graph neural networks"`."""
    example: str
    """TOML: one or more whole `[[source]]`."""
    calendar: str = "none"
    """When its lists come: one of `digest.core.lists.calendar.CALENDARS`. What a source sets may make it another."""
    access: Access | None = None
    """How its service wants a key; None: it wants none, and `api_key_env` is no key of the kind."""
    own_address_is_dated: bool = False
    """The address that it reads without `url` has the day in it, and what is missing there is not out yet."""
    make: Callable[[SourceConfig, Clock], Source]
    """The adapter.

    Raises:
        ConfigError: Something in the config cannot be used.
    """
    fetcher: Callable[[SourceConfig, Run], Get] | None = None
    """What gets its documents, where they do not come through the door."""

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """`about`, a line for each paragraph."""
        return tuple(" ".join(paragraph.split()) for paragraph in self.about.split("\n\n"))


def _key(name: str, type_: KeyType, text: str) -> Key:
    return Key(name=name, type=type_, help=text)


_NAME: Final = _key("name", KeyType.TEXT, "a name of your own; issues and messages call the source by it")
_KIND: Final = _key("kind", KeyType.TEXT, "the kind of source")
_CALENDAR: Final = Key(
    name="calendar",
    type=KeyType.CHOICE,
    help="when lists come, in place of the kind's own calendar",
    choices=tuple(CALENDARS),
)
_HOLIDAYS: Final = _key(
    "holidays", KeyType.DATES, "days without a list besides those that the calendar knows, as in [2027-01-18]"
)
API_KEY_ENV: Final = _key(
    "api_key_env",
    KeyType.TEXT,
    "the environment variable that holds the service's key, where you have one; never the key itself",
)


def keys_of(kind: Kind) -> tuple[Key, ...]:
    """All keys that a source of *kind* takes: those of every source, and its own."""
    where = "http(s), or a path relative to config.toml; {date} in it stands for the day of the run"
    url = (_key("url", KeyType.TEXT, f"{kind.url}: {where}"),) if kind.url else ()
    access = (API_KEY_ENV,) if kind.access else ()
    return (_NAME, _KIND, *kind.keys, *url, *access, _CALENDAR, _HOLIDAYS)


def days_key(default: int, text: str) -> Key:
    """The key `days` of a kind whose lists reach back."""
    return Key(name="days", type=KeyType.INTEGER, help=text, default=default, least=1, most=31)
