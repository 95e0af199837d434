"""Packing: nothing lost, everything fits, no more requests than needed, none of them tiny."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from digest.core.batching import pack
from digest.core.models import Batch, Paper
from tests.conftest import paper

COSTS = st.lists(st.integers(0, 50), max_size=9)


def papers_costing(costs: list[int]) -> tuple[Paper, ...]:
    return tuple(paper(n, version=cost) for n, cost in enumerate(costs, 1))


def cost(paper: Paper) -> int:
    return paper.version or 0


def total(batch: Batch) -> int:
    return sum(cost(paper) for paper in batch.papers)


def ways(count: int, parts: int) -> list[list[tuple[int, int]]]:
    """All ways to cut *count* papers in a row into *parts* batches."""
    return [list(pairwise((0, *cuts, count))) for cuts in combinations(range(1, count), parts - 1)]


@given(COSTS, st.integers(0, 60), st.integers(1, 5))
def test_packing_loses_nothing_and_keeps_the_order(costs: list[int], budget: int, max_papers: int) -> None:
    papers = papers_costing(costs)

    batches = pack(papers, budget=budget, cost=cost, max_papers=max_papers)

    assert tuple(paper for batch in batches for paper in batch.papers) == papers


@given(COSTS, st.integers(0, 60), st.integers(1, 5))
def test_every_batch_fits_unless_it_is_one_paper(costs: list[int], budget: int, max_papers: int) -> None:
    batches = pack(papers_costing(costs), budget=budget, cost=cost, max_papers=max_papers)

    assert all(total(batch) <= budget or len(batch.papers) == 1 for batch in batches)
    assert all(1 <= len(batch.papers) <= max_papers for batch in batches)


@given(COSTS.filter(bool), st.integers(50, 120), st.integers(1, 5))
def test_no_other_way_needs_fewer_batches_or_has_a_cheaper_dearest_one(
    costs: list[int], budget: int, max_papers: int
) -> None:
    batches = pack(papers_costing(costs), budget=budget, cost=cost, max_papers=max_papers)

    dearest = {
        parts: [
            max(sum(costs[a:b]) for a, b in way)
            for way in ways(len(costs), parts)
            if all(b - a <= max_papers and sum(costs[a:b]) <= budget for a, b in way)
        ]
        for parts in range(1, len(batches) + 1)
    }
    assert not any(dearest[parts] for parts in range(1, len(batches)))
    assert max(map(total, batches)) == min(dearest[len(batches)])


def test_one_paper_too_many_does_not_make_a_tiny_last_batch() -> None:
    batches = pack(papers_costing([10] * 21), budget=1000, cost=cost, max_papers=20)

    assert [len(batch.papers) for batch in batches] == [11, 10]


def test_batches_of_papers_that_cost_nothing_are_even_too() -> None:
    batches = pack(papers_costing([0] * 21), budget=0, cost=cost, max_papers=20)

    assert [len(batch.papers) for batch in batches] == [11, 10]


def test_a_paper_over_the_budget_goes_alone() -> None:
    batches = pack(papers_costing([10, 900, 10]), budget=100, cost=cost)

    assert [[cost(paper) for paper in batch.papers] for batch in batches] == [[10], [900], [10]]


def test_no_papers_make_no_batches() -> None:
    assert pack((), budget=100, cost=cost) == ()


def test_the_cost_of_a_paper_is_asked_once() -> None:
    asked: list[Paper] = []

    pack(papers_costing([3, 4, 5]), budget=8, cost=lambda paper: asked.append(paper) or cost(paper))

    assert len(asked) == 3
