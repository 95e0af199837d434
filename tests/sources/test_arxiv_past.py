"""arXiv's searches, and its lists of days that are over."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import SourceError
from digest.core.lists.calendar import ANY_DAY, arxiv, arxiv_submissions
from digest.core.models import Announcement, Parsed
from digest.core.ports import Source
from digest.sources.arxiv.source import ArxivSource
from tests.conftest import ROOT

DAY = date(2026, 6, 3)
SOURCE = ArxivSource("arxiv", categories=["cs.LG", "stat"])
NO_RECORDS = b'<OAI-PMH><error code="noRecordsMatch">nothing</error></OAI-PMH>'


def query_of(url: str | None) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url or "").query).items()}


def atom(*entries: tuple[str, str], total: int, start: int = 0) -> bytes:
    """An answer of the API: (id with version, primary category) each."""
    items = "".join(
        f"<entry><id>http://arxiv.org/abs/{number}</id><title>On {number}</title><summary>We study.</summary>"
        f"<published>2026-06-02T10:00:00Z</published><updated>2026-06-02T10:00:00Z</updated>"
        "<author><name>Ada Lovelace</name></author><category term='cs.LG'/>"
        f"<primary_category term='{primary}'/></entry>"
        for number, primary in entries
    )
    head = f"<totalResults>{total}</totalResults><startIndex>{start}</startIndex>"
    return f"<feed><title>arXiv Query</title>{head}{items}</feed>".encode()


def test_it_is_a_source() -> None:
    source: Source = SOURCE

    assert (source.kind, source.rereads) == ("arxiv", ())
    assert source.calendar == arxiv()


# -- a day that is over


def test_a_day_that_is_over_is_asked_for_by_the_time_of_submission() -> None:
    query = query_of(SOURCE.past_url(DAY))

    assert query["search_query"] == "(cat:cs.LG OR cat:stat.*) AND submittedDate:[202606011800 TO 202606021800]"
    assert (query["sortBy"], query["start"], query["max_results"]) == ("submittedDate", "0", "500")


def test_after_a_holiday_the_window_is_as_long_as_the_silence() -> None:
    query = query_of(SOURCE.past_url(date(2026, 6, 23)))

    assert query["search_query"].endswith("submittedDate:[202606181800 TO 202606221800]")


@pytest.mark.parametrize("day", [date(2026, 6, 20), date(2026, 6, 21), date(2026, 6, 22)])
def test_of_a_day_without_a_list_there_is_what_the_next_one_has_of_it(day: date) -> None:
    query = query_of(SOURCE.past_url(day))

    assert query["search_query"].endswith("submittedDate:[202606181800 TO 202606191800]")


def test_of_one_address_for_all_days_there_is_no_past() -> None:
    assert ArxivSource("a", url="https://example.org/arxiv.xml").past_url(DAY) is None
    assert ArxivSource("a", url="days/{date}.xml").past_url(DAY) == "days/2026-06-03.xml"


def test_what_a_past_list_had_is_news_whatever_its_version_is_by_now() -> None:
    url = SOURCE.past_url(DAY) or ""

    parsed = SOURCE.parse(
        atom(("2606.01234v1", "cs.LG"), ("2606.01235v3", "stat.ML"), ("2606.01236v1", "math.ST"), total=3), url=url
    )

    assert [r.announcement for r in parsed.records] == [Announcement.NEW, Announcement.NEW, Announcement.CROSS]
    assert parsed.expected == 3


def test_behind_the_last_page_of_the_api_stand_the_sets_one_after_another() -> None:
    base = "https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXivRaw"

    last_of_api = SOURCE.parse(atom(("2606.01234v1", "cs.LG"), total=1), url=SOURCE.past_url(DAY) or "")
    first_set = SOURCE.parse(NO_RECORDS, url=last_of_api.next_url or "")
    second_set = SOURCE.parse(NO_RECORDS, url=first_set.next_url or "")

    assert last_of_api.next_url == f"{base}&set=cs:cs:LG&from=2026-06-03&until=2026-06-03"
    assert first_set.next_url == f"{base}&set=stat&from=2026-06-03&until=2026-06-03"
    assert second_set.next_url is None


def test_a_past_list_of_several_pages_is_one_list() -> None:
    url = SOURCE.past_url(DAY) or ""

    first = SOURCE.parse(atom(("2606.01234v1", "cs.LG"), total=2), url=url)
    second = SOURCE.parse(atom(("2606.01235v1", "cs.LG"), total=2, start=1), url=first.next_url or "")

    assert query_of(first.next_url)["start"] == "1"
    assert [r.announcement for r in second.records] == [Announcement.NEW]
    assert urlsplit(second.next_url or "").hostname == "oaipmh.arxiv.org"


def test_a_set_of_several_pages_goes_on_before_the_next_set() -> None:
    raw = (ROOT / "tests" / "data" / "arxiv-oai-raw.xml").read_bytes()
    url = "https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXivRaw&set=cs:cs:LG&from=2026-06-03&until=2026-06-03"

    first = SOURCE.parse(raw, url=url)
    last = SOURCE.parse(NO_RECORDS, url=first.next_url or "")

    assert "resumptionToken=verb" in (first.next_url or "")
    assert query_of(last.next_url)["set"] == "stat"


def test_a_past_list_without_submissions_is_still_asked_for_what_was_held_back() -> None:
    parsed = SOURCE.parse(atom(total=0), url=SOURCE.past_url(DAY) or "")

    assert (parsed.records, parsed.expected) == ((), 0)
    assert query_of(parsed.next_url)["set"] == "cs:cs:LG"


@given(st.dates(min_value=date(2024, 1, 8), max_value=date(2027, 12, 31)).filter(arxiv().lists_on))
def test_every_past_list_knows_its_day_again(day: date) -> None:
    parsed = SOURCE.parse(atom(total=0), url=SOURCE.past_url(day) or "")

    assert query_of(parsed.next_url)["from"] == day.isoformat()


@pytest.mark.parametrize(
    "url",
    [
        "https://export.arxiv.org/api/query?search_query=cat:cs.LG",
        "https://export.arxiv.org/api/query?search_query=cat:cs.LG+AND+submittedDate:[202606011800+TO+202606021800]",
        "https://export.arxiv.org/api/query?search_query=submittedDate:[202606011800+TO+999999999999]",
        "days/2026-06-03.xml",
    ],
)
def test_another_query_is_no_past_list(url: str) -> None:
    parsed = SOURCE.parse(atom(("2606.01234v1", "cs.LG"), total=1), url=url)

    assert (parsed.records[0].announcement, parsed.next_url) == (None, None)


# -- searches


def test_a_search_looks_at_the_last_ten_days() -> None:
    source = ArxivSource("s", search='ti:"state space" OR abs:mamba')

    query = query_of(source.url_for(DAY))

    assert query["search_query"] == ('(ti:"state space" OR abs:mamba) AND submittedDate:[202605240000 TO 202606040000]')
    assert (query["sortBy"], query["sortOrder"]) == ("submittedDate", "descending")
    assert source.past_url(DAY) is None


def test_categories_narrow_a_search() -> None:
    query = query_of(ArxivSource("s", search="abs:mamba", categories=["cs.LG", "cs.CL"]).url_for(DAY))

    assert query["search_query"].startswith("(abs:mamba) AND (cat:cs.LG OR cat:cs.CL) AND submittedDate:")


def test_a_search_with_dates_of_its_own_keeps_them() -> None:
    query = query_of(ArxivSource("s", search="submittedDate:[202601010000 TO 202602010000]").url_for(DAY))

    assert query["search_query"] == "(submittedDate:[202601010000 TO 202602010000])"


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_search_can_be_asked_for_at_the_ends_of_time(day: date) -> None:
    assert "submittedDate" in ArxivSource("s", search="abs:mamba").url_for(day)


def test_a_search_promises_nothing_and_announces_nothing() -> None:
    source = ArxivSource("s", search="abs:mamba")

    parsed = source.parse(atom(("2606.01234v2", "cs.LG"), total=1), url=source.url_for(DAY))

    assert source.calendar == ANY_DAY
    assert (parsed.records[0].announcement, parsed.next_url) == (None, None)


def test_an_empty_page_in_the_midst_of_a_result_is_an_error() -> None:
    with pytest.raises(SourceError, match=r"empty page where result 501 of 1,203 should be; ask again later"):
        SOURCE.parse(atom(total=1203, start=500), url="https://export.arxiv.org/api/query?start=500")


def test_what_the_api_does_not_give_is_named() -> None:
    parsed = SOURCE.parse(
        atom(("2606.01234v1", "cs.LG"), total=214_881, start=29_999),
        url="https://export.arxiv.org/api/query?start=29999",
    )

    assert parsed.next_url is None
    assert [(r.reason, r.excerpt) for r in parsed.rejected] == [
        ("arXiv's API gives no more than 30,000 results of one query: narrow it", "184,881 more papers")
    ]


def test_a_feed_that_is_cut_off_at_its_limit_says_so() -> None:
    item = "<item><title>On {0}</title><link>https://arxiv.org/abs/2606.{0:05d}</link></item>"
    items = "".join(item.format(n) for n in range(2000))

    parsed = SOURCE.parse(f"<rss><channel><title>cs</title>{items}</channel></rss>".encode(), url="")

    assert len(parsed.records) == 2000
    assert [r.reason for r in parsed.rejected] == [
        "arXiv's feed ends after 2,000 papers: name categories instead of a whole archive"
    ]


# -- recorded


def test_the_recorded_answer_shows_how_many_were_held_back(real_data: Path) -> None:
    """What the module says of the two ways to a list that is over."""
    content = (real_data / "arxiv-api" / "cs_2025-12-17_405.atom.xml").read_bytes()
    parsed = ArxivSource("a", url="a.xml").parse(content, url="a.xml")
    _, deadline = arxiv_submissions(arxiv(), date(2025, 12, 18))

    # Ids are given in the order of announcement: those of one list stand together.
    numbers = {
        int(r.paper.id.rpartition(".")[2]): r.paper.published or datetime.max.replace(tzinfo=UTC)
        for r in parsed.records
    }
    on_time = max(n for n, submitted in numbers.items() if submitted < deadline and n < 15_800)
    held = Counter("later" if n > on_time else "on time" for n, submitted in numbers.items() if submitted < deadline)

    assert (parsed.expected, len(numbers), deadline) == (405, 405, datetime(2025, 12, 17, 19, tzinfo=UTC))
    assert held == {"on time": 312, "later": 22}


def test_each_paper_of_the_recorded_answer_is_of_its_own_window(real_data: Path) -> None:
    content = (real_data / "arxiv-api" / "cs_2025-12-17_405.atom.xml").read_bytes()
    source = ArxivSource("a", categories=["cs"])

    parsed = source.parse(content, url=source.past_url(date(2025, 12, 18)) or "")

    kinds = Counter(r.announcement for r in parsed.records)
    assert kinds[Announcement.NEW] + kinds[Announcement.CROSS] == 405
    assert kinds[Announcement.CROSS] == sum(not r.paper.categories[0].startswith("cs.") for r in parsed.records) > 0
    assert isinstance(parsed, Parsed)


def test_each_recorded_answer_is_read_or_refused_with_arxivs_own_words(real_data: Path) -> None:
    source = ArxivSource("a", url="a.xml")
    refused = []

    for file in sorted((real_data / "arxiv-api" / "recorded").glob("*.xml")):
        content = file.read_bytes()
        try:
            parsed = source.parse(content, url="https://export.arxiv.org/api/query?start=0")
        except SourceError as error:
            refused.append(str(error))
            continue
        assert (len(parsed.records), parsed.rejected) == (content.count(b"<entry>"), ()), file.name
        assert bool(parsed.next_url) == ((parsed.expected or 0) > len(parsed.records)), file.name

    assert refused == ["the API of arXiv answered: incorrect id format for abc"]
