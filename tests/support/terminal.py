"""A terminal that keeps what is printed to it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator

import pytest

_STYLES = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")


class Tty(io.StringIO):
    """A stream that is taken for a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What stands on it, without bold, dim and links."""
        return _STYLES.sub("", self.getvalue()).splitlines()


@contextlib.contextmanager
def terminal(columns: int) -> Iterator[Tty]:
    """Take stdout for a terminal of so many *columns*."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(Tty()) as screen:
        patch.setenv("COLUMNS", str(columns))
        patch.setenv("TERM", "xterm")
        yield screen
