"""What a reader may wish for: each wish is read from text, kept within bounds, and refused in a sentence.

Readers' texts are foreign: they name no file of this machine, and there are bounds to what one of them can cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from digest.core.errors import ConfigError, WishError
from digest.core.ranking.interests import is_file, parse_interests
from digest.core.subscribers.cadence import Cadence
from digest.core.words.invisible import strip_invisible
from digest.core.words.language_marks import LANGUAGES

MOST_INTERESTS: Final = 50
"""Of a subscription, and as many things to avoid."""
LONGEST_INTEREST: Final = 200
"""Letters of one."""
MOST_PAPERS: Final = 200
"""Papers of a personal issue at most; a mail has room for fewer, the page has all."""
MOST_LIBRARIES: Final = 10
"""Files of papers of one subscription."""
LARGEST_LIBRARY: Final = 5_000_000
"""Bytes of one."""


def read_interests(texts: Iterable[str]) -> tuple[str, ...]:
    """A reader's interests, or things to avoid: cleaned, in their order, each once; blank ones are left out.

    Raises:
        WishError: There are too many, one is too long, names a file, or looks like an id or an address and is none.
    """
    found = tuple(dict.fromkeys(line for text in texts if (line := " ".join(strip_invisible(text).split()))))
    if len(found) > MOST_INTERESTS:
        raise WishError(
            f"{len(found)} are too many: name {MOST_INTERESTS} at most, and upload more papers as a library"
        )
    for text in found:
        if len(text) > LONGEST_INTEREST:
            raise WishError(f"“{text[:40]}…” has {len(text)} letters: {LONGEST_INTEREST} are the most")
        if is_file(text):
            raise WishError(f"“{text}” is the name of a file: upload the file itself as a library")
    try:
        parse_interests(found)
    except ConfigError as exc:
        raise WishError(str(exc)) from exc
    return found


def check_both(interests: Iterable[str], avoid: Iterable[str]) -> None:
    """Refuse what is wished and to be avoided at once.

    Raises:
        WishError: Something is, however it is spelled.
    """
    wished = {text.casefold() for text in interests}
    for text in avoid:
        if text.casefold() in wished:
            raise WishError(f"“{text}” is to be avoided and an interest too: take it out of one of them")


def read_cadence(text: str) -> str:
    """A cadence as it is stored: `daily`, `weekdays`, `weekly:fri`, `feed`.

    Raises:
        WishError: It is none.
    """
    try:
        Cadence.parse(text)
    except ValueError as exc:
        raise WishError(str(exc)) from exc
    name = text.strip().lower()
    return "weekly:fri" if name.rstrip(":") == "weekly" else name


def read_zone(text: str) -> str:
    """A time zone by its name, as in `Europe/Paris`; nothing where nothing is given.

    Raises:
        WishError: There is none of that name.
    """
    name = text.strip()
    if not name:
        return ""
    found = _zones().get(name.casefold())
    if found is None:
        raise WishError(f"“{name[:60]}” is not a time zone such as Europe/Paris")
    return found


@cache
def _zones() -> dict[str, str]:
    # What lies beside the zones in some systems ("posix/…", "localtime") names none.
    names = (name for name in available_timezones() if not name.startswith(("posix", "right", "localtime")))
    return {name.casefold(): name for name in names}


def read_language(text: str) -> str:
    """A language by its code, as in `de`; nothing where nothing is given.

    Raises:
        WishError: There is none of that code.
    """
    code = text.strip().lower()
    if code and code not in LANGUAGES:
        raise WishError(f"“{text.strip()[:60]}” is not the code of a language that is known: {', '.join(LANGUAGES)}")
    return code


def read_number(text: str | int, *, least: int) -> int | None:
    """How many papers; None where nothing is given.

    Args:
        least: 1 for papers of an issue, 0 for those shown first and in full.

    Raises:
        WishError: It is no number, or out of bounds.
    """
    said = str(text).strip()
    if not said:
        return None
    # `int` takes other digits and underscores too.
    if not (said.isascii() and said.isdigit()) or not least <= (number := int(said[:9])) <= MOST_PAPERS:
        raise WishError(f"“{said[:20]}” is not a number from {least} to {MOST_PAPERS}")
    return number
