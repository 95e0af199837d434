"""What gets the documents of one source: where its key goes, where it may go on, and how long it has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import httpx2
import pytest

from digest.app.host import now
from digest.core.errors import SourceError
from digest.core.models import Document
from digest.sources.door.deadline import Deadline
from digest.sources.door.fetcher import fetcher
from digest.sources.kind import Credentials, SourceConfig
from digest.sources.kinds import kind_of
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeDocuments
from tests.support.doors import Handler, answers, door

URL = "https://api.example.org/list"
KEY = Credentials(variable="MY_KEY", headers={"x-api-key": "s3cr3t-k3y"}, parameters={"api_key": "s3cr3t-k3y"})


def getting(handler: Handler, url: str = URL, *, deadline: Deadline | None = None) -> Callable[[str], Document]:
    config = SourceConfig(name="x", kind="feed", url=url)
    return fetcher(
        kind_of("feed").make(config, now),
        url=url,
        dated="{date}" in url,
        door=door(handler),
        documents=FakeDocuments(),
        credentials=KEY,
        today=date(2026, 6, 3),
        deadline=deadline or Deadline(FakeClock().now),
    )


def test_the_key_goes_to_the_server_that_was_named_and_its_pages() -> None:
    handler, asked = answers(httpx2.Response(200, text="[]"))
    get = getting(handler)

    get(URL)
    get(f"{URL}?page=2")

    assert [request.headers.get("x-api-key") for request in asked] == ["s3cr3t-k3y"] * 2
    assert all(request.url.params["api_key"] == "s3cr3t-k3y" for request in asked)


def test_a_page_elsewhere_gets_no_key() -> None:
    handler, asked = answers(httpx2.Response(200, text="[]"))

    getting(handler)("https://elsewhere.example.com/page")

    assert "x-api-key" not in asked[0].headers
    assert "api_key" not in asked[0].url.params


def test_the_servers_of_arxiv_trust_each_other() -> None:
    handler, asked = answers(httpx2.Response(200, text="[]"))

    getting(handler, "https://rss.arxiv.org/rss/cs.LG")("https://export.arxiv.org/api/query")

    assert asked[0].headers["x-api-key"] == "s3cr3t-k3y"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "papers.json", "ftp://x.example.org/a"])
def test_a_page_that_goes_on_in_a_file_is_refused(address: str) -> None:
    handler, asked = answers(httpx2.Response(200, text="[]"))

    with pytest.raises(SourceError, match="which is no web address"):
        getting(handler)(address)

    assert not asked


def test_a_refusal_names_the_variable_of_the_key() -> None:
    handler, _ = answers(httpx2.Response(401))

    with pytest.raises(SourceError, match="MY_KEY") as caught:
        getting(handler)(URL)

    assert "s3cr3t" not in str(caught.value)


def test_a_source_that_keeps_giving_pages_gets_more_time_but_not_for_ever() -> None:
    clock = FakeClock()
    deadline = Deadline(clock.now)
    handler, _ = answers(httpx2.Response(200, text="[]"))
    get = getting(handler, deadline=deadline)
    before = deadline.remaining()

    get(URL)
    after_one = deadline.remaining() - before
    for page in range(50):
        get(f"{URL}?page={page}")

    assert after_one == 20
    assert deadline.remaining() - before == 600
