"""Other names of the same thing and related words, as their files say; the parts of an interest; stems."""

from __future__ import annotations

import pytest

from digest import assets
from digest.core.errors import ConfigError
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.wording import read_wording
from digest.core.words.abbreviations import abbreviations
from digest.core.words.stemming import light_stem
from digest.core.words.word_counts import words


def test_a_name_is_replaced_by_each_other_name_within_a_phrase() -> None:
    lexicon = Lexicon.parse("# note\n\nLLM = Large Language Models = language model\n")

    assert lexicon.spellings(("llm", "agent"), 5) == (
        ("llm", "agent"),
        ("large", "language", "model", "agent"),
        ("language", "model", "agent"),
    )
    assert lexicon.spellings(("llm", "agent"), 2) == (("llm", "agent"), ("large", "language", "model", "agent"))
    assert lexicon.spellings(("river",), 5) == (("river",),)


def test_related_words_have_weights_in_hundredths() -> None:
    lexicon = Lexicon.parse("", "# note\ncomput_use desktop:43 gui_agent:9\n= asr = speech recognition\n")

    assert lexicon.related[("comput", "use")] == ((("desktop",), 0.43), (("gui", "agent"), 0.09))
    assert lexicon.same[("asr",)] == (("speech", "recognition"),)


@pytest.mark.parametrize(
    ("synonyms", "related", "named"),
    [
        ("llm", "", "synonyms.txt"),
        ("llm = the", "", "synonyms.txt"),
        ("", "a b", "related.txt"),
        ("", "a b:x", "again"),
    ],
)
def test_a_line_of_another_form_is_named(synonyms: str, related: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Lexicon.parse(synonyms, related)


def test_what_ships_can_be_read_and_knows_the_usual_names() -> None:
    shipped = Lexicon.parse(assets.shipped("synonyms.txt").read_text("utf-8"), assets.trained_text("related.txt"))

    assert ("large", "language", "model") in shipped.same[("llm",)]
    assert ("automatic", "speech", "recognition") in shipped.same[("asr",)]
    assert len(shipped.related) > 2000
    assert len(assets.trained("related.txt")) < 500_000


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("test-time training", [[("test", "time", "training")]]),
        ("retrieval for long documents", [[("retrieval",)], [("long", "document")]]),
        (
            "agents that use tools and computers",
            [[("agent",)], [("use", "tool"), ("use", "computer"), ("computer",), ("tool",)]],
        ),
        ("elliptic and parabolic equations", [[("elliptic", "equation"), ("parabolic", "equation"), ("elliptic",)]]),
        ("mechanism design and auctions", [[("mechanism", "design"), ("mechanism", "auction"), ("auction",)]]),
        ("dark matter and gravitational waves", [[("dark", "matter"), ("gravitational", "wave")]]),
        ("ecology and evolution of birds", [[("ecology",), ("evolution",)], [("bird",)]]),
        ("new species of TNFα", [[("new", "species")], [("tnf", "alpha")]]),
        ("effects of drought", [[("drought",)]]),
        ("video understanding", [[("video", "understanding")]]),
        ("networks for solving equations", [[("network",)], [("equation",)]]),
        ("difference-in-differences", [[("difference", "difference")]]),
        ("difference in differences", [[("difference", "difference")]]),
        ("turbulence and the onset of chaos", [[("turbulence",), ("onset",)], [("chao",)]]),
        ("studying", [[("studying",)]]),
        ("vision, language", [[("vision",), ("language",)]]),
        ("papers about rivers", [[("river",)]]),
        ("how people use chatbots", [[("people", "use", "chatbot")]]),
        ("the and of", [[("the", "and", "of")]]),
        ("", []),
    ],
)
def test_an_interest_has_parts_and_each_its_wordings(text: str, parts: list[list[tuple[str, ...]]]) -> None:
    assert [[run for run, _ in part.wordings] for part in read_wording(text).parts] == parts


@pytest.mark.parametrize(
    "forms",
    [
        "generate generating generated generation generator",
        "retrieve retrieving retrieval",
        "detect detecting detection",
        "use using used",
        "train training trained",
        "evaluate evaluating evaluation",
        "mitochondrion mitochondrial",
        "genome genomic genomics",
        "haemoglobin hemoglobin",
        "behaviour behavior",
        "fibre fiber",
        "modelling modeling modelled",
        "organisation organization organised organizing",
    ],
)
def test_forms_of_one_word_have_one_stem(forms: str) -> None:
    assert len({light_stem(word) for word in forms.split()}) == 1


def test_different_things_keep_different_stems() -> None:
    different = (
        "general generate generative computer compute computational university universe interval us3 über hour her"
    )

    assert len({light_stem(word) for word in different.split()}) == len(different.split())


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("α-Synuclein, TNFα", ["alpha", "synuclein", "tnf", "alpha"]),
        ("5 µm", ["5", "mu", "m"]),
        ("Schrödinger Łojasiewicz", ["schrodinger", "lojasiewicz"]),
        (
            "fungi bacteria algae analyses matrices genera",
            ["fungus", "bacterium", "alga", "analysis", "matrix", "genus"],
        ),
        ("species series systematics", ["species", "series", "systematics"]),
        ("λόγος", ["λόγοσ"]),
        ("한국어 だ", ["한국어", "だ"]),
    ],
)
def test_words_are_folded_as_fields_write_them(text: str, folded: list[str]) -> None:
    assert words(text) == folded


def test_abbreviations_are_taken_where_the_initials_agree() -> None:
    text = "Automatic speech recognition (ASR) by large language models (LLMs), see the appendix (PDF) and us (we)."

    assert abbreviations(text) == [("asr", "automatic speech recognition"), ("llm", "large language model")]
