"""Papers most like one: found by its telling words, compared word by word, with the words that both have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest import assets
from digest.cli.main import cli
from digest.core.models import Paper
from digest.core.ranking.relevance import Background, Space
from digest.core.ranking.similar import Similar, most_similar, telling_words
from digest.store import SqlStore
from digest.store import search as search_module
from tests.conftest import paper
from tests.support.desk import CONFIG
from tests.support.shell import digest
from tests.support.store_values import read

pytest_plugins = ("tests.support.store_fixtures",)

ASKED = paper(1, title="Sapphire resonators", abstract="We measure the bias of sapphire resonators at low temperature.")
NEAR = paper(2, title="A sapphire resonator", abstract="Bias and loss of resonators are measured.")
FAR = paper(3, title="On temperature", abstract="We measure it everywhere, at noon.")
OTHER = paper(4, title="Migrating birds", abstract="Stars show the way.")


@pytest.fixture(scope="module")
def space() -> Space:
    return Space(Background.parse(assets.trained("words.txt").decode()))


def ids(found: Sequence[Paper | Similar]) -> list[str]:
    return [one.id if isinstance(one, Paper) else one.paper.id for one in found]


# -- comparing


def test_the_nearest_comes_first_and_the_paper_itself_never(space: Space) -> None:
    found = most_similar(ASKED, [OTHER, FAR, ASKED, NEAR], space, limit=9)

    assert ids(found) == [NEAR.id, FAR.id]
    assert 1 > found[0].likeness > found[1].likeness > 0


def test_what_both_have_is_named_as_it_is_written_and_the_rarest_first(space: Space) -> None:
    [found] = most_similar(ASKED, [NEAR], space, limit=1)

    assert found.because[0] in ("sapphire", "resonators")
    assert "bias" in found.because


def test_a_paper_without_words_resembles_nothing(space: Space) -> None:
    empty = paper(9, title="?", abstract="")

    assert most_similar(empty, [NEAR], space, limit=9) == ()
    assert telling_words(empty, space, most=9) == ()


def test_the_order_of_what_is_compared_does_not_matter(space: Space) -> None:
    others = [paper(n, title="Sapphire resonators", abstract=f"Sapphire {n % 3}.") for n in range(5, 12)]

    assert most_similar(ASKED, others, space, limit=5) == most_similar(ASKED, others[::-1], space, limit=5)


# -- finding


def test_papers_with_any_of_the_words_are_found_those_with_many_first(store: SqlStore) -> None:
    read(store, NEAR, FAR, OTHER)

    assert ids(store.having_any(["sapphire", "resonator", "measure"], limit=9)) == [NEAR.id, FAR.id]
    assert ids(store.having_any(["sapphire", "resonator", "measure"], limit=1)) == [NEAR.id]


def test_nothing_is_found_by_no_words(store: SqlStore) -> None:
    read(store, NEAR)

    assert [store.having_any(words, limit=9) for words in ((), ("",), ("?!",), ("lovelace",))] == [()] * 4
    assert store.having_any(["sapphire"], limit=0) == ()


def test_words_are_looked_for_as_words_whatever_they_are(store: SqlStore) -> None:
    read(store, NEAR)

    for words in (["AND", "OR", "NOT"], ['"'], ["title:x"], ["' & | !"], ["NEAR(sapphire"]):
        assert isinstance(store.having_any(words, limit=3), tuple)


def test_where_very_many_have_the_common_words_only_the_telling_ones_count(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(store, *(paper(n, title=f"Common thing {n}", abstract="") for n in range(10, 20)), NEAR)
    monkeypatch.setattr(search_module, "_TOO_MANY", {"sqlite": 5, "postgresql": 5})

    assert ids(store.having_any(["sapphire", "resonator", "loss", "common"], limit=20)) == [NEAR.id]


# -- on the command line


def test_the_nearest_papers_are_shown_as_text_and_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = '[[source]]\nname = "a"\nkind = "jsonl"\nurl = "a.jsonl"\n[[edition]]\nname = "daily"\n'
    (tmp_path / "config.toml").write_text(config, encoding="utf-8")
    lines = [
        {"id": one.id.removeprefix("arxiv:"), "title": one.title, "abstract": one.abstract, "authors": ["Ada Lovelace"]}
        for one in (ASKED, NEAR, OTHER)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert digest("run", "--until", "fetch", cwd=tmp_path).returncode == 0

    monkeypatch.chdir(tmp_path)

    def say(*arguments: str) -> str:
        return CliRunner().invoke(cli, arguments).stdout

    shown = say("similar", "2603.00001")
    [printed] = json.loads(say("similar", "https://arxiv.org/abs/2603.00001v1", "--json", "--limit", "5"))
    unknown = digest("similar", "2401.99999", cwd=tmp_path)

    assert shown.startswith("A sapphire resonator\n  Ada Lovelace · ")
    assert "\n  both have " in shown
    assert 0 < printed.pop("likeness") < 1
    assert {"sapphire", "resonators", "bias"} <= set(printed.pop("because"))
    assert [printed] == json.loads(say("search", "sapphire resonator bias loss", "--json"))
    assert say("similar", "2603.00004") == "No paper in the store resembles it.\n"
    assert unknown.returncode == 1
    assert "the store has no paper 2401.99999" in unknown.stderr


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with a store of four papers."""
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")
    with SqlStore.open(f"sqlite:///{tmp_path}/var/digest.db") as store:
        read(store, ASKED, NEAR, FAR, OTHER)
    return tmp_path


def test_a_paper_is_named_by_its_title_or_by_words_that_no_other_has(shelf: Path) -> None:
    by_id = digest("similar", ASKED.id, cwd=shelf)
    by_title = digest("similar", "sapphire RESONATORS", cwd=shelf)

    assert by_title.stdout == by_id.stdout != ""
    assert digest("similar", "migrating", cwd=shelf).returncode == 0
    assert f"({OTHER.id})" in digest("feedback", "migrating birds", "--less", cwd=shelf).stdout
    assert OTHER.title in digest("show", "--why", "Birds migrating", cwd=shelf).stdout


def test_where_several_papers_may_be_meant_they_are_listed(shelf: Path) -> None:
    done = digest("similar", "sapphire", cwd=shelf)

    assert done.returncode == 1
    assert "several papers may be meant by sapphire; name one by its id: " in done.stderr
    assert all(f"{one.id} “{one.title}”" in done.stderr for one in (ASKED, NEAR))


@pytest.mark.parametrize("command", ["similar", "split"])
def test_who_names_no_paper_is_told_how_papers_are_named(command: str, shelf: Path) -> None:
    shown = " ".join(digest(command, "--help", cwd=shelf).stdout.split())
    done = digest(command, "nothing of the kind", cwd=shelf)

    assert "arxiv:2603.01234" in shown
    assert "words of its title" in shown
    assert done.returncode == 1
    assert "known by ids such as arxiv:2603.01234 or doi:10.1234/abc, by addresses and titles" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("search", ""),
        ("search", " ", "?"),
        ("similar", ""),
        ("split", " "),
        ("feedback", "--more", ""),
        ("show", "--why", ""),
        ("summarize", ""),
    ],
)
def test_nothing_to_look_for_is_one_sentence(words: tuple[str, ...], shelf: Path) -> None:
    done = digest(*words, cwd=shelf)

    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
