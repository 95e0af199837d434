"""Category first: the topic that a paper's own category gives it, and its place among those that the text names.

    math.AP  ──► "Partial differential equations", always: authors and moderators chose it
    cs.LG    ──► "Machine learning", only where the text names nothing narrower: too many kinds of papers stand there

The topic of the primary category goes first, but for one that the title names and that is of the same field, or that
another of the paper's categories gives: in math.AP a title's "Brownian motion" is the better word, its "learning" is
not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from digest.core.topics.taxonomy import Topic
from digest.core.topics.weighing import MOST_TOPICS, Chosen, with_archive

VAGUE: Final = frozenset(
    """
    cs.ai cs.ce cs.cl cs.cr cs.cv cs.cy cs.et cs.gl cs.lg cs.lo cs.mm cs.ne cs.oh cs.ro eess.iv math math.gm math.ho
    physics physics.app-ph physics.comp-ph physics.data-an physics.gen-ph physics.hist-ph physics.ins-det
    physics.pop-ph physics.soc-ph q-bio q-bio.ot q-bio.qm stat stat.ap stat.ml stat.ot
    bioengineering bioinformatics biophysics biochemistry physiology zoology
    """.split()
)
"""Categories that hold papers of too many kinds to give their topic for sure."""


def by_category(topics: Sequence[Topic]) -> Mapping[str, tuple[int, ...]]:
    """Return category → the numbers of the topics that have it, in order."""
    found: dict[str, tuple[int, ...]] = {}
    for number, topic in enumerate(topics):
        for category in topic.categories:
            found[category] = (*found.get(category, ()), number)
    return found


def first(homes: Mapping[str, tuple[int, ...]], categories: Sequence[str]) -> int | None:
    """Return the topic of the first of *categories* that has one; "math.AP" goes before "math"."""
    names = (name for category in categories for name in with_archive(category))
    return next((homes[name][0] for name in names if name in homes), None)


def certain(
    topics: Sequence[Topic],
    homes: Mapping[str, tuple[int, ...]],
    categories: Sequence[str],
    chosen: Collection[int],
) -> int | None:
    """Return the topic that the primary of *categories* gives for sure; None if it is vague, or gives none.

    Of several topics of one category the text chooses. A broad topic is needless beside a chosen one of its field.

    Args:
        chosen: The topics that the text is enough for, the most fitting first.
    """
    if not categories or categories[0].casefold() in VAGUE:
        return None
    for name in with_archive(categories[0]):
        if here := homes.get(name):
            named = [n for n in chosen if n in here]
            narrow = [n for n in here if not topics[n].broad]
            if named or narrow:
                return (named or narrow)[0]
            fields = {topics[n].field for n in chosen}
            return None if topics[here[0]].field in fields else here[0]
    return None


def settle(topics: Sequence[Topic], chosen: Sequence[Chosen], home: int, said: Collection[str]) -> list[int]:
    """Return the numbers of the *chosen* topics with *home* among them, at most `MOST_TOPICS`.

    Args:
        home: The topic that is certain by the category. What the title names goes before it if it is of the same field
            or another category's own topic; all else goes behind.
        said: The paper's categories in lower case, with their archives.
    """
    field = topics[home].field
    before: list[int] = []
    for one in chosen:
        topic = topics[one.number]
        is_next = one.in_title and topic.field == field
        is_other = one.is_head and not topic.broad and not topic.categories.isdisjoint(said)
        if one.number == home or not (is_next or is_other) or len(before) == MOST_TOPICS - 1:
            break
        before.append(one.number)
    return [*before, home, *(one.number for one in chosen if one.number not in (home, *before))][:MOST_TOPICS]
