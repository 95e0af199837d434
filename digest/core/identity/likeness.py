"""Decide by titles, authors and abstracts whether two papers are duplicates, although they share no id.

    same_work()     two papers → why they are one work, in words for people, or None
    are_one_item()  whether two records with the same id within a source are one item, or the id was used again

Which papers are compared at all is decided by `sketch.py`.

A wrong join loses a paper, a missed one only shows a paper twice: in doubt, two papers stay two. So titles count as
nearly equal only where spelling, small words or a subtitle differ. No measure of likeness over the whole title tells
"Nemotron 3 Super" from "Nemotron 3 Ultra" (97 of 100 letters alike, 338 authors in common), or "Part I" from "Part II".

If both papers have an abstract, the abstracts decide; else title, authors and year, weighed by `evidence.py`. Only a
bare citation, without link and abstract, is allowed a noisy title. A paper and its extended version are one where their
abstracts say so; without abstracts one title in two years is two works, unless one of them is a preprint.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from digest.core.identity.evidence import LIKELY, likelihood
from digest.core.identity.ids import (
    SHORT_TITLE,
    has_strong_id,
    ids_of,
    preprint_server,
    scheme,
    title_key,
    values,
    work_of,
)
from digest.core.identity.people import authors_in_common
from digest.core.identity.titles import (
    are_of_a_series,
    are_of_other_kinds,
    are_surely_of_a_series,
    are_told_apart,
    is_generic,
    share_words,
    title_difference,
)
from digest.core.models import Paper

_SHINGLE: Final = 5
"""Words in a shingle of an abstract."""
_ALIKE: Final = 0.5
"""Share of shingles in common that supports an equal or nearly equal title. Two papers of one team can share 0.43."""
_VERY_ALIKE: Final = 0.75
"""Share of shingles needed where titles differ. Of 270 million pairs of real papers, the likest that are two works come
to 0.66.
"""
_ALIKE_OF_STRANGERS: Final = 0.8
"""Share needed, where titles differ, if there are no authors to compare, or only one is in both lists."""
_ALIKE_OF_HALF: Final = 0.62
"""Share needed, where titles differ, if half of the authors are in both lists. Different works of theirs come to 0.58.
"""
_ALIKE_OF_A_TEAM: Final = 0.45
"""Share needed, where titles differ, if five authors are in both lists, or all in the same order. Different works come
to 0.36.
"""
_ALIKE_IN_ALL: Final = 0.2
"""Share needed where five authors, the first author and the titles agree. Different works of such teams come to 0.05.
"""
_NEVER: Final = 2.0
_LARGEST_TEAM: Final = 30
"""Authors above which the first author says little: collaborations sign all their papers in alphabetical order."""
_SAID_TWICE: Final = 20
"""Shingles in common below which the same people may only have described the same tool or data again."""
_ENOUGH: Final = 40
"""Shingles that an abstract must have to be compared: shorter ones are often boilerplate."""

_WORD: Final = re.compile(r"\w+")


# -- deciding


def same_work(a: Paper, b: Paper) -> str | None:
    """Return why two papers are one work, by their text and authors, in words for people; None if they are not.

    Two papers with different arXiv ids, or with different DOIs and no other id, are always two works: parts, versions
    of a talk and corrections often share a title. Does not depend on order.
    """
    if conflicting(a, b):
        return None
    if title_key(a.title) == title_key(b.title):
        return _by_equal_title(a, b)
    if _are_listed_apart(a, b):
        return None
    if _abstract_likeness(a, b) is None:
        return _by_citation(a, b)
    difference = title_difference(a.title, b.title)
    return (difference and _by_near_title(a, b, difference)) or _by_abstract(a, b)


def are_one_item(a: Paper, b: Paper) -> bool:
    """Whether two records with the same id within a source agree in title or text: a source may use an id again."""
    if a.abstract and b.abstract and likeness(a.abstract, b.abstract) >= _ALIKE:
        return True
    return not is_generic(a.title) and title_difference(a.title, b.title) is not None


def conflicting(a: Paper, b: Paper) -> bool:
    """Whether the ids of two papers show that they are different works."""
    ids_a, ids_b = ids_of(a), ids_of(b)
    arxiv_a, arxiv_b = values(ids_a, "arxiv"), values(ids_b, "arxiv")
    if arxiv_a and arxiv_b:
        return not arxiv_a & arxiv_b
    if arxiv_a or arxiv_b:
        return False
    # What was stored when DOIs were cut at `<` says nothing any more.
    dois_a, dois_b = ({work for i in values(ids, "doi") if (work := work_of(i))} for ids in (ids_a, ids_b))
    if dois_a & dois_b:
        return False
    # A preprint's DOI beside a journal's, or another server's, is no contradiction.
    servers_a, servers_b = ({preprint_server(i) for i in dois} for dois in (dois_a, dois_b))
    return bool(servers_a & servers_b)


def _are_listed_apart(a: Paper, b: Paper) -> bool:
    """Whether two papers have two pages on one site, or DOIs of two publishers.

    Then only an equal title makes them one work.
    """
    works_a, works_b = ({work for i in values(ids_of(p), "doi") if (work := work_of(i))} for p in (a, b))
    published_a, published_b = ({i for i in works if not preprint_server(i)} for works in (works_a, works_b))
    if published_a and published_b:
        return not published_a & published_b
    return scheme(a.id) == scheme(b.id) == "url" and a.id != b.id and _site(a) == _site(b)


def _site(paper: Paper) -> str:
    return paper.id.split("/")[2]


def _by_equal_title(a: Paper, b: Paper) -> str | None:
    apart = _are_listed_apart(a, b)
    alike = _abstract_likeness(a, b, at_least=_ENOUGH if apart else 1)
    if alike is not None and alike >= _ALIKE:
        return f"same title, {_percent(alike)}{_and_authors(a, b)}"
    if apart and alike is None:
        return None
    if _abstract_likeness(a, b) is None:
        return _by_citation(a, b)
    common = authors_in_common(a.authors, b.authors)
    if is_generic(a.title) or not (common >= 2 or (_have_one_team(a, b, common) and _is_long(a.title))):
        return None
    return f"same title, {_authors(common)}"


def _by_near_title(a: Paper, b: Paper, difference: str) -> str | None:
    alike = _abstract_likeness(a, b)
    common = authors_in_common(a.authors, b.authors)
    if alike is None or (not common and a.authors and b.authors) or alike < (_ALIKE if common else _VERY_ALIKE):
        return None
    return f"{difference}, {_percent(alike)}{_and_authors(a, b)}"


def _by_citation(a: Paper, b: Paper) -> str | None:
    """Compare two papers of which one has no abstract: by title, authors and year, as in a bibliography."""
    likely = likelihood(a, b)
    # Most pairs have so little in common that this was quickly said: the words need not be compared.
    if not likely or not is_open(a, b):
        return None
    if not (a.authors and b.authors) and any(map(_has_no_id, (a, b))) and not (_is_citation(a) and _is_citation(b)):
        return "same title, and the record had no other id"
    if likely < LIKELY:
        return None
    difference = title_difference(a.title, b.title) or "titles much alike"
    return f"{difference}{_and_authors(a, b)}"


def is_open(a: Paper, b: Paper) -> bool:
    """Whether two papers may be one work despite different titles, so that `evidence.likelihood` must decide.

    A title typed into a bibliography may have words changed, cut off, glued or misplaced. If both papers came with a
    link or an abstract, their titles are what the authors wrote, and one other word makes another work.
    """
    if are_told_apart(a.title, b.title):
        return False
    if not a.authors or not b.authors:
        if is_generic(a.title) or is_generic(b.title) or not (_is_long(a.title) and _is_long(b.title)):
            return False
        if title_key(a.title) == title_key(b.title):
            return any(map(_has_no_id, (a, b))) or (_is_citation(a) and _is_citation(b))
        # Of two lines of a list of titles, each is there for a reason.
        return bool(a.authors or b.authors) and _is_citation(a) and _is_citation(b)
    common = authors_in_common(a.authors, b.authors)
    if is_generic(a.title) or is_generic(b.title):
        is_whole_team = 2 <= common == len(a.authors) == len(b.authors)
        return is_whole_team and _is_citation(a) and _is_citation(b) and a.published == b.published is not None
    if _is_citation(a) or _is_citation(b):
        return True
    return (common >= 2 or _have_one_team(a, b, common)) and title_difference(a.title, b.title) is not None


def _has_no_id(paper: Paper) -> bool:
    return scheme(paper.id) == "title" and not has_strong_id(paper)


def _is_citation(paper: Paper) -> bool:
    return not paper.abstract and not paper.url


def _is_long(title: str) -> bool:
    return len(title_key(title)) >= SHORT_TITLE


def _have_one_team(a: Paper, b: Paper, common: int) -> bool:
    """Whether *common* shared authors make one team; one is enough in lists of at most two, or as the first of both.

    Lists are often cut after the first author. But the editor of a column has other co-authors every time, and where
    abstracts differ, an equal first author says little.
    """
    if 2 * common >= max(len(a.authors), len(b.authors)):
        return common > 0
    return _abstract_likeness(a, b) is None and authors_in_common(a.authors[:1], b.authors[:1]) > 0


def _by_abstract(a: Paper, b: Paper) -> str | None:
    """Compare abstracts where titles differ: a preprint may be renamed when it is published."""
    alike = _abstract_likeness(a, b)
    # Most pairs share a sentence at most: who wrote them need not be compared.
    if alike is None or alike < _ALIKE_IN_ALL or alike < _alike_enough(a, b):
        return None
    if alike >= _VERY_ALIKE:
        if are_surely_of_a_series(a.title, b.title):
            return None
    elif _are_told_apart(a, b):
        return None
    return f"{_percent(alike)}{_and_authors(a, b)}"


def _are_told_apart(a: Paper, b: Paper) -> bool:
    """Whether a word of the titles or a short abstract leaves a doubt, although half of the abstracts agree."""
    if are_of_a_series(a.title, b.title) or are_of_other_kinds(a.title, b.title):
        return True
    return len(_shingles(a.abstract) & _shingles(b.abstract)) < _SAID_TWICE


def _alike_enough(a: Paper, b: Paper) -> float:
    """Return the likeness two abstracts need under different titles, 0 to 1: the more authors in common, the less."""
    if not a.authors or not b.authors:
        return _ALIKE_OF_STRANGERS
    common, leader = authors_in_common(a.authors, b.authors), authors_in_common(a.authors[:1], b.authors[:1])
    least, most = sorted((len(a.authors), len(b.authors)))
    # Who leads stays when a preprint is revised, and authors are rather added than replaced.
    if common >= 5 and 5 * common >= 4 * most:
        titled = share_words(a.title, b.title)
        if leader and titled and most <= _LARGEST_TEAM:
            return _ALIKE_IN_ALL
        if leader or titled:
            return _ALIKE_OF_A_TEAM
    elif common == least == most and share_words(a.title, b.title) and _are_in_order(a, b):
        return _ALIKE_OF_A_TEAM
    if 2 * common >= most and (common >= 2 or leader):
        return _ALIKE_OF_HALF
    if common >= 2 or (common == least and leader):
        return _VERY_ALIKE
    return _ALIKE_OF_STRANGERS if common else _NEVER


def _are_in_order(a: Paper, b: Paper) -> bool:
    return all(authors_in_common([one], [other]) for one, other in zip(a.authors, b.authors, strict=True))


def _authors(n: int) -> str:
    return "an author in common" if n == 1 else f"{n} authors in common"


def _and_authors(a: Paper, b: Paper) -> str:
    common = authors_in_common(a.authors, b.authors)
    return f", {_authors(common)}" if common else ""


def _percent(alike: float) -> str:
    return f"abstract {int(alike * 100)} % alike"


# -- abstracts


def likeness(a: str, b: str) -> float:
    """Return the share of the shorter text's five-word shingles that the longer text has too; 0 to 1."""
    return _share(_shingles(a), _shingles(b))


def _abstract_likeness(a: Paper, b: Paper, *, at_least: int = _ENOUGH) -> float | None:
    """Return the likeness of two papers' abstracts, 0 to 1; None if one is too short to compare."""
    shingles_a, shingles_b = _shingles(a.abstract), _shingles(b.abstract)
    return _share(shingles_a, shingles_b) if min(len(shingles_a), len(shingles_b)) >= at_least else None


def _share(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else 0.0


@lru_cache(maxsize=256)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    if len(words) < _SHINGLE:
        return frozenset([tuple(words)] if words else ())
    return frozenset(zip(*(words[i:] for i in range(_SHINGLE)), strict=False))
