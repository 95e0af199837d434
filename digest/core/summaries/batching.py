"""Papers → batches for a model: as few as they may be, as many as run side by side, and all of one size.

A run takes as long as its longest chain of requests. So the number of batches is a multiple of what runs at once (a
last wave of two requests takes as long as a full one), and the papers are dealt among the batches of a wave like cards,
the longest first: equal in number, for time follows output, and equal in tokens. Waves follow the papers' order, which
is their rank: where the budget or the time ends early, the best papers have been served.

    papers  1 2 3 4 5 6 7 8 9 …      wave 1: the first of them, in batches of equal weight
            └─ wave 1 ─┘└─ wave 2    …        then those that go alone, last of all
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from digest.core.models import Batch, Paper
from digest.core.ports import LLM
from digest.core.summaries.injection import reads_like_an_injection
from digest.core.summaries.prompts import FENCE_TOKENS, answer_tokens, block

_OVERHEAD: Final = 0.1
"""The share of a run's input that is neither title nor abstract, up to which more batches are made than must be."""
_FENCE_TOKENS: Final = 6
"""What a paper's opening line takes on the average, where `FENCE_TOKENS` is what it takes at the most."""
_ENVELOPE_TOKENS: Final = 4
"""What a request has besides its fixed part and its papers: the closing line."""
_ALONE: Final = 3
"""A paper that goes alone takes as long as so many in a batch do: each request has its own wait for the first word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How large a request may be."""

    tokens: int
    """Of papers and answers; the fixed part of the prompt is not among them."""
    max_papers: int = 20
    """At least 1."""


def plan(
    papers: Iterable[Paper], *, llm: LLM, system: str, batching: Batching, is_brief: bool = False
) -> tuple[Batch, ...]:
    """How *papers*, the best first, go out if nothing goes wrong; those without an abstract do not.

    A paper that speaks to the model goes alone: one that obeys it can spoil no other paper's summary then.

    Args:
        system: The fixed part of the prompt.
        is_brief: Whether they are asked for in a sentence, without points: answers are shorter.
    """
    sent = [paper for paper in papers if paper.abstract.strip()]
    tokens = {paper.id: llm.count_tokens(block(paper)) for paper in sent}
    fences = len(sent) * _FENCE_TOKENS
    # Overhead is to be at most that share of the sum of both.
    allowed = _OVERHEAD / (1 - _OVERHEAD) * sum(tokens.values()) - fences
    return pack(
        sent,
        budget=batching.tokens,
        cost=lambda paper: tokens[paper.id] + FENCE_TOKENS + answer_tokens(is_brief),
        max_papers=batching.max_papers,
        at_once=llm.concurrency,
        spread_to=int(allowed / (llm.count_tokens(system) + _ENVELOPE_TOKENS)),
        goes_alone=lambda paper: reads_like_an_injection(paper.title, paper.abstract),
    )


def pack(
    papers: Iterable[Paper],
    *,
    budget: int,
    cost: Callable[[Paper], int],
    max_papers: int,
    at_once: int,
    spread_to: int,
    goes_alone: Callable[[Paper], bool],
) -> tuple[Batch, ...]:
    """Group *papers* into batches that cost at most *budget* tokens each; within a batch they keep their order.

    A paper that alone costs more gets a batch of its own: the model may still manage, and it must not be lost.

    Args:
        budget: Tokens for papers and answers together; the fixed part of the prompt is already taken off.
        cost: Tokens of one paper in the prompt plus those reserved for its answer. At least 0; asked once per paper.
        max_papers: Quality falls with the size of a batch. At least 1.
        at_once: Requests that run side by side. At least 1. More batches than must be are made, to fill them all to
            the end.
        spread_to: How many batches may be made for that sake.
        goes_alone: Which papers share their batch with none.
    """
    listed = tuple(papers)
    costs = [cost(paper) for paper in listed]
    lone = [n for n, paper in enumerate(listed) if costs[n] > budget or goes_alone(paper)]
    together = sorted({*range(len(listed))} - {*lone})
    dealt_into: int | None = None
    dealt = [[n] for n in together]
    for fewest in range(_fewest([costs[n] for n in together], budget, max_papers), len(together)):
        count = max(fewest, min(-(-fewest // at_once) * at_once, spread_to, len(together)))
        if count == dealt_into:
            continue
        dealt_into = count
        tried = _deal(together, costs, count=count, max_papers=max_papers, at_once=at_once, lone=len(lone))
        if all(sum(costs[n] for n in batch) <= budget for batch in tried):
            dealt = tried
            break
    if at_once == 1:
        one_by_one = [[n] for n in together]
        dealt = min(
            (_joined(some, costs, budget=budget, max_papers=max_papers) for some in (dealt, one_by_one)), key=len
        )
    # Last: what may be an attack waits for the others, and short requests fill what is left of the last wave.
    return tuple(Batch(papers=tuple(listed[n] for n in batch)) for batch in (*dealt, *([n] for n in lone)))


def _joined(batches: Sequence[list[int]], costs: Sequence[int], *, budget: int, max_papers: int) -> list[list[int]]:
    """*batches* without a neighbour that fits beside the one before: one dear paper can thwart all even dealing."""
    joined: list[list[int]] = []
    for batch in batches:
        both = [*joined[-1], *batch] if joined else []
        if joined and len(both) <= max_papers and sum(costs[n] for n in both) <= budget:
            joined[-1] = both
        else:
            joined.append(batch)
    return joined


def _fewest(costs: Sequence[int], budget: int, max_papers: int) -> int:
    """A number of batches that no packing of *costs* goes below."""
    # Of papers that cost more than a third of the budget, only two fit together, and so on.
    large = (-(-sum(cost * (n + 1) > budget for cost in costs) // n) for n in range(1, max_papers))
    return max(-(-sum(costs) // max(1, budget)), -(-len(costs) // max_papers), *large)


def _deal(
    places: Sequence[int], costs: Sequence[int], *, count: int, max_papers: int, at_once: int, lone: int
) -> list[list[int]]:
    """*places* in *count* batches at most, wave after wave, each with its share of the tokens.

    Args:
        costs: By place.
        lone: Papers that go alone, beside the last wave, whose batches are smaller for it.
    """
    # One more for each: papers that cost nothing are dealt evenly, too.
    sums = list(accumulate((costs[n] + 1 for n in places), initial=0))
    # Whether the last of requests that go out one after another is shorter does not matter.
    burdens = [_ALONE * (lone // at_once + (n < lone % at_once)) for n in range(at_once)] if at_once > 1 else [0]
    burden_tokens = sum(burdens) * sums[-1] // len(places)
    half_a_paper = sums[-1] / len(places) / 2
    batches: list[list[int]] = []
    start = 0
    while count > at_once:
        rest = count - at_once
        share = sums[start] + (sums[-1] - sums[start] + burden_tokens) * at_once / count
        end = bisect_right(sums, share - half_a_paper)
        # Every batch, here and later, has a paper at least, and none too many.
        end = min(end, start + at_once * max_papers, len(places) - max(0, rest - lone))
        end = min(max(end, start + at_once, len(places) - rest * max_papers), len(places))
        batches += _deal_wave(places[start:end], costs, [0] * at_once, max_papers)
        start, count = end, rest
    batches += _deal_wave(places[start:], costs, burdens[:count], max_papers)
    return batches


def _deal_wave(places: Sequence[int], costs: Sequence[int], burdens: Sequence[int], max_papers: int) -> list[list[int]]:
    """*places* in as many batches as there are burdens, of equal number and, as far as that allows, of equal tokens.

    Args:
        burdens: What each slot has to do besides, in papers; its batch is smaller for it, and may be empty and left
            out.
    """
    slots = range(len(burdens))
    sizes = [0] * len(burdens)
    for _ in places:
        sizes[min((n for n in slots if sizes[n] < max_papers), key=lambda n: sizes[n] + burdens[n])] += 1
    usual = sum(costs[n] for n in places) // max(1, len(places))
    weights = [burden * usual for burden in burdens]
    batches: list[list[int]] = [[] for _ in slots]
    for place in sorted(places, key=lambda n: -costs[n]):
        emptiest = min((n for n in slots if len(batches[n]) < sizes[n]), key=weights.__getitem__)
        batches[emptiest].append(place)
        weights[emptiest] += costs[place]
    # The largest first: they go to who is done first with the wave before.
    return sorted(
        (sorted(batch) for batch in batches if batch), key=lambda batch: (-len(batch), -sum(costs[n] for n in batch))
    )
