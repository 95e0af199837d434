"""What of a completion is taken, and what is missing or refused."""

from __future__ import annotations

import json

from digest.core.accept import Accepted, accept
from digest.core.models import Batch, Completion, Paper
from digest.core.prompts import prompt_for
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
