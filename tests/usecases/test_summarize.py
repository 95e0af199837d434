"""Summaries on demand, without an app: one object serves many requests at the same time."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from digest.core.errors import SourceError
from digest.core.models import Document
from digest.stages.ask import Writer
from digest.usecases.lookup import Lookup
from digest.usecases.summarize import OnDemand
from tests.conftest import NOON, paper
from tests.fakes.net import FakeNet
from tests.fakes.store import FakePapers
from tests.fakes.summarizer import FakeSummarizer
from tests.usecases.test_lookup import PAGE


def on_demand(net: FakeNet, summarizer: FakeSummarizer, *, piped: bytes = b"") -> OnDemand:
    return OnDemand(
        lookup=lambda: Lookup(store=FakePapers(paper(1)), get=net.get, clock=lambda: NOON, vocabulary=dict),
        writer=Writer(summarizer=summarizer, language="en", store=None),
        progress=lambda _: None,
        stdin=lambda _: piped,
    )


def test_papers_of_all_targets_go_out_together_and_come_back_in_their_order(tmp_path: Path) -> None:
    summarizer = FakeSummarizer()
    lines = [{"id": n, "title": f"Line {n}", "abstract": "We do."} for n in (7, 8)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    done = on_demand(FakeNet({"good": PAGE}), summarizer, piped=b"Piped\n\nWe do it.\n").summarize(
        [str(tmp_path / "a.jsonl"), "nothing at all", "2603.00001", "https://example.org/good", "-"]
    )

    assert [a.id for a in done.answers] == [7, 8, None, paper(1).id, *(a.id for a in done.answers[4:])]
    titles = ["Line 7", "Line 8", paper(1).title, "A page", "Piped"]
    assert [a.summary.tldr for a in done.answers if a.summary] == titles
    assert len(summarizer.asked) == len(titles)
    assert len(summarizer.runs) == 1
    assert [bool(a.summary) for a in done.answers] == [True, True, False, True, True, True]
    assert [a.paper and a.paper.id for a in done.answers][3] == paper(1).id


def test_what_the_model_could_not_do_is_a_warning_of_that_request_alone() -> None:
    demand = on_demand(FakeNet({"good": PAGE}), FakeSummarizer(fails="busy", fails_on="Paper number"))

    bad, good = demand.summarize(["2603.00001"]), demand.summarize(["https://example.org/good"])

    assert bad.warnings == ("busy for on demand",)
    assert good.warnings == ()


def test_requests_at_the_same_time_know_nothing_of_each_other() -> None:
    """One of two meets an arXiv that does not answer, while the other is answered."""
    feed = (Path(__file__).parent.parent / "data" / "arxiv-daily.rss.xml").read_bytes()
    both = threading.Barrier(2, timeout=30)
    calls: list[str] = []

    def get(url: str) -> Document:
        calls.append(url)
        is_down = "2606.09999" in url
        both.wait()
        if is_down:
            raise SourceError("HTTP 503", url=url)
        return Document(url=url, content=feed)

    net = FakeNet()
    net.get = get  # type: ignore[method-assign]
    demand = on_demand(net, FakeSummarizer())
    with ThreadPoolExecutor(2) as pool:
        down, up = pool.map(lambda target: demand.summarize([target]).answers[0], ["2606.09999", "2606.01234"])

    assert "HTTP 503" in (down.error or "")
    assert up.summary is not None
    assert len(calls) == 2
