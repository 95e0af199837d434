"""A model's text → the answers in it, whatever surrounds, breaks or cuts it.

    {"papers": [{"id": "1", "tldr": "…", "points": ["…"], "topics": ["…"]}]}   is what was asked for,
    {"sentences": [{"text": "…", "papers": ["1", "4"]}]}                       for an overview

What comes may stand in a code fence or behind a sentence, be a bare list or one object a line, have trailing commas,
single quotes, raw line breaks or quotes in its strings, be escaped as a whole, or end in the middle. So this is no JSON
parser that gives up, but a scanner that goes through the text once and takes every object that is closed and says what
it is about. On valid JSON it reads what `json` reads, but for backslashes in formulas. It never raises, and takes
linear time.

Some models think aloud first, and their thoughts hold drafts and apostrophes: what ends with a mark such as `</think>`
is left out, and what stands outside of brackets quotes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Value: TypeAlias = "str | int | list[Value] | dict[str, Value] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of one paper, as it says it: nothing is checked yet."""

    id: str
    """The paper's short id within the request."""
    tldr: str
    """Not empty."""
    points: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A sentence on several papers, as a model says it: nothing is checked yet."""

    text: str
    """Not empty."""
    ids: tuple[str, ...] = ()
    """The papers' short ids within the request, as far as it names any."""


def read_answers(text: str) -> tuple[Answer, ...]:
    """Every complete answer in *text*, in its order; the same id may occur more than once: then the last one is what
    the model settled on. Any text is allowed."""
    return tuple(answer for item in _objects(without_thoughts(text)) if (answer := _answer(item)))


def read_remarks(text: str) -> tuple[Remark, ...]:
    """Every complete sentence of an overview in *text*, in its order; of several overviews the last one's, for those
    before it are drafts. Any text is allowed."""
    loose: list[Remark] = []
    whole: list[Remark] = []
    for item in _objects(without_thoughts(text)):
        told = item.get("sentences")
        inner = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
        listed = [remark for each in inner if (remark := _remark(each))]
        if listed:
            whole, loose = listed, []
        elif remark := _remark(item):
            loose.append(remark)
    # What follows the last whole one may be the answer itself, cut off.
    return tuple(loose or whole)


# --- thoughts ---------------------------------------------------------------------------------------------------------

_THOUGHT_OUT: Final = re.compile(
    r"</(?:seed:)?(?:think|thinking|thought|thoughts|reasoning|reflection|analysis)>"
    r"|\[/THINK\]|◁/think▷|<\|/?end_(?:of_)?(?:thought|thinking)\|>"
    r"|<\|channel\|>final[^{}\[\]\"]{0,40}?<\|message\|>",
    re.IGNORECASE,
)
"""What models put behind their thoughts: Qwen, DeepSeek, Magistral, Kimi, Command, gpt-oss."""
_FIRST_MARK: Final = re.compile(r"""[{\["]""")


def without_thoughts(text: str) -> str:
    """*text* from behind the last mark that ends a model's thoughts; all of it where nothing else follows them.

    A summary may speak of such marks itself: one that stands in a string ends nothing. Of that the first bracket or
    quote behind it tells, for an answer begins with a bracket.
    """
    following, end = "", len(text)
    for mark in reversed(list(_THOUGHT_OUT.finditer(text))):
        if first := _FIRST_MARK.search(text, mark.end(), end):
            following = first[0]
        if following not in ("", '"'):
            return text[mark.end() :]
        end = mark.start()
    return text


# --- object → answer or remark ----------------------------------------------------------------------------------------


def _answer(item: Mapping[str, Value]) -> Answer | None:
    named, tldr = _short_id(item.get("id")), item.get("tldr", item.get("summary"))
    if named is None or not isinstance(tldr, str) or not tldr.strip():
        return None
    return Answer(id=named, tldr=tldr, points=_strings(item.get("points")), topics=_strings(item.get("topics")))


def _remark(item: Mapping[str, Value]) -> Remark | None:
    text = item.get("text", item.get("sentence"))
    if not isinstance(text, str) or not text.strip():
        return None
    return Remark(text=text, ids=tuple(dict.fromkeys(_ids(item.get("papers", item.get("ids"))))))


def _ids(value: Value) -> Iterator[str]:
    """`["1", "4"]`, `[1, 4]`, `"#1, #4"` and `[{"id": "1"}, {"id": "4"}]` name the same papers."""
    if isinstance(value, list):
        for each in value:
            yield from _ids(each)
    elif isinstance(value, dict):
        yield from _ids(value.get("id"))
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, str):
        yield from (word.strip("#[].") for word in _BETWEEN_IDS.split(value.strip()))


_BETWEEN_IDS: Final = re.compile(r"[\s,;]+")


def _short_id(value: Value) -> str | None:
    """`1` and `"#1 abcd"` name the same paper as `"1"`."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and (words := value.strip().removeprefix("#").split()):
        return words[0]
    return None


def _strings(value: Value) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


# --- text → objects ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """An object or a list whose end has not been reached."""

    is_object: bool
    members: dict[str, Value] = field(default_factory=dict)
    elements: list[Value] = field(default_factory=list)
    word: str | None = None
    """A name, if a colon follows."""
    name: str | None = None
    """Set while its value is awaited."""
    is_torn: bool = False
    """It speaks of two papers: a brace between them was lost."""

    def take(self, value: Value) -> None:
        if not self.is_object:
            self.elements.append(value)
        elif self.name is None:
            self.word = value if isinstance(value, str) else None
        else:
            if self.name == "id" and self.members.get("id", value) != value:
                self.is_torn = True
            self.members[self.name] = value
            self.name = None

    def take_mark(self, mark: str) -> None:
        """A colon makes the last word a name; a comma ends what was begun."""
        self.name = self.word.strip().lower() if mark == ":" and self.word is not None else None
        self.word = None


# Nobody nests so deep on purpose; a megabyte of brackets shall not become a gigabyte of lists.
_DEEPEST: Final = 100


def _objects(text: str) -> Iterator[dict[str, Value]]:
    """Every object of *text* that is closed, the inner ones first; one that a lost brace mixed up is left out."""
    stack: list[_Open] = []
    for kind, piece in _tokens(_once_escaped(text), stack):
        if kind == "open":
            if len(stack) == _DEEPEST:
                stack.clear()
            stack.append(_Open(is_object=piece == "{"))
        elif not stack:
            continue
        elif kind == "close":
            yield from _close(stack, is_object=piece == "}")
        elif kind == "mark":
            stack[-1].take_mark(piece)
        elif kind == "bare" and stack[-1].is_object and stack[-1].name is None:
            stack[-1].word = piece
        elif kind == "bare":
            stack[-1].take(int(float(piece)) if _NUMBER.fullmatch(piece) else None)
        else:
            stack[-1].take(piece)


def _close(stack: list[_Open], *, is_object: bool) -> Iterator[dict[str, Value]]:
    """Close the innermost object (or list) and all that is open within it; a bracket that fits nothing does nothing."""
    if not any(opened.is_object == is_object for opened in stack):
        return
    while stack:
        closed = stack.pop()
        if closed.is_object and not closed.is_torn:
            yield closed.members
        if stack:
            stack[-1].take(closed.members if closed.is_object else closed.elements)
        if closed.is_object == is_object:
            return


# Every quote of JSON that is a string of JSON is escaped, the first one too.
_ESCAPED_TWICE: Final = re.compile(r"""[^{\[]*(?=(?P<start>[{\[])(?:[\s{\[]|\\[nrt])*\\")""")


def _once_escaped(text: str) -> str:
    """*text*, or the JSON in it that was made a string once too often."""
    match = _ESCAPED_TWICE.match(text)
    return _unescaped(text[match.start("start") :]) if match else text


# --- text → tokens ----------------------------------------------------------------------------------------------------

_NUMBER: Final = re.compile(r"\d{1,9}(?:\.0*)?", re.ASCII)
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<open>[{\[])|(?P<close>[}\]])|(?P<mark>[:,])|(?P<quote>["'])|(?P<bare>[^\s{}\[\]:,"]+))"""
)
_UP_TO: Final = {quote: re.compile(rf"[^{quote}\\]*(?:\\.[^{quote}\\]*)*", re.DOTALL) for quote in ("'", '"')}
# A quote ends the string if what follows could come after one (a line break for a forgotten comma); else it is meant
# as a character, and the model forgot to escape it. In valid JSON the first is always so.
_AFTER_STRING: Final = re.compile(r"""\s*(?:[:,}\]]|\Z)|[^\S\n]*\n\s*["']""")


def _tokens(text: str, brackets: Sized) -> Iterator[tuple[str, str]]:
    """Kind (open, close, mark, string, bare) and text of each token; an unfinished string is none.

    Args:
        brackets: Those that are open; looked at when the next token is asked for. Outside of them a quote is a
            character like any other, for what stands there is prose.
    """
    place, apostrophes_quote, kind_before = 0, True, ""
    while match := _TOKEN.match(text, place):
        place = match.end()
        kind = match.lastgroup or ""
        before, kind_before = kind_before, kind
        if kind != "quote":
            yield kind, match[kind]
        elif not len(brackets):
            continue
        elif match[kind] == "'" and before == "bare":
            # In JSON nothing that is quoted follows a bare word; in prose an apostrophe may.
            continue
        elif match[kind] == '"' or apostrophes_quote:
            end = _string_end(text, place, match[kind])
            if end is not None:
                yield "string", _unescaped(text[place:end])
                place = end + 1
            elif match[kind] == '"':
                return
            else:
                # None that comes later would end either; and looking again and again would take quadratic time.
                apostrophes_quote = False


def _string_end(text: str, start: int, quote: str) -> int | None:
    place = start
    while match := _UP_TO[quote].match(text, place):
        end = match.end()
        if text[end : end + 1] != quote:
            break
        if _AFTER_STRING.match(text, end + 1):
            return end
        place = end + 1
    return None


_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)|\$", re.DOTALL)
_SPELLED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescaped(raw: str) -> str:
    """What a JSON string stands for; in a formula "\\theta" is a theta, not a tab with "heta" behind it."""
    if "\\" not in raw:
        return raw
    in_formula = False

    def spell(escape: re.Match[str]) -> str:
        nonlocal in_formula
        if escape[0] == "$":
            in_formula = not in_formula
            return "$"
        code = escape[1]
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if in_formula and code.islower() and raw[escape.end() : escape.end() + 1].islower():
            return escape[0]
        return _SPELLED.get(code, code if code in "\"'\\/" else escape[0])

    # Two halves of a character beyond U+FFFF become one; half a one becomes U+FFFD.
    return _ESCAPE.sub(spell, raw).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
