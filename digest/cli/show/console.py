"""What people and programs read on stdout: reports, issues, papers, in words or as JSON.

The order is that of the page and the mail. Text goes to a pipe as it is; bold and dim only to a terminal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import Final, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from digest.core.words.invisible import printable

_SOME: Final = 50
"""Of a long list of mails that did not go out."""
_PIPED: Final = 10_000
_COLUMN: Final = re.compile(r" *(?:(?:[\d,]+|\d{4}-\d\d-\d\d) {2,})?")
"""What a line begins with and the rest of it hangs beside: blanks, and a number or a day in a column of its own."""


def screen() -> Console:
    """What is printed to: a terminal, or a pipe."""
    # Piped, a line is as long as it is: a program reads it.
    return Console(width=None if sys.stdout.isatty() else _PIPED, highlight=False, soft_wrap=not sys.stdout.isatty())


def put(console: Console, text: str, style: str = "", indent: int = 0, bullet: str = "") -> None:
    """One paragraph; nothing in it is taken for markup. What follows *bullet* stays to the right of it."""
    words = Text(printable(text), style=style)
    lines: Iterable[Text] = [words]
    if console.is_terminal:
        # Half a link is none, however long it is.
        overflow: Literal["ignore", "fold"] = "ignore" if "://" in text else "fold"
        lines = words.wrap(console, _room(console) - indent - len(bullet), overflow=overflow)
    for n, line in enumerate(lines):
        line.rstrip()
        before = " " * indent + (" " * len(bullet) if n else bullet)
        console.print(Text.assemble(before, line), soft_wrap=True)


def put_facts(console: Console, facts: Iterable[str], indent: int = 0) -> None:
    """A quiet line of short facts, never broken before or after the dot between two."""
    shown = [" ".join(printable(fact).split()) for fact in facts if fact]
    if not console.is_terminal:
        shown, line = [], " · ".join(shown)
        console.print(Text.assemble(" " * indent, (line, "dim")), soft_wrap=True)
    line = ""
    for fact in shown:
        joined = f"{line} · {fact}" if line else fact
        if line and indent + cell_len(joined) > _room(console):
            put(console, line, "dim", indent)
            joined = fact
        line = joined
    if shown:
        put(console, line, "dim", indent)


def _room(console: Console) -> int:
    return console.width


def print_lines(lines: Iterable[str]) -> None:
    """Lines that are already in words; on a terminal each hangs beside what it begins with, blanks or a number."""
    console = screen()
    for line in lines:
        print_line(console, line)


def print_line(console: Console, line: str, style: str = "") -> None:
    """One of such lines."""
    match = _COLUMN.match(line)
    before = match[0] if match else ""
    put(console, line[len(before) :], style, bullet=before)


# -- run


# -- issues


# -- papers


# -- mails


# -- status and doctor
