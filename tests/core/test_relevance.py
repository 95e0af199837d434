"""Relevance by words: near is near, rare words say more, and what is usual says nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import assets
from digest.core.errors import ConfigError
from digest.core.ranking.relevance import EVENNESS, USUAL, Background, Nearest, Space, Taste, Vector
from digest.core.words.word_counts import word_counts
from digest.evaluation import ranking
from digest.evaluation.sets import Ratings

RIVERS = "rivers carry sediment into deltas and seas"
PROTEINS = "proteins fold into enzymes inside cells"
BACKGROUND = Background.parse("# a note\npapers 1000\nlength 12.5\n900 method result\n20 river protein\n3 sediment\n")

TEXTS = st.lists(st.sampled_from("river sediment delta protein enzyme method result".split()), max_size=12).map(
    " ".join
)


def space(*texts: str) -> Space:
    return Space(BACKGROUND, map(word_counts, texts))


def vector(text: str) -> Vector:
    return space().vector(word_counts(text))


def test_a_background_has_its_size_its_length_and_its_counts() -> None:
    assert (BACKGROUND.papers, BACKGROUND.length) == (1000, 12.5)
    assert BACKGROUND.counts == {"method": 900, "result": 900, "river": 20, "protein": 20, "sediment": 3}


@pytest.mark.parametrize("line", ["papers", "papers many", "length", "often river"])
def test_a_damaged_background_is_refused_with_the_line(line: str) -> None:
    with pytest.raises(ConfigError, match="line 2"):
        Background.parse(f"papers 1\n{line}\n")


def test_the_background_that_ships_knows_common_words_from_rare_ones() -> None:
    shipped = Space(Background.parse(assets.trained("words.txt").decode()))

    assert shipped.rarity("model") < shipped.rarity("transformer") < shipped.rarity("spintronic")


def test_a_word_that_the_day_has_often_says_less_than_the_background_thinks() -> None:
    assert space(*["crispr"] * 50).rarity("crispr") < space("crispr").rarity("crispr") < space().rarity("crispr")


@given(st.lists(TEXTS, max_size=6))
def test_what_words_say_does_not_depend_on_the_order_of_papers(texts: list[str]) -> None:
    assert space(*texts).vector(word_counts("river enzyme")) == space(*reversed(texts)).vector(
        word_counts("river enzyme")
    )


@given(TEXTS, TEXTS)
def test_nearness_is_symmetric_and_between_0_and_1(a: str, b: str) -> None:
    near = vector(a).cosine(vector(b))

    assert near == pytest.approx(vector(b).cosine(vector(a)))
    assert -1e-9 <= near <= 1 + 1e-9


@given(TEXTS.filter(bool))
def test_a_text_is_as_near_to_itself_as_can_be(text: str) -> None:
    assert vector(text).cosine(vector(text)) == pytest.approx(1)


def test_a_text_without_words_is_near_to_nothing() -> None:
    assert vector("of the 12").cosine(vector(RIVERS)) == 0
    assert Taste(space(), [(vector("of the 12"), 1.0)]).fit(vector(RIVERS)) < 0


def test_what_shares_rare_words_with_what_was_liked_fits_better() -> None:
    taste = Taste(space(), [(vector(RIVERS), 1.0)])

    fits = [taste.fit(vector(t)) for t in ("sediment of deltas", "a method and a result", PROTEINS)]

    assert fits[0] > 5 * max(fits[1:])


def test_two_interests_that_have_nothing_in_common_both_count() -> None:
    taste = Taste(space(), [(vector(RIVERS), 1.0), (vector(PROTEINS), 1.0)])

    near = [taste.fit(vector(t)) for t in ("sediment of deltas", "enzymes in cells")]

    assert min(near) > 5 * taste.fit(vector("a method and a result"))


def test_what_is_disliked_takes_off_and_the_more_marks_the_more() -> None:
    liked = [(vector(f"{RIVERS} and {PROTEINS}"), 1.0)]
    marks = [[(vector(PROTEINS), 1.0)] * n for n in (0, 1, 5)]

    fits = [Taste(space(), liked, disliked).fit(vector("enzymes in cells")) for disliked in marks]

    assert fits[0] > fits[1] > fits[2]


@pytest.mark.parametrize("liked", [1, 40])
def test_how_near_most_texts_are_does_not_depend_on_how_many_were_liked(liked: int) -> None:
    draw = random.Random(liked)
    words = [f"word{n}" for n in range(2000)]
    background = Background(papers=20_000, length=30.0, counts={w: 4000 // (1 + n // 10) for n, w in enumerate(words)})
    weights = list(background.counts.values())
    texts = [word_counts(" ".join(draw.choices(words, weights, k=80))) for _ in range(300)]
    space = Space(background)
    vectors = [space.vector(one) for one in texts]

    taste = Taste(space, [(v, 1.0) for v in vectors[:liked]])
    fits = sorted(taste.fit(v) for v in vectors[liked:])

    assert abs(fits[len(fits) // 2]) < 2.5
    assert 1 < fits[int(0.95 * len(fits))] - fits[len(fits) // 2] < 5
    assert min(taste.fit(v) for v in vectors[:liked]) > fits[len(fits) // 2] + 1


FIELD_WORDS = [f"field{n}" for n in range(40)]
OTHER_WORDS = [f"other{n}" for n in range(200)]
USUAL_WORDS = [f"usual{n}" for n in range(30)]
FIELD = Background(
    papers=10_000,
    length=30.0,
    counts=dict.fromkeys(USUAL_WORDS, 5000) | dict.fromkeys(FIELD_WORDS, 100) | dict.fromkeys(OTHER_WORDS, 3),
)


def test_what_lacks_the_usual_words_is_not_near_for_that() -> None:
    draw = random.Random(1)
    field = Space(FIELD)

    def text(words: list[str], usual: int) -> Vector:
        return field.vector(word_counts(" ".join([*draw.sample(words, 20), *draw.sample(USUAL_WORDS, usual)])))

    taste = Taste(field, [(text(FIELD_WORDS, 20), 1.0) for _ in range(4)])
    strangers = [text(OTHER_WORDS, usual) for usual in (0, 5, 20)]

    assert all(taste.fit(stranger) < 0 for stranger in strangers)
    assert not any(taste.telling.intersection(s.weights) or taste.shared(s, 9) for s in strangers)
    assert taste.fit(text(FIELD_WORDS, 0)) > 5


def test_words_of_any_prose_and_common_ones_tell_nothing_however_rare_the_rest() -> None:
    known = Space(Background(papers=1000, counts={"lose": 1, "training": 230, "gravel": 2}))

    assert [known.tells(word) for word in ("lose", "training", "gravel", "never-seen")] == [False, False, True, True]


def test_an_old_mark_counts_less_than_a_fresh_one() -> None:
    old, fresh = (
        Taste(space(), [(vector(RIVERS), w), (vector(PROTEINS), 1.0)]).fit(vector("sediment of deltas"))
        for w in (0.1, 1.0)
    )

    assert old < fresh


def test_the_nearest_of_many_is_found() -> None:
    found = Nearest([("rivers", vector(RIVERS)), ("proteins", vector(PROTEINS))]).find(vector("enzymes in cells"))

    assert found is not None
    assert found[0] == "proteins"
    assert found[1] == pytest.approx(vector(PROTEINS).cosine(vector("enzymes in cells")))


def test_nothing_is_nearest_to_what_shares_no_word() -> None:
    assert Nearest([("rivers", vector("sediment"))]).find(vector("enzyme")) is None


# -- measured


def test_a_paper_in_second_place_of_two_that_were_saved_counts_less_than_in_the_first() -> None:
    assert ranking.ndcg([7, 3, 9], frozenset({7, 3})) == 1
    assert ranking.ndcg([9, 7, 3], frozenset({7})) == pytest.approx(0.6309, abs=1e-4)
    assert ranking.ndcg([9, 8], frozenset({7})) == ranking.ndcg([9], frozenset()) == 0


def test_readers_are_those_who_saved_five_old_papers_and_a_new_one() -> None:
    likes = ((1, 2, 3, 4, 6, 10), (1, 2, 3, 4, 6), (0, 5, 10, 1))

    [reader] = ranking.readers(Ratings(words=(), papers=(), likes=likes))

    assert sorted(reader.likes) == [1, 2, 3, 4, 6]
    assert reader.saved == {10}


def test_a_folder_without_ratings_has_no_figures(tmp_path: Path) -> None:
    assert ranking.measure(tmp_path) == ()


SMALL = Ratings(
    words=tuple("abcdefgh"),
    papers=tuple({word: 1 + (n * word) % 3 for word in range(8) if (n >> (word % 4)) % 2} for n in range(40)),
    likes=((1, 2, 3, 4, 6, 10, 15), (7, 8, 9, 11, 12, 20), (16, 17, 18, 19, 21, 22, 5)),
)


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("usual", "evenness"), [(USUAL, EVENNESS), (0.0, 1.0), (1.0, 1.0)])
def test_ranking_all_new_papers_at_once_fits_each_as_well_as_by_itself(
    whole: bool, usual: float, evenness: float, bounded: bool
) -> None:
    shelf = ranking.Shelf(SMALL, whole=whole)
    liked = [(shelf.vectors[n], 1.0) for n in SMALL.likes[0]]
    taste = Taste(shelf.space, liked, usual=usual, evenness=evenness, bounded=bounded)

    fits = taste.fits(shelf.liked(taste), shelf.usualness)

    assert fits == pytest.approx([taste.fit(v) for v in shelf.vectors[::5]])


def test_every_way_of_ranking_is_given_the_same_likes() -> None:
    shelves = {whole: ranking.Shelf(SMALL, whole=whole) for whole in (True, False)}
    asked = ranking.readers(SMALL)
    twins = ranking.Way(name="one"), ranking.Way(name="another"), *ranking.BASELINES

    together = ranking.gains(asked, shelves, twins, likes=1)

    assert together[twins[0]] == together[twins[1]]
    assert all(together[way] == ranking.gains(asked, shelves, [way], likes=1)[way] for way in twins)


def test_new_papers_of_the_readers_subject_come_first_and_every_part_has_its_figure(tmp_path: Path) -> None:
    folder = tmp_path / "ratings"
    folder.mkdir()
    (folder / "vocabulary.dat").write_text("river\nsediment\nprotein\nenzyme\n")
    # Of 50 papers the even ones are about rivers; those whose number ends in 0 or 5 are new.
    (folder / "mult.dat").write_text("".join("2 0:2 1:1\n" if n % 2 == 0 else "2 2:2 3:1\n" for n in range(50)))
    (folder / "users.dat").write_text("7 2 4 6 8 12 10 20\n7 1 3 7 9 11 5 15\n")

    figures = {f.name: f for f in ranking.measure(tmp_path, every=1)}

    assert {n: figures[f"nDCG@10, {n}"].of for n in ("all likes", "five likes", "one like")} == {
        "all likes": 2,
        "five likes": 2,
        "one like": 2,
    }
    assert figures["nDCG@10, all likes"].value > 0.7
    assert {f"nDCG@10, {likes}, plain centroid" for likes in ("all likes", "five likes", "one like")} <= figures.keys()
    assert figures["nDCG@10, lost without evenness"].higher_is_better is None
