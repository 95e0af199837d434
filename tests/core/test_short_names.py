"""How sentences and subjects call a work: by its name, else by its title, cut where it may be cut."""

from __future__ import annotations

import pytest

from digest.core.issues.names import name_of_work, short_name, short_title


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("RationalRewards: Reasoning Rewards Scale Visual Generation", "RationalRewards"),
        ("FORGE:Fine-grained Multimodal Evaluation", "FORGE"),
        ("EXAONE 4.5: A Report", "EXAONE 4.5"),
        ("HY-Embodied-0.5 — Models for Agents", "HY-Embodied-0.5"),
        ("A Survey: What Agents Do", ""),
        ("Position: Agents Should Stop", ""),
        ("Beyond Words: What Signs Say", ""),
        ("Learning to Retrieve from Agent Trajectories", ""),
        ("Odds of 3:1 in Games", ""),
        ("Carry the Gradient Home: Test-Time Training", ""),
        ("", ""),
    ],
)
def test_the_name_of_a_work_stands_before_a_colon_and_looks_like_one(title: str, name: str) -> None:
    assert name_of_work(title) == name


def test_a_long_title_is_cut_at_its_colon_or_else_behind_a_word() -> None:
    assert short_title("Carry the Gradient Home: Test-Time Training", 30) == "Carry the Gradient Home"
    assert short_title("Carry the Gradient Home: Test-Time Training", 60).endswith("Training")
    assert short_title("Learning to Retrieve from Agent Trajectories", 30) == "Learning to Retrieve from…"
    # Two words before a colon say too little.
    assert short_title("Two Words: And What Comes Behind Them", 25) == "Two Words: And What…"


def test_a_sentence_calls_a_work_without_a_name_by_its_title() -> None:
    assert short_name("TREX: Automating Fine-tuning") == "TREX"
    assert short_name("Attention Is All You Need") == "“Attention Is All You Need”"
