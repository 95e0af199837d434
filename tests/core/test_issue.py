"""An issue: each entry in one section, an overview, and words for a day with nothing new."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from digest.core.issues.issue import build, why_empty
from digest.core.issues.sections import OTHER, sections
from digest.core.items.aside import Aside
from digest.core.models import (
    Candidate,
    Entry,
    PaperKind,
    Ranked,
    Signals,
    SourceReport,
    SourceState,
    Subject,
    Summary,
    Usage,
)
from digest.core.ranking.rank import Selection
from tests.conftest import paper

DAY = date(2026, 6, 3)
FIELDS = {"Large language models": "Language", "Translation": "Language", "Robots": "Robotics"}


def entry(n: int, *topics: str, reason: str = "", upvotes: int | None = None) -> Entry:
    return Entry(
        paper=paper(n),
        summary=Summary(tldr="It works.", topics=topics, client="extractive"),
        sources=("arXiv",),
        reason=reason,
        score=0.5,
        signals=Signals(upvotes=upvotes),
    )


def drawn(entries: list[Entry]) -> list[tuple[str, list[str]]]:
    return [(s.topic, [e.paper.id[-1] for e in s.entries]) for s in sections(entries, lambda t: FIELDS.get(t, t))]


def test_a_topic_with_three_papers_is_a_section_and_the_best_paper_comes_first() -> None:
    entries = [entry(1), *(entry(n, "Robots") for n in (2, 3, 4)), *(entry(n, "Translation") for n in (5, 6, 7, 8))]

    assert drawn(entries) == [("Robots", ["2", "3", "4"]), ("Translation", ["5", "6", "7", "8"]), (OTHER, ["1"])]


def test_a_field_whose_papers_found_better_places_is_no_section() -> None:
    entries = [entry(1, "Robots", "Translation"), entry(2, "Large language models", "Robots"), entry(3, "Alone")]

    assert drawn(entries) == [("Language", ["1", "2"]), (OTHER, ["3"])]


def test_small_topics_gather_under_their_field() -> None:
    assert drawn([entry(1, "Translation"), entry(2, "Large language models"), entry(3, "Robots")]) == [
        ("Language", ["1", "2"]),
        (OTHER, ["3"]),
    ]


def test_a_second_topic_that_is_a_section_takes_the_paper_in() -> None:
    entries = [entry(n, "Robots") for n in (1, 2, 3)] + [entry(4, "Translation", "Robots")]

    assert drawn(entries) == [("Robots", ["1", "2", "3", "4"])]


def test_the_best_paper_does_not_stand_last_because_it_is_the_only_one_of_its_field() -> None:
    language = [entry(2, "Translation"), entry(3, "Large language models")]

    assert drawn([entry(1, "Robots"), *language, entry(4, "Alone")]) == [
        ("Robotics", ["1"]),
        ("Language", ["2", "3"]),
        (OTHER, ["4"]),
    ]
    assert drawn([entry(1, "Robots"), entry(2, "Alone")]) == [(OTHER, ["1", "2"])]


def test_a_field_and_its_topic_do_not_stand_beside_each_other() -> None:
    """The topic goes into its field, but where that would be most of the issue: there the rest of the field goes."""
    topic = [entry(n, "Translation") for n in (1, 2, 3)]
    field = [entry(4, "Large language models"), entry(5, "Large language models")]

    few = drawn([*topic, *field, *(entry(n, "Robots") for n in (6, 7, 8, 9))])
    many = drawn([*topic, *field, *(entry(n, "Robots") for n in (6, 7, 8, 9, 10, 11))])

    assert few == [("Translation", ["1", "2", "3"]), ("Robots", ["6", "7", "8", "9"]), (OTHER, ["4", "5"])]
    assert [topic for topic, _ in many] == ["Language", "Robots"]


@given(st.lists(st.lists(st.sampled_from([*FIELDS, "Alone"]), max_size=3, unique=True), max_size=20))
def test_every_entry_is_in_exactly_one_section(topics: list[list[str]]) -> None:
    entries = [entry(n, *t) for n, t in enumerate(topics)]

    drawn_sections = sections(entries, lambda t: FIELDS.get(t, t))

    assert sorted(e.paper.id for s in drawn_sections for e in s.entries) == sorted(e.paper.id for e in entries)
    assert all(s.entries for s in drawn_sections)
    assert len({s.topic for s in drawn_sections}) == len(drawn_sections)


def ranked(n: int) -> Ranked:
    one = Candidate(paper=paper(n), sources=("arXiv",), position=n, listed_on=DAY)
    return Ranked(candidate=one, score=0.1, reason="")


def built(chosen: int, cut: int, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "edition": "daily",
        "day": DAY,
        "title": "Digest",
        "language": "en",
        "selection": Selection(
            chosen=tuple(ranked(n) for n in range(chosen)), cut=tuple(ranked(50 + n) for n in range(cut))
        ),
        "summary_of": lambda r: Summary(tldr="It works.", client="extractive"),
        "field_of": lambda t: t,
        "sources": (),
        "max_papers": chosen,
        "lead": 5,
        "usage": Usage(client="extractive"),
    }
    return build(**{**values, **changes})


def test_what_was_cut_is_left_out_with_the_reason() -> None:
    issue = built(2, 1)

    assert [(left.id, left.reason) for left in issue.left_out] == [("arxiv:2603.00050", "not among the best 2 of 3")]
    assert issue.id == "daily/2026-06-03"
    assert len(issue.entries) == 2


def of_kind(n: int, kind: PaperKind) -> Candidate:
    return Candidate(paper=paper(n, kind=kind), sources=("Nature",), position=n, listed_on=DAY)


def test_a_correction_that_is_set_aside_says_when_its_paper_stood_here() -> None:
    aside = Aside(candidate=of_kind(9, PaperKind.CORRECTION), why="correction")
    subject = Subject(id=paper(1).id, title="Gravel in rivers", printed_on=date(2026, 4, 3))

    issue = built(
        1, 1, selection=Selection(chosen=(ranked(1),), cut=(), aside=(aside,)), about={paper(9).id: (subject,)}
    )

    [left] = issue.left_out
    assert (left.reason, left.is_aside, left.corrects) == ("correction", True, (paper(1).id,))
    assert left.note == "corrects “Gravel in rivers”, which stood here on 3 April"


def test_a_comment_that_is_printed_says_when_its_paper_stood_here() -> None:
    one = Ranked(candidate=of_kind(9, PaperKind.COMMENT), score=0.1, reason="matches “rivers”")
    subject = Subject(id=paper(1).id, title="Gravel in rivers", printed_on=date(2025, 4, 3))

    issue = built(1, 0, selection=Selection(chosen=(one,), cut=()), about={paper(9).id: (subject,)})

    [entry] = issue.entries
    assert entry.paper.corrects == (paper(1).id,)
    assert entry.reason == "matches “rivers”; comments on “Gravel in rivers”, which stood here on 3 April 2025"


def test_a_day_with_nothing_but_news_says_so() -> None:
    aside = tuple(Aside(candidate=of_kind(n, PaperKind.NEWS), why="news") for n in range(3))
    sources = (report("Nature", SourceState.FRESH, listed=75, new=3), report("arXiv", SourceState.QUIET))

    issue = built(0, 0, selection=Selection(chosen=(), cut=(), aside=aside), sources=sources)

    assert issue.why_empty == (
        "The edition prints nothing of what is new: 3 news. arXiv lists no papers on Wednesday 3 June."
    )


def test_an_issue_says_which_days_it_covers_only_where_that_is_more_than_its_own() -> None:
    earlier = date(2026, 6, 2)

    assert built(1, 0, covers=(DAY,)).covers == ()
    assert built(1, 0, covers=(DAY, earlier)).covers == (earlier, DAY)


def report(name: str, state: SourceState, **changes: Any) -> SourceReport:
    return SourceReport(name=name, state=state, **changes)


def test_an_empty_day_says_why_for_each_source() -> None:
    words = why_empty(
        [
            report("biorxiv", SourceState.FAILED, error="it answered with a web page"),
            report("arXiv", SourceState.WAITING, listed=93, seen_before=93),
            report("Hugging Face", SourceState.QUIET, listed=31, seen_before=31),
            report("Nature", SourceState.QUIET),
            report("stat", SourceState.QUIET, listed=4, updates=4),
        ],
        DAY,
    )

    assert words == (
        "bioRxiv could not be read. "
        "arXiv still shows an earlier list, not that of Wednesday 3 June; it will be asked again. "
        "All 31 papers that Hugging Face lists were considered for earlier issues. "
        "Nature lists no papers on Wednesday 3 June. "
        "stat lists only later versions of known papers (4)."
    )


def test_one_paper_is_not_spoken_of_as_many() -> None:
    words = why_empty([report("arXiv", SourceState.QUIET, listed=1, seen_before=1)], DAY)

    assert words == "The one paper that arXiv lists was considered for an earlier issue."


def test_an_issue_without_entries_carries_the_reason() -> None:
    assert built(0, 0, sources=(report("Nature", SourceState.QUIET),)).why_empty == (
        "Nature lists no papers on Wednesday 3 June."
    )
    assert built(1, 0).why_empty is None


def test_a_day_without_any_reading_says_so() -> None:
    assert why_empty([], DAY) == "No source was read."
