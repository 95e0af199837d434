"""The index of a day's candidates: which papers an interest in words finds, how well, and by which words."""

from __future__ import annotations

import pytest

from digest.core.models import Paper
from digest.core.ranking.index import CandidateIndex, Matching
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.reasons import MATCHES
from digest.core.ranking.relevance import Background
from tests.conftest import paper

LEXICON = Lexicon.parse(
    "llm = large language model", "computer_use desktop:80 gui:60\n= asr = automatic speech recognition\n"
)
FILLING = "We study how sediment moves in mountain streams after heavy rain and what that does to the banks."


def index(*papers: Paper, lexicon: Lexicon = LEXICON, matching: Matching | None = None) -> CandidateIndex:
    return CandidateIndex(papers, Background(lexicon=lexicon), matching=matching)


def fits(phrase: str, *texts: str, lexicon: Lexicon = LEXICON) -> list[float]:
    """How well papers with these titles fit."""
    made = index(*(paper(n, title=text, abstract=FILLING) for n, text in enumerate(texts)), lexicon=lexicon)
    found = made.match(phrase)
    return [found.get(n, 0.0) for n in range(len(texts))]


def test_a_phrase_finds_the_paper_that_has_it_and_no_other() -> None:
    about, other = fits("gravel bed rivers", "Gravel bed rivers in flood", "Attention in networks")

    assert about >= MATCHES
    assert other == 0


def test_words_side_by_side_say_more_than_the_same_words_apart() -> None:
    side_by_side, apart = fits("causal inference", "Causal inference at scale", "Causal attention for fast inference")

    assert side_by_side >= MATCHES > apart > 0


def test_other_forms_of_a_word_count_less_than_the_word_itself() -> None:
    same, form, other = fits(
        "generating images", "Generating images of rivers", "Image generation of rivers", "General images of rivers"
    )

    assert same > form > 0.3 > other
    assert same >= MATCHES


def test_another_name_of_the_same_thing_will_do() -> None:
    named, spelled_out, other = fits(
        "LLM agents", "LLM agents at sea", "Large language model agents at sea", "Model agents at sea"
    )

    assert named > spelled_out >= MATCHES > other
    assert fits("automatic speech recognition", "ASR at sea")[0] >= MATCHES
    assert fits("LLM agents", "Large language model agents", lexicon=Lexicon())[0] < MATCHES


def test_related_words_bring_a_paper_before_the_others_but_make_no_match() -> None:
    related, other = fits("computer use", "A desktop with a GUI", "A boat with a rudder")

    assert MATCHES > related > other == 0


@pytest.mark.parametrize("title", ["Tool use by agents", "Agents learn to use tools", "Computer use by agents"])
def test_a_sentence_matches_a_paper_that_has_its_parts(title: str) -> None:
    (about,) = fits("agents that use tools and computers", title)

    assert about >= MATCHES


def test_what_is_used_counts_also_where_the_word_use_is_missing() -> None:
    agents, crows = fits("agents that use tools and computers", "Tool-using agents", "Tool-using crows")

    assert agents > 2 * crows


@pytest.mark.parametrize("title", ["Agents at sea", "Tool use in crows", "Computer vision for boats"])
def test_a_sentence_does_not_match_a_paper_that_lacks_a_part(title: str) -> None:
    (about,) = fits("agents that use tools and computers", title)

    assert about < MATCHES


def test_one_word_that_is_only_mentioned_is_no_match() -> None:
    made = index(
        paper(1, title="Hallucinations of models", abstract=FILLING),
        paper(2, title="Rivers", abstract=f"{FILLING * 10} Our gauges have no hallucinations."),
    )

    found = made.match("hallucinations")

    assert found[0] >= MATCHES > found[1] > 0


def test_a_long_interest_is_met_by_likeness() -> None:
    made = index(
        paper(1, title="Gravel and sediment", abstract="Floods, dams: alpine gravel, a river's sediment moves."),
        paper(2, title="Attention in networks", abstract=FILLING),
    )

    found = made.match("How do floods and dams move gravel and sediment through alpine rivers?")

    assert found[0] >= MATCHES > found.get(1, 0)


def test_likeness_alone_is_no_match_for_a_long_interest() -> None:
    made = index(paper(1, title="Floods of dams", abstract="Floods, dams, and dams in floods."))

    assert made.match("How do floods and dams move gravel and sediment through alpine valleys?").get(0, 0) < MATCHES


def test_two_interests_joined_by_and_are_each_met_by_itself() -> None:
    auctions, design = fits("mechanism design and auctions", "Auctions of boats", "Mechanism design for boats")

    assert min(auctions, design) >= MATCHES


def test_what_is_written_of_together_is_meant_together() -> None:
    systematics = "Systematics of geckos"

    (alone,) = fits("plant evolution and systematics", systematics)
    beside, _ = fits("plant evolution and systematics", systematics, "Plant systematics")

    assert alone >= MATCHES > beside > 0


def test_a_part_that_every_paper_of_the_list_has_may_be_missing() -> None:
    slopes = paper(0, title="Gravel and sediment on alpine slopes", abstract=FILLING)
    rivers = [paper(n, title="Rivers", abstract="The river is long.") for n in range(1, 400)]

    among_few = index(slopes).match("alpine gravel in rivers").get(0, 0)
    among_rivers = index(slopes, *rivers).match("alpine gravel in rivers").get(0, 0)

    assert among_rivers > among_few


def test_what_is_usual_in_other_papers_of_the_sources_tells_as_little() -> None:
    other = [paper(n, title="Rivers", abstract="The river is long.") for n in range(400)]

    alone = CandidateIndex([], Background()).space
    made = CandidateIndex([], Background(), beside=other).space

    assert made.rarity_here("river") < 0.5 < alone.rarity_here("river")


def test_a_letter_is_not_the_rarest_word_of_a_phrase() -> None:
    made = index(paper(1, title="T cells", abstract=FILLING), paper(2, title="A t test", abstract=FILLING))

    assert made.match("T cells")[0] >= MATCHES > made.match("T cells").get(1, 0)


def test_words_of_keywords_and_categories_count() -> None:
    made = index(paper(1, title="Untold", abstract="", keywords=("gravel beds",), categories=("cs.CL",)))

    assert made.match("gravel beds")[0] >= MATCHES
    assert made.match("cs.CL")[0] > 0


def test_a_fit_does_not_depend_on_the_order_of_the_papers() -> None:
    papers = [paper(n, title=f"Gravel bed rivers {word}", abstract=FILLING * n) for n, word in enumerate("abcd")]
    forwards, backwards = index(*papers).match("gravel rivers"), index(*papers[::-1]).match("gravel rivers")

    assert {papers[n].id: fit for n, fit in forwards.items()} == {papers[3 - n].id: fit for n, fit in backwards.items()}


@pytest.mark.parametrize("phrase", ["", "   ", "?!", "中文", "the", "of the and", "a" * 500, "x " * 500, ", and or &"])
def test_any_text_may_be_asked_for(phrase: str) -> None:
    made = index(paper(1, title="The a of", abstract="x"), paper(2, title="Rivers"))

    assert all(0 < fit <= 1 for fit in made.match(phrase).values())
    assert isinstance(made.terms(phrase, 0, 2), tuple)


def test_what_is_left_out_of_the_matching_finds_less() -> None:
    papers = [paper(1, title="Large language model agents", abstract=FILLING)]

    assert 0 in index(*papers).match("LLM agents")
    assert 0 not in index(*papers, matching=Matching(synonyms=0)).match("LLM agents")


def test_terms_are_runs_of_the_phrase_as_written_that_the_paper_has() -> None:
    made = index(paper(1, title="Tool use on gravel bed rivers", abstract="Sediment moves."))

    assert made.terms("Gravel bed river", 0, 2) == ("Gravel bed river",)
    assert made.terms("who use tools", 0, 2) == ("use tools",)
    assert made.terms("gravel for mountain roads", 0, 2) == ("gravel",)
    assert made.terms("agents", 0, 2) == ()


def test_an_index_of_no_papers_finds_nothing() -> None:
    assert index().match("rivers") == {}


def test_vectors_are_those_of_title_abstract_and_keywords() -> None:
    made = index(paper(1, title="Gravel", abstract="beds", keywords=("rivers",)))

    assert set(made.vectors[0].weights) == {"gravel", "bed", "river"}
