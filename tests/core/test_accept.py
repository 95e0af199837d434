"""What of a completion is taken, and what is missing or refused."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from digest.core.models import Batch, Completion, Paper
from digest.core.summaries.accept import Accepted, accept
from digest.core.summaries.prompts import prompt_for
from tests.conftest import paper

OWLS = paper(1, title="Owls at night", abstract="We track barn owls over years with collars. Survival rises by 12 %.")
FOXES = paper(2, title="Foxes by day", abstract="Red foxes dig dens below hedges. A survey of farmland counts them.")
BEES = paper(3, title="Bees and orchards", abstract="Wild bees pollinate orchards. Residues in nectar lower growth.")
GOOD = {
    OWLS.id: "Tracks barn owls over years with collars.",
    FOXES.id: "Counts the dens that red foxes dig below hedges.",
    BEES.id: "Wild bees pollinate orchards, but residues lower growth.",
}


def took(*papers: Paper, language: str = "en", **said: str) -> Accepted:
    """What comes of answers on *papers*; `p2="…"` is said of the second, of the others what is good."""
    prompt = prompt_for(Batch(papers=papers), system="", nonce="ABCD")
    answers = [
        {"id": str(n), "tldr": said.get(f"p{n}") or GOOD[p.id], "points": [], "topics": ["Owls"]}
        for n, p in enumerate(papers, 1)
        if said.get(f"p{n}") != ""
    ]
    completion = Completion(text=json.dumps({"papers": answers}), input_tokens=1, output_tokens=1)
    return accept(prompt, completion, fold_topics=lambda w: (tuple(w), ()), client="openai", language=language)


def test_what_passes_every_check_says_which() -> None:
    accepted = took(OWLS, FOXES, BEES)

    assert set(accepted.summaries) == {OWLS.id, FOXES.id, BEES.id}
    checks = ("length", "plain", "language", "numbers", "belongs", "repeated")
    assert {s.checked for s in accepted.summaries.values()} == {checks}


def test_a_paper_is_accepted_missing_or_refused() -> None:
    accepted = took(OWLS, FOXES, BEES, p2="", p3="Wild bees pollinate 99 orchards.")

    assert set(accepted.summaries) == {OWLS.id}
    assert accepted.missing == (FOXES,)
    assert accepted.refused == {BEES.id: "numbers: 99 is not in the abstract"}
    assert accepted.failed == {"numbers": 1, "missing": 1}


def test_of_a_brief_answer_only_the_sentence_and_the_topics_are_taken() -> None:
    said = {"id": "1", "tldr": GOOD[OWLS.id], "points": ["Survival rises by 99 %."], "topics": ["Owls"]}
    prompt = prompt_for(Batch(papers=(OWLS,)), system="", nonce="ABCD", is_brief=True)

    accepted = accept(
        prompt,
        Completion(text=json.dumps({"papers": [said]})),
        fold_topics=lambda w: (tuple(w), ()),
        client="openai",
        language="en",
    )

    # What is left out cannot be wrong either.
    [summary] = accepted.summaries.values()
    assert (summary.tldr, summary.points, summary.topics) == (GOOD[OWLS.id], (), ("Owls",))


def test_a_phrase_said_of_two_papers_that_neither_abstract_has_is_refused_in_both() -> None:
    more = "growth and hedges of owls shine over golden farmland orchards"

    accepted = took(
        OWLS,
        FOXES,
        BEES,
        p1=f"{GOOD[OWLS.id]} Survival of barn owls: {more}.",
        p2=f"{GOOD[FOXES.id]} Red foxes, {more}.",
    )

    assert set(accepted.summaries) == {BEES.id}
    assert {reason.partition(":")[0] for reason in accepted.refused.values()} == {"repeated"}
    assert "shine over golden" in accepted.refused[OWLS.id]


def test_a_phrase_that_the_abstracts_have_may_be_said_of_each() -> None:
    twin = paper(4, title=OWLS.title, abstract=OWLS.abstract)

    accepted = took(OWLS, twin, p2=GOOD[OWLS.id])

    assert accepted.refused == {}


def test_usual_words_may_be_said_of_each() -> None:
    owls, foxes = (
        f"{said.rstrip('.')}, achieving state of the art performance on it." for said in list(GOOD.values())[:2]
    )

    assert took(OWLS, FOXES, p1=owls, p2=foxes).refused == {}


def test_of_several_answers_on_one_paper_the_last_good_one_counts() -> None:
    prompt = prompt_for(Batch(papers=(OWLS,)), system="", nonce="ABCD")
    said = ["Tracks barn owls with collars.", GOOD[OWLS.id], "Tracks 99 barn owls over years."]
    text = json.dumps([{"id": "1", "tldr": each} for each in said])

    accepted = accept(
        prompt,
        Completion(text=text, input_tokens=1, output_tokens=1),
        fold_topics=lambda _: ((), ()),
        client="openai",
        language="en",
    )

    assert accepted.summaries[OWLS.id].tldr == GOOD[OWLS.id]


def accepted_of(item: dict[str, object], paper: Paper = OWLS, **changes: Any) -> Accepted:
    """What comes of one answer, as the first paper's."""
    options: dict[str, Any] = {"fold_topics": lambda w: (tuple(w), ()), "client": "openai", "language": "en"}
    said = {"id": "1", "tldr": GOOD[OWLS.id], "points": [], "topics": [], **item}
    completion = Completion(text=json.dumps([said]), model=changes.pop("model", None))
    return accept(prompt_for(Batch(papers=(paper,)), system="", nonce="ABCD"), completion, **{**options, **changes})


def test_a_summary_knows_who_wrote_it_and_in_which_language() -> None:
    [summary] = accepted_of({}, client="replay", model="m-1").summaries.values()

    assert (summary.client, summary.model, summary.language) == ("replay", "m-1", "en")
    assert summary.fell_back is None


def test_the_first_three_points_that_say_something_are_kept() -> None:
    points = ["- Tracks barn owls.", "…", "2) With collars.", "", "* Over years.", "Survival rises."]

    [summary] = accepted_of({"points": points}).summaries.values()

    assert summary.points == ("Tracks barn owls.", "With collars.", "Over years.")


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("1. Tracks barn owls over years with collars.", "Tracks barn owls over years with collars."),
        ("(12) Tracks barn owls over years with collars.", "Tracks barn owls over years with collars."),
        ("• – Tracks barn owls over years with collars.", "– Tracks barn owls over years with collars."),
        ("Tracks barn\nowls\u200b over  years with collars.", "Tracks barn owls over years with collars."),
    ],
)
def test_the_mark_of_a_list_and_what_nobody_sees_are_left_out(said: str, plain: str) -> None:
    [summary] = accepted_of({"tldr": said}).summaries.values()

    assert summary.tldr == plain


def test_a_figure_at_the_beginning_is_no_mark_of_a_list() -> None:
    owls = paper(1, title="Owls", abstract="12 barn owls over years with collars were tracked. 123. of them lived.")
    said = "12 barn owls over years with collars were tracked."

    [summary] = accepted_of({"tldr": said}, owls).summaries.values()

    assert summary.tldr == said


def test_six_topics_are_looked_at_and_those_that_are_none_are_proposed() -> None:
    asked: list[list[str]] = []

    def fold(words: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        asked.append(list(words))
        return ("A",), ("B",)

    [summary] = accepted_of({"topics": [str(n) for n in range(9)]}, fold_topics=fold).summaries.values()

    assert asked == [[str(n) for n in range(6)]]
    assert (summary.topics, summary.proposed) == (("A",), ("B",))


def test_an_answer_on_a_paper_that_was_not_asked_about_is_nobodys() -> None:
    accepted = accepted_of({"id": "2"})

    assert (accepted.summaries, accepted.missing, accepted.refused) == ({}, (OWLS,), {})
    assert accepted.failed == {"missing": 1}


def test_of_several_bad_answers_the_last_one_says_why() -> None:
    prompt = prompt_for(Batch(papers=(OWLS,)), system="", nonce="ABCD")
    said = [{"id": "1", "tldr": f"Tracks {n} barn owls over years with collars."} for n in (97, 98, 99)]

    accepted = accept(
        prompt,
        Completion(text=json.dumps(said)),
        fold_topics=lambda _: ((), ()),
        client="openai",
        language="en",
    )

    assert accepted.refused == {OWLS.id: "numbers: 99 is not in the abstract"}


def test_who_failed_no_check_is_not_counted() -> None:
    assert took(OWLS, FOXES, BEES).failed == {}
    assert took(OWLS, FOXES, BEES, p1="", p2="").failed == {"missing": 2}


def test_what_is_said_in_the_points_may_repeat_too() -> None:
    more = "growth and hedges of owls shine over golden farmland orchards"
    said = [
        {"id": "1", "tldr": GOOD[OWLS.id], "points": [f"Survival of barn owls: {more}."]},
        {"id": "2", "tldr": GOOD[FOXES.id], "points": [f"Red foxes, {more}."]},
        {"id": "3", "tldr": GOOD[BEES.id], "points": []},
    ]
    prompt = prompt_for(Batch(papers=(OWLS, FOXES, BEES)), system="", nonce="ABCD")

    accepted = accept(
        prompt,
        Completion(text=json.dumps(said)),
        fold_topics=lambda _: ((), ()),
        client="openai",
        language="en",
    )

    assert set(accepted.summaries) == {BEES.id}
    assert accepted.failed == {"repeated": 2}
    assert accepted.refused[FOXES.id].endswith("is said of another paper too, and is not in the abstract")


def test_what_was_accepted_cannot_be_changed() -> None:
    accepted = accepted_of({"id": "1", "tldr": "", "points": [], "topics": []})

    with pytest.raises(FrozenInstanceError):
        accepted.missing = ()  # type: ignore[misc]
