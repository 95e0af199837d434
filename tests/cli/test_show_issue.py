"""An issue on a terminal of 80 columns."""

from __future__ import annotations

from digest.cli.show.issue import print_issue
from digest.core.models import Announcement, Issue, Link, SourceReport, SourceState
from tests.support.issues import entry, issue, left_out, templates, told
from tests.support.terminal import terminal


def on_screen(what: Issue) -> list[str]:
    """The lines of an issue on a terminal of 80 columns, without bold and dim."""
    with terminal(80) as screen:
        print_issue(what, templates=templates(), site_url=None)
    assert "\x1b[1m" in screen.getvalue()
    return screen.lines


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


def test_the_terminal_has_what_the_page_has_in_the_same_order() -> None:
    text = "\n".join(on_screen(whole()))

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


def test_lines_fit_the_terminal_except_a_link_which_is_not_broken() -> None:
    lines = on_screen(whole())

    assert [line for line in lines if len(line) > 80] == [f"  code: https://code.example.org/{'long' * 30}"]
    assert [line for line in lines if line != line.rstrip() or line.strip().startswith("·") or line.endswith("·")] == []
    assert "      " in next(lines[n + 1] for n, line in enumerate(lines) if line.startswith("    – "))


def test_the_terminal_numbers_the_entries_that_the_overview_refers_to() -> None:
    lines = on_screen(told(whole(), ("Things are everywhere, and work.", 2, 1)))

    assert "2 papers today, chosen from 4 new ones. Things are everywhere, and work [2, 1]." in lines
    assert [line.split(". ")[0] for line in lines if "Paper number" in line] == ["  1", "  2"]


def test_an_empty_day_on_the_terminal_says_that_nothing_is_new() -> None:
    assert "Nothing new today. arXiv lists no papers on this day." in on_screen(issue())


def test_a_day_on_which_nothing_could_be_read_is_not_called_one_without_news() -> None:
    failed = SourceReport(name="arXiv", state=SourceState.FAILED, error="it answered with a web page")
    unread = issue(why_empty="arXiv could not be read.", sources=(failed,))

    assert "No papers today. arXiv could not be read." in on_screen(unread)
