"""Commands about sources: where a paper came from, what a feed reader's list becomes, and what a config may say."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from digest.app.app import App
from digest.app.host import Host
from digest.cli.main import main
from digest.cli.show.sources import print_kind
from digest.config.read import load
from digest.sources.kind import keys_of
from digest.sources.kinds import NAMES, kind_of
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk, line
from tests.support.terminal import terminal

MONDAY, TUESDAY = date(2026, 6, 1), date(2026, 6, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Digest = Callable[..., Done]


@pytest.fixture
def digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Digest:
    """Runs `digest` as a shell in the desk's folder would, but in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["digest", *arguments])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        said = capsys.readouterr()
        return Done(status=status, out=said.out, err=said.err)

    return run


# -- digest show --why


VOTES = '[[source]]\nname = "Votes"\nkind = "jsonl"\nurl = "votes-{date}.jsonl"\n\n[[edition]]'


@pytest.fixture
def told(tmp_path: Path) -> Desk:
    """Two days of two sources: one paper in both, joined by its words; one left out; one revised."""
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", VOTES) + "max_papers = 2\n")
    title = "A study of balanced loads in fast feed forward networks"
    joined = {"title": title, "authors": ["Ada Lovelace"], "abstract": paper(1).abstract, "upvotes": 40}
    desk.feed(MONDAY, [paper(1, title=title), line(paper(2), upvotes=9), line(paper(3), upvotes=1)])
    desk.feed(MONDAY, [{**joined, "url": "https://papers.example.org/loads"}], name="votes")
    desk.feed(TUESDAY, [line(paper(1, title=title), announce="replace", version=2), paper(4)])
    desk.feed(TUESDAY, [], name="votes")
    desk.run(MONDAY)
    desk.run(TUESDAY)
    return desk


def test_why_tells_sources_days_versions_votes_and_issues(told: Desk, digest: Digest) -> None:
    done = digest("show", "--why", paper(1).id)

    assert done.status == 0
    lines = [" ".join(text.split()) for text in done.out.splitlines()]
    assert lines[0] == "A study of balanced loads in fast feed forward networks"
    assert "2026-06-01 arXiv" in lines
    assert "2026-06-01 Votes" in lines
    assert "2026-06-02 arXiv replace v2" in lines
    assert "2026-06-01 Votes 40" in lines
    assert any(text.startswith("2026-06-01 daily printed") for text in lines)


def test_why_says_why_records_of_two_sources_are_one_paper(told: Desk, digest: Digest) -> None:
    document = digest("show", "--why", paper(1).id, "--json").json

    reasons = {one["id"]: one["reason"] for one in document["ids"]}
    assert document["id"] == paper(1).id
    assert set(reasons) == {paper(1).id, "url:https://papers.example.org/loads"}
    assert "title" in reasons["url:https://papers.example.org/loads"]
    assert {(one["date"], one["source"]) for one in document["listed"]} == {
        ("2026-06-01", "arXiv"),
        ("2026-06-01", "Votes"),
        ("2026-06-02", "arXiv"),
    }
    assert document["votes"] == [{"date": "2026-06-01", "source": "Votes", "upvotes": 40}]
    [decision] = document["issues"]
    assert (decision["edition"], decision["date"], decision["decision"]) == ("daily", "2026-06-01", "printed")


@pytest.mark.parametrize(
    "text",
    [
        "2603.00001",
        "arXiv:2603.00001v2",
        "https://arxiv.org/pdf/2603.00001v1",
        "https://papers.example.org/loads",
        "https://papers.example.org/loads?utm_source=mail",
        "url:https://papers.example.org/loads",
    ],
)
def test_a_paper_is_asked_for_by_any_of_its_ids_and_addresses(told: Desk, digest: Digest, text: str) -> None:
    assert digest("show", "--why", text, "--json").json["id"] == paper(1).id


def test_why_a_paper_was_left_out(told: Desk, digest: Digest) -> None:
    done = digest("show", "--why", "2603.00003")

    assert "2026-06-01  daily  left out: not among the best 2 of 3" in done.out


def test_a_paper_that_no_issue_has_considered_says_so(told: Desk, digest: Digest) -> None:
    told.feed(date(2026, 6, 3), [line(paper(7), announce="replace")])
    told.run(date(2026, 6, 3))

    assert "No issue has considered it" in digest("show", "--why", "2603.00007").out


@pytest.mark.parametrize("text", ["2603.99999", "doi:10.1/nothing", "no id at all"])
def test_a_paper_that_nobody_listed_is_a_sentence(told: Desk, digest: Digest, text: str) -> None:
    in_words = digest("show", "--why", text)
    as_json = digest("show", "--why", text, "--json")

    assert (in_words.status, in_words.out) == (1, "")
    assert in_words.err.startswith(f"digest: the store has no paper {text}")
    assert (as_json.status, list(as_json.json)) == (1, ["error"])


# -- digest import


def opml(*feeds: tuple[str, str]) -> str:
    outlines = "".join(f'<outline type="rss" text="{title}" xmlUrl="{url}"/>' for title, url in feeds)
    return f'<opml version="2.0"><body><outline text="Science">{outlines}</outline></body></opml>'


FEEDS = (
    ("A journal", "https://journal.example.org/rss"),
    ("Learning", "https://rss.arxiv.org/rss/cs.LG+stat.ML"),
    ("Preprints", "https://connect.biorxiv.org/biorxiv_xml.php?subject=all"),
    ("Plants", "https://connect.medrxiv.org/medrxiv_xml.php?subject=plants"),
    ("Daily papers", "https://huggingface.co/api/daily_papers"),
    ("arXiv", "https://other.example.org/feed.xml"),
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "feeds.opml").write_text(opml(*FEEDS), encoding="utf-8")
    return Desk(tmp_path)


def config_of(desk: Desk) -> bytes:
    return (desk.folder / "config.toml").read_bytes()


def test_subscriptions_become_sources_behind_what_was_there(desk: Desk, digest: Digest) -> None:
    before = config_of(desk)

    done = digest("import", "feeds.opml")

    assert (done.status, done.err) == (0, "6 sources were added to config.toml\n")
    assert config_of(desk).startswith(before.rstrip())
    sources = load(desk.folder / "config.toml").sources
    assert [(s.name, s.kind) for s in sources] == [
        ("arXiv", "jsonl"),
        ("A journal", "feed"),
        ("Learning", "arxiv"),
        ("Preprints", "biorxiv"),
        ("Plants", "medrxiv"),
        ("Daily papers", "huggingface"),
        ("arXiv 2", "feed"),
    ]
    assert sources[2].options["categories"] == ("cs.LG", "stat.ML")
    assert sources[4].options["subjects"] == ("plants",)


def test_what_was_imported_is_not_imported_again(desk: Desk, digest: Digest) -> None:
    digest("import", "feeds.opml")
    before = config_of(desk)

    done = digest("import", "feeds.opml")

    assert done.err == "0 sources were added to config.toml\n"
    assert config_of(desk) == before
    assert done.out.count("# Already a source: ") == len(FEEDS)


def test_what_is_not_taken_over_is_named_on_stderr(desk: Desk, digest: Digest) -> None:
    feeds = opml(
        ("Frogs & Reeds", "https://frogs.example.org/feed"), ("Private", "https://ada:hunter2@p.example.org/feed")
    )
    (desk.folder / "feeds.opml").write_text(feeds, encoding="utf-8")

    done = digest("import", "feeds.opml")

    assert done.status == 3
    assert "! not added: “Private” (https://p.example.org/feed) holds a password" in done.err
    assert "1 source was added to config.toml" in done.err
    assert b"hunter2" not in config_of(desk)


def test_a_dry_run_prints_what_it_would_add_and_changes_nothing(desk: Desk, digest: Digest) -> None:
    before = config_of(desk)

    done = digest("import", "feeds.opml", "--dry-run")

    assert (done.status, done.err) == (0, "6 sources would be added to config.toml\n")
    assert done.out.count("[[source]]") == 6
    assert "# Science\n" in done.out
    assert config_of(desk) == before
    assert not list(desk.folder.glob(".config*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<opml><body>", "feeds.opml is damaged or was cut off"),
        ("<rss version='2.0'/>", "feeds.opml is no OPML but XML with the root <rss>"),
        ("<html><body>Log in</body></html>", "feeds.opml "),
        ("not XML", "feeds.opml "),
        ("", "feeds.opml "),
        ('<opml><body><outline text="x"/></body></opml>', "feeds.opml is OPML without a feed"),
        ('<opml><body><outline xmlUrl="ftp://x.org/feed"/></body></opml>', "none of its feeds (1) has an http"),
        ('<!DOCTYPE opml [<!ENTITY a "b">]><opml><body><outline xmlUrl="&a;"/></body></opml>', "feeds.opml "),
    ],
)
def test_a_file_that_is_no_list_of_feeds_changes_nothing(desk: Desk, digest: Digest, content: str, said: str) -> None:
    (desk.folder / "feeds.opml").write_text(content, encoding="utf-8")
    before = config_of(desk)

    done = digest("import", "feeds.opml")

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("digest: ")
    assert said in done.err
    assert config_of(desk) == before


def test_a_source_that_means_the_same_as_a_feed_is_known_whatever_else_it_says(desk: Desk, digest: Digest) -> None:
    more = '[[source]]\nname = "LG"\nkind = "arxiv"\ncategories = ["cs.LG", "stat.ML"]\nholidays = [2026-12-24]\n'
    narrower = '[[source]]\nname = "x"\nkind = "arxiv"\ncategories = ["cs.CL"]\nsearch = "ti:x"\n'
    (desk.folder / "config.toml").write_text(f"{CONFIG}\n{more}{narrower}", encoding="utf-8")
    feeds = opml(FEEDS[1], ("Language", "https://rss.arxiv.org/rss/cs.CL"))
    (desk.folder / "feeds.opml").write_text(feeds, encoding="utf-8")

    done = digest("import", "feeds.opml")

    assert done.err == "1 source was added to config.toml\n"
    assert load(desk.folder / "config.toml").sources[-1].name == "Language"


def test_a_file_or_config_that_is_not_there_is_a_sentence(desk: Desk, digest: Digest) -> None:
    assert "nowhere.opml: cannot be read: No such file" in digest("import", "nowhere.opml").err
    assert "there is no nowhere.toml" in digest("import", "feeds.opml", "--config", "nowhere.toml").err


def test_a_config_that_would_not_load_any_more_is_left_as_it_is(desk: Desk, digest: Digest) -> None:
    inline = 'source = [{ name = "arXiv", kind = "jsonl", url = "a.jsonl" }]\n[[edition]]\nname = "daily"\n'
    (desk.folder / "config.toml").write_text(inline, encoding="utf-8")

    done = digest("import", "feeds.opml")

    assert done.status == 2
    assert done.err.startswith("digest: config.toml: is not valid TOML: ")
    assert "; nothing was changed" in done.err
    assert config_of(desk) == inline.encode()
    assert sorted(p.name for p in desk.folder.iterdir()) == ["config.toml", "feeds.opml"]


def test_a_config_that_is_a_link_stays_one_and_keeps_its_rights(desk: Desk, digest: Digest) -> None:
    real = desk.folder / "dotfiles" / "digest.toml"
    real.parent.mkdir()
    (desk.folder / "config.toml").rename(real)
    real.chmod(0o640)
    (desk.folder / "config.toml").symlink_to(real)

    digest("import", "feeds.opml")

    assert (desk.folder / "config.toml").is_symlink()
    assert real.read_text(encoding="utf-8").count("[[source]]") == 7
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_config_with_the_line_ends_of_windows_keeps_them(desk: Desk, digest: Digest) -> None:
    before = config_of(desk).replace(b"\n", b"\r\n")
    (desk.folder / "config.toml").write_bytes(before)

    digest("import", "feeds.opml")

    assert config_of(desk).startswith(before.rstrip())
    assert len(load(desk.folder / "config.toml").sources) == 7


# -- digest sources


def test_sources_lists_every_kind_in_a_line(digest: Digest) -> None:
    done = digest("sources")

    assert (done.status, done.err) == (0, "")
    lines = [text for text in done.out.splitlines() if text and not text.startswith("`")]
    assert [text.split()[0] for text in lines] == list(NAMES)
    assert all(kind_of(text.split()[0]).line in text for text in lines)


@pytest.mark.parametrize("name", NAMES)
def test_sources_tells_all_that_a_kind_declares(digest: Digest, name: str) -> None:
    kind = kind_of(name)

    done = digest("sources", name)

    assert done.status == 0
    assert done.out.startswith(f"{name}: {kind.line}\n")
    assert all(paragraph in done.out for paragraph in kind.paragraphs)
    assert all(f"  {key.name} " in done.out and key.help in done.out for key in keys_of(kind))
    assert done.out.endswith(f"\n\n{kind.example}")
    assert (kind.access.variable if kind.access else "Calendar: ") in done.out
    assert "\x1b" not in done.out


def test_sources_says_type_default_and_bounds_of_a_key(digest: Digest) -> None:
    assert "(whole number from 1 to 31; default 14)" in digest("sources", "openalex").out
    assert '("day", "week" or "month"; default "day")' in digest("sources", "huggingface").out
    assert "(true or false; default true)" in digest("sources", "arxiv").out
    assert "(number; default 60)" in digest("sources", "command").out
    assert "it must set search, filter or url:" in digest("sources", "openalex").out


def test_sources_as_json_is_one_document(digest: Digest) -> None:
    every, one = digest("sources", "--json").json, digest("sources", "semanticscholar", "--json").json

    assert [kind["kind"] for kind in every] == list(NAMES)
    assert one in every
    assert one["key"]["header"] == "x-api-key"
    assert {"name": "days", "type": "whole number", "choices": [], "default": 14}.items() <= next(
        key for key in one["keys"] if key["name"] == "days"
    ).items()


def test_sources_on_a_terminal_is_wrapped_and_its_example_is_not() -> None:
    with terminal(50) as screen:
        print_kind("arxiv", kind_of("arxiv"))

    shown = "\n".join((*screen.lines, ""))
    text, example = shown.split("\n[[source]]", 1)
    assert max(map(len, text.splitlines())) <= 50
    assert "\n  categories  the categories that are read, as in\n              " in text
    assert f"[[source]]{example}" == kind_of("arxiv").example


def test_a_kind_that_there_is_not_is_named_with_the_nearest(digest: Digest) -> None:
    done = digest("sources", "arxvi")

    assert (done.status, done.out) == (2, "")
    assert "there is no kind of source 'arxvi'; did you mean arxiv?" in done.err


# -- what a [[source]] may say


def with_source(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.toml").write_text(f'{CONFIG}\n[[source]]\nname = "x"\n{text}\n', encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'kind = "feed"\nurl = "https://x.org"\ncategories = ["cs.LG"]',
            "config.toml: [[source]] 'x' categories: is for sources of kind arxiv, not feed",
        ),
        (
            'kind = "arxiv"\ncategories = ["cs.LG"]\nvenue = "ICLR.cc/2027"',
            "config.toml: [[source]] 'x' venue: is for sources of kind openreview, not arxiv",
        ),
        (
            'kind = "huggingface"\napi_key_env = "KEY"',
            "api_key_env: is for sources of kind openreview or openalex or semanticscholar or pubmed, not huggingface",
        ),
        ('kind = "huggingface"\nperiod = "year"', "period: 'year' is not one of day, week, month"),
        ('kind = "arxiv"\ncategories = ["Machine Learning"]', "'Machine Learning' is not an arXiv category"),
        ('kind = "arxiv"', "[[source]] 'x' categories: is missing: a source of kind arxiv needs categories, search"),
        ('kind = "pubmed"', "[[source]] 'x' search: is missing: a source of kind pubmed needs search or url"),
        ('kind = "command"', "[[source]] 'x' command: is missing"),
        ('kind = "command"\ncommand = "python3 crawl.py"', "[[source]] 'x' command: must be"),
        ('kind = "openalex"\nsearch = "x"\ndays = 90', "[[source]] 'x' days: must be from 1 to 31, not 90"),
        ('kind = "feed"\nurl = "https://x.org"\ncalendar = "monthly"', "calendar: 'monthly' is not one of arxiv"),
        (
            'kind = "feed"\nurl = "https://x.org"\nholidays = ["2026-06-22"]',
            "holidays: must hold dates as in",
        ),
        ('kind = "jsonl"\nurl = "a"\nfields = { abstact = "summary" }', "fields: unknown name abstact"),
    ],
)
def test_a_source_that_cannot_be_meant_so_is_named_before_anything_runs(
    tmp_path: Path, digest: Digest, text: str, said: str
) -> None:
    with_source(tmp_path, text)

    done = digest("run", "--date", "2026-06-01")

    assert done.status == 2, done
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_key_that_is_not_set_is_named_before_anything_runs(
    tmp_path: Path, digest: Digest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S2_KEY", raising=False)
    with_source(tmp_path, 'kind = "semanticscholar"\nsearch = "x"\napi_key_env = "S2_KEY"')

    done = digest("run", "--date", "2026-06-01")

    assert done.status == 2
    assert done.err == (
        "digest: config.toml: [[source]] 'x' api_key_env: the environment variable S2_KEY is not set; set it, or take "
        "the line out to ask without a key\n"
    )
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('private_hosts = "intranet"', "config.toml: [network] private_hosts: must be"),
        (
            'privat_hosts = ["intranet"]',
            "config.toml: [network] privat_hosts: unknown key; did you mean private_hosts?",
        ),
        ('proxy = "socks5://127.0.0.1:9050"', "config.toml: [network] proxy: must look like http://"),
        ("concurrency = 0", "config.toml: [network] concurrency: must be from 1 to 64, not 0"),
        ('ca_file = ["a.pem"]', "config.toml: [network] ca_file: must be"),
    ],
)
def test_a_network_that_cannot_be_meant_so_is_named(tmp_path: Path, digest: Digest, text: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n[network]\n{text}\n", encoding="utf-8")

    done = digest("run", "--date", "2026-06-01")

    assert done.status == 2, done
    assert said in done.err


def test_hosts_of_ones_own_network_are_taken(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        f'{CONFIG}\n[network]\nprivate_hosts = ["intranet", "10.0.0.7"]\n', encoding="utf-8"
    )

    assert load(tmp_path / "config.toml").network.private_hosts == ("intranet", "10.0.0.7")


def test_a_calendar_and_holidays_of_ones_own_are_those_of_the_source(tmp_path: Path) -> None:
    with_source(tmp_path, 'kind = "feed"\nurl = "https://x.org"\ncalendar = "weekdays"\nholidays = [2026-12-24]')

    with App.from_file(tmp_path / "config.toml", Host(environment={})) as app:
        calendar = app.sources["x"].calendar

    assert calendar.lists_on(date(2026, 12, 23))
    assert not calendar.lists_on(date(2026, 12, 24))
    assert not calendar.lists_on(date(2026, 12, 26))
