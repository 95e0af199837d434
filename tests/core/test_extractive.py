"""The summary in the paper's own words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import assets
from digest.core.errors import ConfigError
from digest.core.extracts import cues
from digest.core.extracts.extractive import Extractor, read
from digest.core.words.sentences import formulas
from digest.evaluation.rouge import best
from digest.evaluation.sets import TldrPaper, read_tldrs
from tests.support.growth import LINEAR, growth, of

ABSTRACT = (
    "Things have been studied for a long time. However, existing ways to study things remain slow. "
    "In this paper, we propose Thinger, a new way to study things with few examples. "
    "Thinger combines a coarse search with a fine one, trained on synthetic things. "
    "On three benchmarks Thinger improves accuracy by 12.5% and is 3 times faster than the best earlier method. "
    "Thinger still fails on things that move, which remain challenging. "
    "Code is available at https://example.org/thinger."
)
PIECES = st.sampled_from(
    "In this paper, |We propose |we show |a method|things|the results|. |, |; |: |? | |$x_1, y$|$\\frac{a}{b}$|12.5%"
    "| [3, 4]| (Smith et al., 2020)|(see Fig. 2)|However, |1) |mRNA "
    "|Background: |RESULTS |\n|Abstract: |(|)|日本語です。|also "
    "|To address this gap, |\\(z. Z\\)|, which is small|, called Thinger, |, but only if | (GAN)| by doing more"
    "|, and show that |Using ten labels, we reach |We show that |, achieving more".split("|")
)
EXTRACTOR = Extractor.parse(assets.trained("summaries.toml").decode())
ANY_ABSTRACT = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=300)


def words(text: str) -> Counter[str]:
    return Counter(in_order(text))


def summarize(title: str, abstract: str) -> tuple[str, tuple[str, ...]]:
    return EXTRACTOR.summarize(title, abstract)


def in_order(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def is_subsequence(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(word in rest for word in few)


def shown(title: str, abstract: str) -> tuple[str, ...]:
    tldr, points = summarize(title, abstract)
    return (tldr, *points)


def test_the_sentence_is_the_one_that_says_what_the_paper_does() -> None:
    tldr, _ = summarize("Thinger: Studying Things", ABSTRACT)

    assert tldr == "We propose Thinger, a new way to study things with few examples."


@pytest.mark.parametrize(
    ("title", "abstract", "told"),
    [
        (
            "Value-Aware Eviction for Reasoning Models",
            "Long outputs fill the cache, and evicting from it costs accuracy. We identify key factors crucial to the "
            "accuracy of cache eviction. Based on these, we propose Value-Aware Eviction (VaEv), a recipe without "
            "training that protects large states and spreads what is evicted. VaEv keeps 96% of the accuracy.",
            "We propose Value-Aware Eviction",
        ),
        (
            "When Numbers Speak: Aligning Numerals with Objects in Text-to-Video Models",
            "Text-to-video models have enabled open-ended synthesis, but often struggle with generating the correct "
            "number of objects given in a prompt. To address this limitation, we introduce NUMA, a framework without "
            "training for better alignment. NUMA identifies layouts that do not fit the prompt.",
            "We introduce NUMA",
        ),
        (
            "Toward Long Engineering by Machines",
            "Machines can write code, but engineering takes days. We study how tasks differ. We introduce LongLab, a "
            "system for long engineering built on a simple principle: keep plans, code and logs in files. LongLab "
            "wins 12 of 20 contests.",
            "We introduce LongLab, a system for long engineering built on a simple principle: keep plans, code and "
            "logs in files.",
        ),
    ],
)
def test_the_work_that_has_a_name_comes_before_what_led_to_it(title: str, abstract: str, told: str) -> None:
    assert summarize(title, abstract)[0].startswith(told)


@pytest.mark.parametrize(
    ("title", "sentences", "name", "first"),
    [
        ("OpenSkill: Learning to learn", ["Skills are old.", "We present OpenSkill."], "openskill", 1),
        ("Count Anything", ["We built a set.", "We propose Count Anything."], "count anything", 1),
        ("Eviction for models", ["GPUs are full.", "We propose Value-Aware Eviction (VaEv).", "VaEv wins."], "vaev", 1),
        ("On graphs", ["We develop a method called Seeker for graphs."], "seeker", 0),
        ("VaEv in practice", ["We present a study of VaEv."], "vaev", 0),
        ("On graphs", ["BERT is large.", "We propose to shrink BERT.", "BERT becomes small."], "", -1),
        ("On graphs", ["We propose a method for GPUs.", "It is fast."], "", -1),
        ("OpenSkill: Learning to learn", ["We present a method for skills."], "", -1),
        ("C++: a study", ["We present C++ (again)."], "c++", 0),
    ],
)
def test_a_paper_calls_its_work_by_a_name_that_it_introduces(
    title: str, sentences: list[str], name: str, first: int
) -> None:
    assert cues.name_of_work(title, sentences) == name
    assert cues.place_of_name(name, sentences) == first


def test_a_sentence_on_what_is_released_is_one_on_code() -> None:
    ours, a_set, old = read(
        "", "We publicly release our models and sets. We release a set of ferns. We release energy."
    )

    assert cues.is_on_code(ours)
    assert not cues.is_on_code(a_set)
    assert not cues.is_on_code(old)


def test_a_lead_in_that_is_not_printed_may_point_back() -> None:
    _, printed = read("", "Things are slow. We study this problem in depth.")
    _, left_out = read("", "Things are slow. To tackle this problem, we propose Thinger.")

    assert cues.points_back(printed)
    assert not cues.points_back(left_out)


def test_what_others_did_is_not_the_summary_where_the_authors_say_what_they_do() -> None:
    background = (
        "Models of graphs are a bottleneck for the search of large graphs in physics and for learning on graphs."
    )

    told, _ = summarize("On models of graphs for search and learning", f"{background} We study them anew by measuring.")
    alone, _ = summarize("On models of graphs for search and learning", f"{background} They are slow.")
    hollow, _ = summarize("Graphs", f"{background} Our code is released at https://example.org, and we show a demo.")

    assert told == "We study them anew by measuring."
    assert alone == background
    assert hollow == background


@pytest.mark.parametrize(
    ("abstract", "before"),
    [
        ("Graphs are large. We study graphs.", [True, False]),
        ("Graphs are large. Seeker is a model of graphs. We study Seeker.", [True, False, False]),
        ("A new species of fern is described from Peru. We provide a key.", [False, False]),
        ("Our graphs are large. We study graphs.", [False, False]),
        ("Graphs are large. Seeker halves them.", [True, False]),
        ("Objective: To find out whether ferns help. Methods: We studied ferns.", [False, False]),
        ("Graphs are large. Trees are small.", [False, False]),
    ],
)
def test_what_comes_before_the_news_speaks_neither_of_the_authors_nor_of_what_was_done(
    abstract: str, before: list[bool]
) -> None:
    assert [bool(cues.comes_before_news(s)) for s in read("Seeker: on graphs", abstract)] == before


def test_the_points_are_method_result_and_limitation_in_order() -> None:
    _, points = summarize("Thinger: Studying Things", ABSTRACT)

    assert points == (
        "Thinger combines a coarse search with a fine one, trained on synthetic things.",
        "On three benchmarks Thinger improves accuracy by 12.5% and is 3 times faster than the best earlier method.",
        "Thinger still fails on things that move, which remain challenging.",
    )


def test_a_structured_abstract_gives_its_aim_or_conclusion_without_its_headings() -> None:
    tldr, points = summarize(
        "Aspirin in older adults",
        "BACKGROUND: Aspirin is widely used. OBJECTIVE: To determine whether aspirin protects healthy older adults. "
        "METHODS: We measured 1,200 adults over three years. RESULTS: Mortality was lower by 1.2% (P < 0.05). "
        "LIMITATIONS: The cohort was small.",
    )

    assert tldr == "To determine whether aspirin protects healthy older adults."
    assert points == (
        "We measured 1,200 adults over three years.",
        "Mortality was lower by 1.2%.",
        "The cohort was small.",
    )


@pytest.mark.parametrize(
    "abstract",
    [
        "",
        " \n ",
        ".",
        "No abstract available.",
        "Volume 56, Issue 3, Page 1-20, June 2024.",
        "Journal of Things, Volume 70, Issue 5, Page 937-947, October 2021.",
        "Journal of Things, EarlyView.",
        "Nature, Published online: 05 June 2024; doi:10.1038/s41586-024-07510-0",
        "Publication date: March 2024 Source: Journal of Things, Volume 5 Author(s): A. B. Lovelace, Emmy Noether",
        "Ada Lovelace, Emmy Noether, Jan van de Graaf, Sofya Kovalevskaya, Maria Goeppert Mayer, Rosalind Franklin",
        "bioRxiv 2025.03.03.641186; doi: https://doi.org/10.1101/2025.03.03.641186",
        r"$x = y$ and $$\int f$$",
        r"\begin{equation} x = y \end{equation}",
        "A Study of Things.",
        "A study of things. Ada Lovelace, Emmy Noether bioRxiv 2025.02; doi: 10.1101/x Add to Selected Citations",
    ],
)
def test_what_is_no_abstract_gives_no_summary(abstract: str) -> None:
    assert summarize("A study of things", abstract) == ("", ())


@pytest.mark.parametrize(
    "front",
    [
        "Nature, Published online: 05 June 2024; doi:10.1038/s41586-024-07510-0 ",
        "PhytoKeys 177: 25-42 DOI: 10.3897/x Authors: Ada Lovelace, Emmy Noether Abstract: ",
        "TAXON, Volume 70, Issue 5, Page 937-947, October 2021. ",
        "Abstract\n",
    ],
)
def test_what_publishers_put_before_an_abstract_is_passed_over(front: str) -> None:
    assert summarize("", f"{front}We describe a new species of fern.") == ("We describe a new species of fern.", ())


def test_a_sentence_alone_is_the_summary() -> None:
    assert summarize("Things", "It works.") == ("It works.", ())


def test_a_text_without_english_cues_gives_its_first_sentence_of_good_length() -> None:
    first = "Wir stellen ein Verfahren vor, mit dem sich große Graphen schneller durchsuchen lassen als bisher."

    assert summarize("Graphen", f"Kurz gesagt. {first} Es ist um 30 % schneller.")[0] == first
    assert summarize("搜索", "我们提出了一种在大规模图上进行高效搜索的新方法。实验表明该方法快得多。")[0].startswith(
        "我们提出"
    )


def test_a_sentence_that_the_feed_cut_off_is_not_chosen() -> None:
    tldr, points = summarize("", "We study how things fall. We show that heavy things fall as fast as light thi")

    assert (tldr, points) == ("We study how things fall.", ())


@settings(deadline=None)
@given(st.text(max_size=20), ANY_ABSTRACT)
def test_every_word_and_number_shown_stands_in_the_abstract_in_that_order(title: str, abstract: str) -> None:
    for text in shown(title, abstract):
        assert is_subsequence(in_order(text), in_order(abstract))


@settings(deadline=None)
@given(st.text(max_size=20), ANY_ABSTRACT)
def test_no_sentence_is_shown_twice_and_none_is_empty(title: str, abstract: str) -> None:
    tldr, *points = shown(title, abstract)

    assert all(points)
    assert len(points) <= 3
    assert tldr or not points
    assert len(tldr) <= 400
    assert all(len(point) <= 300 for point in points)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["$a, b$", "$c. D$", "we show", "that, ", "things ", "fail. "]), min_size=30).map(" ".join)
)
def test_formulas_are_shown_whole(abstract: str) -> None:
    whole = {abstract[start:end] for start, end in formulas(abstract)}

    for text in shown("", abstract):
        assert {text[start:end] for start, end in formulas(text)} <= whole
        assert text.count("$") % 2 == 0


@pytest.mark.parametrize(
    "unit",
    "a| |\n|We show |(Aa and Bb, 2019; |[1, |$x |To x this |First, |Results: |1) |Volume 1 |Abstract: "
    "|Publication date: |experiments a b c |code |x, |A. |we really |(|これは。".split("|"),
)
def test_its_time_grows_no_faster_than_the_text(unit: str) -> None:
    assert growth(lambda text: summarize(text, text), of(unit)).factor < LINEAR


def test_real_papers_get_a_sentence_of_their_own_words(real_data: Path) -> None:
    days = sorted((real_data / "huggingface-daily").glob("2026-06-0*.json"))
    papers = [entry["paper"] for day in days for entry in json.loads(day.read_text(encoding="utf-8"))]

    assert len(papers) > 100
    for each in papers:
        title, abstract = each["title"], " ".join(each["summary"].split())
        tldr, points = summarize(title, abstract)
        assert 20 <= len(tldr) <= 400
        assert all(is_subsequence(in_order(text), in_order(abstract)) for text in (tldr, *points))


def test_the_sentence_is_nearer_to_what_people_write_than_the_first_or_the_first_cue(real_data: Path) -> None:
    papers = read_tldrs(real_data / "eval/scitldr/A-dev.jsonl")[::3]
    cue = re.compile(r"\b(we (propose|present|introduce|show|study)|this (paper|work))\b", re.IGNORECASE)

    def likeness(choose: Callable[[TldrPaper], str]) -> float:
        return sum(best(choose(p), p.references).r1 for p in papers) / len(papers)

    ours = likeness(lambda p: summarize(p.title, p.abstract)[0])

    assert ours > likeness(lambda p: p.sentences[0]) + 8
    assert ours > likeness(lambda p: next(filter(cue.search, p.sentences), p.sentences[0])) + 2


def test_weights_that_cannot_be_read_are_refused() -> None:
    for text in ("x", "[a", 'position = "first"', '[position]\nfirst = "x"', "[position]\nfirst = []"):
        with pytest.raises(ConfigError, match="install the package again"):
            Extractor.parse(text)


def test_what_has_no_weight_counts_nothing_and_the_first_sentence_wins() -> None:
    assert Extractor.parse("").summarize("", "Cats sleep. Dogs bark.")[0] == "Cats sleep."


def test_weights_decide_which_sentence_is_chosen() -> None:
    late = Extractor.parse('[position]\n"share" = 1.0\n')

    assert late.summarize("", "The cats sleep in the sun. The dogs bark. The birds sing in the trees.")[0].startswith(
        "The birds"
    )


def test_what_everybody_does_is_not_chosen_where_the_authors_say_what_they_do() -> None:
    sentence, _ = summarize(
        "The Answer Is Not in This Report: Abstention in Retrieval over Long Documents",
        "Question answering over long documents is evaluated on questions that have an answer. In practice many do "
        "not. "
        "We build Lacuna, a benchmark of 3,600 questions over 420 reports, half of which look answerable but are not.",
    )

    assert sentence.startswith("We build Lacuna")
