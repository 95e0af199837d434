"""Dates as programs write them, as people write them, and as neither should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.core.models import Paper
from digest.core.words.dates import moment, not_after
from digest.sources.feed import FeedSource
from digest.sources.jsonl import JsonlSource

NOW = datetime(2026, 6, 3, 12, tzinfo=UTC)
MORNING = datetime(2024, 3, 26, 4, 0, 3, tzinfo=UTC)
DAY = datetime(2024, 3, 26, tzinfo=UTC)


def later(hours: float = 0, *, minutes: int = 0) -> datetime:
    return MORNING + timedelta(hours=hours, minutes=minutes)


DATES: list[tuple[str, datetime | None]] = [
    # RFC 822 and 2822
    ("Tue, 26 Mar 2024 04:00:03 +0000", MORNING),
    ("Tue, 26 Mar 2024 04:00:03", MORNING),
    ("26 Mar 24 04:00:03 GMT", MORNING),
    ("26 Mar 124 04:00:03 UT", MORNING),
    ("Sun, 26 Mar 2024 04:00:03 Z", MORNING),
    ("Tuesday, 26 March 2024 04:00:03 +0000", MORNING),
    ("Tues,26 Mar 2024 4:0:3 +0000", MORNING),
    ("Di., 26 Mar 2024 04:00:03 +0000", MORNING),
    ("Tue, 26 Mar 2024 04:00:03 EST", later(5)),
    ("Tue, 26 Mar 2024 04:00:03 EDT", later(4)),
    ("Tue, 26 Mar 2024 04:00:03 PST", later(8)),
    ("Tue, 26 Mar 2024 04:00:03 CEST", later(-2)),
    ("Tue, 26 Mar 2024 04:00:03 K", MORNING),
    ("Tue, 26 Mar 2024 04:00:03 XYZ", MORNING),
    ("Tue, 26 Mar 2024 04:00:03 +0530", later(-5, minutes=-30)),
    ("Tue, 26 Mar 2024 04:00:03 +02:00", later(-2)),
    ("Tue, 26 Mar 2024 04:00:03 GMT+0200", later(-2)),
    ("Tue, 26 Mar 2024 04:00:03 -0000", MORNING),
    ("Tue, 26 Mar 2024 04:00:03 +9999", None),
    ("Sun, 26 Mar 1899 04:00:03 GMT", datetime(1899, 3, 26, 4, 0, 3, tzinfo=UTC)),
    ("26 Mar 99 04:00:03 GMT", datetime(1999, 3, 26, 4, 0, 3, tzinfo=UTC)),
    ("Thu, 01 Jan 1970 00:00:00 GMT", None),
    ("Thu, 02 Jul 1970 00:00:00 GMT", datetime(1970, 7, 2, tzinfo=UTC)),
    ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2017, 1, 1, tzinfo=UTC)),
    ("Tue, 26 Mar 2024 24:00:00 GMT", DAY + timedelta(days=1)),
    ("Fri, 30 Feb 2024 04:00:03 GMT", None),
    # ISO 8601 and RFC 3339
    ("2024-03-26T04:00:03Z", MORNING),
    ("2024-03-26t04:00:03.123456789z", MORNING),
    ("2024-03-26 04:00:03", MORNING),
    ("20240326T040003Z", MORNING),
    ("2024-03-26T04:00:03+14:00", later(-14)),
    ("2024-03-26T04:00:03-12:00", later(12)),
    ("2024-03-26T04:00:03+0900", later(-9)),
    ("2024-03-26T04:00:03-05", later(5)),
    ("2024-03-26T04:00:03−05:00", later(5)),
    ("2024-03-26 04:00:03 EST", later(5)),
    ("2024-3-26T4:0:3Z", MORNING),
    ("2024-03-26", DAY),
    ("2024/3/26", DAY),
    ("20240326", DAY),
    ("2024-03", datetime(2024, 3, 1, tzinfo=UTC)),
    ("2024-03-26T24:00:00Z", DAY + timedelta(days=1)),
    ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ("2024-03-26T24:00:01Z", None),
    ("2024-03-26T25:61:61Z", None),
    ("2024-02-30", None),
    ("0000-00-00 00:00:00", None),
    ("0001-01-01T00:00:00Z", None),
    ("1970-01-01T01:00:00+01:00", None),
    ("9999-12-31T23:59:59-14:00", None),
    # what programs print, and people write
    ("Tue Mar 26 04:00:03 2024", MORNING),
    ("Tue Mar 26 04:00:03 UTC 2024", MORNING),
    ("Tue Mar 26 2024 04:00:03 GMT+0200 (CEST)", later(-2)),
    ("Tuesday, 26-Mar-24 04:00:03 GMT", MORNING),
    ("March 26, 2024", DAY),
    ("26th March 2024", DAY),
    ("Mar 26, 2024 4:00 PM", DAY + timedelta(hours=16)),
    ("Mar 26, 2024 12:30 a.m.", DAY + timedelta(minutes=30)),
    ("\n  Tue, 26 Mar 2024\n 04:00:03 GMT ", MORNING),
    ("1711425603", MORNING),
    ("1711425603000", MORNING),
    ("3/4/2024", None),
    ("2024", None),
    ("yesterday", None),
]


@pytest.mark.parametrize(("written", "expected"), DATES)
def test_a_date_is_read_as_utc_or_not_at_all(written: str, expected: datetime | None) -> None:
    found = moment(written)

    assert found == expected
    assert found is None or found.tzinfo is UTC


def of_feed(date: str) -> Paper:
    item = f"<item><title>A</title><link>https://x.org/1</link><pubDate>{date}</pubDate></item>"
    content = f'<rss version="2.0"><channel><title>J</title>{item}</channel></rss>'.encode()
    return FeedSource("f", url="", clock=lambda: NOW).parse(content, url="").records[0].paper


@pytest.mark.parametrize(("written", "expected"), DATES)
def test_what_a_feed_says_is_stored_as_it_was_meant(written: str, expected: datetime | None) -> None:
    paper = of_feed(written)

    assert paper.published == expected
    assert paper.published is None or paper.published.tzinfo is UTC


@pytest.mark.parametrize("written", ["Wed, 03 Jun 2026 20:00:00 GMT", "2026-06-04T11:59:59Z"])
def test_a_clock_that_is_fast_by_hours_is_forgiven(written: str) -> None:
    assert of_feed(written).published is not None


@pytest.mark.parametrize(
    "written", ["Thu, 04 Jun 2026 12:00:01 GMT", "2026-12-01", "2099-01-01T00:00:00Z", "26 Mar 48 04:00:03 GMT"]
)
def test_a_day_that_has_not_come_is_no_date(written: str) -> None:
    assert of_feed(written).published is None
    assert not_after(moment(written), NOW) is None


@pytest.mark.parametrize("number", [1_711_425_603, 1_711_425_603_000, 1711425603.5, "1711425603"])
def test_seconds_and_milliseconds_are_told_apart(number: object) -> None:
    line = f'{{"title": "A", "published": {number!r}}}'.replace("'", '"')

    assert JsonlSource("j", url="").parse(line.encode(), url="").records[0].paper.published == MORNING


@pytest.mark.parametrize("number", [0, -1, 10**14, 10**400, float("inf"), float("nan"), True])
def test_a_number_that_is_no_moment_is_no_date(number: float) -> None:
    assert moment(number) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("mar., 03 févr. 2026", "2026-02-03"),
        ("mardi 3 février 2026", "2026-02-03"),
        ("le 14 juillet 2026", "2026-07-14"),
        ("1er avril 2026", "2026-04-01"),
        ("3 août 2026", "2026-08-03"),
        ("Dienstag, 3. März 2026", "2026-03-03"),
        ("Freitag, den 13. November 2026", "2026-11-13"),
        ("martes, 3 de mayo de 2026", "2026-05-03"),
        ("3 maggio 2026", "2026-05-03"),
        ("terça-feira, 3 de março de 2026", "2026-03-03"),
        ("3 mrt 2026", "2026-03-03"),
        ("5 мая 2026", "2026-05-05"),
        ("10 października 2026", "2026-10-10"),
        ("14 Kasım 2025", "2025-11-14"),
        ("03.05.2026", "2026-05-03"),
        ("2026年5月3日", "2026-05-03"),
        ("2026년 5월 3일", "2026-05-03"),
        ("3 Sept. 2026", "2026-09-03"),
        ("Mar 3 2026", "2026-03-03"),
    ],
)
def test_a_month_has_a_name_in_many_languages(written: str, day: str) -> None:
    found = moment(written)

    assert found is not None
    assert found.date().isoformat() == day


def test_a_clock_behind_a_foreign_month_is_read() -> None:
    assert moment("mar., 03 févr. 2026 10:00:00 +0100") == datetime(2026, 2, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("written", ["3 jui 2026", "3 blah 2026", "3 mä 2026", "32 mai 2026", "30 février 2026"])
def test_a_word_that_may_be_two_months_or_none_is_no_date(written: str) -> None:
    assert moment(written) is None


def test_a_feed_in_french_has_dates() -> None:
    content = (
        "<rss version='2.0'><channel><item><title>T</title><link>https://x.org/1</link>"
        "<pubDate>mar., 03 févr. 2026 10:00:00 +0100</pubDate></item></channel></rss>"
    )
    (record,) = FeedSource("f", url="x").parse(content.encode(), url="x").records

    assert record.paper.published == datetime(2026, 2, 3, 9, tzinfo=UTC)
