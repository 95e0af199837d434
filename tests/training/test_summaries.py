"""The weights of summaries, made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest import assets
from digest.core.extracts.extractive import Extractor
from digest.core.extracts.features import GROUPS
from digest.evaluation.summaries import measure
from digest.training import summaries
from digest.training.summaries import BY_HAND, names, train, write

SUBJECTS = "graphs trees words images sounds proteins stars waves crowds markets forests robots".split()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set in which what authors would say always stands last, behind "we propose"."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "scitldr").mkdir()
    for part in ("train", "dev"):
        lines = [
            {
                "paper_id": str(n),
                "title": f"On {subject} of kind {n}",
                "source": [
                    f"Many people have looked at {subject} for years.",
                    f"It is hard to sort {subject}, as they change all the time.",
                    f"We propose a method which sorts {subject} of kind {n} in one pass.",
                ],
                "target": [f"We propose a method which sorts {subject} in one pass"],
            }
            for n, subject in enumerate(SUBJECTS * 3)
        ]
        path = folder / "scitldr" / f"A-{part}.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return folder


def test_trained_twice_the_bytes_are_the_same(data: Path) -> None:
    assert train(data) == train(data)


def test_what_was_trained_chooses_as_the_authors_do(data: Path) -> None:
    extractor = Extractor.parse(train(data).decode())

    tldr, _ = extractor.summarize(
        "On songs", "Songs are old. Many have sung songs for years. We propose a method which sorts songs in one pass."
    )

    assert tldr == "We propose a method which sorts songs in one pass."


def test_measuring_gives_rouge_and_length_of_all_but_the_training_part(data: Path) -> None:
    found = measure(data, lambda _, abstract: (abstract.split(". ")[2], ()))

    assert [(f.data, f.name, f.of) for f in found] == [
        ("scitldr/A-dev", name, 36) for name in ("ROUGE-1", "ROUGE-2", "ROUGE-L", "words")
    ]
    assert found[0].value > 80
    assert found[0].low is not None
    assert found[0].high is not None
    assert found[0].low <= found[0].value <= found[0].high


def test_where_there_is_no_set_nothing_is_measured(tmp_path: Path) -> None:
    assert measure(tmp_path) == ()


def test_a_weight_is_written_under_its_group_and_a_zero_is_not() -> None:
    text = write({"position.share": 0.126, "words.we": 0.004, "cues.asks": -1.0}, papers=1234, graded=1).decode()

    assert text.startswith("# What counts how much")
    assert "1,234 papers" in text
    assert max(map(len, text.splitlines())) <= 120
    assert Extractor.parse(text).weights == {"position.share": 0.13, "cues.asks": -1.0}


def test_the_note_says_which_weights_are_set_by_hand() -> None:
    note = write({}, papers=1, graded=1).decode().partition("\n\n")[0]

    assert all(name.partition(".")[2] in note for name in BY_HAND)


def test_words_that_name_topics_get_no_weight(data: Path) -> None:
    may = names(summaries.read_tldrs(data / "scitldr/A-train.jsonl"))

    assert not may("words.kind")
    assert not may("opens.kind of")
    assert may("words.on")
    assert may("words.propose")
    assert may("position.share")


def test_the_weights_that_ship_are_few_and_each_is_of_a_known_group() -> None:
    content = assets.trained("summaries.toml")
    weights = Extractor.parse(content.decode()).weights

    assert content.startswith(b"# What counts how much")
    assert len(content) < 50_000
    assert {name.partition(".")[0] for name in weights} <= set(GROUPS)
    assert {name: weights[name] for name in BY_HAND} == BY_HAND


def test_the_weights_that_ship_are_those_that_training_gives(real_data: Path) -> None:
    assert train(real_data / "eval") == assets.trained("summaries.toml")
