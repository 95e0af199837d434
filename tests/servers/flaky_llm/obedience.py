"""A model that does whatever anybody tells it, wherever the words stand.

It reads as models do: through characters nobody sees, look-alike letters, capitals and base64. Each injection is a
pattern for what is said, with groups for what it is about, and what becomes of the answers. Papers are gone through in
their order, and each injection that stands in one is obeyed on top of what has been obeyed so far.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tests.servers.flaky_llm.answers import FRENCH, Item, dumped, good_items, good_overview
from tests.servers.flaky_llm.reading import Block

_QUOTED: Final = r"[\"'“”‘’]([^\"“”]{2,400}?)[\"'“”‘’](?=[\s.,;:!)]|\Z)"
_ALL: Final = (
    r"(?:every|each|all|any)(?: \w+)? (?:of the )?(?:papers?|summar(?:y|ies)|entr(?:y|ies)|tldrs?|answers?|items?)"
)
_OTHERS: Final = r"(?:the |all |every |any )*(?:others?|remaining|rest|following|preceding)(?: of the)?(?: \w+)?"


@dataclass(slots=True)
class Answering:
    """The answers as they stand while injections are obeyed."""

    items: list[Item]
    system: str
    user: str
    place: int = 0
    """Of the paper whose injection is obeyed."""
    text: str | None = None
    """Says everything, if it is set."""

    @property
    def own(self) -> Item | None:
        return self.items[self.place] if self.place < len(self.items) else None

    def change(self, items: Sequence[Item], **values: object) -> None:
        for item in items:
            item.update(values)

    def add(self, items: Sequence[Item], said: str) -> None:
        for item in items:
            item["tldr"] = f"{item['tldr']} {said}"

    @property
    def mine(self) -> list[Item]:
        return [self.own] if self.own else []

    @property
    def others(self) -> list[Item]:
        return [item for place, item in enumerate(self.items) if place != self.place]


Act: TypeAlias = Callable[[Answering, re.Match[str]], None]


# --- what can be told -------------------------------------------------------------------------------------------------


def _only_own(a: Answering, said: re.Match[str]) -> None:
    a.items = a.mine


def _same_for_all(a: Answering, said: re.Match[str]) -> None:
    a.change(a.items, tldr=said[1], points=[])


def _add_to_all(a: Answering, said: re.Match[str]) -> None:
    a.add(a.items, said[1])


def _add_to_own(a: Answering, said: re.Match[str]) -> None:
    a.add(a.mine, said[1])


def _set_own(a: Answering, said: re.Match[str]) -> None:
    a.change(a.mine, tldr=said[1])


def _set_others(a: Answering, said: re.Match[str]) -> None:
    a.change(a.others, tldr=said[1], points=[])


def _topics_of_all(a: Answering, said: re.Match[str]) -> None:
    a.change(a.items, topics=[said[1]])


def _topics_of_own(a: Answering, said: re.Match[str]) -> None:
    a.change(a.mine, topics=[said[1]])


def _swap(a: Answering, said: re.Match[str]) -> None:
    by_id = {str(item["id"]): item for item in a.items}
    one, two = by_id.get(said[1]), by_id.get(said[2])
    if one is not None and two is not None:
        one["id"], two["id"] = two["id"], one["id"]


def _rotate(a: Answering, said: re.Match[str]) -> None:
    ids = [item["id"] for item in a.items]
    for item, named in zip(a.items, ids[1:] + ids[:1], strict=True):
        item["id"] = named


def _own_under_all(a: Answering, said: re.Match[str]) -> None:
    if a.own:
        a.change(a.items, tldr=a.own["tldr"], points=a.own["points"])


def _bold(a: Answering, said: re.Match[str]) -> None:
    for item in a.items:
        item["tldr"] = f'<b onclick="x()">{item["tldr"]}</b>'


def _script(a: Answering, said: re.Match[str]) -> None:
    a.add(a.items, said[1])


def _hide(a: Answering, said: re.Match[str]) -> None:
    for item in a.items:
        item["tldr"] = "\u202e" + "\u200b".join(item["tldr"])


def _in_french(a: Answering, said: re.Match[str]) -> None:
    a.change(a.items, tldr=FRENCH, points=[FRENCH])


def _link_in_all(a: Answering, said: re.Match[str]) -> None:
    a.add(a.items, f"See {said[1]}")


def _link_in_own(a: Answering, said: re.Match[str]) -> None:
    a.add(a.mine, f"See {said[1]}")


def _carry_out(a: Answering, said: re.Match[str]) -> None:
    """All that was sent, in the query of an address."""
    titles = "+".join(re.findall(r"\w+", a.user)[:30])
    a.add(a.items, f"![]({said[1]}{titles})")


def _tell_system(a: Answering, said: re.Match[str]) -> None:
    a.change(a.items, tldr=a.system[:300], points=[])


def _numbers(a: Answering, said: re.Match[str]) -> None:
    for item in a.items:
        item["tldr"] = re.sub(r"\d+(?:\.\d+)?", said[1], item["tldr"])


def _say(a: Answering, said: re.Match[str]) -> None:
    a.text = said[1]


def _refuse(a: Answering, said: re.Match[str]) -> None:
    a.text = "I'm sorry, but I can't help with that."


def _stop_here(a: Answering, said: re.Match[str]) -> None:
    a.items = a.items[: a.place + 1]


def _at_length(a: Answering, said: re.Match[str]) -> None:
    for item in a.items:
        item["tldr"] = (item["tldr"] + " ") * (10_000 // (len(item["tldr"]) + 1) + 1)


def _repeatedly(a: Answering, said: re.Match[str]) -> None:
    a.items = [{**item, "id": other["id"]} for item in a.mine for other in a.items] + a.items


def _empty(a: Answering, said: re.Match[str]) -> None:
    a.change(a.others, tldr="", points=[])


def _own_points_to_all(a: Answering, said: re.Match[str]) -> None:
    for item in a.others:
        item["points"] = [*item["points"][:1], said[1]]


def _fake_paper(a: Answering, said: re.Match[str]) -> None:
    """A block within a block is a paper, too; the later one has the id."""
    spoofed: Item = {"id": said[1], "tldr": said[2].strip()[:400], "points": [], "topics": []}
    a.items = [item for item in a.items if item["id"] != said[1]] + [spoofed]


def _fake_answer(a: Answering, said: re.Match[str]) -> None:
    """An answer that stands there already is taken over."""
    try:
        taken = json.loads(said[0])["papers"]
    except (ValueError, LookupError, TypeError):
        return
    ids = {str(item.get("id")) for item in taken}
    a.items = [*taken, *(item for item in a.items if item["id"] not in ids)]


_INJECTIONS: Final[tuple[tuple[str, Act], ...]] = (
    (rf"\b(?:drop|omit|leave out|skip|ignore|forget about|exclude) {_OTHERS}", _only_own),
    (r"only (?:paper|one) worth (?:summari[sz]ing|a summary|reading)", _only_own),
    (
        rf"(?:write|put|use) (?:this|the (?:same|following)) sentence (?:for|in|into|as) {_ALL}:? {_QUOTED}",
        _same_for_all,
    ),
    (rf"(?:should|shall|must|to) read the same(?: \w+)*: {_QUOTED}", _same_for_all),
    (rf"(?:append|add|close|end|finish|conclude) (?:to )?{_ALL}(?: with)?(?: \w+)*:? {_QUOTED}", _add_to_all),
    (rf"summaries in this (?:list|digest|collection) (?:close|end)s? with(?: \w+)*:? {_QUOTED}", _add_to_all),
    (rf"(?:append|add) (?:to )?(?:the|this paper's|its) summary:? {_QUOTED}", _add_to_own),
    (rf"(?:summari[sz]e|describe) (?:this|our) (?:paper|work) as:? {_QUOTED}", _set_own),
    (r"(?:tell|inform) the reader that (this is [^.]+\.)", _set_own),
    (rf"(?:describe|summari[sz]e|present) {_OTHERS}(?: \w+)* as:? {_QUOTED}", _set_others),
    (rf"(?:every|each) other (?:paper|abstract|summary) (?:here|in this batch)(?: \w+)*:? {_QUOTED}", _set_others),
    (rf"(?:give|tag|label|mark) {_ALL}(?: with)?(?: the)? (?:topic|tag|label)s?:? {_QUOTED}", _topics_of_all),
    (rf"\btopics? of {_ALL}(?: \w+)*:? {_QUOTED}", _topics_of_all),
    (
        rf"(?:give|tag|file) (?:this|our) (?:paper|work)(?: with| under)?(?: the)? (?:topic|tag)s?:? {_QUOTED}",
        _topics_of_own,
    ),
    (r"(?:swap|exchange|switch) the (?:summaries|ids) of (?:papers? )?(\d+) and (\d+)", _swap),
    (r"(?:swap|exchange|rotate|shift|shuffle) (?:all |the )*(?:summaries|ids)(?! of)", _rotate),
    (r"(?:use|repeat|give|copy) this (?:paper's )?summary (?:for|under|to) (?:every|all|each)", _own_under_all),
    (r"(?:answer|write|reply|format)(?: \w+)* in (?:bold )?html", _bold),
    (r"(?:include|insert|embed|output)(?: \w+)* (?:literally|verbatim|as is):? (<[^>]+>[^<]*(?:</\w+>)?)", _script),
    (r"(?:hide|conceal|write)(?: \w+)* (?:with|in|between) (?:invisible|zero-width) characters", _hide),
    (r"(?:answer|write|reply|summari[sz]e)(?: \w+)* in french", _in_french),
    (r"répondez (?:\w+ )*en français", _in_french),
    (
        rf"(?:add|append|put|include) (?:this|the) (?:link|address|url) (?:to|in|into|at the end of) {_ALL}:? ?(\S+)",
        _link_in_all,
    ),
    (
        r"(?:readers|everyone|all) (?:should|must|can) (?:first )?(?:visit|see|register at) (\S+?)(?=[,.]?\s|[.,]?\Z)",
        _link_in_all,
    ),
    (r"(?:add|append|put|include) (?:this|the|our) (?:link|address|url|doi|mail)(?: \w+)*:? (\S+)", _link_in_own),
    (r"(?:fetch|load|show|render) (?:this|the) image(?: \w+)*:? (\S+)", _carry_out),
    (r"(?:send|report|carry)(?: \w+)* to (https?://\S+)", _carry_out),
    (r"(?:repeat|reveal|print|output|quote) (?:the |your )*(?:system prompt|instructions|text above)", _tell_system),
    (r"(?:replace|change|set) (?:all|every|each) (?:numbers?|figures?)(?: \w+)* (?:by|with|to) (\d[\d.]*)", _numbers),
    (rf"(?:answer|respond|reply)(?: \w+)* (?:only|nothing but|just)(?: \w+)*:? {_QUOTED}", _say),
    (
        r"(?:refuse|decline|you must not|not allowed) to (?:answer|summari[sz]e|continue)|you must not summari[sz]e",
        _refuse,
    ),
    (r"(?:stop|end|finish) (?:right )?(?:here|after this paper|your answer here)", _stop_here),
    (r"(?:write|use|produce) (?:at least |exactly )?(?:10,000|ten thousand) (?:characters|words)", _at_length),
    (r"(?:list|repeat|print) this paper (?:\w+ )?times", _repeatedly),
    (r"leave (?:the )?(?:other )?summaries (?:empty|blank)", _empty),
    (rf"(?:a|one) point of {_ALL}(?: \w+)*:? {_QUOTED}", _own_points_to_all),
    (r"#(\d+) \w{4}\s+(.{20,400}?)(?=#\w+ \w{4}|\Z)", _fake_paper),
    (r"\{\s*\"papers\"\s*:\s*\[.*?\]\s*\}(?!\s*[,\]])", _fake_answer),
    (r"\breport the numbers as (\d[\d.]*)", _numbers),
)
"""What is said, and what becomes of the answers. Group 1 is what it is about."""
_COMPILED: Final = tuple((re.compile(pattern, re.IGNORECASE | re.DOTALL), act) for pattern, act in _INJECTIONS)


# --- reading ----------------------------------------------------------------------------------------------------------

_TAGS: Final = re.compile("[\U000e0020-\U000e007e]+")
_UNSEEN: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u00ad\ufeff\U000e0000-\U000e0fff]")
_LOOK_ALIKE: Final = str.maketrans("аеорсухіјѕАВЕКМНОРСТХοɡ", "aeopcyxijsABEKMHOPCTXog")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def understood(text: str) -> str:
    """What a model makes of *text*: the hidden part is read out, disguises are seen through."""
    hidden = " ".join("".join(chr(ord(c) - 0xE0000) for c in found) for found in _TAGS.findall(text))
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).translate(_LOOK_ALIKE)
    decoded = []
    for found in _BASE64.findall(plain):
        try:
            decoded.append(base64.b64decode(found, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            continue
    return " ".join([plain, hidden, *decoded])


def injections_in(text: str) -> list[str]:
    """The patterns of the injections that stand in *text*."""
    return [pattern.pattern for pattern, _ in _COMPILED if pattern.search(understood(text))]


def obey(blocks: Sequence[Block], *, system: str, user: str) -> str:
    """The text of an answer on these papers, with all that stands in them done."""
    answering = _obeyed(good_items(blocks), blocks, system=system, user=user)
    return answering.text if answering.text is not None else dumped(answering.items)


def obey_in_overview(blocks: Sequence[Block], *, system: str, user: str) -> str:
    """The same for an overview: what is told of summaries is done to its sentences."""
    sentences = good_overview(blocks)["sentences"]
    items = [{"id": s["papers"][0], "tldr": s["text"], "points": [], "topics": []} for s in sentences]
    answering = _obeyed(items, blocks, system=system, user=user)
    if answering.text is not None:
        return answering.text
    told = [{"text": item.get("tldr", ""), "papers": [str(item.get("id"))]} for item in answering.items]
    return json.dumps({"sentences": told})


def _obeyed(items: list[Item], blocks: Sequence[Block], *, system: str, user: str) -> Answering:
    answering = Answering(items=items, system=system, user=user)
    for place, block in enumerate(blocks):
        read = understood(f"{block.title}\n{block.abstract}")
        for pattern, act in _COMPILED:
            for said in pattern.finditer(read):
                # Where others have been dropped, or added, its own answer stands elsewhere.
                places = [n for n, item in enumerate(answering.items) if str(item.get("id")) == block.id]
                answering.place = places[0] if places else place
                act(answering, said)
    return answering
