"""Full-text search over all papers. Each database keeps its own index, in the transaction that writes the paper.

Both indexes split words at punctuation, ignore case and accents, and use English stems; the title counts most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, TextClause, select, text

from digest.core.identity.ids import identify, title_key
from digest.core.identity.people import authors_in_common
from digest.core.models import Paper, PaperId
from digest.core.words.tex import lowered_letters
from digest.core.words.text import plain_letters
from digest.store import tables
from digest.store.database import Database, chunks
from digest.store.papers import find_pks, load_papers

# bm25 gives the weights of title, abstract and authors, and is smaller for the better:
# https://www.sqlite.org/fts5.html#the_bm25_function
_SQLITE = text(
    "SELECT rowid FROM paper_fts WHERE paper_fts MATCH :words"
    " ORDER BY bm25(paper_fts, 10.0, 1.0, 4.0), rowid DESC LIMIT :limit"
)
_POSTGRESQL = text(
    "SELECT pk FROM paper, to_tsquery('digest', :words) AS wanted WHERE words @@ wanted"
    " ORDER BY ts_rank_cd(words, wanted) DESC, pk DESC LIMIT :limit"
)

_ANY_SQLITE = text(
    "SELECT rowid FROM paper_fts WHERE paper_fts MATCH :words"
    " ORDER BY bm25(paper_fts, 3.0, 1.0, 0.0), rowid DESC LIMIT :limit"
)
_ANY_POSTGRESQL = text(
    "SELECT pk FROM paper, to_tsquery('digest', :words) AS wanted WHERE words @@ wanted"
    " ORDER BY ts_rank(words, wanted) DESC, pk DESC LIMIT :limit"
)
_COUNT_SQLITE = text("SELECT count(*) FROM (SELECT 1 FROM paper_fts WHERE paper_fts MATCH :words LIMIT :limit)")
_COUNT_POSTGRESQL = text(
    "SELECT count(*) FROM (SELECT 1 FROM paper WHERE words @@ to_tsquery('digest', :words) LIMIT :limit) AS found"
)
# By the name of an author: the newest first, for one person's papers are hardly better or worse answers.
_NEWEST_SQLITE = text("SELECT rowid FROM paper_fts WHERE paper_fts MATCH :words ORDER BY rowid DESC LIMIT :limit")
_NEWEST_POSTGRESQL = text(
    "SELECT pk FROM paper WHERE words @@ to_tsquery('digest', :words) ORDER BY pk DESC LIMIT :limit"
)
_SIGNED_MOST: Final = 20_000
"""Most lists of authors that are looked through for one name."""
_LOWERED: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_TO_LOWER: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SYMBOL: Final = re.compile(r"([A-Z])([a-z]{1,3})")
_STRAIN: Final = re.compile(r"(?<=[0-9])T\Z")
_BEHIND_LETTER: Final = re.compile(r"(?<=[A-Za-z])[0-9]+")
_TRIED: Final = (1, 2 / 3, 0.4, 0.25, 0.125, 0)
"""Shares of the words, the most important first, tried in turn until not too many papers have any of them."""
_AUTHORS, _TITLE, _TEXT = ("authors", "B"), ("title", "A"), ("title abstract", "AD")
"""Fields as SQLite names them, and by the weights that Postgres keeps their words with."""
_paper = tables.paper.c
_TOO_MANY: Final = {"sqlite": 60_000, "postgresql": 20_000}
"""Most papers that can be ranked in less than half a second; Postgres reads each of them for that."""


class Search(Database):
    """The part of the store that finds papers by their words."""

    def search(self, query: str, *, limit: int) -> tuple[Paper, ...]:
        """Papers whose title, abstract or authors match all words of *query*, best first. Any text is a valid query.

        If nothing matches, the last word may be the beginning of one. If *query* is the id or address of a
        paper, that one comes first; if it is a person's name, then that person's papers, the newest first.
        """
        if limit <= 0:
            return ()
        words = _words(query)
        with self._read() as connection:
            pks = list(find_pks(connection, _ids(query)).values())
            found = _matches(connection, words, limit, is_whole=True) or _matches(
                connection, words, limit, is_whole=False
            )
            signed = _signed(connection, query, words, limit)
            pks = list(dict.fromkeys((*sorted(pks), *signed, *found)))[:limit]
            papers = load_papers(connection, pks)
        return tuple(papers[pk] for pk in pks)

    def titled(self, title: str, *, limit: int) -> tuple[Paper, ...]:
        """Papers called *title*, however it is spelled; if there are none, those with all its words in their titles.

        The newest first.
        """
        words = _words(title)
        if not words or limit <= 0:
            return ()
        with self._read() as connection:
            statement = _NEWEST_SQLITE if connection.dialect.name == "sqlite" else _NEWEST_POSTGRESQL
            same = select(_paper.pk).where(_paper.title_key == title_key(title)).order_by(_paper.pk.desc()).limit(limit)
            pks = list(connection.scalars(same)) or list(
                connection.scalars(statement, {"words": _within(connection, words, _TITLE), "limit": limit})
            )
            papers = load_papers(connection, pks)
        return tuple(papers[pk] for pk in pks)

    def having_any(self, words: Sequence[str], *, limit: int) -> tuple[Paper, ...]:
        """Papers with any of *words* in title or abstract: those with many of them, and with rare ones, first.

        Args:
            words: The most important ones first. The last are left out if too many papers have one of them.
        """
        bare = _words(" ".join(words))
        with self._read() as connection:
            pks = _having_any(connection, bare, limit) if bare and limit > 0 else []
            papers = load_papers(connection, pks)
        return tuple(papers[pk] for pk in pks)


def _signed(connection: Connection, query: str, words: Sequence[str], limit: int) -> list[int]:
    """Papers by a person called *query*: those that write the name out before those that may mean it, newest first.

    A list of authors that has the words in different names does not count.
    """
    name = [word.casefold() for word in words]
    # "Y. Bengio": an initial is no word to look for.
    telling = [word for word in words if len(word) > 1]
    if not telling or not all(word.isalpha() for word in words) or not _is_a_name(connection, telling):
        return []
    statement = _NEWEST_SQLITE if connection.dialect.name == "sqlite" else _NEWEST_POSTGRESQL
    wanted = _within(connection, telling, _AUTHORS)
    pks = list(connection.scalars(statement, {"words": wanted, "limit": _SIGNED_MOST}))
    written, meant = list[int](), list[int]()
    for some in chunks(pks):
        rows = connection.execute(select(_paper.pk, _paper.authors).where(_paper.pk.in_(some)))
        for pk, authors in sorted(map(tuple, rows), reverse=True):
            if any(set(name) <= {word.casefold() for word in _words(author)} for author in authors):
                written.append(pk)
            elif authors_in_common((query,), authors):
                meant.append(pk)
        if len(written) >= limit:
            break
    return [*written, *meant][:limit]


def _is_a_name(connection: Connection, words: Sequence[str]) -> bool:
    """Whether *words* are to be taken for a person's name: a single word may well be "long" or "page"."""
    if len(words) > 1:
        return True
    count = _COUNT_SQLITE if connection.dialect.name == "sqlite" else _COUNT_POSTGRESQL

    def having(field: tuple[str, str]) -> int:
        found = {"words": _within(connection, words, field), "limit": _TOO_MANY[connection.dialect.name]}
        return connection.scalar(count, found) or 0

    return having(_AUTHORS) > having(_TEXT)


def _within(connection: Connection, words: Sequence[str], field: tuple[str, str]) -> str:
    """A query for all of *words* in one *field* of the index."""
    columns, weights = field
    if connection.dialect.name == "sqlite":
        return f"{{{columns}}} : (" + " AND ".join(f'"{word}"' for word in words) + ")"
    return " & ".join(f"{word}:{weights}" for word in words)


def _having_any(connection: Connection, words: Sequence[str], limit: int) -> list[int]:
    is_sqlite = connection.dialect.name == "sqlite"
    count, select = (_COUNT_SQLITE, _ANY_SQLITE) if is_sqlite else (_COUNT_POSTGRESQL, _ANY_POSTGRESQL)
    too_many = _TOO_MANY[connection.dialect.name]
    for part in _TRIED:
        some = words[: max(1, round(part * len(words)))]
        if is_sqlite:
            wanted = "{title abstract} : (" + " OR ".join(f'"{word}"' for word in some) + ")"
        else:
            wanted = " | ".join(f"{word}:AD" for word in some)  # weights of title and abstract
        found = connection.scalar(count, {"words": wanted, "limit": too_many})
        if found is not None and found < too_many:
            break
    return list(connection.scalars(select, {"words": wanted, "limit": limit}))


def _words(query: str) -> list[str]:
    """The words of *query* as the indexes have them: only letters and digits, so nothing has to be escaped."""
    bare = "".join(c for c in unicodedata.normalize("NFD", plain_letters(query)) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", bare)


def _spellings(word: str) -> list[str]:
    """The spellings of *word* in texts: CO2 is written CO₂ too, and Vmax Vₘₐₓ. Raised digits stay, for 10² is not 102.

    But the T behind the number of a type strain is raised: 16257ᵀ.
    """
    plain = word.translate(_LOWERED)
    lowered = _BEHIND_LETTER.sub(lambda digits: digits[0].translate(_TO_LOWER), plain)
    symbol = _SYMBOL.fullmatch(plain)
    small = lowered_letters(symbol[2]) if symbol else None
    strain = _STRAIN.sub("ᵀ", plain)
    return list(dict.fromkeys((word, plain, lowered, f"{plain[0]}{small}" if small else word, strain)))


def _ids(query: str) -> list[PaperId]:
    """The ids that *query* may mean: one as the store shows it, an arXiv id with or without version, a DOI, a URL."""
    typed = query.strip()
    first, others = identify(title=typed, arxiv=typed, urls=(typed,))
    return [PaperId(typed), first, *others]


def _matches(connection: Connection, words: Sequence[str], limit: int, *, is_whole: bool) -> list[int]:
    if not words:
        return []
    statement: TextClause
    if connection.dialect.name == "sqlite":
        statement = _SQLITE
        star = "" if is_whole else "*"
        groups = [[f'"{one}"' for one in _spellings(word)] for word in words]
        groups[-1] = [f"{one}{star}" for one in groups[-1]]
        wanted = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    else:
        statement = _POSTGRESQL
        # Its parser parts words at lowered digits, so that another spelling of CO2 would find CO.
        wanted = " & ".join(words) + ("" if is_whole else ":*")
    return list(connection.scalars(statement, {"words": wanted, "limit": limit}))
