"""Compare the author lists of two papers: how many people they have in common, however each list writes names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

from digest.core.identity.ids import title_key


def authors_in_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Count the authors that two lists may have in common: "J. A. Smith" is "John Smith", "Wang Wei" is "Wei Wang"."""
    names_a, names_b = _names(tuple(a)), _names(tuple(b))
    certain = (names_a & names_b).total()
    if certain == min(names_a.total(), names_b.total()):
        return certain
    # The same lists in the other order give the same number.
    some, others = sorted(map(_in_order, (names_a - names_b, names_b - names_a)))
    by_part = defaultdict(list)
    for n, name in enumerate(others):
        for part in name:
            by_part[part].append(n)
    taken: set[int] = set()
    for name in some:
        likely = (n for part in name if len(part) > 1 for n in by_part[part] if n not in taken)
        match = next((n for n in likely if _may_be_one(frozenset(name), frozenset(others[n]))), None)
        if match is not None:
            taken.add(match)
    return certain + len(taken)


@lru_cache(maxsize=4096)
def _names(names: tuple[str, ...]) -> Counter[frozenset[str]]:
    """Return the parts of each name, counted. The result is cached and shared: callers must not change it."""
    return Counter(filter(None, map(_name_parts, names)))


def _in_order(names: Counter[frozenset[str]]) -> list[list[str]]:
    return sorted(sorted(name) for name in names.elements())


def _name_parts(name: str) -> frozenset[str]:
    """The words of a name: no case, no accents, no hyphens; initials written together, as PubMed's "Doe AB", apart."""
    words = name.replace(".", " ").split()
    if not name.isupper():
        words = [part for w in words for part in (w if w.isupper() and len(w) <= 3 else (w,))]
    return frozenset(filter(None, map(title_key, words)))


def _may_be_one(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether all parts of the shorter name are in the longer, or are short for parts that are."""
    a, b = sorted((a, b), key=len)
    rest_b = b - a
    for part in a - b:
        other = next((o for o in sorted(rest_b) if _is_short_for(*sorted((part, o), key=len))), None)
        if other is None:
            return False
        rest_b -= {other}
    return True


def _is_short_for(a: str, b: str) -> bool:
    """Whether *a* may stand for *b*: "T" and "Tim" for "Timothy", but not "Chen" for "Cheng"."""
    return b.startswith(a) and (len(a) == 1 or (len(a) >= 3 and len(b) >= 6))
