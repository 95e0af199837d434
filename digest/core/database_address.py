"""Parse the address (URL) of a database into its parts. Error messages never quote the address: it holds a password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, unquote

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+]*):/")
_POSTGRES: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_QUERY: Final = re.compile(r"\w+=[^/?]*")
_HOST: Final = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.%]*\]|[\w.,-]*)(?::(?P<port>\d{1,5}))?(?:/(?P<name>[^/?@]*))?(?:\?(?P<query>(?:\w+=[^&]*&?)*))?"
)
_KNOWN: Final = "use sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseAddress:
    """The parsed address of a SQLite file or of a database on a server."""

    is_sqlite: bool
    name: str
    """The file of SQLite, empty for one in memory; the database's name on its server otherwise."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    query: Mapping[str, str] = field(default_factory=dict, repr=False)


def sqlite_address(path: str) -> str:
    """Return the address of the SQLite file at *path*, which may hold any character."""
    return f"sqlite:///{''.join(quote(c) if c in '%?#' else c for c in path)}"


def parse_database(text: str) -> DatabaseAddress:
    """Parse the address of a database.

    A password may hold any character, also those that should be escaped: it ends at the last `@` before a host.

    Raises:
        ValueError: *text* is no address, or one of another kind of database; the message quotes only the kind.
    """
    found = _SCHEME.match(text)
    scheme, separator, rest = text.partition("://")
    if found is None:
        raise ValueError(f"is no address of a database; {_KNOWN}")
    kind = found[1].lower()
    if kind != "sqlite" and kind not in _POSTGRES:
        raise ValueError(f"{kind!r} is not known; {_KNOWN}")
    if not separator or scheme.lower() != kind:
        raise ValueError(f"must have two slashes behind {kind}:; {_KNOWN}")
    return _sqlite(rest) if kind == "sqlite" else _postgres(rest)


def _sqlite(rest: str) -> DatabaseAddress:
    if rest and not rest.startswith("/"):
        raise ValueError("must have three slashes behind sqlite:, and four for a path from the root")
    path, mark, query = rest[1:].rpartition("?")
    if not mark or not _QUERY.fullmatch(query):
        path, query = rest[1:], ""  # a ? in the name of a folder
    return DatabaseAddress(is_sqlite=True, name=unquote(path), query=dict(parse_qsl(query)))


def _postgres(rest: str) -> DatabaseAddress:
    login, mark, tail = rest.rpartition("@") if "@" not in rest else rest.partition("@")
    place = _HOST.fullmatch(tail)
    if place is None:  # the password goes on behind the first @
        login, mark, tail = rest.rpartition("@")
        place = _HOST.fullmatch(tail)
    if place is None:
        raise ValueError(
            "cannot be read (it is not shown, for it may hold a password); write "
            "postgresql+psycopg://USER:PASSWORD@HOST:PORT/NAME, with %40 for @ and %2F for / within the password"
        )
    user, colon, password = login.partition(":")
    return DatabaseAddress(
        is_sqlite=False,
        name=unquote(place["name"] or ""),
        user=unquote(user) if mark else None,
        password=unquote(password) if colon else None,
        host=place["host"].strip("[]") or None,
        port=int(place["port"]) if place["port"] else None,
        query=dict(parse_qsl(place["query"] or "")),
    )
