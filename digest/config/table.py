"""Read one table of config.toml key by key, and collect errors: unknown and missing keys, values of a wrong type.

After an error reading goes on with the default, so that all errors are reported at once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from digest.core.errors import ConfigError


def nearest(word: str, known: Sequence[str], *, list_all: bool = True) -> str:
    """Return a hint for an unknown word: the nearest known one, else all known ones if *list_all*, else nothing."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else (f"; known: {', '.join(known)}" if known and list_all else "")


class Problems:
    """The errors of a configuration, a sentence each, in the order in which they were found."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._said)

    def add(self, sentence: str) -> None:
        """Add an error, once."""
        if sentence not in self._said:
            self._said.append(sentence)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Collect a `ConfigError` of the block, and go on after the block."""
        try:
            yield
        except ConfigError as error:
            self.add(str(error))

    def tell(self) -> None:
        """Raise all collected errors as one, a line each.

        Raises:
            ConfigError: There are errors.
        """
        if self._said:
            raise ConfigError("\n".join(self._said))


def tell_all(looks: Iterable[Callable[[], object]]) -> None:
    """Call each of *looks*, and raise the errors of all of them as one.

    Raises:
        ConfigError: Any of the calls raised one.
    """
    problems = Problems()
    for look in looks:
        with problems.gathered():
            look()
    problems.tell()


class Table:
    """One table of config.toml. Every key must be read by a method, or `close` reports it as unknown."""

    def __init__(self, file: str, name: str, data: object, problems: Problems) -> None:
        self.file, self.name, self._problems = file, name, problems
        if not isinstance(data, dict):
            problems.add(f"{file}: {name} must be a table")
        self._data: dict[str, Any] = data if isinstance(data, dict) else {}
        self._known: list[str] = []
        self._blamed: set[str] = set()

    def wrong(self, key: str, problem: str) -> ConfigError:
        """Return an error about *key*, to be raised if the rest of the table cannot be checked without it."""
        self._blamed.add(key)
        return ConfigError(f"{self.file}: {self.name + ' ' if self.name else ''}{key}: {problem}")

    def blame(self, key: str, problem: str) -> None:
        """Collect an error about *key*."""
        self._problems.add(str(self.wrong(key, problem)))

    @property
    def is_any_blamed(self) -> bool:
        """Whether any key of this table has an error."""
        return bool(self._blamed)

    def is_blamed(self, key: str) -> bool:
        """Whether *key* has an error, so that errors that follow from its value should not be reported."""
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
        """Read a text of one line, without blanks at its ends."""
        value: str = self._take(key, (str,), "text in quotes", default)
        if any(ord(c) < 32 for c in value):
            self.blame(key, "must be one line without control characters")
            return default
        return value.strip()

    def required(self, key: str) -> str:
        """Read a text that must be set and not empty."""
        value = self.text(key)
        if not value and not self.is_blamed(key):
            self.blame(key, "is missing")
        return value

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        """Read a text that must be one of *known*."""
        value = self.text(key, default)
        if value not in known and self.is_blamed(key):
            return default
        if value not in known:
            self.blame(key, f"{value!r} is not one of {', '.join(known)}{nearest(value, known, list_all=False)}")
            return default
        return value

    def integer(self, key: str, default: int, *, least: int, most: int = 10**9) -> int:
        """Read a whole number from *least* to *most*."""
        value: int = self._take(key, (int,), "a whole number", default)
        if not least <= value <= most:
            self.blame(key, f"must be from {least} to {most}, not {value}")
            return default
        return value

    def number(self, key: str, default: float | None) -> float | None:
        """Read a number that is not negative."""
        value = self._take(key, (int, float), "a number", default)
        if value is not None and not 0 <= value < 10**9:
            self.blame(key, f"must not be negative, not {value}")
            return default
        return None if value is None else float(value)

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Read a list of texts of one line, none of them empty."""
        value = self._take(key, (list,), 'a list of texts, as in ["a", "b"]', None)
        if value is None:
            return default
        for one in value:
            if not isinstance(one, str) or not one.strip() or any(ord(c) < 32 for c in one):
                self.blame(key, f"must hold texts of one line, not {one!r}")
                return default
        return tuple(one.strip() for one in value)

    def flag(self, key: str, default: bool) -> bool:
        """Read true or false."""
        value: bool = self._take(key, (bool,), "true or false", default)
        return value

    def dates(self, key: str) -> tuple[date, ...]:
        """Read a list of dates; empty if the file does not set it."""
        value = self._take(key, (list,), "a list of dates, as in [2027-01-01]", [])
        for one in value:
            # A moment is a date to Python, but not to people.
            if type(one) is not date:
                self.blame(key, f"must hold dates as in 2027-01-01, without quotes, not {one!r}")
                return ()
        return tuple(value)

    def has(self, key: str) -> bool:
        """Whether the file sets *key*. This does not count as reading the key."""
        return key in self._data

    def unasked(self) -> tuple[str, ...]:
        """Return the keys that the file sets and that have not been read yet."""
        return tuple(key for key in self._data if key not in self._known)

    def know(self, *keys: str) -> None:
        """Count *keys* as read, whatever their values are."""
        self._known += [key for key in keys if key not in self._known]

    def table(self, key: str) -> Mapping[str, Any]:
        """Read a table as it is; empty if the file does not set it."""
        value: dict[str, Any] = self._take(key, (dict,), "a table", {})
        return value

    def below(self, name: str, data: object) -> Table:
        """Return a table within this one; its errors are collected together with those of this table."""
        return Table(self.file, name, data, self._problems)

    def list_of_tables(self, key: str) -> list[Any]:
        """Read the tables `[[key]]`, which are not checked yet; empty if the file has none."""
        value: list[Any] = self._take(key, (list,), f"written [[{key}]], one block for each", [])
        return value

    def close(self) -> None:
        """Report every key that was not read as unknown."""
        for key in self._data:
            if key not in self._known:
                self.blame(key, f"unknown key{nearest(key, self._known)}")
