"""Values of the core as JSON, and back."""

from __future__ import annotations

import json
from datetime import UTC, date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.core import models
from digest.core.errors import StoreError
from digest.core.models import Issue, LeftOut, Link, Paper, Signals, SourceState, Summary
from digest.store.serialize import dump, load
from tests.conftest import paper
from tests.support.store_values import issue

_text = st.text(max_size=10)
_texts = st.lists(_text, max_size=2).map(tuple)
_maybe_int = st.none() | st.integers(0, 10**12)
_day = st.dates()


def _issues() -> st.SearchStrategy[Issue]:
    signals = st.builds(Signals, upvotes=_maybe_int, comments=_maybe_int, stars=_maybe_int)
    moment = st.none() | st.datetimes(timezones=st.just(UTC))
    papers = st.builds(
        Paper,
        id=_text,
        aliases=_texts,
        title=_text,
        abstract=_text,
        authors=_texts,
        links=st.lists(st.builds(Link, rel=_text, url=_text), max_size=2).map(tuple),
        published=moment,
        updated=moment,
        version=_maybe_int,
        withdrawn=st.booleans(),
        kind=st.sampled_from(models.PaperKind),
        italics=_texts,
    )
    summaries = st.builds(Summary, tldr=_text, points=_texts, client=_text, model=st.none() | _text, checked=_texts)
    entries = st.builds(
        models.Entry,
        paper=papers,
        summary=summaries,
        sources=_texts,
        reason=_text,
        score=st.floats(allow_nan=False),
        signals=signals,
        announcement=st.none() | st.sampled_from(models.Announcement),
    )
    reports = st.builds(
        models.SourceReport,
        name=_text,
        state=st.sampled_from(SourceState),
        expected=_maybe_int,
        error=st.none() | _text,
    )
    return st.builds(
        Issue,
        edition=_text,
        date=_day,
        title=_text,
        language=_text,
        overview=_text,
        sections=st.lists(
            st.builds(models.Section, topic=_text, entries=st.lists(entries, max_size=2).map(tuple)), max_size=2
        ).map(tuple),
        sources=st.lists(reports, max_size=2).map(tuple),
        left_out=st.lists(st.builds(LeftOut, id=_text, title=_text, url=_text, reason=_text), max_size=2).map(tuple),
        usage=st.builds(models.Usage, client=_text, model=st.none() | _text, cost_usd=st.floats(0, 9)),
        covers=st.lists(_day, max_size=2).map(tuple),
        why_empty=st.none() | _text,
    )


@settings(max_examples=60, deadline=None)
@given(_issues())
def test_an_issue_read_back_is_the_same(built: Issue) -> None:
    assert load(Issue, json.loads(json.dumps(dump(built)))) == built


def test_what_a_later_version_added_is_ignored() -> None:
    data = dump(paper(1)) | {"colour": "blue"}

    assert load(Paper, data) == paper(1)


def test_what_an_earlier_version_did_not_know_gets_its_default() -> None:
    data = {name: value for name, value in dump(paper(1)).items() if name not in ("withdrawn", "links", "version")}

    assert load(Paper, data) == paper(1, version=None)


@pytest.mark.parametrize(
    "data",
    [
        {"title": "no id"},
        {"id": "x", "title": "t", "published": "yesterday"},
        {"id": "x", "title": "t", "links": 3},
        {"id": "x", "title": "t", "links": [3]},
        "text",
        None,
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(data: Any) -> None:
    with pytest.raises(StoreError, match="the database holds a Paper that can't be read"):
        load(Paper, data)


def test_days_moments_and_states_are_readable_json() -> None:
    built = dump(issue(paper(1), day=date(2026, 6, 3)))

    assert built["date"] == "2026-06-03"
    assert built["sections"][0]["entries"][0]["paper"]["published"] == "2026-03-01T00:00:00+00:00"
