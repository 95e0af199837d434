"""The README is true, and what it leaves out is told elsewhere.

Every command and every kind of source is in it. A config key is explained in the config.toml that `digest init` writes,
and a key of one kind of source by `digest sources`.
"""

from __future__ import annotations

import re
import shlex
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from digest.app.host import now
from digest.cli.main import cli
from digest.cli.show.sources import with_kinds
from digest.config import extras, mail, read, sources
from digest.sources.kind import keys_of
from digest.sources.kinds import NAMES, all_kinds, kind_of, make_source
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHIPPED = (ROOT / "config.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"`digest {name}" in README
    assert cli.commands[name].help


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_option_has_help(name: str) -> None:
    options = [p for p in cli.commands[name].params if isinstance(p, click.Option)]

    assert [o.name for o in options if not o.help] == []


@pytest.mark.parametrize("option", [o for p in cli.commands["run"].params for o in p.opts if o.startswith("--")])
def test_every_option_of_run_is_in_the_readme(option: str) -> None:
    assert f"`{option}" in README


def subcommands() -> list[tuple[str, click.Command]]:
    return [
        (f"{group} {name}", command)
        for group, found in sorted(cli.commands.items())
        if isinstance(found, click.Group)
        for name, command in sorted(found.commands.items())
    ]


@pytest.mark.parametrize(("name", "command"), subcommands(), ids=[name for name, _ in subcommands()])
def test_every_command_of_a_group_is_in_the_readme_and_its_options_have_help(name: str, command: click.Command) -> None:
    group, _, own = name.partition(" ")
    row = next(line for line in README.splitlines() if line.startswith(f"| `digest {group}` |"))

    assert f"`{own}`" in row
    assert command.help
    assert [o.name for o in command.params if isinstance(o, click.Option) and not o.help] == []


# -- the two pages on mailing

PAGES = README.partition("\n## Mail twenty people\n")[2].partition("\n## Commands\n")[0]


def lines_of(text: str) -> list[list[str]]:
    """The words of each command line of ours, in their order."""
    shown = re.findall(r"^```console\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    found = re.findall(r"^\$ (.*)$", "".join(shown), flags=re.MULTILINE)
    parts = [part for line in found for part in re.split(r" && ", line)]
    return [words[1:] for part in parts if (words := shlex.split(part, comments=True))[:1] == ["digest"]]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    command: click.Command = cli
    while isinstance(command, click.Group):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("words", lines_of(PAGES), ids=" ".join)
def test_every_command_line_of_the_pages_on_mailing_is_understood(words: list[str]) -> None:
    command, arguments = command_of(words)

    assert command.make_context(words[0], arguments)


OFFLINE = ("run", "show", "send-test", "subscribers", "status", "deliver")
"""Commands of the pages that need no network where the config has a folder for mails."""


@pytest.mark.parametrize("page", PAGES.split("\n## "), ids=["twenty people", "a thousand"])
def test_the_command_lines_of_a_page_on_mailing_run_in_their_order(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    for day in (now().date(), now().date() + timedelta(days=1)):  # it may be midnight before all have run
        desk.feed(day, [paper(1), paper(2)])
    (tmp_path / "them.csv").write_text("Email Address,status\nzoe@example.org,active\n", encoding="utf-8")

    ran = []
    for words in lines_of(page):
        if words[0] in OFFLINE:
            done = CliRunner().invoke(cli, words)
            assert done.exit_code == 0, (words, done.stdout, done.stderr, done.exception)
            ran.append(" ".join(words[:2]))

    assert {"run --no-send", "send-test you@example.net", "subscribers add", "subscribers list"} <= set(ran)


def test_the_config_of_the_page_on_mailing_a_thousand_is_valid(tmp_path: Path) -> None:
    [shown] = re.findall(r"^```toml\n(.*?)^```", PAGES, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n{shown}", encoding="utf-8")

    config = read.load(tmp_path / "config.toml")

    assert config.serve.takes_one_click
    assert config.mail.envelope_sender == "bounces@news.example.org"


# -- keys of config.toml


def config_keys() -> list[str]:
    """Every key that the reader of config.toml asks for by name; those of kinds of source are declared."""
    source = "".join(Path(m.__file__ or "").read_text(encoding="utf-8") for m in (read, extras, mail, sources))
    asked = re.findall(
        r"\b(?:(?:table|digest|one)\.(?:text|texts|required|choice|integer|number|flag|dates|table|_take)\(\s*"
        r"|_address\(table, )\"(\w+)\"",
        source,
    )
    return sorted(set(asked))


def test_the_reader_of_the_config_is_understood_by_this_test() -> None:
    known = {"timezone", "budget_usd_per_run", "interests", "password_env", "ca_file", "holidays", "api_key_env"}

    assert known <= set(config_keys())


@pytest.mark.parametrize("key", config_keys())
def test_every_config_key_is_explained_in_the_config_that_ships(key: str) -> None:
    assert re.search(rf"^(?:# )?{key} = |^# \[(?:llm|mail)\.{key}[.\]]", SHIPPED, flags=re.MULTILINE)


def test_every_key_that_the_readme_names_in_its_table_is_one() -> None:
    table = README.partition("## config.toml")[2].partition("Addresses that you write")[0]
    rows = re.findall(r"^\| (?:`[^`|]+`)? *\| (.*?) \|", table, flags=re.MULTILINE)
    named = {key for cell in rows for key in re.findall(r"`(\w+)`", cell)}

    assert named
    assert named <= {*config_keys(), "kind", "name"}


def uncommented(text: str) -> str:
    """The config with every table and key that stands in a comment; of a key that is set twice the last counts."""
    tables: list[tuple[str, dict[str, str]]] = []
    for line in re.findall(r"^(?:# )?(\[\[?[\w.\"' -]+\]\]?(?: +#.*)?|[\w\"' -]+ = .*)$", text, flags=re.MULTILINE):
        if line.startswith("["):
            tables.append((line, {}))
        else:
            tables[-1][1][line.partition(" = ")[0]] = line
    return "\n".join("\n".join((header, *keys.values())) for header, keys in tables)


def test_all_that_stands_in_comments_of_the_config_that_ships_may_be_used(tmp_path: Path) -> None:
    # What was recorded is no work for batch mode: of these two each explains itself.
    text = uncommented(SHIPPED).replace('recording = "answers.jsonl"', "")
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")

    config = read.load(tmp_path / "config.toml")

    assert config.llm.context_tokens == 8192
    assert [source.kind for source in config.sources] == ["arxiv", "huggingface", "feed", "openalex", "jsonl"]


# -- kinds of source


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_source_has_its_line_in_the_readme_and_an_example_that_is_valid(
    name: str, tmp_path: Path
) -> None:
    [(line, example)] = re.findall(rf"^\| `{name}` \| (.*) \| `(.*)` \|$", README, flags=re.MULTILINE)
    (tmp_path / "config.toml").write_text(
        f'[[source]]\nname = "x"\nkind = "{name}"\n{example}\n[[edition]]\nname = "daily"\n', encoding="utf-8"
    )

    [source] = read.load(tmp_path / "config.toml").sources

    assert line == kind_of(name).line
    assert make_source(source, now)


def test_every_source_that_the_readme_shows_is_valid(tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    shown = "\n".join(example for example in examples if "[[source]]" in example)
    (tmp_path / "config.toml").write_text(f'{shown}\n[[edition]]\nname = "daily"\n', encoding="utf-8")

    found = read.load(tmp_path / "config.toml")

    assert [make_source(source, now).kind for source in found.sources] == ["feed"]


def test_the_config_to_start_from_names_every_kind_of_source(tmp_path: Path) -> None:
    written = with_kinds(SHIPPED, dict(all_kinds()))
    (tmp_path / "config.toml").write_text(written, encoding="utf-8")

    assert all(f"#      {name} " in written for name in NAMES)
    assert max(map(len, written.splitlines())) <= 120
    assert read.load(tmp_path / "config.toml").sources == read.load(ROOT / "config.toml").sources


@pytest.mark.parametrize("name", NAMES)
def test_every_key_of_a_kind_has_help(name: str) -> None:
    for key in keys_of(kind_of(name)):
        assert len(key.help.split()) > 2, key.name
        assert not key.help.endswith(".")


# -- the rest


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for target in re.findall(r"^\$ make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_the_picture_is_there_and_small() -> None:
    [path] = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)

    assert (ROOT / path).stat().st_size < 300_000
