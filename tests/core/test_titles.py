"""How two titles differ, and which words make two works of two titles."""

from __future__ import annotations

import pytest

from digest.core.identity.titles import (
    are_of_a_series,
    are_of_other_kinds,
    are_surely_of_a_series,
    are_told_apart,
    content,
    is_generic,
    misspelling,
    numbers,
    share_words,
    title_difference,
    words_of,
)

# -- words


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Sand in Rivers", "sand in rivers"),
        ("Sand [version 2; awaiting peer review] in rivers", "sand in rivers"),
        ("Sand [version 1: approved] in rivers", "sand in rivers"),
        ("RETRACTED: Sand", "sand"),
        ("Withdrawn paper: Sand", "sand"),
        ("Withdrawn sand: rivers", "withdrawn sand rivers"),
        ("Sand [version control] in rivers", "sand version control in rivers"),
        ("", ""),
    ],
)
def test_the_words_of_a_title_are_those_of_its_authors(title: str, words: str) -> None:
    assert " ".join(words_of(title)) == words


def test_small_words_are_no_content() -> None:
    assert content(words_of("On the sand of its river, and through fog")) == ("sand", "river", "fog")


def test_words_that_number_a_work_are_counted() -> None:
    assert numbers(words_of("Part II of 2 maps, 2 rivers and CO2")) == {"ii": 1, "2": 2, "co2": 1}


# -- misspelling


@pytest.mark.parametrize(
    ("a", "b", "letters"),
    [
        # as many letters as the length of the shorter word allows
        ("sand", "sond", None),
        ("sands", "sonds", 1),
        ("sands", "sonts", None),
        ("dredges", "dredjes", 1),
        ("dredges", "drefjes", None),
        ("dredging", "dredjing", 1),
        ("dredging", "drefjing", 2),
        ("dredging", "drefjihg", None),
        ("sand", "sandy", None),
        ("sands", "sandsy", 1),
        ("sands", "sandsyz", None),
        ("dredging", "dredgingab", 2),
        ("dredging", "dredgingabc", None),
        # left out, put in, exchanged
        ("buffering", "bufering", 1),
        ("generation", "genertaion", 1),
        ("sabcdefgh", "sbcdefghi", 2),
        ("generation", "gneertaion", 2),
        # a word and its plural
        ("owl", "owls", 1),
        ("ox", "oxs", None),
        ("dam", "damn", None),
        # two words for all that
        ("sands", "bands", None),
        ("comment", "comments", None),
        ("correction", "corrections", None),
        ("river2maps", "riverxmaps", None),
        ("microscale", "macroscale", None),
        ("microscale", "microscals", 1),
        ("macroscale", "macroscals", 1),
        ("interclass", "intraclass", None),
        ("fourth", "fourty", 1),
        ("s" * 63 + "a", "s" * 63 + "b", 1),
        ("s" * 64 + "a", "s" * 64 + "b", None),  # no word is as long as that
        ("\u6cb3\u6d41\u6ce5\u6c99\u7684\u7814", "\u6cb3\u6d41\u6ce5\u6c99\u7684\u7a76", None),
    ],
)
def test_a_word_may_be_misspelt_the_more_the_longer_it_is(a: str, b: str, letters: int | None) -> None:
    assert misspelling(a, b) == misspelling(b, a) == letters


# -- differences


@pytest.mark.parametrize(
    ("title", "other", "difference"),
    [
        ("Sand in rivers", "SAND in Rivers", "same title"),
        ("On-line sand", "Online sand", "same title"),
        ("Sand in rivers", "The sand of the rivers", "title differs by small words"),
        ("Of the", "In a", None),
        ("The data base of rivers", "Database rivers", "title differs by hyphens"),
        ("Sand of rivers", "Silt of rivers", None),
        ("Rivers of sand", "Rivers of silt", None),
        ("Sands of rivers", "Sonds of rivers", "title differs by 1 letter"),
        ("Sands silts coasts", "Sonds solts cousts", "title differs by 3 letters"),
        ("Sands silts coasts gravel", "Sonds solts cousts grovel", None),
        ("Sand of", "Of", None),
        ("Of", "Sand of", None),
        # 24 letters before the subtitle, small words aside
        ("Abcdefghijkl mnopqrstuvw", "Abcdefghijkl mnopqrstuvw: forty dams", None),
        ("Abcdefghijkl mnopqrstuvwx", "Abcdefghijkl mnopqrstuvwx: forty dams", "title with and without a subtitle"),
        ("Abcdefghijkl of mnopqrstuvwx", "Silt: abcdefghijkl of mnopqrstuvwx", "title with and without a subtitle"),
        ("Abcdefghijkl of mnopqrstuvwx", "Fine silt: abcdefghijkl of mnopqrstuvwx", None),
        ("Abcdefghijkl of mnopqrstuvwx", "Abcdefghijkl of mnopqrstuvwx: part two", None),
        ("Abcdefghijkl of mnopqrstuvwx", "Abcdefghijkl of mnopqrstuvwx: a tutorial", None),
        ("Abcdefghijkl of mnopqrstuvwx", "Abcdefghijkl of mnopqrstuvwx in 2024: a map", None),
        ("Abcdefghijkl: mnopqrstuvwx", "Abcdefghijkl: mnopqrstuvwx: a map", "title with and without a subtitle"),
    ],
)
def test_titles_differ_in_spelling_small_words_or_a_subtitle(title: str, other: str, difference: str | None) -> None:
    assert title_difference(title, other) == title_difference(other, title) == difference


def test_a_subtitle_is_looked_for_at_twenty_places() -> None:
    parts = [f"{chr(97 + n)}sand" for n in range(21)]
    twenty, more = ": ".join(parts[:20]), ": ".join(parts)

    assert title_difference(twenty, f"{twenty}: forty dams") == "title with and without a subtitle"
    assert title_difference(more, f"{more}: forty dams") is None


@pytest.mark.parametrize(
    ("title", "other", "shared"),
    [
        ("Sand of rivers", "Sand of deserts", True),  # one of three
        ("Sand of rivers", "Sand of dry deserts", False),  # one of four
        ("Fine sand of rivers", "Fine sand on dry coasts", True),
        ("Sand", "Sand", True),
        ("Of the", "Of the", False),
        ("", "Sand", False),
    ],
)
def test_titles_share_words_if_a_third_of_them_is_in_both(title: str, other: str, shared: bool) -> None:
    assert share_words(title, other) is share_words(other, title) is shared


# -- two works


@pytest.mark.parametrize(
    ("title", "other", "series"),
    [
        ("Sand maps 1", "Sand maps 2", True),
        ("Sand maps", "Sand maps", False),
        ("Sand maps 1", "Sand silt 2", False),  # of three words one is in both
        ("Sand maps dunes 1", "Sand maps dams 2", True),  # of four words two
        ("Sand maps one", "Sand maps", True),
        ("Sand maps", "Reply to: Sand maps", True),
        ("Reply to: Sand maps", "Reply to: Sand maps", False),
        ("Correction: Sand maps", "Dunes", True),
    ],
)
def test_works_of_a_series_differ_by_a_number(title: str, other: str, series: bool) -> None:
    assert are_of_a_series(title, other) is are_of_a_series(other, title) is series


@pytest.mark.parametrize(
    ("title", "other", "series"),
    [
        ("Sand 1", "Sand 2", True),
        ("Sand", "Sand 2", True),
        ("Sand", "Sand, the 2", True),
        ("Sand", "Dry sand 2", True),
        ("Silt", "Sand 2", False),
        ("Sand COVID-19", "Sand SARS-CoV-2", False),
        ("Sand CoV-1", "Sand CoV-2", True),
        ("Sand", "Sand CoV-2", True),
        ("Sand CoV", "Sand CoV-2", True),
        ("Dunes CoV-1 and COVID-19", "Silt CoV-2", True),
        ("Sand and silt", "Sand", False),
        ("Correction: Sand", "Sand", True),
        ("Correction: Sand", "Correction: Sand", False),
    ],
)
def test_a_number_surely_tells_works_apart_where_it_takes_anothers_place(title: str, other: str, series: bool) -> None:
    assert are_surely_of_a_series(title, other) is are_surely_of_a_series(other, title) is series


@pytest.mark.parametrize(
    ("title", "other", "apart", "other_kinds"),
    [
        ("Sand", "Sand", False, False),
        ("Sand", "Sand: a tutorial", False, True),
        ("Sand tutorial", "Sand: a tutorial", False, False),
        ("Sand", "Sand appendix", True, True),
        ("Sand appendix", "Sand. Appendix", False, False),
        ("Sandappendix", "Sand appendix", False, True),  # glued together
        ("Supervised sand", "Unsupervised sand", True, True),
        ("Supervised sand", "Presupervised sand", False, False),
        ("Unsupervised sand", "Sand", False, False),
        ("Sand 1", "Sand 2", True, True),
        ("Sand 1", "Sand", False, False),  # a page or a year
        ("Sand 1", "Sand 1 2", False, False),
        ("Sand first", "Sand second", True, True),
        ("Sand O 2", "Sand O2", False, False),
        ("Sand O2", "Sand O3", True, True),
        ("Sand", "Erratum: Sand", True, True),
        ("Sand reply", "Sand", True, True),
        ("Response to: Sand", "Sand", True, True),
    ],
)
def test_a_word_may_tell_two_works_apart(title: str, other: str, apart: bool, other_kinds: bool) -> None:
    assert are_told_apart(title, other) is are_told_apart(other, title) is apart
    assert are_of_other_kinds(title, other) is are_of_other_kinds(other, title) is other_kinds


def test_a_title_that_any_work_may_have_is_generic_as_a_whole() -> None:
    assert is_generic("Guest Editorial")
    assert not is_generic("Guest editorial boards")
