"""What people see: on a terminal of 80 columns, and through a pipe."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from digest.cli.common import complain
from digest.cli.main import cli
from digest.cli.show import console
from digest.cli.show.history import history_json, print_history
from digest.core.models import Announcement, Issue, Link, SourceReport, SourceState, Usage
from digest.publish.render import flow
from digest.publish.views import Links, issue_view
from digest.stages.report import Report, Stage
from digest.usecases.doctor import Finding, examine
from digest.usecases.find import history_of
from tests.conftest import paper
from tests.desk import CONFIG, Desk
from tests.issues import WEDNESDAY, entry, issue, left_out, templates, told


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_screen(what: Issue, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of an issue on a terminal of 80 columns, without bold and dim."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with contextlib.redirect_stdout(Tty()) as screen:
        console.print_issue(what, templates=templates(), site_url=None)
    assert "\x1b[1m" in screen.getvalue()
    return re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()


def whole() -> Issue:
    return issue(
        [
            entry(
                1,
                summary={"points": ("It was tried on 40 sensors and 12 boats " * 4,), "fell_back": "no answer"},
                paper={
                    "authors": tuple(f"Author Number{n} Longname" for n in range(4)),
                    "links": (Link(rel="code", url="https://code.example.org/" + "long" * 30),),
                },
                reason="matches robots",
            ),
            entry(2, summary={"topics": ("Robotics",)}, announcement=Announcement.CROSS),
        ],
        left_out=(left_out(1), left_out(2)),
    )


def test_the_terminal_has_what_the_page_has_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\n".join(on_screen(whole(), monkeypatch))

    order = [
        "Research digest, Wednesday 3 June 2026",
        "2 papers today.",
        "93 of 93",
        "   1  Reasoning",
        "Reasoning (1)",
        "Paper number 1",
        "Method 1 works",
        "– It was tried",
        "[extract] Sentences of the abstract",
        "Author Number0",
        "code: https://code.example.org/",
        "Why here: matches robots",
        "Robotics (1)",
        "[cross-listed]",
        "2 not among the best 30 of 40",
        "About this issue",
        "summaries",
    ]
    at = [text.find(word) for word in order]
    assert -1 not in at
    assert at == sorted(at)


def test_lines_fit_the_terminal_except_a_link_which_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_screen(whole(), monkeypatch)

    assert [line for line in lines if len(line) > 80] == [f"  code: https://code.example.org/{'long' * 30}"]
    assert [line for line in lines if line != line.rstrip() or line.strip().startswith("·") or line.endswith("·")] == []
    assert "      " in next(lines[n + 1] for n, line in enumerate(lines) if line.startswith("    – "))


def test_the_terminal_numbers_the_entries_that_the_overview_refers_to(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = on_screen(told(whole(), ("Things are everywhere, and work.", 2, 1)), monkeypatch)

    assert "2 papers today, chosen from 4 new ones. Things are everywhere, and work [2, 1]." in lines
    assert [line.split(". ")[0] for line in lines if "Paper number" in line] == ["  1", "  2"]


def test_an_empty_day_on_the_terminal_says_that_nothing_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Nothing new today. arXiv lists no papers on this day." in on_screen(issue(), monkeypatch)


def test_a_day_on_which_nothing_could_be_read_is_not_called_one_without_news(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = SourceReport(name="arXiv", state=SourceState.FAILED, error="it answered with a web page")
    unread = issue(why_empty="arXiv could not be read.", sources=(failed,))

    assert "No papers today. arXiv could not be read." in on_screen(unread, monkeypatch)


def test_a_finding_of_the_doctor_hangs_beside_its_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with contextlib.redirect_stdout(Tty()) as screen:
        console.print_findings([Finding(subject="mail", level="good", said="word " * 30)])

    first, second = screen.getvalue().splitlines()[:2]
    assert first.startswith("ok     mail: word")
    assert second.startswith("       word")


def test_a_run_that_could_read_nothing_does_not_say_that_nothing_is_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = SourceReport(name="arXiv", state=SourceState.FAILED, error="it answered with a web page")
    report = Report(edition="daily", date=WEDNESDAY, sources=(failed,), usage=Usage(client="extractive"))

    console.print_reports([report], {}, data_dir=Path(), outbox=True)

    out = capsys.readouterr().out
    assert "no issue: no source could be read" in out
    assert "nothing new" not in out


def test_a_run_does_not_give_one_reason_for_all_that_was_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    out = [left_out(1, "says nearly the same as “Bread”"), left_out(2), left_out(3)]
    for cut in (out, out[1:]):
        report = Report(
            edition="daily",
            date=WEDNESDAY,
            sources=(),
            usage=Usage(client="extractive"),
            issue=issue([entry(1)], left_out=tuple(cut)),
        )
        console.print_reports([report], {}, data_dir=Path(), outbox=True)

    several, alike = capsys.readouterr().out.split("daily ·")[1:]
    assert "3 left out (2 not among the best 30 of 40, 1 says nearly the same as “Bread”)" in several
    assert "2 left out (not among the best 30 of 40)" in alike


def test_a_cost_that_is_not_known_is_not_called_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(client="openai", model="own-model", requests=1, input_tokens=4277, output_tokens=1088)
    unpriced = Report(edition="daily", date=WEDNESDAY, sources=(), usage=usage)
    priced = replace(unpriced, usage=replace(usage, cost_usd=0.0123))

    console.print_reports([unpriced, priced], {}, data_dir=Path(), outbox=True)

    out = capsys.readouterr().out
    assert "  own-model: 1 request, 4,277 + 1,088 tokens\n" in out
    assert "  own-model: 1 request, 4,277 + 1,088 tokens, $0.0123\n" in out
    assert issue_view(replace(whole(), usage=usage), links=Links(root=None)).writers[-1].endswith("1,088 out.")


def test_facts_share_lines_and_no_line_begins_or_ends_with_a_dot() -> None:
    parts = ["A. Author and 12 more", "Hugging Face, 15 June", "World models", "61 upvotes"]

    assert flow(parts, width=50) == "A. Author and 12 more · Hugging Face, 15 June\nWorld models · 61 upvotes"
    assert flow(["one two three", "four"], width=9, first="  ") == "  one two\n  three\n  four"
    assert flow([]) == ""


def test_a_run_that_comes_to_the_same_says_the_same() -> None:
    def of(state: SourceState, *warnings: str) -> Report:
        sources = (SourceReport(name="arXiv", state=state),)
        usage = Usage(client="extractive")
        return Report(edition="daily", date=WEDNESDAY, sources=sources, usage=usage, warnings=warnings)

    assert console.outcome(of(SourceState.WAITING)) == console.outcome(of(SourceState.WAITING))
    assert console.outcome(of(SourceState.WAITING)) != console.outcome(of(SourceState.STALLED))
    assert console.outcome(of(SourceState.FAILED, "a")) != console.outcome(of(SourceState.FAILED, "b"))


def test_requests_without_an_answer_are_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(client="openai", model="gpt-5-mini", requests=5, fell_back=30)
    report = Report(edition="daily", date=WEDNESDAY, sources=(), usage=usage)

    console.print_reports([report], {}, data_dir=Path(), outbox=True)

    assert "  gpt-5-mini: 5 requests, no answer · 30 with an extract instead\n" in capsys.readouterr().out


def test_what_a_run_cost_is_told_with_what_was_cached_and_what_is_in_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(
        client="openai",
        model="gpt-5-mini",
        requests=25,
        input_tokens=141_234,
        cached_tokens=30_720,
        output_tokens=62_110,
        cost_usd=0.1523,
        in_doubt_usd=0.021,
        fell_back=20,
    )
    report = Report(edition="daily", date=WEDNESDAY, sources=(), usage=usage)

    console.print_reports([report], {}, data_dir=Path(), outbox=True)

    said = "25 requests, 141,234 (30,720 cached) + 62,110 tokens, $0.1523, and up to $0.021 for answers that never came"
    assert f"  gpt-5-mini: {said} · 20 with an extract instead\n" in capsys.readouterr().out
    document = console.report_json(report, None)["llm"]
    assert (document["cached_tokens"], document["in_doubt_usd"]) == (30_720, 0.021)


# -- every command


LONG = "A study of sediment, rivers and gravel, and of everything else that water has ever carried to any delta at all"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with an issue of one paper, and two that had no room."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    (desk.folder / "config.toml").write_text(
        CONFIG + 'max_papers = 1\ninterests = ["sediment"]\navoid = ["author: Ann Other"]\n', encoding="utf-8"
    )
    names = tuple(f"Person Number{n} With A Long Name" for n in range(4))
    titles = (LONG, f"{LONG}, revisited", "Gravel that was never asked for")
    desk.feed(
        WEDNESDAY, [paper(n, title=t, abstract=f"{t}. {t} 5.", authors=names) for n, t in enumerate(titles, start=1)]
    )
    desk.run(WEDNESDAY)
    return desk


COMMANDS = {
    "search": ("search", "sediment"),
    "similar": ("similar", "2603.00001"),
    "summarize": ("summarize", "paper.txt"),
    "show": ("show",),
    "why": ("show", "--why", "2603.00002"),
    "feedback": ("feedback", "2603.00001", "--forget"),
    "feedback so far": ("feedback",),
    "topics": ("topics",),
    "cost": ("cost",),
    "status": ("status",),
    "doctor": ("doctor", "--offline"),
    "eval": ("eval", "--part", "duplicates"),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", [50, 110])
def test_every_command_keeps_to_the_width_of_the_terminal(
    name: str, columns: int, printed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (printed.folder / "paper.txt").write_text(f"{LONG}\n\n{LONG} is what we have. {LONG} is new.\n", encoding="utf-8")
    monkeypatch.chdir(printed.folder)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")

    with contextlib.redirect_stdout(Tty()) as screen:
        cli([*COMMANDS[name]], standalone_mode=False)

    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()
    words = [line for line in lines if "://" not in line and str(printed.folder) not in line]
    assert words
    assert [line for line in words if len(line) > columns] == []


def test_a_wide_terminal_is_used_whole(printed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")

    with contextlib.redirect_stdout(Tty()) as screen:
        console.print_lines([f"{LONG} and {LONG}"])

    assert 180 < max(map(len, screen.getvalue().splitlines())) <= 200


def test_letters_of_two_columns_are_counted_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    found = paper(1, title="河" * 40, authors=("河川太郎河川太郎", "砂利花子砂利花子", "水田一郎水田一郎"))

    with contextlib.redirect_stdout(Tty()) as screen:
        console.print_papers([found], query="")

    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()
    assert [line for line in lines if cell_len(line) > 40] == []


def test_a_pipe_gets_whole_lines(
    printed: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(printed.folder)
    monkeypatch.setenv("COLUMNS", "50")

    cli(["search", "sediment"], standalone_mode=False)

    assert f"{LONG}\n" in capsys.readouterr().out


def test_an_error_on_a_terminal_is_wrapped_but_its_link_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    link = f"https://example.org/{'long' * 20}"

    with contextlib.redirect_stderr(Tty()) as screen:
        complain(f"digest: {LONG} {link}")

    lines = screen.getvalue().splitlines()
    assert link in lines
    assert all(len(line) <= 40 for line in lines if line != link)


def test_many_that_say_nearly_the_same_are_counted_together(capsys: pytest.CaptureFixture[str]) -> None:
    out = [left_out(n, f"says nearly the same as “Bread {n}”") for n in (1, 2)] + [left_out(3)]
    report = Report(
        edition="daily",
        date=WEDNESDAY,
        sources=(),
        usage=Usage(client="extractive"),
        issue=issue([entry(1)], left_out=tuple(out)),
    )

    console.print_reports([report], {}, data_dir=Path(), outbox=True)

    assert "(2 say nearly the same as others, 1 not among the best 30 of 40)" in capsys.readouterr().out


# -- why


def why(desk: Desk, target: str) -> dict[str, Any]:
    with desk.app() as app:
        return history_json(history_of(app, target))


def test_why_says_how_a_paper_stood_that_was_not_printed(printed: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    [standing] = why(printed, "2603.00002")["standings"]
    with printed.app() as app:
        print_history(history_of(app, "2603.00002"))

    said = capsys.readouterr().out
    assert (standing["edition"], standing["place"], standing["of"]) == ("daily", 2, 3)
    assert standing["score"] > 0
    assert standing["nearest_interest"]["interest"] == "sediment"
    assert [one["id"] for one in standing["before"]] == ["arxiv:2603.00001"]
    assert standing["last_printed"]["decision"] == "printed"
    assert f"score {standing['score']:.4f}, place 2 of 3; the last with a place was “A study" in said
    assert "nearest interest: “sediment”, " in said
    assert "right before it: “A study" in said


def test_why_names_what_stood_right_before_a_paper_the_nearest_first(printed: Desk) -> None:
    [standing] = why(printed, "2603.00003")["standings"]

    assert [one["id"] for one in standing["before"]] == ["arxiv:2603.00002", "arxiv:2603.00001"]
    assert standing["nearest_interest"]["fit"] == 0


def test_a_printed_paper_stands_behind_nothing(printed: Desk) -> None:
    assert why(printed, "2603.00001")["standings"] == []


def test_why_knows_the_place_of_a_paper_whose_score_an_earlier_version_did_not_keep(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(WEDNESDAY, [paper(n) for n in (1, 2, 3)])
    with desk.app() as app:
        app.run((), WEDNESDAY, until=Stage.FETCH)
        old = replace(left_out(3), id=paper(3).id)
        app.store.save_issue(issue([entry(1), entry(2)], left_out=(old,)), at=desk.now, deliveries={})
    [standing] = why(desk, old.id)["standings"]

    assert (standing["score"], standing["place"], standing["of"]) == (None, 3, 3)


# -- doctor


def test_the_doctor_counts_what_is_to_be_avoided_apart(printed: Desk) -> None:
    [found] = [
        f for f in examine(printed.folder / "config.toml", printed.app().host, offline=True) if "interests" in f.subject
    ]

    assert (found.level, found.said) == ("good", "1 phrase; to avoid: 1 author")
