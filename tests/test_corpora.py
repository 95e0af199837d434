"""The test files of other feed readers, 1,390 of them and many broken on purpose."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from digest.core.errors import SourceError
from tests.fuzz import corpora, laws
from tests.fuzz.measure import slowness
from tests.fuzz.targets import TARGETS, begin_with

ROOTS = ("rss", "feed", "RDF")


@cache
def read_all(folder: Path) -> tuple[corpora.Outcome, ...]:
    """Each file read once for all tests; `outcomes` itself sees that no law is broken."""
    return tuple(corpora.outcomes(folder / "corpora"))


def entries_in(file: Path) -> tuple[str, int]:
    """The root of a feed and its entries, as a few lines of lxml see it; nothing of the parser is in it."""
    try:
        root = etree.fromstring(file.read_bytes().lstrip(), etree.XMLParser(recover=True, resolve_entities=False))
    except (etree.XMLSyntaxError, ValueError):
        return "", 0
    if root is None:
        return "", 0
    names = [e.tag for e in root.iter() if isinstance(e.tag, str) and "modules/content" not in e.tag]
    entries = sum(name.rpartition("}")[2] in ("item", "entry") for name in names)
    return str(root.tag).rpartition("}")[2], entries


def test_each_file_is_read_or_refused_in_a_sentence(real_data: Path) -> None:
    found = read_all(real_data)

    assert len(found) == 1390
    assert Counter(o.corpus for o in found)["gofeed"] == 1091
    assert sum(o.refused is None for o in found) > 850
    assert sum(o.papers for o in found) > 2000


def test_none_takes_a_second_or_64_megabytes(real_data: Path) -> None:
    def reads(file: Path) -> Callable[[], object]:
        return lambda: corpora.answer(file.read_bytes())

    # A second of a quiet machine is twenty times the yardstick. What took longer on a busy one has other chances.
    slow = [o.file.name for o in read_all(real_data) if o.seconds > 0.5 and slowness(reads(o.file), enough=20) > 20]
    large = [(o.file.name, o.megabytes) for o in read_all(real_data) if o.megabytes > 64]

    assert (slow, large) == ([], [])


def test_no_feed_with_entries_is_refused(real_data: Path) -> None:
    refused = [o for o in read_all(real_data) if o.refused is not None]

    feeds = [(o.file.name, o.refused) for o in refused if entries_in(o.file)[0] in ROOTS and entries_in(o.file)[1]]

    assert refused
    assert feeds == []


def test_no_entry_is_dropped_in_silence(real_data: Path) -> None:
    parsed = [o for o in read_all(real_data) if o.refused is None and entries_in(o.file)[0] in ROOTS]

    differing = [(o.file.name, o.papers + o.rejected) for o in parsed if entries_in(o.file)[1] != o.papers + o.rejected]

    assert len(parsed) > 750
    assert differing == []


@pytest.mark.parametrize("kind", TARGETS)
def test_a_parser_obeys_the_laws_on_what_fuzzing_begins_with(kind: str) -> None:
    target, rng = TARGETS[kind], random.Random(kind)
    read = target.make()
    understood = 0

    for content in [c for c in begin_with(target) if len(c) < 20_000][:12]:
        for changed in (content, *(target.mutator(content, rng) for _ in range(4))):
            try:
                parsed = read(changed)
            except SourceError as error:
                laws.check_error(error)
                continue
            understood += 1
            if parsed is not None:
                laws.check(parsed, url=target.url)

    assert understood
