"""What a reader may write as interests, and how much of it: the bounds, with a sentence for each.

Readers' texts are foreign: they never name a file of this machine, and no address that is not a paper's. The same
words as in config.toml are understood, see `digest.core.ranking.interests`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from digest.core.errors import ConfigError
from digest.core.identity.ids import scheme
from digest.core.ranking.interests import LIBRARIES, is_file, parse_interests
from digest.core.words.invisible import printable
from digest.core.words.text import clipped, one_line

MOST_WISHES: Final = 50
"""Interests of a reader, and as many things to be avoided."""
LONGEST_WISH: Final = 200
"""Letters of one of them."""
MOST_PAPERS: Final = 200
"""Papers of a reader's issue."""
MOST_LIBRARIES: Final = 10
"""Files of papers that a reader may upload."""
LARGEST_LIBRARY_BYTES: Final = 5_000_000
_LONGEST_NAME: Final = 80
_NO_NAME: Final = re.compile(r"[^\w .()+,&-]+")
_OF_A_PAPER: Final = frozenset({"arxiv", "doi", "openreview", "title"})
"""Schemes of ids under which a paper of a reader can be asked for: any other address could be anybody's."""


def parse_wishes(texts: Iterable[str], *, of: str = "interests") -> tuple[str, ...]:
    """Interests as a reader wrote them, one each, without empty ones and doubles.

    Args:
        of: What they are, for the sentences: `interests`, or `things to avoid`.

    Raises:
        ValueError: One is too long, names a file, or seems to be an id and is none; or there are too many. The
            sentence is for the reader.
    """
    wishes = tuple(dict.fromkeys(filter(None, (one_line(printable(text)) for text in texts))))
    if len(wishes) > MOST_WISHES:
        raise ValueError(f"These are {len(wishes):,} {of}; {MOST_WISHES} at most are read. Take some out.")
    for wish in wishes:
        if len(wish) > LONGEST_WISH:
            raise ValueError(f"“{clipped(wish, 40)}” has {len(wish):,} letters; {LONGEST_WISH} at most are read.")
        if is_file(wish):
            raise ValueError(f"“{clipped(wish, 60)}” is the name of a file. Upload the file instead of naming it.")
        _check(wish)
    return wishes


def _check(wish: str) -> None:
    try:
        parsed = parse_interests([wish])
    except ConfigError as error:
        raise ValueError(f"{error}.") from error
    if any(scheme(paper) not in _OF_A_PAPER for paper in parsed.papers):
        raise ValueError(f"“{clipped(wish, 60)}”: name a paper by its arXiv id or its DOI.")


def library_name(given: str) -> str:
    """The name that an uploaded file is kept under: without folders, and with letters that pages and lists can show.

    Raises:
        ValueError: It has no ending of a library.
    """
    bare = printable(given).replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = _NO_NAME.sub(" ", bare).rpartition(".")
    name = f"{one_line(stem).strip(' .')[:_LONGEST_NAME].strip() or 'library'}.{ending.lower()}"
    if not dot or not is_file(name):
        known = ", ".join(LIBRARIES)
        raise ValueError(f"“{clipped(one_line(bare), 60)}” is no library of papers; these are: {known}.")
    return name
