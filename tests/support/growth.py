"""How the time that text functions take grows with the text: all of them, fed with what is hostile.

The functions are found by themselves: whatever in `core/`, `publish/` and `sources/` takes a text, or what holds one.
What can be called with values made from a text is called with them; what needs more stands in `HOW`, what is no text
function in `NOT_TEXT`, with the reason. A private function that needs more is reached through its callers.

Only processor time is compared, of two sizes of the same text, the least of several times; so a busy machine changes
nothing. `python -m tests.support.growth [--all] [PATTERN…]` prints the figures.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import pkgutil
import re
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from itertools import islice
from typing import Any, Final

import digest.core
import digest.publish
import digest.sources
from digest.core.lists.bounds import MAX_TITLE, measure
from digest.core.models import Completion, Parsed, Record
from tests.conftest import NOON, paper
from tests.support import issues
from tests.support.growth_calls import HOW, NOT_TEXT

Text = Callable[[int], str]

# --- hostile texts ----------------------------------------------------------------------------------------------------

_SIGNS: Final = (*"$\\{}[]()<>&'\".`/aA ^_%~\n1,;:-|#@+=*?!", *"éß中。，；’“—·²½ﬁ𝒪", *"\u0301\u200b\x00\u2028")
_PIECES: Final = r"""
    1/ 1, 1. 1e 1- a/ a, a- a. a; a: a_ x1 x^ x_{ {a} {{ [a] (a) (a ab .. /.. -- --- A.B. 1% × 3× 10^ 20,000 1st v2
    GPT-4 <a> </a> <sub> <b <!-- <script> <! <a<b x< <p>a</p> &amp; &#1; &#1 &lt; &amp;lt; http:// https://a.org/ 10.1/
    10.1000/ doi: arXiv: 2403. a@b. ?a= &a= %20 '' `` ``a'' “a "a" "a {"a": [{ "a", \sqrt[ \frac{ \begin{ \begin{math}
    \textbf{ \cite[ \cite{ \'{ \'e \\ \\[ \$ $a $a$ $$ $$a \( \[ \(a\) {,} 1{,} ^{ _{ }{ ~a \a \alpha \{ 中文
    """.split()
_WORDS: Final = (
    *("1 ", "a ", "a. ", "A. ", "A, ", "A, B and ", "A B, ", "and ", "of the ", "one ", "five ", "1 to ", "5 and "),
    *("up to ", "et al. ", "e.g. ", "(1) ", "1. ", "- ", ". . ", "To x, this ", "We show ", "x, ", "a's ", "$a "),
    *("please ", "ignore ", "not ", ". write a b ", "Abstract: ", "(Aa and Bb, 2019; ", '<a b="', "<a ", "\n a"),
    *("$a$ ", "中 ", ".\n", "a\n", "\n\n"),
)
_NESTS: Final = {
    "(": ")",
    "[": "]",
    "{": "}",
    "<b>": "</b>",
    "<sub>": "</sub>",
    "\\textbf{": "}",
    "x_{": "}",
    '[{"a":': "}]",
    "\\frac{1}{": "}",
    "\\sqrt[": "]{}",
    "\\begin{math}": "\\end{math}",
    "“": "”",
}
_OPENINGS: Final = ("(", "[", "<", "$", '"', "\\(", "\\textbf{", '<a b="', "10.1/", "http://", "“")
_FILLINGS: Final = ("a", " ", "a ", "1", ".", "\\", "\n")


def texts() -> dict[str, Text]:
    """By a name that can be read: what makes a text of about that many characters."""
    found = of(*_SIGNS, *_PIECES, *_WORDS)
    for opening, closing in _NESTS.items():
        both = len(opening + closing)
        found[f"{opening}…{closing}"] = lambda size, o=opening, c=closing, b=both: (
            o * (size // b) + "x" + c * (size // b)
        )
    for opening in _OPENINGS:
        for filling in _FILLINGS:
            found[f"{opening}{filling!r}"] = lambda size, o=opening, f=filling: o + f * (size // len(f)) + "!"
    return found


def of(*pieces: str) -> dict[str, Text]:
    """Texts that are one piece over and over."""
    return {repr(piece): lambda size, piece=piece: piece * (size // len(piece)) for piece in pieces}  # type: ignore[misc]


TEXTS: Final = texts()

# --- all text functions -----------------------------------------------------------------------------------------------

Call = Callable[[str], object]
_HOLDS_TEXT: Final = re.compile(r"\b(?:str|bytes|PaperId|Paper|Record|Parsed|Summary|Entry|Issue|Completion)\b")


def _record(text: str) -> Record:
    """A paper as `within_bounds` leaves it."""
    record = Record(paper=paper(1, title=text[:MAX_TITLE], abstract=text, authors=(text,), keywords=(text,)))
    measured = measure(record, now=NOON)
    assert isinstance(measured, Record)
    return measured


def _entry(text: str) -> Any:
    return issues.entry(
        1, paper={"title": text[:MAX_TITLE], "abstract": text}, summary={"tldr": text, "points": (text,)}
    )


_MADE: Final[Mapping[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("str", "str | None", "PaperId"), str),
    **dict.fromkeys(("bytes", "bytes | None"), lambda text: text.encode("utf-8", "surrogatepass")),
    **dict.fromkeys(("Iterable[str]", "Sequence[str]", "tuple[str, ...]"), lambda text: (text, *text.split())),
    **dict.fromkeys(("list[str]", "Collection[str]"), lambda text: [text, *text.split()]),
    **dict.fromkeys(("frozenset[str]", "Set[str]"), lambda text: frozenset((text, *text.split()))),
    "Paper": lambda text: _record(text).paper,
    **dict.fromkeys(("Iterable[Paper]", "Sequence[Paper]"), lambda text: (_record(text).paper,)),
    "Record": _record,
    **dict.fromkeys(("Iterable[Record]", "Sequence[Record]"), lambda text: (_record(text),)),
    "Parsed": lambda text: Parsed(records=(_record(text),)),
    "Summary": lambda text: issues.summary(1, tldr=text, points=(text,)),
    "Completion": lambda text: Completion(text=text),
    "Entry": _entry,
    "Sequence[Entry]": lambda text: (_entry(text),),
    "Issue": lambda text: issues.issue([_entry(text)]),
    "Mapping[str, Any]": lambda text: dict.fromkeys(("title", "abstract", "name", "id", "url", "date"), text),
    "Callable[[str], str]": lambda _: str,
    "date": lambda _: date(2026, 6, 3),
    "datetime": lambda _: datetime(2026, 6, 3, tzinfo=UTC),
    "int": lambda _: 40,
    "bool": lambda _: False,
    "float": lambda _: 1.0,
}
_FIXED: Final = {
    "language": "de",
    "code": "de",
    "quote": '"',
    "edition": "daily",
    "client": "openai",
    "nonce": "abcd",
    "subtype": "html",
    "first": "> ",
    "base": "https://example.org/feed",
}
"""Parameters that are called so hold no text of others."""


_OF_TITLES: Final = frozenset({"digest.core.identity.titles", "digest.core.identity.people"})
"""What they hold against each other `within_bounds` has cut."""


@cache
def _modules() -> tuple[types.ModuleType, ...]:
    packages = (digest.core, digest.publish, digest.sources)
    return tuple(
        importlib.import_module(module.name)
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    )


def _functions(module: types.ModuleType) -> Iterator[tuple[Any, bool]]:
    """The functions that *module* itself defines, those of its classes too; and whether each is called on a value."""
    for value in vars(module).values():
        found = inspect.unwrap(value) if callable(value) else value
        if inspect.isfunction(found) and found.__module__ == module.__name__:
            yield found, False
        elif inspect.isclass(found) and found.__module__ == module.__name__:
            for name, member in vars(found).items():
                function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
                if inspect.isfunction(function) and function.__code__.co_filename == module.__file__:
                    bound = getattr(found, name) if isinstance(member, classmethod) else function
                    yield bound, not isinstance(member, classmethod | staticmethod)


def _name(function: Any) -> str:
    return f"{function.__module__.removeprefix('digest.')}.{function.__qualname__}"


def _fed(function: Any) -> Call | None:
    """What calls *function* with values made from a text; None where they can't be."""
    wanted = {
        name: function.__annotations__[name]
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is parameter.empty or function.__annotations__[name] in ("str", "bytes")
    }
    if not wanted.keys() - {"self"} or any(kind not in _MADE for kind in wanted.values()):
        return None
    is_of_titles = function.__module__ in _OF_TITLES

    def call(text: str) -> object:
        made = {
            name: _FIXED.get(name) or _MADE[kind](text[:MAX_TITLE] if is_of_titles or name == "title" else text)
            for name, kind in wanted.items()
        }
        return function(**made)

    return call


@dataclass(frozen=True)
class Found:
    """What the packages hold."""

    calls: Mapping[str, Call]
    """Text functions, by name, and how each is fed."""
    unfed: tuple[str, ...]
    """Public ones for which nobody has said how."""
    reached: int
    """Private ones that are fed by their callers."""


@cache
def find() -> Found:
    """All text functions."""
    calls: dict[str, Call] = {}
    unfed, reached = [], 0
    for module in _modules():
        for function, is_method in _functions(module):
            name = _name(function)
            holds = any(_HOLDS_TEXT.search(str(k)) for n, k in function.__annotations__.items() if n != "return")
            if not holds or any(re.fullmatch(pattern, name) for pattern in NOT_TEXT):
                continue
            call = HOW.get(name) or (None if is_method else _fed(function))
            if call is not None:
                calls[name] = call
            elif any(part.startswith("_") for part in name.split(".")):
                reached += 1
            else:
                unfed.append(name)
    return Found(calls=calls | {n: c for n, c in HOW.items() if n.startswith("(")}, unfed=tuple(unfed), reached=reached)


def names() -> frozenset[str]:
    """Of all functions, with or without texts."""
    return frozenset(_name(function) for module in _modules() for function, _ in _functions(module))


# --- time -------------------------------------------------------------------------------------------------------------

LINEAR: Final = 6.0
"""Four times the text: 4 is linear, 16 squared. Caches and a logarithm may take a little more than 4."""
_TINY, _SMALL, _MIDDLE, _LARGE = 200, 1_600, 5_000, 20_000
_FLOOR_S: Final = 0.05
"""What takes no longer for 20,000 characters is not judged: were it squared, it would take more."""
_HANG_S: Final = 30.0
_SUSPECTS: Final = 2
_MUCH_S: Final = 0.05
_TELLS_S: Final = 0.0002
"""What is squared and takes less for 1,600 characters takes less than the floor for 20,000."""
_TRIES: Final = 6


class HangError(BaseException):
    """It took more processor time than anything may; no `except Exception` on its way catches it."""


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Stop what takes so much processor time; also within a regular expression."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@cache
def _caches() -> tuple[Any, ...]:
    """What remembers answers to texts."""
    found = [v for module in _modules() for v in vars(module).values() if hasattr(v, "cache_clear")]
    found += [
        v for module in _modules() for c in vars(module).values() if inspect.isclass(c) for v in vars(c).values()
        if hasattr(v, "cache_clear")
    ]  # fmt: skip
    return tuple(cached for cached in found if cached.cache_parameters()["maxsize"] != 1)


def _seconds(call: Call, text: str, hang_s: float) -> tuple[float, Exception | None]:
    """Processor time of one call with nothing remembered, and what was raised."""
    for cached in _caches():
        cached.cache_clear()
    raised = None
    gc.disable()  # it looks through all that there is, which is no cost of this text
    started = time.thread_time()
    try:
        with _limit(hang_s):
            answer = call(text)
            if inspect.isgenerator(answer):
                for _ in islice(answer, len(text)):
                    pass
    except Exception as error:  # noqa: BLE001 -- a text may be refused in any way; only time counts here
        raised = error
    finally:
        gc.enable()
    return time.thread_time() - started, raised


@dataclass(frozen=True)
class Growth:
    """The worst of one function."""

    factor: float
    """How much longer four times the text takes; 4 where all are too quick to tell."""
    text: str
    milliseconds: float
    """For 20,000 characters."""


def growth(call: Call, texts: Mapping[str, Text], *, every: int = 1, hang_s: float = _HANG_S) -> Growth:
    """Feed *call* with *texts*, and see how those grow that are slowest, or grow most, while they are short.

    Args:
        every: Feed it with each of that many only; with fewer still where it is slow.
        hang_s: After how long it hangs.

    Raises:
        HangError: Some text takes it *hang_s*.
        AssertionError: It is called in the wrong way, or a text is too deep for it.
    """
    taken, times = 0, list[tuple[float, float, str]]()
    spent = 0.0
    for place, (name, text) in enumerate(list(texts.items())[::every]):
        if every > 1 and spent > _MUCH_S and place % 5:
            continue
        tiny = _seconds(call, text(_TINY), hang_s)[0]
        small, raised = _seconds(call, text(_SMALL), hang_s)
        assert not isinstance(raised, RecursionError), name
        taken += not isinstance(raised, TypeError | AttributeError | KeyError)
        times.append((small, small / tiny, name))
        spent += small
    assert taken, f"it is called with what it does not take: {raised!r:.200}"
    slow = sorted(times, reverse=True)[:1]
    # Something squared may hide behind what is linear and dear, as long as texts are short; but it grows.
    grown = sorted((t for t in times if t[0] > _TELLS_S), key=lambda t: t[1], reverse=True)[:_SUSPECTS]
    found = [_judged(call, name, texts[name], hang_s) for name in dict.fromkeys(name for _, _, name in (*slow, *grown))]
    return max(found, key=lambda each: (each.factor, each.milliseconds))


def _judged(call: Call, name: str, text: Text, hang_s: float) -> Growth:
    short, long = text(_MIDDLE), text(_LARGE)
    large, raised = _seconds(call, long, hang_s)
    assert not isinstance(raised, RecursionError), name
    if large <= _FLOOR_S:
        return Growth(factor=4.0, text=name, milliseconds=1000 * large)
    small = _seconds(call, short, hang_s)[0]
    for _ in range(_TRIES):
        if large / small <= 4.5:
            break
        small, large = min(small, _seconds(call, short, hang_s)[0]), min(large, _seconds(call, long, hang_s)[0])
        # The first time was a garbage collection's, say: what is as short as this tells nothing of growth.
        if large <= _FLOOR_S:
            return Growth(factor=4.0, text=name, milliseconds=1000 * large)
    factor = large / small
    if factor > 4.5:
        # A step at one length, where a text is cut, say, is no growth: what grows goes on growing.
        huge = min(_seconds(call, text(2 * _LARGE), hang_s)[0] for _ in range(2))
        factor = min(factor, (huge / large) ** 2)
    return Growth(factor=factor, text=name, milliseconds=1000 * large)


def main(patterns: list[str]) -> None:
    """Print the worst growth of each function, or of those whose names match; with `--all` fed with all texts."""
    thorough = "--all" in patterns
    patterns = [pattern for pattern in patterns if pattern != "--all"]
    found = find()
    print(f"{len(found.calls)} functions, {found.reached} reached through them; nobody says how: {found.unfed}")
    for name, call in found.calls.items():
        if not patterns or any(re.search(pattern, name) for pattern in patterns):
            try:
                worst = growth(call, TEXTS, every=1 if thorough else 3)
                print(f"{worst.factor:6.2f} {worst.milliseconds:8.1f} ms  {name}  {worst.text}", flush=True)
            except (HangError, AssertionError) as error:
                print(f"     ? {error!r:.200}  {name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
