"""The day's summaries → a few sentences on the whole day, each with the entries it speaks of.

    entries ──tellable──► entries ──prompt_for──► prompt ──(a model)──► completion ──read_overview──► overview

Nobody sees what a model makes of a day before readers do. So a sentence stands only if it names entries that are there,
and is checked against those as a summary is against its paper; a sentence that fails is left out. Where too little is
left, `digest.core.issues.highlights` stands instead, which needs no model.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Collection, Sequence, Set
from dataclasses import replace
from typing import Final

from digest.core.models import Batch, Completion, Entry, Overview, OverviewSentence, Paper, PaperId, Prompt, Summary
from digest.core.summaries.answers import Remark, read_remarks
from digest.core.summaries.grounding import check
from digest.core.summaries.injection import reads_like_an_injection
from digest.core.summaries.prompts import block, fenced
from digest.core.words.text import one_line, strip_invisible

FEWEST_ENTRIES: Final = 3
"""Below that the list says it as briefly."""
MOST_ENTRIES: Final = 60
"""A day of hundreds is told of by its best; what a model is asked stays small."""
_SENTENCES: Final = (2, 5)
_REFERENCES: Final = 8
"""Of one sentence; with more, it is about none of them."""
# Five sentences are some 300 tokens. A limit and no estimate: other languages take more, some models think first.
_OUTPUT_TOKENS: Final = 2048
# "[1]", "[1, 4]", "(#1, #4)": IDs that a reader knows nothing of.
_REFERENCE: Final = re.compile(r"\s*(?:\[\s*#?\d{1,3}(?:[\s,;#]+\d{1,3})*\s*\]|\(\s*#\d{1,3}(?:[\s,;#]+\d{1,3})*\s*\))")


def tellable(entries: Sequence[Entry], *, most: int = MOST_ENTRIES) -> tuple[Entry, ...]:
    """The entries that a model is told of, in their order: those with a summary that passed the checks.

    An extract is not shown, for nothing has checked it; nor is what speaks to the model instead of the reader.

    Args:
        most: How many, the best of them.
    """
    fit = [
        entry
        for entry in entries
        if entry.summary.checked
        and not entry.paper.withdrawn
        and not reads_like_an_injection(entry.paper.title, entry.summary.tldr)
    ]
    best = sorted(range(len(fit)), key=lambda place: -fit[place].score)[:most]
    return tuple(fit[place] for place in sorted(best))


def prompt_for(entries: Sequence[Entry], *, system: str, nonce: str) -> Prompt:
    """The request for an overview of *entries*, which are `tellable`.

    Args:
        nonce: Four random letters, drawn for this request.
    """
    papers = tuple(_told(entry) for entry in entries)
    return Prompt(
        system=system,
        user=fenced(papers, nonce),
        batch=Batch(papers=papers),
        nonce=nonce,
        max_output_tokens=_OUTPUT_TOKENS,
        form="overview",
    )


def content_of(entries: Sequence[Entry]) -> str:
    """A hash of all that a model is told of *entries*."""
    told = "\n".join(f"{entry.paper.id}\n{block(_told(entry))}" for entry in entries)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _told(entry: Entry) -> Paper:
    """A paper as the overview's model knows it: its summary in place of its abstract."""
    return replace(entry.paper, abstract=entry.summary.tldr)


# --- what is taken of an answer ---------------------------------------------------------------------------------------


def read_overview(
    completion: Completion, entries: Sequence[Entry], *, client: str, language: str
) -> tuple[Overview | None, tuple[str, ...]]:
    """What *completion* says of *entries*, as far as it passes; and for each sentence that does not, why.

    None where fewer than two sentences are left.
    """
    by_id = {str(place): entry for place, entry in enumerate(entries, 1)}
    sources = {entry.paper.id: _source(entry.paper.id, [entry]) for entry in entries}
    words = _Words(entries)
    sentences: list[OverviewSentence] = []
    refused: list[str] = []
    for remark in read_remarks(completion.text):
        text, ids = _without_references(remark, by_id)
        about = words.fitting(text, [by_id[i] for i in ids if i in by_id])
        named = tuple(entry.paper.id for entry in about)
        if any(text == sentence.text for sentence in sentences):
            complaint: str | None = "repeated: it says the same again"
        elif not 0 < len(about) <= _REFERENCES:
            complaint = f"references: it speaks of {len(about)} papers"
        else:
            said = Summary(tldr=text, client=client, language=language)
            together = _source(_TOGETHER, about, count=len(entries))
            _, complaint = check(said, together, [paper for i, paper in sources.items() if i not in named])
        if complaint:
            refused.append(complaint)
        else:
            sentences.append(OverviewSentence(text=text, papers=named))
    least, most = _SENTENCES
    if len(sentences) < least:
        return None, tuple(refused)
    return Overview(sentences=tuple(sentences[:most]), client=client, model=completion.model), tuple(refused)


class _Words:
    """Which entry a part of a sentence is about, by the words that tell entries apart.

    Models are good at saying and bad at pointing. In a sentence on two papers with the wrong id for one of them, what
    the other does not account for fits some third entry far better than the one that is named. That reference goes; a
    link that leads to another paper would be worse than none.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._of = {entry.paper.id: _stems(f"{entry.paper.title} {entry.summary.tldr}") for entry in entries}
        counts = Counter(stem for stems in self._of.values() for stem in stems)
        self._weights = {stem: math.log(len(entries) / n) for stem, n in counts.items() if 2 * n <= len(entries)}

    def fitting(self, text: str, about: Sequence[Entry]) -> list[Entry]:
        """Those of *about* that *text* may well refer to."""
        said = _stems(text) & self._weights.keys()
        named = [entry.paper.id for entry in about]
        kept = []
        for entry in about:
            fellows = [self._of[i] for i in named if i != entry.paper.id]
            left = said.difference(*fellows)
            best = max((self._weight(left, i) for i in self._of if i not in named), default=0.0)
            if best < _TELLING or self._weight(left, entry.paper.id) >= _AS_GOOD_AS * best:
                kept.append(entry)
        return kept

    def _weight(self, said: Set[str], paper: PaperId) -> float:
        return sum(self._weights[stem] for stem in said & self._of[paper])


# Chosen on pairs of one day's summaries, cut to a fifth: of 1,020 wrong references 958 go, of 2,040 right ones none.
_AS_GOOD_AS: Final = 0.3
_TELLING: Final = 3.0
"""Less than two rare words in common is chance."""
_WORD: Final = re.compile(r"[^\W_]{2,}")


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in _WORD.findall(text.lower()))


_TOGETHER: Final = PaperId("overview:together")


def _source(name: PaperId, entries: Sequence[Entry], *, count: int = 0) -> Paper:
    """What may be said of *entries* together: what is in their titles, summaries and abstracts, and how many they are.

    Args:
        count: How many entries there are in all.
    """
    lines = [
        line
        for entry in entries
        for line in (entry.paper.title, entry.summary.tldr, *entry.summary.points, entry.paper.abstract)
    ]
    if count:
        lines.append(f"{len(entries)} papers. {count} papers.")
    return Paper(id=name, title=lines[0], abstract="\n".join(lines[1:]))


def _without_references(remark: Remark, known: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """The sentence without IDs in brackets, and its references, those among them."""
    inline: list[str] = []

    def take(mark: re.Match[str]) -> str:
        ids = re.findall(r"\d+", mark[0])
        # "[0, 1]" may as well be a range of numbers.
        if not all(i in known for i in ids):
            return mark[0]
        inline.extend(ids)
        return ""

    text = _REFERENCE.sub(take, one_line(strip_invisible(remark.text)))
    return text.strip(), tuple(dict.fromkeys((*remark.ids, *inline)))
