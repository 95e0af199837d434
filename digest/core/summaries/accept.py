"""A completion → the summaries in it that pass every check, and what is missing or refused.

Nothing here asks again or gives up: that is for who sent the prompt, at once (`digest.core.summaries.summarize`) or as
part of a handover whose answers come later (`digest.core.summaries.handover`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from digest.core.models import Completion, Paper, PaperId, Prompt, Summary
from digest.core.summaries.answers import Answer, read_answers
from digest.core.summaries.grounding import check
from digest.core.summaries.prompts import BRIEFS
from digest.core.summaries.repeats import repeated
from digest.core.words.text import one_line, strip_invisible

Fold: TypeAlias = Callable[[Iterable[str]], tuple[tuple[str, ...], tuple[str, ...]]]
"""A model's words → topics of the taxonomy, and the words that are none."""

MISSING: Final = "missing"
"""Stands beside the names of the checks where failures are counted."""
REPEATED: Final = "repeated"
"""The one check that needs the answers on other papers."""
_POINTS: Final = 3
_TOPICS: Final = 6
_LIST_MARK: Final = re.compile(r"^(?:[-*•–]|\(?\d{1,2}[.)])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a completion brought. Each paper of the prompt is in exactly one of the three."""

    summaries: Mapping[PaperId, Summary]
    missing: tuple[Paper, ...]
    refused: Mapping[PaperId, str]
    """Why, as `check: reason`."""

    @property
    def failed(self) -> Mapping[str, int]:
        """Name of a check, or `MISSING` → how many papers failed it."""
        counts = Counter(reason.partition(":")[0] for reason in self.refused.values())
        counts[MISSING] += len(self.missing)
        return dict(+counts)


def accept(prompt: Prompt, completion: Completion, *, fold_topics: Fold, client: str, language: str) -> Accepted:
    """Take what *completion* says of the papers of *prompt*, each id at most once, and check it.

    Points that were not asked for are left out.
    """
    most_points = 0 if prompt.form == BRIEFS else _POINTS
    answers: dict[str, list[Answer]] = {}
    for answer in read_answers(completion.text):
        answers.setdefault(answer.id, []).append(answer)
    summaries: dict[PaperId, Summary] = {}
    missing: list[Paper] = []
    refused: dict[PaperId, str] = {}
    for place, paper in enumerate(prompt.batch.papers, 1):
        said = [
            _summary(a, completion, fold_topics, client, language, most_points) for a in answers.get(str(place), ())
        ]
        if not said:
            missing.append(paper)
            continue
        summary, refusal = _last_good(said, paper, prompt.batch.papers)
        if summary is not None:
            summaries[paper.id] = summary
        else:
            refused[paper.id] = refusal
    for paper_id, phrase in _repeats(summaries, prompt.batch.papers, language).items():
        del summaries[paper_id]
        refused[paper_id] = f"{REPEATED}: “{phrase}” is said of another paper too, and is not in the abstract"
    passed = {i: replace(summary, checked=(*summary.checked, REPEATED)) for i, summary in summaries.items()}
    return Accepted(summaries=passed, missing=tuple(missing), refused=refused)


def _repeats(summaries: Mapping[PaperId, Summary], papers: Iterable[Paper], language: str) -> Mapping[PaperId, str]:
    """Who of them shares a phrase with another, on which neither abstract bears it out."""
    sources = {paper.id: f"{paper.title}\n{paper.abstract}" for paper in papers}
    said = {i: ("\n".join((s.tldr, *s.points)), sources[i]) for i, s in summaries.items()}
    return repeated(said, language=language)


def _last_good(said: Sequence[Summary], paper: Paper, batch: Sequence[Paper]) -> tuple[Summary | None, str]:
    """The last that passes all checks, for those before it may be drafts; otherwise what the very last one failed."""
    refusals: list[str] = []
    for summary in reversed(said):
        passed, refusal = check(summary, paper, batch)
        if not refusal:
            return replace(summary, checked=passed), ""
        refusals.append(refusal)
    return None, refusals[0]


def _summary(
    answer: Answer, completion: Completion, fold_topics: Fold, client: str, language: str, most_points: int
) -> Summary:
    topics, proposed = fold_topics(answer.topics[:_TOPICS])
    return Summary(
        tldr=_plain(answer.tldr),
        points=tuple(point for point in map(_plain, answer.points) if any(map(str.isalnum, point)))[:most_points],
        topics=topics,
        proposed=proposed,
        client=client,
        model=completion.model,
        language=language,
    )


def _plain(said: str) -> str:
    """A model's sentence on one line, without what nobody sees and without the mark of a list."""
    return _LIST_MARK.sub("", one_line(strip_invisible(said)))
