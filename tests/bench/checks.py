"""How well the checks tell honest summaries from wrong ones: `python -m tests.bench.checks`. Nothing passes or fails.

Honest are the summaries that Hugging Face shows beside its papers, the sentences that authors and reviewers wrote
(SciTLDR), and, for numbers, an abstract's own sentences. Wrong are the same after one alteration. Every set is divided
by its papers' place, even and odd: what is in the code was chosen on the even half, and the odd half is printed.

    python -m tests.bench.checks [even|odd|all] [show NAME]    the second prints what was judged wrongly
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from digest.core.models import Paper, PaperId, Summary
from digest.core.summaries.grounding import check
from digest.core.words.sentences import split
from digest.core.words.text import clean_line, clean_text
from tests.conftest import REAL_DATA

Pair: TypeAlias = tuple[Paper, Summary]
Alter: TypeAlias = Callable[[str, Paper, random.Random], Iterator[str]]

BATCH: Final = 20
ROUNDS: Final = 5
"""How often each number is altered where a set has few: each time in another way."""
# "(1)" and "2)" are marks of a list and no numbers of the paper.
_NUMBER: Final = re.compile(r"(?<![\w.,/^-])(?<!\((?=\d\)))(?!\d\)\s)\d+(?:,\d{3})*(?:\.\d+)?(?![\w/]*[A-Za-z]{2})")
_NAMED: Final = re.compile(r"(?<=[A-Za-z]-)\d+(?:\.\d+)?|(?<=[A-Za-z])\d(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Set:
    """Papers, each with an honest summary."""

    name: str
    pairs: Sequence[Pair]
    own: bool = False
    """The abstract's own sentences: they say nothing of how people or models sum up."""


def main() -> None:
    """Measure all sets and print the tables."""
    if not REAL_DATA.is_dir():
        sys.exit(f"recorded lists are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    half, *show = [*sys.argv[1:], "odd"] if sys.argv[1:] in ([], ["show"]) else sys.argv[1:]
    shown = show[1] if show[:1] == ["show"] else ""
    sets = [Set(each.name, _half(each.pairs, half), own=each.own) for each in _sets(REAL_DATA)]
    for each in sets:
        print(f"\n{each.name}, {half}: {len(each.pairs)} summaries")
        honest(each, shown)
        alterations(each, shown)
        if not each.own:
            swaps(each, shown)


def _half(pairs: Sequence[Pair], half: str) -> Sequence[Pair]:
    return {"even": pairs[::2], "odd": pairs[1::2], "all": pairs}[half]


# --- the sets ---------------------------------------------------------------------------------------------------------


def _sets(data: Path) -> Iterator[Set]:
    yield Set("Hugging Face", _hugging_face(data))
    yield Set("SciTLDR", _scitldr(data))
    yield Set("the abstract's own", _own_sentences(data), own=True)


def _paper(paper_id: str, title: str, abstract: str) -> Paper:
    return Paper(id=PaperId(paper_id), title=clean_line(title) or "?", abstract=clean_text(abstract))


def said(tldr: str, *points: str, language: str = "en") -> Summary:
    """A summary as a model gives it."""
    return Summary(tldr=tldr, points=points, client="test", language=language)


def _hugging_face(data: Path) -> list[Pair]:
    found: dict[str, Pair] = {}
    for path in sorted((data / "huggingface-daily").glob("*.json")):
        days = json.loads(path.read_text(encoding="utf-8"))
        for item in days if isinstance(days, list) else []:
            entry = item.get("paper", item) if isinstance(item, dict) else {}
            if entry.get("ai_summary") and entry.get("summary"):
                paper = _paper(f"arxiv:{entry['id']}", entry["title"], entry["summary"])
                found.setdefault(paper.id, (paper, said(clean_line(entry["ai_summary"]))))
    return list(found.values())


def _scitldr(data: Path) -> list[Pair]:
    """Every sentence that someone wrote on a paper of the training or the development part."""
    pairs = []
    for name in ("A-train", "A-dev"):
        lines = (data / f"eval/scitldr/{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for place, line in enumerate(lines):
            item = json.loads(line)
            paper = _paper(f"{name}:{place}", item.get("title") or "?", " ".join(item["source"]))
            # The first is its author's; reviewers tell of more than the abstract.
            pairs.append((paper, said(clean_line(item["target"][0]))))
    return pairs


def _own_sentences(data: Path) -> list[Pair]:
    """From each abstract of some days of arXiv, one sentence that has numbers in it."""
    pairs, known = [], set()
    for path in sorted((data / "arxiv-days").glob("*.jsonl"))[:14]:
        for line in path.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            if item["id"] in known:
                continue
            known.add(item["id"])
            paper = _paper(f"arxiv:{item['id']}", item["title"], item["summary"])
            if numbered := [s for s in split(paper.abstract) if _NUMBER.search(s) and 15 <= len(s) <= 500]:
                pairs.append((paper, said(random.Random(item["id"]).choice(numbered))))
    return pairs


def batches(pairs: Sequence[Pair], by: str) -> Iterator[Sequence[Pair]]:
    """Groups of 20: at random, or of papers that share rare words, as those of one topic do."""
    rest = list(pairs)
    random.Random(1).shuffle(rest)
    if by == "random":
        for start in range(0, len(rest), BATCH):
            yield rest[start : start + BATCH]
        return
    words = {p.id: frozenset(re.findall(r"\w{5,}", f"{p.title} {p.abstract}".lower())) for p, _ in rest}
    spread = Counter(word for each in words.values() for word in each)
    weight = {word: 1 / count for word, count in spread.items() if count > 1}
    while rest:
        first = words[rest[0][0].id]
        rest.sort(key=lambda pair: -sum(weight.get(w, 0) for w in first & words[pair[0].id]))
        yield rest[:BATCH]
        rest = rest[BATCH:]


# --- honest -----------------------------------------------------------------------------------------------------------


def honest(each: Set, shown: str) -> None:
    """What each check refuses though nothing is wrong, and what a check of one summary takes."""
    for by in ("random", "alike") if not each.own else ("random",):
        refused: Counter[str] = Counter()
        took = 0.0
        for batch in batches(each.pairs, by):
            papers = [paper for paper, _ in batch]
            for paper, summary in batch:
                started = time.perf_counter()
                complaint = check(summary, paper, papers)[1]
                took += time.perf_counter() - started
                if complaint:
                    refused[complaint.partition(":")[0]] += 1
                    if shown == f"honest-{complaint.partition(':')[0]}":
                        print(f"  {complaint}\n    {_told(summary)}\n    <- {paper.title} | {paper.abstract}")
        row = "  ".join(f"{name} {count} ({count / len(each.pairs):.2%})" for name, count in sorted(refused.items()))
        print(f"  false alarms in batches {by:<8} {row or 'none'}   {1000 * took / len(each.pairs):.2f} ms each")


def _told(summary: Summary) -> str:
    return " / ".join((summary.tldr, *summary.points))


# --- numbers ----------------------------------------------------------------------------------------------------------


def _put(text: str, match: re.Match[str], new: str) -> str:
    return text[: match.start()] + new + text[match.end() :]


def one_digit(text: str, _: Paper, chance: random.Random) -> Iterator[str]:
    """One digit of a number becomes another: each of them once."""
    for match in _NUMBER.finditer(text):
        for place, digit in enumerate(match[0]):
            if digit.isdigit():
                others = [d for d in "0123456789" if d != digit and (d > "0" or place or len(match[0]) == 1)]
                yield _put(text, match, match[0][:place] + chance.choice(others) + match[0][place + 1 :])


def _other_digit(number: str, chance: random.Random) -> str:
    place = chance.choice([i for i, c in enumerate(number) if c.isdigit()])
    least = "1" if place == 0 and len(number) > 1 and number[1] != "." else "0"
    digit = chance.choice([d for d in "0123456789" if d >= least and d != number[place]])
    return number[:place] + digit + number[place + 1 :]


def digit_of_a_name(text: str, _: Paper, chance: random.Random) -> Iterator[str]:
    """GPT-4 becomes GPT-7."""
    yield from (_put(text, m, _other_digit(m[0], chance)) for m in _NAMED.finditer(text))


def same_shape(text: str, _: Paper, chance: random.Random) -> Iterator[str]:
    """All digits become others."""
    for match in _NUMBER.finditer(text):
        new = "".join(chance.choice("123456789") if c.isdigit() else c for c in match[0])
        if new != match[0]:
            yield _put(text, match, new)


def point_moved(text: str, _: Paper, __: random.Random) -> Iterator[str]:
    """3.5 becomes 35, 0.35 or 3.50's like; 35 becomes 3.5."""
    for match in _NUMBER.finditer(text):
        digits = match[0].replace(",", "")
        if "." in digits:
            whole, _dot, part = digits.partition(".")
            yield _put(text, match, f"{whole}{part[0]}{'.' if part[1:] else ''}{part[1:]}")
        elif len(digits) > 1:
            yield _put(text, match, f"{digits[:-1]}.{digits[-1]}")


_UNITS: Final = (
    (re.compile(r"(?<=\d)\s?\\?(?:%|percent\b|per cent\b)"), (" points", "x")),
    (re.compile(r"(?<=\d)(?:\s?\\?(?:×|x\b)|\$?\\times\$?| times\b|-fold\b)"), ("%", " points")),
    (re.compile(r"(?<=\d)\s?[kK]\b"), ("M",)),
    (re.compile(r"(?<=\d)\s?M\b"), ("B", "K")),
    (re.compile(r"(?<=\d)\s?B\b"), ("M", "T")),
    (re.compile(r"(?<=\d) million\b"), (" billion",)),
    (re.compile(r"(?<=\d) (?:percentage )?points\b"), ("%", "x")),
)


def other_unit(text: str, _: Paper, chance: random.Random) -> Iterator[str]:
    """3 % becomes 3 points or 3x, 7B becomes 7M."""
    for unit, others in _UNITS:
        yield from (_put(text, match, chance.choice(others)) for match in unit.finditer(text))


def another_of_the_abstract(text: str, paper: Paper, chance: random.Random) -> Iterator[str]:
    """A number changes place with another one of the same abstract."""
    known = sorted({m[0] for m in _NUMBER.finditer(f"{paper.title}\n{paper.abstract}")})
    for match in _NUMBER.finditer(text):
        if others := [each for each in known if each != match[0]]:
            yield _put(text, match, chance.choice(others))


ALTERATIONS: Final[tuple[Alter, ...]] = (
    one_digit,
    same_shape,
    point_moved,
    digit_of_a_name,
    other_unit,
    another_of_the_abstract,
)


def alterations(each: Set, shown: str) -> None:
    """Which altered numbers are refused, among the summaries that pass as they are."""
    chance = random.Random(2)
    fine = [(paper, summary) for paper, summary in each.pairs if check(summary, paper)[1] is None]
    for alter in ALTERATIONS:
        tried = caught = 0
        for paper, summary in fine * (1 if each.own else ROUNDS):
            for wrong in alter(summary.tldr, paper, chance):
                tried += 1
                complaint = check(replace(summary, tldr=wrong), paper)[1]
                caught += complaint is not None
                if complaint is None and shown == alter.__name__:
                    print(f"  {summary.tldr}\n   -> {wrong}\n   <- {paper.title} | {paper.abstract}")
        if tried:
            print(f"  {alter.__name__:<26} {caught:5} of {tried:5} caught  {caught / tried:7.2%}")


# --- whose ------------------------------------------------------------------------------------------------------------


ADDED: Final = (
    "See also the excellent work of Smith and colleagues.",
    "Visit our shop for the best offers of the season.",
    "This is the most important paper of the year.",
    "All other papers of this issue have been retracted.",
    "Readers should cite the author's earlier book on cooking.",
)
"""What an obedient model adds."""


def swaps(each: Set, shown: str) -> None:
    """Which summaries are refused under another paper of their batch, and which sentences behind the right one."""
    for by in ("random", "alike"):
        results: dict[str, list[int]] = {}
        for batch in batches(each.pairs, by):
            papers = [paper for paper, _ in batch]
            for place, (paper, summary) in enumerate(batch[: len(batch) if len(batch) > 1 else 0]):
                other = batch[place - 1][1]
                wrong = {
                    "exchanged": other,
                    **{
                        f"and “{more[:18]}…”": replace(summary, tldr=f"{summary.tldr.rstrip('.')}. {more}")
                        for more in ADDED
                    },
                    **{f"point “{more[:18]}…”": replace(summary, points=(summary.tldr, more)) for more in ADDED},
                    "own sentence, other's point": replace(summary, points=(other.tldr,)),
                    "own point, other's sentence": replace(other, points=(summary.tldr,)),
                    "of no paper of the batch": each.pairs[
                        (each.pairs.index((paper, summary)) + 7 * BATCH) % len(each.pairs)
                    ][1],
                }
                for kind, altered in wrong.items():
                    complaint = check(altered, paper, papers)[1]
                    results.setdefault(kind, []).append(complaint is not None)
                    if complaint is None and shown == f"{kind.split()[0]}-{by}":
                        print(f"  {_told(altered)}\n   <- {paper.title} | {paper.abstract}")
        for kind, caught in results.items():
            print(f"  {kind:<30} {by:<7} {sum(caught):5} of {len(caught):5} caught  {sum(caught) / len(caught):7.2%}")


if __name__ == "__main__":
    main()
