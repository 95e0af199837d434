"""Counting tokens, with a vocabulary and without one."""

from __future__ import annotations

import hashlib
import random
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.llm import tokens
from digest.llm.tokens import at_most, counter

ABSTRACT = (
    "We introduce a 7B-parameter model for $\\mathcal{O}(n \\log n)$ attention over 128,000 tokens. On LongBench "
    "it gains 3.5% over Müller et al. (2024), at https://example.org; 漢字 and 🙂 are handled as well."
)


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    counter.cache_clear()
    yield
    counter.cache_clear()


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without bpe-openai and with an empty cache."""
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("model", "encoding", "exact"),
    [
        ("gpt-5-mini", "o200k_base", True),
        ("gpt-4o-2024-05-13", "o200k_base", True),
        ("gpt-4", "cl100k_base", True),
        ("gpt-oss-20b", "o200k_base", True),
        ("gpt-5.1-2025-11-13", "o200k_base", True),
        ("gpt-6.1-sol", "o200k_base", True),
        ("gpt-60", "o200k_base", False),
        ("llama-3-8b", "o200k_base", False),
    ],
)
def test_the_models_own_vocabulary_counts(model: str, encoding: str, exact: bool) -> None:
    pytest.importorskip("bpe_openai")

    count = counter(model)

    assert (count.encoding, count.exact) == (encoding, exact)
    assert 60 <= count(ABSTRACT) <= 80


def test_special_tokens_in_a_text_are_mere_text() -> None:
    assert counter("gpt-5-mini")("<|endoftext|>") > 1


def test_without_any_vocabulary_an_upper_bound_is_given_and_owned_up_to(without_package: Path) -> None:
    count = counter("gpt-5-mini")

    assert not count.exact
    assert count(ABSTRACT) == at_most(ABSTRACT) > 80


def test_nothing_is_downloaded_unless_asked_for(without_package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[object] = []
    monkeypatch.setattr(tokens.subprocess, "run", lambda *args, **_: started.append(args))

    counter("gpt-5-mini")

    assert started == []


def test_a_download_that_takes_too_long_is_given_up(without_package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: object, *, timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired("tiktoken", timeout)

    monkeypatch.setattr(tokens.subprocess, "run", hang)  # the real one would wait for a network

    assert not counter("gpt-5-mini", fetch=True).exact


def test_a_vocabulary_that_tiktoken_has_in_its_cache_is_used(
    without_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "bpe_openai")
    package = pytest.importorskip("bpe_openai")
    import base64

    ranks = package.get_encoding("cl100k_base")._mergeable_ranks
    lines = b"".join(base64.b64encode(token) + b" " + str(rank).encode() + b"\n" for token, rank in ranks.items())
    url = "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken"
    (without_package / hashlib.sha1(url.encode()).hexdigest()).write_bytes(lines)
    monkeypatch.setitem(sys.modules, "bpe_openai", None)

    count = counter("gpt-4")

    assert count.exact
    assert 60 <= count(ABSTRACT) <= 80


@pytest.mark.parametrize("content", [b"", b"half of it", None], ids=["empty", "cut off", "a folder"])
def test_a_damaged_vocabulary_in_the_cache_is_neither_used_nor_downloaded(
    content: bytes | None, without_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("tiktoken.load.read_file", lambda url: asked.append(url) or b"")
    url = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    cached = without_package / hashlib.sha1(url.encode()).hexdigest()
    cached.mkdir() if content is None else cached.write_bytes(content)

    assert counter("gpt-5-mini").is_bound
    assert asked == []
    assert cached.exists()


def test_the_hashes_are_those_that_tiktoken_expects() -> None:
    import inspect

    from tiktoken_ext import openai_public

    expected = re.findall(r'(\w+)\.tiktoken",\s*expected_hash="(\w+)"', inspect.getsource(openai_public))

    assert dict(expected) == tokens._VOCABULARY_SHA256


# --- what is reserved, and what is said of it -------------------------------------------------------------------------


def test_where_the_models_own_vocabulary_counts_nothing_is_added_and_nothing_said() -> None:
    pytest.importorskip("bpe_openai")
    count = counter("gpt-5-mini")

    assert count.at_most(ABSTRACT) == count(ABSTRACT)
    assert count.describe() is None


def test_for_another_makers_model_half_as_much_again_is_reserved() -> None:
    pytest.importorskip("bpe_openai")
    count = counter("llama-3-8b")

    assert count.at_most(ABSTRACT) >= 1.5 * count(ABSTRACT)
    assert "o200k_base" in (count.describe() or "")


@pytest.mark.parametrize("model", ["gpt-5-mini", "llama-3-8b"])
def test_a_bound_is_high_enough_and_people_are_told_how_to_get_rid_of_it(model: str, without_package: Path) -> None:
    count = counter(model)

    assert count.at_most(ABSTRACT) == count(ABSTRACT) == at_most(ABSTRACT)
    assert "pip install bpe-openai" in (count.describe() or "")


# --- the upper bound --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gpt-5-mini", "gpt-4"])
@given(st.text())
@example(ABSTRACT)
@example("qkzjx vw gk bq jz")
@example("a" * 300 + "Ab" * 40 + "x9" * 40 + " \n\t " * 9 + "é" * 50 + "🙂" * 9)
def test_no_text_has_more_tokens_than_the_bound(model: str, text: str) -> None:
    pytest.importorskip("bpe_openai")

    assert counter(model)(text) <= at_most(text)


@pytest.mark.parametrize("model", ["gpt-5-mini", "gpt-4"])
def test_no_gibberish_has_more_tokens_than_the_bound(model: str) -> None:
    pytest.importorskip("bpe_openai")
    count, rnd = counter(model), random.Random(7)
    alphabets = [
        string.ascii_lowercase,
        "abcdefghilmnoprstuvwy ",
        "qkzjxvwg ",
        string.printable,
        "αβγ漢字 é🙂a1",
        "aA1 .'s\n",
    ]

    for _ in range(6000):
        text = "".join(rnd.choices(rnd.choice(alphabets), k=rnd.randint(1, 40)))
        assert count(text) <= at_most(text), text


def test_the_bound_is_no_more_than_five_times_too_high() -> None:
    pytest.importorskip("bpe_openai")

    assert at_most(ABSTRACT) <= 5 * counter("gpt-5-mini")(ABSTRACT)
