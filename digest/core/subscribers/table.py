"""Tables of subscribers (CSV), as this program writes them and as other newsletter tools export theirs.

bytes ──read_table──► Table: rows with cells under our names of columns
                        └──state_of──► what a row says of the subscriber's state, in whichever column

Columns and words of other tools are from their exports: listmonk, Mailchimp, Buttondown, Substack, beehiiv, Kit, Ghost.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.errors import ConfigError, WishError
from digest.core.subscribers.subscriber import SubscriberState

COLUMNS: Final = (
    "email",
    "edition",
    "state",
    "cadence",
    "paused_until",
    "interests",
    "avoid",
    "lead",
    "max_papers",
    "language",
    "zone",
)
"""What a table has that this program writes, in this order."""
LARGEST: Final = 200_000_000
"""Bytes of a table that is read."""
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "email address", "e mail", "e mail address", "mail", "subscriber email", "address"),
    "edition": ("edition",),
    "state": ("state", "status", "subscription status", "subscriber status", "subscriber type", "type"),
    "cadence": ("cadence", "frequency"),
    "paused_until": ("paused until",),
    "interests": ("interests",),
    "avoid": ("avoid",),
    "lead": ("lead",),
    "max_papers": ("max papers",),
    "language": ("language", "locale", "lang"),
    "zone": ("zone", "timezone", "time zone", "tz"),
}
"""Headings of each column, best first, in small letters and with blanks for all else."""
_SAID_BY_DATE: Final[Mapping[str, SubscriberState]] = {
    "unsub time": SubscriberState.UNSUBSCRIBED,
    "unsubscribed at": SubscriberState.UNSUBSCRIBED,
    "unsubscription date": SubscriberState.UNSUBSCRIBED,
    "opt out date": SubscriberState.UNSUBSCRIBED,
    "clean time": SubscriberState.BOUNCED,
    "bounced at": SubscriberState.BOUNCED,
}
"""Columns in which a date, or anything, says that there are no mails any more."""
_SAID_BY_FLAG: Final[Mapping[str, tuple[str, ...]]] = {
    "email disabled": ("true", "yes", "1"),
    "unsubscribed": ("true", "yes", "1"),
    "subscribed": ("false", "no", "0"),
    "subscribed to emails": ("false", "no", "0"),
}
"""Columns with a word that says so, and which words do."""
_STATES: Final[Mapping[SubscriberState, str]] = {
    SubscriberState.CONFIRMED: (
        "confirmed subscribed active enabled regular premium free paid comped gifted trialed churning churned past_due "
        "unpaid complimentary member"
    ),
    SubscriberState.PENDING: (
        "pending unconfirmed unactivated validating nonsubscribed non-subscribed transactional not_subscribed"
    ),
    SubscriberState.UNSUBSCRIBED: (
        "unsubscribed stopped inactive disabled blocklisted blacklisted blocked removed cancelled canceled spammy "
        "unsubscribe optout opt-out"
    ),
    SubscriberState.BOUNCED: "bounced cleaned undeliverable invalid hardbounced hard_bounced",
    SubscriberState.COMPLAINED: "complained complaint spam spam_complaint reported",
}
_WORDS: Final = {word: state for state, words in _STATES.items() for word in words.split()}
_WORST: Final = (
    SubscriberState.COMPLAINED,
    SubscriberState.BOUNCED,
    SubscriberState.UNSUBSCRIBED,
    SubscriberState.PENDING,
    SubscriberState.CONFIRMED,
)
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
"""A cell that a spreadsheet would run, or one that was kept from it."""
_LONGEST_CELL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    number: int
    """As a spreadsheet numbers it: the headings are row 1."""
    cells: Mapping[str, str]
    """Column → text, stripped; of our columns by our name, of others by their heading. Empty ones are left out."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of subscribers."""

    columns: tuple[str, ...]
    """Those of `COLUMNS` that it has."""
    ignored: tuple[str, ...]
    """Headings that are not read."""
    rows: Iterable[Row]
    """Can be gone through once."""


# -- reading


def read_table(content: bytes, *, name: str) -> Table:
    """Read a table: UTF-8, UTF-16 or Windows' encoding; commas, semicolons or tabs between the cells.

    The first row holds headings; a list of bare addresses may do without.

    Args:
        name: The file's, for messages.

    Raises:
        ConfigError: It is too large, empty, or no column holds addresses. Going through the rows raises it too, where
            they cannot be told apart any more.
    """
    if len(content) > LARGEST:
        raise ConfigError(f"{name}: is larger than {LARGEST // 1_000_000} MB; divide it")
    text = _decoded(content)
    csv.field_size_limit(_LONGEST_CELL)
    rows = _rows(text, name)
    first = next(rows, None)
    if first is None:
        raise ConfigError(f"{name}: is empty")
    if any("@" in cell for cell in first):
        headings, number = ["email"], 0
        rows = _rows(text, name)
    else:
        headings, number = first, 1
    found = _columns(headings)
    if "email" not in found:
        raise ConfigError(f"{name}: no column is called “email”; it has: {', '.join(filter(None, headings)) or 'none'}")
    names = [""] * len(headings)
    for column, place in found.items():
        names[place] = column
    said = {place: key for place, h in enumerate(headings) if (key := _key(h)) in {*_SAID_BY_DATE, *_SAID_BY_FLAG}}
    for place, key in said.items():
        names[place] = names[place] or key
    return Table(
        columns=tuple(column for column in COLUMNS if column in found),
        ignored=tuple(h.strip() for h, column in zip(headings, names, strict=True) if not column and h.strip()),
        rows=_as_rows(rows, names, number),
    )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:200]:
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _rows(text: str, name: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    n = 0
    try:
        for n, row in enumerate(reader, start=1):  # noqa: B007 -- the message names the last one
            yield row
    except csv.Error as exc:
        raise ConfigError(f"{name}: row {n + 1} cannot be read: {exc}") from exc


def _separator(text: str) -> str:
    line = re.sub(r'"[^"]*"', "", text[:10_000].lstrip().partition("\n")[0])
    return max(",;\t", key=line.count)


def _key(heading: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", heading.lower()).split())


def _columns(headings: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, heading in enumerate(headings):
        places.setdefault(_key(heading), place)
    return {
        column: places[best]
        for column, names in _NAMES.items()
        if (best := next((one for one in names if one in places), None)) is not None
    }


def _as_rows(rows: Iterator[list[str]], names: Sequence[str], number: int) -> Iterator[Row]:
    for cells in rows:
        number += 1
        if any(cell.strip() for cell in cells):
            found = ((name, _undefused(cell)) for name, cell in zip(names, cells, strict=False) if name)
            yield Row(number, {name: text for name, text in found if text.strip()})


def state_of(row: Row) -> SubscriberState:
    """What a row says of the subscriber; where several columns say something, the worst. Nothing said is confirmed.

    Raises:
        WishError: It says what nobody here knows.
    """
    cells = row.cells
    said = [state for key, state in _SAID_BY_DATE.items() if cells.get(key)]
    said += [
        SubscriberState.UNSUBSCRIBED
        for key, words in _SAID_BY_FLAG.items()
        if cells.get(key, "").strip().lower() in words
    ]
    if word := cells.get("state", "").lower().replace(" ", "_"):
        state = _WORDS.get(word)
        if state is None:
            raise WishError(f"the state “{cells['state'][:40]}” is not known")
        said.append(state)
    return next((state for state in _WORST if state in said), SubscriberState.CONFIRMED)


def several(cell: str) -> tuple[str, ...]:
    """The texts in one cell: a line each, or with semicolons between them on a single one."""
    parts = cell.split("\n") if "\n" in cell else cell.split(";")
    return tuple(text for part in parts if (text := part.strip()))


# -- writing


def write_table(rows: Iterable[Mapping[str, str]], *, columns: Sequence[str] = COLUMNS) -> Iterator[str]:
    """The lines of a table, each with its end, after RFC 4180; a cell that a spreadsheet would run is defused."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(columns)
    yield line.getvalue()
    for row in rows:
        line.seek(0)
        line.truncate()
        writer.writerow([_defused(row.get(column, "")) for column in columns])
        yield line.getvalue()


def in_one_cell(texts: Sequence[str]) -> str:
    """Several texts for one cell, as `several` reads them."""
    if any(";" in text for text in texts):
        return "".join(f"{text}\n" for text in texts)
    return "; ".join(texts)


def _defused(cell: str) -> str:
    # https://owasp.org/www-community/attacks/CSV_Injection
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _undefused(cell: str) -> str:
    # A line end behind the last text says that lines are meant.
    cell = cell.replace("\r\n", "\n").strip(" \t\r\f\v")
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
