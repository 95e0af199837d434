"""The declaration of a kind of source, which each kind's file makes beside its parser.

    Kind     names, description, keys, an example, calendar, and the function that makes the adapter
    Key      one key of a `[[source]]` of the kind: type, default and help
    Access   how the kind's service takes an API key
    SourceConfig   one `[[source]]`, read by that declaration

The config's reader, the adapters, `digest sources`, `digest init` and `digest doctor` all use this declaration, so that
a new kind needs only its own file and one line in `digest.sources.kinds`.
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
"""Fetches the document at an address of a source.

Raises:
    SourceError: The document cannot be fetched.
"""


class Run(Protocol):
    """Runs a program of the operator's own and returns its output."""

    def __call__(self, argv: Sequence[str], *, timeout_s: float) -> bytes:
        """Run *argv*: the program and its arguments.

        Raises:
            SourceError: It failed, or took longer than *timeout_s* seconds.
        """
        ...


class KeyType(StrEnum):
    """The type of a key's value; the members' values describe it in words."""

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
    """The value if the file does not set the key; None: the empty value of its type, as ""."""
    choices: tuple[str, ...] = ()
    """The allowed values of a `CHOICE`."""
    least: int = 0
    most: int = 10**9
    """Bounds of an `INTEGER`, both included."""
    check: Callable[[str], str] | None = None
    """For `TEXTS`: returns what is wrong with one of the texts, in words; empty if nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What is sent with each request to a service to identify the user, and the variable that holds the key."""

    variable: str = ""
    """The environment variable that holds the key; empty: requests are sent without a key."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Parameters added to the query of the URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a service wants a key: in a header, or as a parameter of the query."""

    variable: str
    """How people usually call the variable that holds it. It is read only where `api_key_env` names it."""
    header: str = ""
    scheme: str = ""
    """The word before the key in the header: `Bearer`."""
    parameter: str = ""

    def credentials(self, key: str, variable: str) -> Credentials:
        """Return *key*, read from *variable*, as the service wants it."""
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
    """The name of the environment variable that holds the API key; empty: requests are sent without a key."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Every key that the kind declares → its value, the default where the file does not set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of source: the only place where its keys and the meaning of its url are described."""

    names: tuple[str, ...]
    """The values of `kind` that mean this kind; mostly one."""
    line: str
    """What the kind reads, in one line, without a full stop."""
    about: str
    """What a user of the kind must know, with an empty line between two paragraphs. See `paragraphs`."""
    keys: tuple[Key, ...] = ()
    """The kind's own keys, besides those that all sources have."""
    url: str = ""
    """Help for its key `url`; empty: the kind has no such key."""
    needs: tuple[str, ...] = ()
    """The keys of which a source of this kind must set at least one."""
    needs_as_in: str = ""
    """An example of one of the needed keys: `search = "graph neural networks"`."""
    example: str
    """TOML: one or more whole `[[source]]`."""
    calendar: str = "none"
    """When its lists come: one of `digest.core.lists.calendar.CALENDARS`. What a source sets may make it another."""
    access: Access | None = None
    """How its service takes an API key; None: it takes none, and `api_key_env` is no key of the kind."""
    own_address_is_dated: bool = False
    """Whether the URL that is read without the key `url` has the day in it, so that a missing document is not out yet.
    """
    make: Callable[[SourceConfig, Clock], Source]
    """Makes the adapter of one `[[source]]`.

    Raises:
        ConfigError: Something in the config cannot be used.
    """
    fetcher: Callable[[SourceConfig, Run], Get] | None = None
    """Makes the function that fetches its documents, if they are not fetched through the door."""

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Return the paragraphs of `about`, each on one line."""
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
    """Return all keys that a source of *kind* takes: those of every source, and the kind's own."""
    where = "http(s), or a path relative to config.toml; {date} in it stands for the day of the run"
    url = (_key("url", KeyType.TEXT, f"{kind.url}: {where}"),) if kind.url else ()
    access = (API_KEY_ENV,) if kind.access else ()
    return (_NAME, _KIND, *kind.keys, *url, *access, _CALENDAR, _HOLIDAYS)


def days_key(default: int, text: str) -> Key:
    """Return the key `days` of a kind whose list covers the last days."""
    return Key(name="days", type=KeyType.INTEGER, help=text, default=default, least=1, most=31)
