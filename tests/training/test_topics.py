"""Training and measuring the classifier of topics, on small invented papers and on the real ones."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from digest import assets
from digest.core.errors import ConfigError
from digest.core.topics.classifier import Classifier, counts, tf
from digest.evaluation import topics as measuring
from digest.evaluation.sets import CategoryPaper, read_categories
from digest.evaluation.topics import Answer, judge, macro_f1, measure, miscalibration
from digest.training import topics as training

SUBJECTS = {
    "cs.CL": "language words translation text dialogue corpus",
    "cs.CV": "image pixels segmentation video camera objects",
    "math.CO": "graph theorem proof vertices colouring conjecture",
}
COMMON = "we study a new method and show that it is better than what was known before".split()


def invented(number: int, category: str, month: str) -> CategoryPaper:
    draw = random.Random(number)
    words = SUBJECTS[category].split()
    return CategoryPaper(
        id=f"{month}.{number:05}",
        title=" ".join(draw.choices(words, k=2) + draw.choices(COMMON, k=2)),
        abstract=" ".join(draw.choices(words, k=6) + draw.choices(COMMON, k=30)),
        category=category,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a training set of 180 invented papers of six months, in no order."""
    papers = [
        invented(number, category, month)
        for month in ("2301", "2302", "2303", "2304", "2305", "2306")
        for category in SUBJECTS
        for number in range(hash_of(month, category), hash_of(month, category) + 10)
    ]
    random.Random(0).shuffle(papers)
    write(papers, tmp_path / f"{training.SET}.jsonl")
    return tmp_path


def hash_of(month: str, category: str) -> int:
    return int(month) * 10 + list(SUBJECTS).index(category) * 1000


def write(papers: list[CategoryPaper], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    lines = [json.dumps({"id": p.id, "title": p.title, "abstract": p.abstract, "cat": p.category}) for p in papers]
    path.write_text("".join(f"{line}\n" for line in lines))


def test_trained_twice_the_bytes_are_the_same(data: Path) -> None:
    assert training.train(data) == training.train(data)


def test_the_order_of_the_papers_changes_nothing(data: Path) -> None:
    first = training.train(data)
    path = data / f"{training.SET}.jsonl"
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))

    assert training.train(data) == first


def test_what_is_trained_tells_subjects_apart(data: Path) -> None:
    classifier = Classifier.parse(training.train(data))

    assert classifier.categories == tuple(SUBJECTS)
    assert classifier.classify("Objects in a video", "The camera and its pixels.")[0][0] == "cs.CV"
    assert classifier.classify("A proof", "The conjecture on colouring vertices.")[0][0] == "math.CO"


def test_the_first_line_says_what_it_is_and_by_which_command(data: Path) -> None:
    line = training.train(data).partition(b"\n")[0]

    assert {"note", "trained_on", "held_out", "format"} <= set(json.loads(line))
    assert training.COMMAND in json.loads(line)["note"]


def test_no_month_is_both_learned_from_and_asked_about(data: Path) -> None:
    papers = training.ordered(read_categories(data / f"{training.SET}.jsonl"))

    early, late = training.split(papers)

    assert {p.id[:4] for p in late} == {"2305", "2306"}
    assert max(p.id for p in early) < min(p.id for p in late)
    assert len(early) + len(late) == len(papers)


def test_on_its_own_training_set_the_figures_are_those_of_papers_held_out(data: Path) -> None:
    classifier = Classifier.parse(training.train(data))

    figures = measure(data, classifier)
    of_fields = [figure for figure in figures if "own field" in figure.name]

    assert {figure.of for figure in figures if figure not in of_fields} == {60}
    assert all(figure.name.endswith(", held out") for figure in figures if figure not in of_fields)


def test_with_its_category_a_paper_has_a_topic_of_its_own_field(data: Path) -> None:
    figures = {figure.name: figure for figure in measure(data, Classifier.parse(training.train(data)))}

    assert figures["first topics of the own field, math"].value == 1
    assert figures["first topics of the own field, math"].of == 60


def test_another_set_is_measured_itself(data: Path) -> None:
    classifier = Classifier.parse(training.train(data))
    papers = [invented(n, category, "2401") for category in SUBJECTS for n in range(5)]
    write(papers, data / "topics" / "later.jsonl")

    figures = {figure.name: figure for figure in measure(data, classifier) if figure.data == "topics/later"}

    assert figures["top-1"].value > 0.9
    assert figures["top-3"].value == 1
    assert figures["top-1"].of == 15


def test_a_category_it_does_not_know_is_counted_apart() -> None:
    papers = [invented(n, "cs.CL", "2401") for n in range(3)]
    strange = CategoryPaper(id="2401.9", title="Quarks", abstract="", category="hep-ph")

    figures = judge(Classifier.parse(assets.trained("topics.bin")), [*papers, strange], data="x")

    assert figures[0].of == 3
    assert figures[-1].value == 0.75


def test_without_a_set_there_is_nothing_to_measure(tmp_path: Path) -> None:
    assert measure(tmp_path) == ()


def test_a_file_without_its_figures_is_told(data: Path) -> None:
    content = training.train(data).replace(b'"held_out"', b'"held_aut"')

    with pytest.raises(ConfigError, match=r"train it again"):
        measure(data, Classifier.parse(content))


def answer(right: str, *said: tuple[str, float]) -> Answer:
    return Answer(right=right, said=said)


def test_macro_f1_counts_a_small_category_as_much_as_a_large_one() -> None:
    answers = [answer("a", ("a", 1.0))] * 9 + [answer("b", ("a", 1.0))]

    assert macro_f1(answers) == pytest.approx((18 / 19 + 0) / 2)


def test_the_error_of_probabilities_is_how_far_they_are_from_the_share_that_is_right() -> None:
    honest = [answer("a", ("a", 0.75))] * 3 + [answer("b", ("a", 0.75))]
    boasting = [answer("b", ("a", 0.95))] * 4

    assert miscalibration(honest) == pytest.approx(0)
    assert miscalibration(boasting) == pytest.approx(0.95)
    assert miscalibration([answer("a")]) == 0


# -- topics against keywords


def listed(path: Path, *papers: dict[str, object]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([{"paper": paper} for paper in papers]))


def of_keywords(data: Path) -> dict[str, float]:
    return {figure.name: figure.value for figure in measure(data) if figure.data in ("huggingface-daily", "keywords")}


SPOKEN = {
    "id": "1",
    "title": "Speech recognition of whispers",
    "summary": "We study speech recognition of whispers. Speech recognition is hard.",
    "ai_keywords": ["wav2vec", "speech recognition"],
}
STRAY = SPOKEN | {"id": "2", "ai_keywords": ["galaxies"]}
UNKNOWN = SPOKEN | {"id": "3", "ai_keywords": ["quokka census"]}


@pytest.mark.parametrize("folder", ["keywords", "huggingface-daily", "../huggingface-daily"])
def test_topics_are_compared_with_the_topics_of_the_keywords(tmp_path: Path, folder: str) -> None:
    sets = tmp_path / "sets"
    sets.mkdir()
    listed(sets / folder / "2026-06-01.json", SPOKEN, STRAY, UNKNOWN)

    assert of_keywords(sets) == {
        "topics that a keyword names": 0.5,
        "topics of a field that a keyword names": 0.5,
        "first topics that a keyword names": 0.5,
        "first keywords whose topic is found": 0.5,
        "topics a paper": 1.0,
    }


def test_days_that_the_tagger_was_made_with_are_left_out_where_there_are_others(tmp_path: Path) -> None:
    listed(tmp_path / "keywords" / "2026-05-04.json", STRAY)

    assert of_keywords(tmp_path)["topics that a keyword names"] == 0

    listed(tmp_path / "keywords" / "2026-06-04.json", SPOKEN)

    assert of_keywords(tmp_path)["topics that a keyword names"] == 1


def test_a_damaged_recording_is_passed_over_and_days_without_keywords_are_nothing(tmp_path: Path) -> None:
    listed(tmp_path / "huggingface-daily" / "2026-06-04.json", SPOKEN | {"ai_keywords": None})
    (tmp_path / "huggingface-daily" / "2026-06-05.json").write_text("{")

    assert measure(tmp_path) == ()


def test_real_topics_are_mostly_those_of_the_keywords(real_data: Path) -> None:
    found = of_keywords(real_data / "eval")

    assert found["topics that a keyword names"] > 0.8
    assert found["topics of a field that a keyword names"] > 0.88
    assert found["first topics that a keyword names"] > 0.86
    assert found["first keywords whose topic is found"] > 0.74
    assert found["topics a paper"] < 2.2


# -- the shipped file


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return Classifier.parse(assets.trained("topics.bin"))


def test_the_shipped_file_is_small_and_has_the_large_categories(shipped: Classifier) -> None:
    assert len(assets.trained("topics.bin")) < 1_000_000
    assert {"cs.LG", "cs.CL", "cs.CV", "cs.AI", "stat.ML", "quant-ph", "econ.EM"} <= set(shipped.categories)


@pytest.mark.parametrize(
    ("title", "category"),
    [
        ("Neural machine translation of low-resource languages", "cs.CL"),
        ("Real-time object detection in images", "cs.CV"),
        ("Grasping of unknown objects with a robot arm", "cs.RO"),
        ("Quantum circuits on noisy qubits", "quant-ph"),
        ("Side-channel attacks on encryption", "cs.CR"),
    ],
)
def test_the_shipped_classifier_knows_a_plain_title(shipped: Classifier, title: str, category: str) -> None:
    assert category in [name for name, _ in shipped.classify(title, "")]


def test_the_shipped_figures_are_of_papers_held_out(shipped: Classifier) -> None:
    figures = {figure.name: figure for figure in measuring.held_out(shipped)}

    assert 0.6 < figures["top-1, held out"].value < figures["top-3, held out"].value < 1
    assert figures["top-1, held out"].of > 2000


def test_later_papers_than_it_was_trained_on_are_told_apart_as_well(shipped: Classifier, real_data: Path) -> None:
    lines = (real_data / "arxiv-days" / "2026-04-08.jsonl").read_text(encoding="utf-8").splitlines()
    papers = [
        CategoryPaper(id=p["id"], title=p["title"], abstract=p["summary"], category=p["categories"][0])
        for p in map(json.loads, lines)
    ]

    figures = judge(shipped, papers, data="arxiv-days")

    assert figures[0].value > 0.55
    assert figures[1].value > 0.85


def test_adding_long_integers_is_faster_than_a_loop(shipped: Classifier, real_data: Path) -> None:
    papers = read_categories(real_data / "eval" / f"{training.SET}.jsonl")[:60]
    found = [counts(paper.title, paper.abstract) for paper in papers]
    lanes = len(shipped.categories)
    rows = {word: row.to_bytes(4 * (lanes + 1), "little")[::4] for word, row in shipped.rows.items()}

    def loop(paper: Counter[str]) -> list[int]:
        sums = [0] * lanes
        for word, count in paper.items():
            row = rows.get(word)
            if row is not None:
                weight = tf(count)
                for at in range(lanes):
                    sums[at] += weight * row[at]
        return sums

    known = [one.keys() & shipped.rows.keys() for one in found]
    scoring = seconds(lambda: [shipped._scores(one, words) for one, words in zip(found, known, strict=True)])
    assert scoring * 2 < seconds(lambda: [loop(one) for one in found])


def seconds(work: object) -> float:
    """The fastest of three, of this process's own time."""
    took = []
    for _ in range(3):
        began = time.process_time()
        work()  # type: ignore[operator]
        took.append(time.process_time() - began)
    return min(took)


def test_it_takes_little_memory() -> None:
    content = assets.trained("topics.bin")
    tracemalloc.start()
    try:
        classifier = Classifier.parse(content)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert classifier.categories
    assert held < 16_000_000
