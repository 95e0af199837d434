"""One table of config.toml, read key by key: what is unknown, missing or of the wrong type is said with its place.

What is wrong is written down and reading goes on with the default, so that all of it is said at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from digest.core.errors import ConfigError


def nearest(word: str, known: Sequence[str], *, list_all: bool = True) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else (f"; known: {', '.join(known)}" if known and list_all else "")


class Problems:
    """All that is wrong with a configuration, a sentence each, in the order in which it was found."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._said)

    def add(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.append(sentence)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Write a `ConfigError` down and go on behind the block."""
        try:
            yield
        except ConfigError as error:
            self.add(str(error))

    def tell(self) -> None:
        """Say all of them, a line each.

        Raises:
            ConfigError: There are any.
        """
        if self._said:
            raise ConfigError("\n".join(self._said))


def tell_all(looks: Iterable[Callable[[], object]]) -> None:
    """Call each of *looks*, and tell what they all find wrong at once.

    Raises:
        ConfigError: Any of them raised one.
    """
    problems = Problems()
    for look in looks:
        with problems.gathered():
            look()
    problems.tell()


class Table:
    """One table of the file: every key must be asked for, or `close` says that it is unknown."""

    def __init__(self, file: str, name: str, data: object, problems: Problems) -> None:
        self.file, self.name, self._problems = file, name, problems
        if not isinstance(data, dict):
            problems.add(f"{file}: {name} must be a table")
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}
        self._known: list[str] = []
        self._blamed: set[str] = set()

    def wrong(self, key: str, problem: str) -> ConfigError:
        """What is to be raised where nothing else of the table can be judged any more."""
        self._blamed.add(key)
        return ConfigError(f"{self.file}: {self.name + ' ' if self.name else ''}{key}: {problem}")

    def blame(self, key: str, problem: str) -> None:
        """Write down what is wrong with *key*."""
        self._problems.add(str(self.wrong(key, problem)))

    @property
    def is_any_blamed(self) -> bool:
        return bool(self._blamed)

    def is_blamed(self, key: str) -> bool:
        """Whether something is wrong with *key*, so that what follows from its value is no fault of the file."""
        return key in self._blamed

    def _take(self, key: str, kinds: tuple[type, ...], words: str, default: Any) -> Any:
        self._known.append(key)
        if key not in self._data:
            return default
        value = self._data[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            given = "a table" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)
            self.blame(key, f"must be {words}, not {given}")
            return default
        return value

    def text(self, key: str, default: str = "") -> str:
        value: str = self._take(key, (str,), "text in quotes", default)
        if any(ord(c) < 32 for c in value):
            self.blame(key, "must be one line without control characters")
            return default
        return value.strip()

    def required(self, key: str) -> str:
        value = self.text(key)
        if not value and not self.is_blamed(key):
            self.blame(key, "is missing")
        return value

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        value = self.text(key, default)
        if value not in known and self.is_blamed(key):
            return default
        if value not in known:
            self.blame(key, f"{value!r} is not one of {', '.join(known)}{nearest(value, known, list_all=False)}")
            return default
        return value

    def integer(self, key: str, default: int, *, least: int, most: int = 10**9) -> int:
        value: int = self._take(key, (int,), "a whole number", default)
        if not least <= value <= most:
            self.blame(key, f"must be from {least} to {most}, not {value}")
            return default
        return value

    def number(self, key: str, default: float | None) -> float | None:
        value = self._take(key, (int, float), "a number", default)
        if value is not None and not 0 <= value < 10**9:
            self.blame(key, f"must not be negative, not {value}")
            return default
        return None if value is None else float(value)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self._take(key, (list,), 'a list of texts, as in ["a", "b"]', None)
        if value is None:
            return default
        for one in value:
            if not isinstance(one, str) or not one.strip() or any(ord(c) < 32 for c in one):
                self.blame(key, f"must hold texts of one line, not {one!r}")
                return default
        return tuple(one.strip() for one in value)

    def flag(self, key: str, default: bool) -> bool:
        value: bool = self._take(key, (bool,), "true or false", default)
        return value

    def dates(self, key: str) -> tuple[date, ...]:
        value = self._take(key, (list,), "a list of dates, as in [2027-01-01]", [])
        for one in value:
            # A moment is a date to Python, but not to people.
            if type(one) is not date:
                self.blame(key, f"must hold dates as in 2027-01-01, without quotes, not {one!r}")
                return ()
        return tuple(value)

    def has(self, key: str) -> bool:
        """Whether the file sets *key*, which need not be known."""
        return key in self._data

    def unasked(self) -> tuple[str, ...]:
        """The keys that the file sets and nobody has asked for yet."""
        return tuple(key for key in self._data if key not in self._known)

    def know(self, *keys: str) -> None:
        """Count *keys* as asked for, whatever their values are."""
        self._known += [key for key in keys if key not in self._known]

    def table(self, key: str) -> Mapping[str, Any]:
        value: dict[str, Any] = self._take(key, (dict,), "a table", {})
        return value

    def below(self, name: str, data: object) -> Table:
        """A table that stands below this one; what is wrong with it is written down with the rest."""
        return Table(self.file, name, data, self._problems)

    def list_of_tables(self, key: str) -> list[Any]:
        value: list[Any] = self._take(key, (list,), f"written [[{key}]], one block for each", [])
        return value

    def close(self) -> None:
        for key in self._data:
            if key not in self._known:
                self.blame(key, f"unknown key{nearest(key, self._known)}")
