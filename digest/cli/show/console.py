"""The one way to print: every line on stdout or stderr, and every JSON document, is written by a function of this file.

A terminal gets lines of its width, with bold and dim; a pipe gets each line whole and plain, for a program reads it.
What was foreign text is printed without the characters by which it could take hold of a terminal.

rich is imported when something is printed for a terminal or in lines: `digest --help` and a JSON document do without.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from digest.core.words.invisible import escaped, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_PIPED: Final = 10_000
_COLUMN: Final = re.compile(r" *(?:(?:[\d,]+|\d{4}-\d\d-\d\d) {2,})?")
"""The hanging indent of a line: blanks, and a number or a day in a column of its own."""


# -- paragraphs and lines


def screen() -> Console:
    """What is printed to on stdout: a terminal, or a pipe."""
    from rich.console import Console

    # Piped, a line is as long as it is: a program reads it.
    return Console(width=None if sys.stdout.isatty() else _PIPED, highlight=False, soft_wrap=not sys.stdout.isatty())


def put(console: Console, text: str, style: str = "", indent: int = 0, bullet: str = "") -> None:
    """Print one paragraph; nothing in it is taken for markup. What follows *bullet* stays to the right of it."""
    put_pieces(console, [(text, style)], indent, bullet)


def put_pieces(
    console: Console, pieces: Iterable[tuple[str, str]], indent: int = 0, bullet: str = "", *, most: int = 0
) -> None:
    """Print one paragraph of several texts, each in a style of its own.

    Args:
        most: Lines that are printed at most on a terminal; what has no room is cut behind a word, and 0 cuts nothing.
    """
    from rich.text import Text

    words = Text.assemble(*((printable(text), style) for text, style in pieces))
    lines: list[Text] = [words]
    if console.is_terminal:
        room = max(console.width - indent - len(bullet), 1)
        # Half a link is none, however long it is.
        overflow: Literal["ignore", "fold"] = "ignore" if "://" in words.plain else "fold"
        lines = list(words.wrap(console, room, overflow=overflow))
        if 0 < most < len(lines):
            lines = [*lines[: most - 1], _cut(lines[most - 1], room)]
    for n, line in enumerate(lines):
        line.rstrip()
        before = " " * indent + (" " * len(bullet) if n else bullet)
        console.print(Text.assemble(before, line), soft_wrap=True)


def _cut(line: Text, room: int) -> Text:
    """Return a line that others would follow with an ellipsis at its end, in at most *room* columns."""
    line.rstrip()
    while line.cell_len > room - 2 and " " in line.plain:
        line = line[: line.plain.rindex(" ")]
    line.truncate(max(room - 2, 0))
    return line[: len(line.plain.rstrip(" ,;:·–"))].append(" …")


def put_facts(console: Console, facts: Iterable[str], indent: int = 0) -> None:
    """Print a quiet line of short facts, never broken before or after the dot between two."""
    from rich.cells import cell_len
    from rich.text import Text

    shown = [" ".join(printable(fact).split()) for fact in facts if fact]
    if not console.is_terminal:
        shown, line = [], " · ".join(shown)
        console.print(Text.assemble(" " * indent, (line, "dim")), soft_wrap=True)
    line = ""
    for fact in shown:
        joined = f"{line} · {fact}" if line else fact
        if line and indent + cell_len(joined) > console.width:
            put(console, line, "dim", indent)
            joined = fact
        line = joined
    if shown:
        put(console, line, "dim", indent)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of text; on a terminal each hangs beside what it begins with, blanks or a number."""
    console = screen()
    for line in lines:
        print_line(console, line)


def print_many_lines(lines: Iterable[str]) -> None:
    """Print lines of which there may be a hundred thousand: through a pipe without rich, which takes far longer."""
    if sys.stdout.isatty():
        print_lines(lines)
        return
    for line in lines:
        click.echo(printable(line).rstrip())


def print_line(console: Console, line: str, style: str = "") -> None:
    """Print one of such lines."""
    match = _COLUMN.match(line)
    before = match[0] if match else ""
    put(console, line[len(before) :], style, bullet=before)


# -- texts and documents that are whole already


def print_text(text: str) -> None:
    """Print a text of several lines as it is, with its own line ends: a file's content, or a text laid out already."""
    click.echo(text, nl=False)


def print_json(document: Any) -> None:
    """Print one JSON document and nothing else."""
    click.echo(escaped(json.dumps(document, ensure_ascii=False, indent=2)))


def print_json_lines(documents: Iterable[Any]) -> None:
    """Print JSON lines: a document on each."""
    for document in documents:
        click.echo(escaped(json.dumps(document, ensure_ascii=False)))


# -- stderr


def complain(text: str) -> None:
    """Say on stderr what went wrong, or what is to be known beside the output; on a terminal in lines that fit it.

    No word is broken: a path or a link is copied from a message into the next command. Without rich, for this is also
    said while the program is on its way out.
    """
    text = printable(text)
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        with suppress(OSError):  # stdout may lead to a file, and then the size is that of nothing
            width = os.get_terminal_size(sys.stderr.fileno()).columns or width
        text = textwrap.fill(text, max(width, 20), break_long_words=False, break_on_hyphens=False)
    click.echo(text, err=True)


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """A line on stderr that moves while something is going on; what is yielded says in it what that is."""
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status("") as line:
        yield lambda doing: line.update(Text(f"{printable(doing)} …", style="dim"))


# -- words


def were(n: int, noun: str, plural: str = "") -> str:
    """`1 source was`, `2,140 summaries were`: how a sentence begins that tells what became of so many."""
    from digest.publish.phrasing import count

    return f"{count(n, noun, plural)} {'was' if n == 1 else 'were'}"
