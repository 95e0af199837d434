"""What a reader may wish for: each wish is read from text, kept within bounds, and refused in a sentence.

Readers' texts are foreign: they name no file of this machine, and there are bounds to what one of them can cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from digest.core.errors import ConfigError, WishError
from digest.core.identity.ids import scheme
from digest.core.ranking.interests import LIBRARIES, is_file, parse_interests
from digest.core.subscribers.cadence import Cadence
from digest.core.words.invisible import printable, strip_invisible
from digest.core.words.language_marks import LANGUAGES
from digest.core.words.text import clipped, one_line

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
_LONGEST_NAME: Final = 80
_NO_NAME: Final = re.compile(r"[^\w .()+,&-]+")
_OF_PAPERS: Final = frozenset({"arxiv", "doi", "openreview", "title"})
"""Schemes of ids by which a reader may name a paper: any other address would be asked for on a stranger's word."""


def read_interests(texts: Iterable[str]) -> tuple[str, ...]:
    """A reader's interests, or things to avoid: cleaned, in their order, each once; blank ones are left out.

    Raises:
        WishError: There are too many, one is too long, names a file, is an address that is not a paper's, or looks like
            an id or an address and is none.
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
            papers = parse_interests([text]).papers
        except ConfigError as exc:
            raise WishError(str(exc)) from exc
        if any(scheme(paper) not in _OF_PAPERS for paper in papers):
            raise WishError(f"“{clipped(text, 60)}” is no address of a paper: name it by its arXiv id or its DOI")
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


def zones() -> tuple[str, ...]:
    """The names of all time zones, sorted."""
    return tuple(sorted(_zones().values()))


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


def library_name(given: str) -> str:
    """The name under which an uploaded file is kept: without folders, of letters that pages and lists can show.

    Raises:
        WishError: Its ending is not that of a library.
    """
    bare = printable(given).replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = _NO_NAME.sub(" ", bare).rpartition(".")
    name = f"{one_line(stem).strip(' .')[:_LONGEST_NAME].strip() or 'library'}.{ending.lower()}"
    if not dot or not is_file(name):
        known = ", ".join(LIBRARIES)
        raise WishError(f"“{clipped(one_line(bare), 60)}” is no library of papers: these are {known}")
    return name
