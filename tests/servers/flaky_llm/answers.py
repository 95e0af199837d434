"""What a model could say of the papers in a request: well, and in each of many wrong ways.

Good answers are sentences of the abstract itself and always the same, so a test can tell whose it is.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.servers.flaky_llm.reading import Block

Item = dict[str, Any]
"""An answer on one paper: id, tldr, points, topics."""


def good_items(blocks: Sequence[Block]) -> list[Item]:
    """A summary of each paper in its own sentences, always the same."""
    items = []
    for block in blocks:
        sentences = [
            s[:300].rsplit(" ", 1)[0] if len(s) > 300 else s for s in re.split(r"(?<=[.!?]) +", block.abstract)
        ]
        sentences = [s for s in sentences if len(s) > 30] or [f"{block.title}: {block.abstract}"[:300]]
        topics = [word for word in block.title.split() if len(word) > 6][:2]
        items.append({"id": block.id, "tldr": sentences[0], "points": sentences[1:3], "topics": topics})
    return items


def good_overview(blocks: Sequence[Block]) -> dict[str, Any]:
    """A sentence on each of the first four entries, in its own words."""
    told = [
        {"text": (block.abstract or block.title).splitlines()[0][:300], "papers": [block.id]} for block in blocks[:4]
    ]
    return {"sentences": told}


def dumped(items: Sequence[Item]) -> str:
    """As it was asked for."""
    return json.dumps({"papers": list(items)})


# --- JSON -------------------------------------------------------------------------------------------------------------


def _single_quoted(items: Sequence[Item]) -> str:
    return repr({"papers": list(items)})


def _with_members(items: Sequence[Item], text: str) -> str:
    """*text* as further members of each item, as it stands."""
    return dumped(items).replace('"id":', f'{text}, "id":')


def _raw(items: Sequence[Item], mark: str) -> str:
    """With a character in the words that no JSON string may hold as it is."""
    marked = [{**item, "tldr": item["tldr"].replace(" ", " \0", 2)} for item in items]
    return dumped(marked).replace("\\u0000", mark)


def _wrong_types(items: Sequence[Item]) -> str:
    """Numbers for words, words for lists, nothing for something: in every second item."""
    wrong = [
        {**item, "points": "; ".join(item["points"]), "topics": None, "id": int(item["id"])} if place % 2 else item
        for place, item in enumerate(items)
    ]
    return dumped(wrong)


JSON_FAULTS: Final[Mapping[str, Callable[[Sequence[Item]], str]]] = {
    "fence": lambda items: f"Sure!\n```json\n{json.dumps(items, indent=1)}\n```\nAnything else?",
    "prose": lambda items: f"Here are the summaries you asked for.\n{dumped(items)}\nI hope this helps {{really}}!",
    "trailing comma": lambda items: dumped(items).replace("}]}", "},]}").replace("], ", ",], "),
    "single quotes": _single_quoted,
    "not a number": lambda items: _with_members(items, '"score": NaN'),
    "infinity": lambda items: _with_members(items, '"score": -Infinity'),
    "duplicate keys": lambda items: _with_members(items, '"tldr": "to be written"'),
    "byte order mark": lambda items: f"\ufeff{dumped(items)}",
    "bare list": lambda items: json.dumps(list(items)),
    "wrapped": lambda items: json.dumps({"status": "ok", "result": {"data": {"papers": list(items)}}}),
    "wrapped by id": lambda items: json.dumps({"papers": {f"paper {item['id']}": item for item in items}}),
    "strings": lambda items: json.dumps({"papers": [f"{item['id']}: {item['tldr']}" for item in items]}),
    "strings of JSON": lambda items: json.dumps({"papers": [json.dumps(item) for item in items]}),
    "wrong types": _wrong_types,
    "further members": lambda items: _with_members(items, '"confidence": 0.9, "sources": [{"url": null}]'),
    "raw line breaks": lambda items: _raw(items, "\n"),
    "raw quotes": lambda items: _raw(items, '"'),
    "two documents": lambda items: dumped(items[: len(items) // 2]) + "\n" + dumped(items[len(items) // 2 :]),
    "one a line": lambda items: "\n".join(json.dumps(item) for item in items),
    "comments": lambda items: dumped(items).replace('{"id":', '// the next paper\n{"id":'),
    "no commas": lambda items: dumped(items).replace("}, {", "}\n{"),
    "a brace lost": lambda items: dumped(items).replace("}, {", ", {", 1),
    "upper-case names": lambda items: re.sub(r'"(id|tldr|points|topics)":', lambda m: m[0].upper(), dumped(items)),
    "escaped twice": lambda items: json.dumps(dumped(items)),
    "nothing": lambda items: "{}",
    "null": lambda items: "null",
    "an empty list": lambda items: '{"papers": []}',
    "thinking first": lambda items: f'<think>The first is {{"id": "1"}}, or is it?</think>\n{dumped(items)}',
}
"""Name → the same items, written in that wrong way."""

# --- ids --------------------------------------------------------------------------------------------------------------


def _missing(items: list[Item], rnd: random.Random, share: float) -> list[Item]:
    kept = sorted(rnd.sample(range(len(items)), len(items) - round(len(items) * share)))
    return [items[place] for place in kept]


def _duplicated(items: list[Item], rnd: random.Random, share: float) -> list[Item]:
    """Some ids come twice, and say the second time what another paper's item says."""
    others = items[1:] + items[:1]
    doubled = rnd.sample(list(zip(items, others, strict=True)), math.ceil(len(items) * share))
    return [*items, *({**other, "id": item["id"]} for item, other in doubled)]


def _swapped(items: list[Item], rnd: random.Random, share: float) -> list[Item]:
    """Two papers, drawn by lot, have each other's summary."""
    if len(items) < 2:
        return items
    a, b = rnd.sample(range(len(items)), 2)
    ids = [item["id"] for item in items]
    ids[a], ids[b] = ids[b], ids[a]
    return [{**item, "id": named} for item, named in zip(items, ids, strict=True)]


def _rotated(items: list[Item], rnd: random.Random, share: float) -> list[Item]:
    """Each summary under the next paper's id."""
    ids = [item["id"] for item in items]
    return [{**item, "id": other} for item, other in zip(items, ids[1:] + ids[:1], strict=True)]


def _invented(items: list[Item], rnd: random.Random, share: float) -> list[Item]:
    return [*items, *({**item, "id": str(100 + place)} for place, item in enumerate(items[:2]))]


def _extra(items: list[Item], rnd: random.Random, share: float) -> list[Item]:
    """One more than there are papers."""
    return [
        *items,
        {"id": str(len(items) + 1), "tldr": "A paper nobody sent is summed up.", "points": [], "topics": []},
    ]


ID_FAULTS: Final[Mapping[str, Callable[[list[Item], random.Random, float], list[Item]]]] = {
    "missing": _missing,
    "extra": _extra,
    "invented": _invented,
    "duplicated": _duplicated,
    "swapped": _swapped,
    "rotated": _rotated,
    "re-cased": lambda items, rnd, share: [{**item, "id": f"#{item['id']} ABCD"} for item in items],
    "integers": lambda items, rnd, share: [{**item, "id": int(item["id"])} for item in items],
    "reversed": lambda items, rnd, share: items[::-1],
    "first half": lambda items, rnd, share: items[: (len(items) + 1) // 2],
}
"""Name → the items with their ids in that wrong way; the share is of those that are missing or doubled."""

# --- content ----------------------------------------------------------------------------------------------------------

FRENCH: Final = (
    "Nous présentons une méthode nouvelle pour étudier ces objets et nous montrons que les résultats sont meilleurs "
    "que ceux de toutes les autres méthodes qui ont été proposées avant."
)


def _tldr(change: Callable[[str], str]) -> Callable[[Item, Item], Item]:
    return lambda item, other: {**item, "tldr": change(item["tldr"])}


CONTENT_FAULTS: Final[Mapping[str, Callable[[Item, Item], Item]]] = {
    "number": _tldr(lambda said: f"{said} It gains 61.83 %."),
    "unit": _tldr(lambda said: re.sub(r"(\d+(?:\.\d+)?)\s?%", r"\1 times", said)),
    "overclaim": _tldr(lambda said: f"{said} This solves the problem for all models, always, and beyond any doubt."),
    "other paper": lambda item, other: {**other, "id": item["id"]},
    "long": _tldr(lambda said: (said + " ") * (10_000 // (len(said) + 1) + 1)),
    "empty": _tldr(lambda said: ""),
    "blank": _tldr(lambda said: " \n\t"),
    "other language": lambda item, other: {**item, "tldr": FRENCH, "points": [FRENCH]},
    "html": _tldr(lambda said: f"<b>{said}</b><script>alert(1)</script>"),
    "javascript": _tldr(lambda said: f"{said} [more](javascript:alert(1))"),
    "address": _tldr(lambda said: f"{said} See https://evil.example/x."),
    "invisible": _tldr(lambda said: "\u200b".join(said) + "\u202e"),
    "topic outside": lambda item, other: {**item, "topics": ["Buy Crypto Now", "<i>x</i>"]},
}
"""Name → what is said of one paper, in that wrong way; the second item is that of the next paper."""


def with_content(items: Sequence[Item], what: str) -> list[Item]:
    """Every item with that fault."""
    others = [*items[1:], *items[:1]]
    return [CONTENT_FAULTS[what](item, other) for item, other in zip(items, others, strict=True)]
