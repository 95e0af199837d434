"""Training the classifier of sciences on a small invented collection."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from digest.core.errors import ConfigError
from digest.core.topics.classifier import Classifier
from digest.evaluation.sets import SetError, read_tags
from digest.training import sciences, topics
from tests.training.test_topics import SUBJECTS, invented, write

GENES = "genome sequencing genes alleles chromosome variants".split()
CODE = "software compiler programs memory threads cache".split()
PLAIN = "study shows large small many few new old first last".split()
WORDS = [*GENES, *CODE, *PLAIN]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with bags of words of 30 papers that readers tagged, and with 90 papers of arXiv."""
    folder = tmp_path_factory.mktemp("sets")
    ratings = folder / "ratings"
    ratings.mkdir()
    draw = random.Random(1)
    bags = [draw.choices(GENES if n % 2 else CODE, k=20) + draw.choices(PLAIN, k=10) for n in range(30)]
    lines = [{WORDS.index(word): bag.count(word) for word in bag} for bag in bags]
    (ratings / "vocabulary.dat").write_text("".join(f"{word}\n" for word in WORDS))
    (ratings / "mult.dat").write_text(
        "".join(f"{len(line)} {' '.join(f'{w}:{n}' for w, n in line.items())}\n" for line in lines)
    )
    (ratings / "users.dat").write_text("1 0\n")
    (ratings / "tags.dat").write_text("ngs\nprogramming\ntoread\n")
    odd, even = (" ".join(map(str, range(start, 30, 2))) for start in (1, 0))
    (ratings / "tag-item.dat").write_text(f"{odd}\n{even}\n0 1 2\n")
    papers = [
        invented(10 * month + n, category, f"230{month}")
        for month in (1, 2, 3)
        for category in SUBJECTS
        for n in range(10)
    ]
    write(papers, folder / f"{topics.SET}.jsonl")
    return folder


def test_sciences_are_learned_from_the_tags_of_readers(data: Path) -> None:
    classifier = Classifier.parse(sciences.train(data))

    assert classifier.classify("Alleles", "Variants of genes on a chromosome.")[0][0] == "genomics"
    assert classifier.classify("A compiler", "Threads of programs share memory and a cache.")[0][0] == "cs"
    assert classifier.about["held_out"][0]["name"] == "sciences, held out"


def test_tags_without_their_papers_are_told(tmp_path: Path) -> None:
    (tmp_path / "tags.dat").write_text("a\nb\n")
    (tmp_path / "tag-item.dat").write_text("1 2\n")

    with pytest.raises(SetError, match="lines for the 2 tags"):
        read_tags(tmp_path)


def test_without_its_sets_nothing_is_trained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        sciences.train(tmp_path)
