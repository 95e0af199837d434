"""Leads say what was done, and points stand alone: what hangs in the air is left out or brings along what it needs."""

from __future__ import annotations

import pytest

from digest.core.extracts.standing import hangs, is_damaged, is_empty
from tests.core.test_extractive import summarize


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("It improves recall by a tenth.", True),
        ("Both approaches fail on long inputs.", True),
        ("On two benchmarks, it reaches 80% recall.", True),
        ("This decomposition confines errors to one layer.", True),
        ("We fill this gap with a sampler.", True),
        ("We show these gradients vanish.", True),
        ("This demonstrates that sampling is optimal.", True),
        ("To translate this to positions, we use a point model.", True),
        ("Models forget (3) their own plans.", True),
        ("We find several things: (1) plans are not free.", True),
        ("Results show that (1) plans are not free and (2) they last.", False),
        ("This paper shows that plans help.", False),
        ("It is shown that plans help.", False),
        ("A sampler draws plans and ranks these plans by cost.", False),
        ("We present a benchmark for tools such as shells and browsers.", False),
        ("Models such that no plan is longer are rare.", False),
        ("Planner is the first of those that need no map.", False),
    ],
)
def test_a_sentence_that_needs_the_one_before_hangs(text: str, does: bool) -> None:
    assert hangs(text) is does


def test_a_sentence_that_only_announces_is_empty_and_a_macro_is_damage() -> None:
    assert is_empty("We tackle two key challenges that enable planning.")
    assert not is_empty("We tackle two key challenges: drift and noise.")
    assert is_damaged("Across models, \\methodname improves quality.")
    assert not is_damaged("Across models, $\\alpha$-decay and $\\mathcal{L}$ improve quality.")


def test_a_lead_is_what_was_done_and_no_gap_hope_or_bare_outcome() -> None:
    tldr, _ = summarize(
        "On plans",
        "However, how agents plan remains unclear. Experiments demonstrate that plans substantially improve recall. "
        "We analyse 1.02 million pull requests for the plans that agents write. We hope that this helps.",
    )

    assert tldr == "We analyse 1.02 million pull requests for the plans that agents write."


def test_a_lead_that_only_names_the_work_brings_along_what_it_is() -> None:
    tldr, points = summarize(
        "SkillLite: Skills of agents",
        "Agents repeat themselves. Eliminating redundancies, we propose SkillLite. Our framework merges skills "
        "that share their first steps and drops the rest.",
    )

    assert tldr == (
        "Eliminating redundancies, we propose SkillLite; our framework merges skills that share their first steps "
        "and drops the rest."
    )
    assert points == ()


def test_a_point_brings_along_the_sentence_that_it_needs_or_is_left_out() -> None:
    _, points = summarize(
        "Planner: Planning ahead",
        "We propose Planner, a search over plans for agents. It is trained on logs of shells. "
        "Planner ranks each plan by a model of its cost. This ranking improves accuracy by 12.5% over greedy search.",
    )

    assert points == (
        "Planner ranks each plan by a model of its cost. This ranking improves accuracy by 12.5% over greedy search.",
    )
