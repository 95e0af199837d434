from __future__ import annotations

from datetime import date

from digest.core.items.aside import counted, set_aside
from digest.core.models import Candidate, PaperKind, Signals
from tests.conftest import paper


def candidate(n: int, kind: PaperKind, *, cut_at: Signals | None = None) -> Candidate:
    return Candidate(
        paper=paper(n, kind=kind), sources=("Nature",), position=n, listed_on=date(2026, 6, 3), cut_at=cut_at
    )


def test_what_an_edition_does_not_print_is_set_aside_and_a_survey_is_a_review() -> None:
    kinds = (PaperKind.RESEARCH, PaperKind.SURVEY, PaperKind.NEWS)
    there = [candidate(n, kind) for n, kind in enumerate(kinds)]

    kept, aside = set_aside(there, (PaperKind.RESEARCH, PaperKind.REVIEW))

    assert [one.paper.kind for one in kept] == [PaperKind.RESEARCH, PaperKind.SURVEY]
    assert [(one.candidate, one.why) for one in aside] == [(there[2], "news")]


def test_what_an_issue_named_before_is_not_named_again() -> None:
    risen = candidate(1, PaperKind.NEWS, cut_at=Signals(upvotes=1))

    assert set_aside([risen], (PaperKind.RESEARCH,)) == ((), ())


def test_what_was_set_aside_is_counted_the_most_frequent_first() -> None:
    assert counted(["correction", "news", "news", "data set", "data set"]) == "2 data sets, 2 news, 1 correction"


def test_papers_in_other_languages_are_set_aside_and_those_of_an_unknown_one_pass() -> None:
    there = [
        Candidate(paper=paper(n, language=code), sources=("Nature",), position=n, listed_on=date(2026, 6, 3))
        for n, code in enumerate(("en", "zh", "", "ga"))
    ]

    kept, aside = set_aside(there, (PaperKind.RESEARCH,), ("en", "de"))

    assert [one.paper.language for one in kept] == ["en", ""]
    assert [one.why for one in aside] == ["in Chinese", "in “ga”"]
    assert set_aside(there, (PaperKind.RESEARCH,)) == (tuple(there), ())
