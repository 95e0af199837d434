"""Prompts that a server cuts without a word, told by what it counted."""

from __future__ import annotations

import pytest

from digest.llm.window import Cut, CutWatch


def watch(*counts: tuple[int, int | None]) -> CutWatch:
    watched = CutWatch()
    for tokens, said in counts:
        watched.heard(tokens, said)
    return watched


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [(9000, 9000)],
        [(9000, 7300)],
        [(9000, 15_000)],
        [(9000, None)],
        [(9000, 0)],
        [(0, 0)],
        [(999, 100)],
    ],
)
def test_what_counts_about_as_we_do_cuts_nothing(counts: list[tuple[int, int | None]]) -> None:
    assert (watch(*counts).window, watch(*counts).cut) == (None, None)


def test_a_count_that_is_much_too_low_makes_careful_and_not_sure() -> None:
    assert watch((9000, 4000)).window == 4000
    assert watch((9000, 4000)).cut is None


@pytest.mark.parametrize("said", [3990, 4000, 4016])
def test_the_same_count_again_is_a_cut(said: int) -> None:
    assert watch((9000, 4000), (7000, said)).cut == Cut(9000, 4000)


def test_a_smaller_prompt_that_is_counted_as_we_do_makes_it_a_cut() -> None:
    assert watch((9000, 4000), (3000, 2900)).cut == Cut(9000, 4000)
    assert watch((9000, 4000), (600, 590)).cut == Cut(9000, 4000)


@pytest.mark.parametrize("second", [(7000, 3000), (7000, 400), (9000, 4017)])
def test_counts_that_are_always_too_low_and_never_the_same_are_no_cut(second: tuple[int, int]) -> None:
    found = watch((9000, 4000), second, (9000, 4000), (9000, 4000), (3000, 3000))

    assert (found.window, found.cut) == (None, None)


def test_a_count_below_any_context_is_none() -> None:
    assert watch((9000, 511), (9000, 511)).window is None
    assert watch((9000, 512)).window == 512


def test_what_is_sure_stays() -> None:
    sure = [(9000, 4000), (7000, 4000)]

    assert watch(*sure, (9000, 3000), (9000, 100)).cut == Cut(9000, 4000)


@pytest.mark.parametrize(
    ("seen", "window"),
    [(2050, 4096), (1026, 2048), (514, 1024), (4096, 4096), (2048, 2048), (8194, 16_384), (513, 513)],
)
def test_ollama_keeps_half_of_its_context_and_two_tokens(seen: int, window: int) -> None:
    assert Cut(20_000, seen).window == window
