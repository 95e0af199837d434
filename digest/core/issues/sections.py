"""Divide the entries of an issue into sections by topic, or by the field of topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from digest.core.models import Entry, Section

OTHER: Final = "Other topics"
_OF_ITS_OWN: Final = 3
"""Entries that a topic needs to be a section; entries of smaller topics go together under their field."""


def sections(entries: Sequence[Entry], field_of: Callable[[str], str]) -> tuple[Section, ...]:
    """Divide entries, best first, into sections by topic; each is in exactly one.

    A topic that is the first of fewer than three entries is no section: these entries go to another of their topics
    that is one, else to a field of their topics with two entries, else to the last section, the rest. A field and a
    topic of it are not both sections: such topics become one section with the rest of their field, but where that would
    be most of the issue; there the topics stay, and what has none of them goes to the last section. The section of the
    best entry comes first. The best entry itself is not put into the last one if other entries have a section.
    """
    leading = Counter(e.summary.topics[0] for e in entries if e.summary.topics)
    own = {topic for topic, n in leading.items() if n >= _OF_ITS_OWN}
    fields = {id(e): tuple(dict.fromkeys(field_of(t) for t in e.summary.topics)) for e in entries}
    loose = [e for e in entries if not own.intersection(e.summary.topics)]
    gathering = Counter(field for e in loose for field in fields[id(e)])
    named: dict[str, list[Entry]] = {}
    for entry in entries:
        topic = next((t for t in entry.summary.topics if t in own), None)
        field = next((f for f in fields[id(entry)] if f in own or gathering[f] > 1), OTHER)
        named.setdefault(topic or field, []).append(entry)
    _settle_fields(named, own, field_of, len(entries))
    for name in [n for n in named if n not in own and n != OTHER]:
        if len(named[name]) == 1:
            # The other entries of its field have sections: it goes to that of another of its fields, or to the rest.
            [entry] = named.pop(name)
            named.setdefault(next((f for f in fields[id(entry)] if f in named), OTHER), []).append(entry)
    if entries and named.keys() > {OTHER} and entries[0] in named[OTHER]:
        at = [f for f in fields[id(entries[0])] if f in named or all(field_of(t) != f for t in named)]
        if at:
            named[OTHER].remove(entries[0])
            named.setdefault(next((f for f in at if f in named), at[0]), []).append(entries[0])
    position = {id(e): n for n, e in enumerate(entries)}
    parts = [
        Section(topic=topic, entries=tuple(sorted(es, key=lambda e: position[id(e)])))
        for topic, es in named.items()
        if es
    ]
    return tuple(sorted(parts, key=lambda part: (part.topic == OTHER, position[id(part.entries[0])])))


def _settle_fields(named: dict[str, list[Entry]], own: set[str], field_of: Callable[[str], str], entries: int) -> None:
    """Let no section be a field that has a topic beside it as a section of its own."""
    for field in [name for name in named if name not in own and name != OTHER]:
        topics = [name for name in named if name in own and name != field and field_of(name) == field]
        if not topics:
            continue
        if 2 * sum(len(named[name]) for name in (field, *topics)) <= entries:
            for topic in topics:
                named[field] += named.pop(topic)
        else:
            named.setdefault(OTHER, []).extend(named.pop(field))
