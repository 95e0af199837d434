"""Papers at ids and addresses: what is fetched, what is not, and what one request remembers."""

from __future__ import annotations

import pytest

from digest.core.errors import SourceError
from digest.core.models import Paper
from digest.usecases.lookup import Lookup
from tests.conftest import NOON, paper
from tests.fakes.net import FakeNet
from tests.fakes.store import FakePapers

FEED = """<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Query</title>{}</feed>"""
ENTRY = """<entry><id>http://arxiv.org/abs/{}v1</id><published>2026-03-01T00:00:00Z</published><title>Title {}</title>
<summary>We count things.</summary><author><name>Ada Lovelace</name></author></entry>"""
PAGE = "<html><head><title>A page</title></head><body><p>We count things.</p></body></html>"


@pytest.fixture
def net() -> FakeNet:
    return FakeNet()


def lookup(net: FakeNet, *known: Paper) -> Lookup:
    return Lookup(store=FakePapers(*known) if known else None, get=net.get, clock=lambda: NOON, vocabulary=dict)


def test_a_paper_that_the_store_knows_is_not_fetched(net: FakeNet) -> None:
    [found] = lookup(net, paper(1)).find(["2603.00001"])

    assert (found.paper, net.asked) == (paper(1, language="en"), [])


def test_arxiv_is_asked_for_all_ids_at_once_and_not_again(net: FakeNet) -> None:
    net.pages["arxiv.org"] = FEED.format("".join(ENTRY.format(n, n) for n in ("2603.00001", "2603.00002")))
    one = lookup(net)

    first = one.find(["2603.00001", "arxiv:2603.00002"])
    again = one.find(["2603.00002"])

    assert [f.paper and f.paper.id for f in (*first, *again)] == [
        "arxiv:2603.00001",
        "arxiv:2603.00002",
        "arxiv:2603.00002",
    ]
    assert len(net.asked) == 2
    assert net.asked[1].count("2603.") == 1


def test_arxiv_that_does_not_answer_is_left_alone_for_the_rest_of_the_request_and_no_longer(net: FakeNet) -> None:
    net.pages["arxiv.org"] = SourceError("HTTP 503", url="https://export.arxiv.org/")
    one, another = lookup(net), lookup(net)

    errors = [f.error for n in range(3) for f in one.find([f"2603.0000{n}"])]
    asked = len(net.asked)
    another.find(["2603.00001"])

    assert all("HTTP 503" in (error or "") for error in errors)
    assert asked == 1
    assert len(net.asked) == 2


def test_a_doi_leads_to_its_page_and_an_address_is_fetched_as_it_stands(net: FakeNet) -> None:
    net.pages |= {"doi.org": PAGE, "example.org": PAGE}

    found = lookup(net).find(["10.1234/abc", "https://example.org/a?B=c"])

    assert [f.paper and f.paper.title for f in found] == ["A page"] * 2
    assert net.asked == ["https://doi.org/10.1234/abc", "https://example.org/a?B=c"]


def test_what_names_no_paper_is_an_error_of_its_own(net: FakeNet) -> None:
    net.pages["good"] = PAGE

    bad, good = lookup(net).find(["nothing at all", "https://example.org/good"])

    assert "is neither a file nor an arXiv id" in (bad.error or "")
    assert good.paper is not None
