"""An issue on a terminal of 80 columns."""

from __future__ import annotations

import re
from dataclasses import replace

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
    made = issue(
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
            entry(3, summary={"tldr": "We do much, " + "and more of it, " * 20 + "and it works."}),
        ],
        left_out=(left_out(1), left_out(2)),
    )
    return replace(made, leads=(made.entries[0].paper.id,))


def thirty() -> Issue:
    """Thirty papers as long as real ones are in the mean, five of them leads."""
    topics = ("Reasoning", "Agents", "Vision", "Speech", "Robotics", "Theory")
    made = issue(
        [
            entry(
                n,
                paper={"title": f"Study {n}: A Title of Ten Words on Things and Their Various Settings"},
                summary={
                    "tldr": "We propose a framework that does what others do with 30 % less of what it takes to do it.",
                    "points": ("It was tried on seven sets of things and is better on five by a good margin. " * 2,)
                    * 2,
                    "topics": (topics[n % 6],),
                },
                reason="matches “test-time training”",
            )
            for n in range(30)
        ],
        left_out=tuple(left_out(n) for n in range(30)),
    )
    return replace(made, leads=tuple(one.paper.id for one in made.entries[:5]))


def test_the_terminal_has_what_the_page_has_in_the_same_order() -> None:
    text = "\n".join(on_screen(whole()))

    order = [
        "Research digest · Wednesday 3 June 2026 · 3 of 5",
        "3 papers today.",
        "1  Paper number 1",
        "Method 1 works",
        "– It was tried",
        "[extract] Sentences of the abstract",
        "matches robots · Longname +3",
        "https://code.example.org/",
        "The rest",
        "Reasoning 1",
        "Paper number 3",
        "3 votes",
        "We do much",
        "Robotics 1",
        "cross-listed",
        "2 left out: not among the best 30 of 40",
        "summaries",
        "Read: arXiv cs.CL 93 of 93",
    ]
    at = [text.find(word) for word in order]
    assert -1 not in at, order[at.index(-1)]
    assert at == sorted(at)


def test_lines_fit_the_terminal_except_a_link_which_is_not_broken() -> None:
    lines = on_screen(whole())

    assert [line for line in lines if len(line) > 80] == [f"   https://code.example.org/{'long' * 30}"]
    assert [line for line in lines if line != line.rstrip()] == []
    assert "     " in next(lines[n + 1] for n, line in enumerate(lines) if line.startswith("   – "))


def test_thirty_papers_are_about_120_lines() -> None:
    assert 90 < len(on_screen(thirty())) <= 125


def test_an_entry_of_the_rest_has_two_lines_and_the_second_is_cut_behind_a_word() -> None:
    lines = on_screen(whole())

    at = next(n for n, line in enumerate(lines) if "Paper number 3" in line)
    assert lines[at].startswith("  Paper number 3 on the study of things · 3 votes · We do much, and more of it,")
    assert lines[at + 1].endswith("…")
    assert lines[at + 2] == ""


def test_a_wide_terminal_has_room_for_the_whole_sentence() -> None:
    with terminal(160) as screen:
        print_issue(thirty(), templates=templates(), site_url=None)

    text = " ".join(" ".join(screen.lines).split())
    assert "…" not in text
    assert text.count("less of what it takes to do it.") == 30


def test_a_title_on_the_terminal_is_a_link_to_the_paper() -> None:
    with terminal(80) as screen:
        print_issue(whole(), templates=templates(), site_url=None)

    for one in whole().entries:
        assert re.search(rf"\x1b]8;[^;]*;{re.escape(one.paper.url)}\x1b", screen.getvalue())


def test_the_sources_are_told_first_only_where_one_was_not_read_whole() -> None:
    failed = SourceReport(name="bioRxiv", state=SourceState.FAILED, error="it answered with a web page", days_failing=2)
    lines = on_screen(replace(whole(), sources=(*whole().sources, failed)))

    assert lines[4] == "bioRxiv failed, 2nd day"
    assert "1  Paper number 1" in lines[6]
    assert "1  Paper number 1" in on_screen(whole())[4]


def test_the_terminal_numbers_the_entries_that_the_overview_refers_to() -> None:
    lines = on_screen(told(whole(), ("Things are everywhere, and work.", 2, 1)))

    assert "3 papers today, chosen from 5 new ones. Things are everywhere, and work [3, 1]." in lines
    assert [line.split("  ")[0] for line in lines if "Paper number" in line] == ["1", "2", "3"]


def test_an_empty_day_on_the_terminal_says_that_nothing_is_new() -> None:
    assert "Nothing new today. arXiv lists no papers on this day." in on_screen(issue())


def test_a_day_on_which_nothing_could_be_read_is_not_called_one_without_news() -> None:
    failed = SourceReport(name="arXiv", state=SourceState.FAILED, error="it answered with a web page")
    unread = issue(why_empty="arXiv could not be read.", sources=(failed,))

    assert "No papers today. arXiv could not be read." in on_screen(unread)
