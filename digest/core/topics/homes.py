"""Category first: the topic that a paper's own category gives it, and its place among those that the text names.

    math.AP  ──► "Partial differential equations", always: authors and moderators chose it
    cs.LG    ──► "Machine learning", only where the text names nothing narrower: too many kinds of papers stand there

The topic of the primary category goes first, but for one that the title names and that is of a field which speaks of
the category, or that another of the paper's categories gives: in math.AP a title's "Brownian motion" is the better
word, its "learning" is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from digest.core.topics.taxonomy import Topic
from digest.core.topics.weighing import MOST_TOPICS, Chosen, with_archive

VAGUE: Final = frozenset(
    """
    bioengineering cs.ai cs.ce cs.cl cs.cr cs.cv cs.cy cs.et cs.gl cs.lg cs.lo cs.mm cs.ne cs.oh cs.ro eess.iv
    physics.soc-ph q-bio q-bio.ot q-bio.qm stat stat.ml
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
    *,
    is_guess: bool = False,
) -> int | None:
    """Return the topic that the primary of *categories* gives for sure; None if it is vague, or gives none.

    Of several topics of one category the text chooses, and of a broad topic's field the narrower one that it names.

    Args:
        chosen: The topics that the text is enough for, the most fitting first.
        is_guess: The category is guessed, if with confidence: any topic of its field that the text names is better.
    """
    if not categories or categories[0].casefold() in VAGUE:
        return None
    here = next((homes[name] for name in with_archive(categories[0]) if name in homes), ())
    named = [n for n in chosen if n in here]
    narrow = [n for n in here if not topics[n].broad]
    fields = {topics[n].field for n in here}
    near = [n for n in chosen if topics[n].field in fields and not topics[n].broad]
    if is_guess:
        return next(iter(near or narrow or here), None)
    return next(iter(named if named and not topics[named[0]].broad else narrow or near or here), None)


def settle(
    topics: Sequence[Topic], chosen: Sequence[Chosen], home: int, primary: str, said: Collection[str]
) -> list[int]:
    """Return the numbers of the *chosen* topics with *home* among them, at most `MOST_TOPICS`.

    Args:
        home: The topic that is certain by the category. What the title names goes before it if it is of the same field
            or of another that speaks of the category too, or if it is another category's own topic; all else goes
            behind.
        primary: The category that gives *home*.
        said: The paper's categories in lower case, with their archives.
    """
    field, category = topics[home].field, primary.casefold()
    before: list[int] = []
    for one in chosen:
        topic = topics[one.number]
        is_next = one.in_title and topic.field == field
        is_near = one.is_head and category in topic.company
        is_other = one.is_head and not topic.broad and not topic.categories.isdisjoint(said)
        if one.number == home or not (is_next or is_near or is_other) or len(before) == MOST_TOPICS - 1:
            break
        before.append(one.number)
    return [*before, home, *(one.number for one in chosen if one.number not in (home, *before))][:MOST_TOPICS]
