"""Whose summary it is, by its words; and phrases said of several papers that none of their abstracts has."""

from __future__ import annotations

import pytest

from digest.core.summaries.belonging import complaint, stems, telling
from digest.core.summaries.repeats import repeated

OWN = "Barn owls nest below the rafters of old barns and eat voles."
OTHER = "Red foxes dig dens below hedges of farmland."


def verdict(said: str, own: str = OWN, *others: str, is_foreign: bool = False) -> tuple[int | None, str] | None:
    return complaint(said, (), own, others, is_foreign=is_foreign)


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Transformers transform", {"transf"}),
        ("an ox by owl", {"owl"}),
        ("7 of 42", {"7", "42"}),
        ("鸟 é", {"鸟", "é"}),
        ("through their method", set()),
    ],
)
def test_words_that_say_something_count_by_their_beginnings(text: str, found: set[str]) -> None:
    assert stems(text) == found


def test_words_that_are_usual_in_the_field_tell_nothing() -> None:
    assert telling("A dataset of owls") == {"owls"}


# --- another paper's --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("others", "place"), [((OTHER, "Bees."), 0), (("Bees.", OTHER), 1), (("Bees.",), None)])
def test_a_summary_that_fits_another_paper_better_is_said_to_be_that_ones(
    others: tuple[str, ...], place: int | None
) -> None:
    found = verdict("Foxes dig dens below hedges.", OWN, *others, is_foreign=True)

    assert (found[0] if found else None) == place


def test_what_fits_none_of_the_batch_fits_no_other_better() -> None:
    assert verdict("Quantum codes correct errors.", OWN, OTHER, is_foreign=True) is None


SHARED = "alpha bravo charlie delta echo foxtrot"


@pytest.mark.parametrize(("shared", "fits_better"), [(5, True), (6, False)])
def test_a_word_that_all_abstracts_have_tells_less_than_half_of_one_that_one_has(
    shared: int, fits_better: bool
) -> None:
    words = " ".join(SHARED.split()[:shared])

    found = verdict(f"{words} golf", words, f"{words} golf")

    assert (found is not None and found[0] == 0) is fits_better


def test_what_is_as_good_as_the_best_but_for_a_few_words_is_left_to_its_paper() -> None:
    assert verdict("alpha bravo charlie delta", "alpha bravo charlie", "bravo charlie delta") is None


# --- no paper's -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "is_supported"),
    [
        ("Shopping.", True),
        ("Visit shops.", False),
        ("Visit shops, owls.", True),
        ("Visit shops today.", False),
        ("Visit shops, voles, today.", False),
        ("Visit barns, voles, today.", True),
        ("Visit barns, data today.", True),
        ("Visit shops, barns, bargains today.", False),
    ],
)
def test_a_sentence_needs_enough_words_of_its_abstract(said: str, is_supported: bool) -> None:
    assert (verdict(said) is None) is is_supported


DATA = "A model of data for images."


@pytest.mark.parametrize(
    ("said", "is_supported"),
    [
        ("Data shops offers.", True),
        ("Data shops offers bargains.", False),
        ("Data, video, speech, agents.", False),
        ("Data, images, agents, code.", True),
        ("Data, images, agents, shops.", False),
        ("Images of data, real data, video, shops.", False),
    ],
)
def test_usual_words_support_a_sentence_by_a_fifth(said: str, is_supported: bool) -> None:
    assert (verdict(said, DATA) is None) is is_supported


def test_three_usual_words_bear_one_unusual_one() -> None:
    assert verdict("Data, images, video, shops.", "data images video") is None


@pytest.mark.parametrize("points", [("Visit our shops today.",), ("Owls eat voles.", "Visit our shops today.")])
def test_each_point_needs_them_too(points: tuple[str, ...]) -> None:
    found = complaint("Owls nest in barns.", points, OWN, [OTHER], is_foreign=False)

    assert found == (None, "“Visit our shops today.” has next to no words in common with the abstract")


def test_in_another_language_nothing_is_said_of_sentences() -> None:
    assert verdict("Besuchen Sie heute unsere Läden.", OWN, OTHER, is_foreign=True) is None


@pytest.mark.parametrize(("length", "shown"), [(59, 59), (60, 60), (61, 59)], ids=["shorter", "as long", "longer"])
def test_a_long_sentence_is_shown_in_part(length: int, shown: int) -> None:
    said = "Visit shops with bargains ".ljust(length - 1, "x") + "!"

    found = verdict(said)

    assert found is not None
    assert found[1].partition("”")[0] == "“" + said[:shown] + "…" * (shown < length)


# --- said of several --------------------------------------------------------------------------------------------------

SIX = "golden bargains shine over sunny beaches"
TEN = "die goldenen angebote leuchten weithin sichtbar bis zu fernen inseln"


def said_of_two(phrase: str, *, language: str = "en", source: str = "Owls.") -> dict[int, str]:
    said = {1: (f"Owls: {phrase}. One", source), 2: (f"Foxes: {phrase}! Two", source), 3: ("Bees hum.", "Bees.")}
    return repeated(said, language=language)


def test_a_phrase_that_no_abstract_has_is_found_in_both() -> None:
    assert said_of_two(SIX) == {1: SIX, 2: SIX}


def test_what_is_said_of_one_paper_is_no_repetition() -> None:
    assert repeated({1: (SIX, "Owls."), 2: ("Foxes dig dens below the hedges.", "Foxes.")}, language="en") == {}


def test_five_words_may_be_alike() -> None:
    assert said_of_two(" ".join(SIX.split()[:5])) == {}


def test_in_other_languages_ten_words_are_a_phrase() -> None:
    assert said_of_two(TEN, language="de") == {1: TEN, 2: TEN}
    assert said_of_two(" ".join(TEN.split()[:9]), language="de") == {}


@pytest.mark.parametrize(
    ("source", "is_found"),
    [
        ("Bargains shine over beaches.", True),
        ("Golden bargains shine over beaches.", False),
        (SIX, False),
    ],
)
def test_two_of_its_words_tell_what_the_abstract_does_not(source: str, is_found: bool) -> None:
    assert bool(said_of_two(SIX, source=source)) is is_found
