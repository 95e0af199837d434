"""Sentences of an abstract that an extract was made of are found in it, though words were left out of them."""

from __future__ import annotations

from digest.publish.marking import is_marked, marked

ABSTRACT = (
    "Large models are costly (Brown et al., 2020). Eliminating redundancies, we propose SkillOpt-Lite. "
    "In this work, we train it with $n^2$ examples; it needs 3 GB. It fails on long inputs.\nCode is public."
)


def chosen(*extract: str) -> list[str]:
    return [sentence for paragraph in marked(ABSTRACT, extract) for sentence, is_chosen in paragraph if is_chosen]


def test_a_sentence_is_found_though_words_at_its_front_were_left_out() -> None:
    assert chosen("We train it with $n^2$ examples; it needs 3 GB.") == [
        "In this work, we train it with $n^2$ examples; it needs 3 GB."
    ]


def test_two_sentences_joined_to_one_are_both_marked() -> None:
    assert chosen("We propose SkillOpt-Lite; it fails on long inputs.") == [
        "Eliminating redundancies, we propose SkillOpt-Lite.",
        "It fails on long inputs.",
    ]


def test_nothing_is_marked_if_a_part_of_the_extract_stands_elsewhere() -> None:
    paragraphs = marked(ABSTRACT, ("We propose SkillOpt-Lite.", "A point that the abstract does not make."))

    assert not is_marked(paragraphs)


def test_the_whole_abstract_comes_back_by_paragraphs() -> None:
    paragraphs = marked(ABSTRACT, ())

    assert "\n".join(" ".join(sentence for sentence, _ in paragraph) for paragraph in paragraphs) == ABSTRACT
    assert marked("", ("x",)) == ()
