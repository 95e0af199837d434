"""One table of config.toml, read key by key: what is unknown, missing or of the wrong type is said with its place."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from digest.core.errors import ConfigError


def nearest(word: str, known: Sequence[str], *, list_all: bool = True) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else (f"; known: {', '.join(known)}" if known and list_all else "")


class Table:
    """One table of the file: every key must be asked for, or `close` says that it is unknown."""

    def __init__(self, file: str, name: str, data: object) -> None:
        self.file, self.name = file, name
        if not isinstance(data, dict):
            raise ConfigError(f"{file}: {name} must be a table")
        self._data: dict[str, Any] = data
        self._known: list[str] = []

    def wrong(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self.file}: {self.name + ' ' if self.name else ''}{key}: {problem}")

    def _take(self, key: str, kinds: tuple[type, ...], words: str, default: Any) -> Any:
        self._known.append(key)
        if key not in self._data:
            return default
        value = self._data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            given = "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
            raise self.wrong(key, f"must be {words}, not {given}")
        return value

    def text(self, key: str, default: str = "") -> str:
        value: str = self._take(key, (str,), "text in quotes", default)
        if any(ord(c) < 32 for c in value):
            raise self.wrong(key, "must be one line without control characters")
        return value.strip()

    def required(self, key: str) -> str:
        value = self.text(key)
        if not value:
            raise self.wrong(key, "is missing")
        return value

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        value = self.text(key, default)
        if value not in known:
            raise self.wrong(key, f"{value!r} is not one of {', '.join(known)}{nearest(value, known, list_all=False)}")
        return value

    def integer(self, key: str, default: int, *, least: int, most: int = 10**9) -> int:
        value: int = self._take(key, (int,), "a whole number", default)
        if not least <= value <= most:
            raise self.wrong(key, f"must be from {least} to {most}, not {value}")
        return value

    def number(self, key: str, default: float | None) -> float | None:
        value = self._take(key, (int, float), "a number", default)
        if value is not None and not 0 <= value < 10**9:
            raise self.wrong(key, f"must not be negative, not {value}")
        return None if value is None else float(value)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self._take(key, (list,), 'a list of texts, as in ["a", "b"]', None)
        if value is None:
            return default
        for one in value:
            if not isinstance(one, str) or not one.strip() or any(ord(c) < 32 for c in one):
                raise self.wrong(key, f"must hold texts of one line, not {one!r}")
        return tuple(one.strip() for one in value)

    def flag(self, key: str, default: bool) -> bool:
        value: bool = self._take(key, (bool,), "true or false", default)
        return value

    def dates(self, key: str) -> tuple[date, ...]:
        value = self._take(key, (list,), "a list of dates, as in [2027-01-01]", [])
        for one in value:
            # A moment is a date to Python, but not to people.
            if type(one) is not date:
                raise self.wrong(key, f"must hold dates as in 2027-01-01, without quotes, not {one!r}")
        return tuple(value)

    def has(self, key: str) -> bool:
        """Whether the file sets *key*, which need not be known."""
        return key in self._data

    def table(self, key: str) -> Mapping[str, Any]:
        value: dict[str, Any] = self._take(key, (dict,), "a table", {})
        return value

    def list_of_tables(self, key: str) -> list[Any]:
        value: list[Any] = self._take(key, (list,), f"written [[{key}]], one block for each", [])
        return value

    def close(self) -> None:
        for key in self._data:
            if key not in self._known:
                raise self.wrong(key, f"unknown key{nearest(key, self._known)}")
