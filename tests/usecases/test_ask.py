"""Summaries of any papers: what is stored is not asked for again, and the same words are paid for once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from digest.core.models import Entry, Overview, Paper, PaperId, Summary, SummaryKey, Usage
from digest.core.summaries.summarizer import Sums
from digest.usecases.ask import Writer
from tests.conftest import paper


class FakeSummarizer:
    """Writes “about TITLE” of each paper; remembers what it was asked for."""

    client, prompt = "openai", "p1"

    def __init__(self, model: str = "m", *, fails: Iterable[str] = ()) -> None:
        """Papers in whose title a word of *fails* stands get an extract."""
        self.model = model
        self.fails = tuple(fails)
        self.runs: list[str] = []
        self.asked: list[list[str]] = []
        """Titles, by request."""

    def summarize(
        self,
        papers: Sequence[Paper],
        *,
        language: str,
        edition: str,
        on_done: Callable[[Mapping[PaperId, Summary]], None],
    ) -> Sums:
        self.asked.append([one.title for one in papers])
        done = {one.id: self._summary(one, language) for one in papers}
        on_done(done)
        fell_back = sum(summary.fell_back is not None for summary in done.values())
        said = (f"{fell_back} papers have an extract: busy",) if fell_back else ()
        return Sums(usage=Usage(client=self.client, model=self.model, requests=1, fell_back=fell_back), warnings=said)

    def overview(
        self,
        entries: Sequence[Entry],
        *,
        language: str,
        edition: str,
    ) -> tuple[Overview | None, Sums]:
        return None, Sums(usage=Usage(client=self.client))

    def begin(self, run: str) -> FakeSummarizer:
        self.runs.append(run)
        return self

    def close(self) -> None:
        pass

    def _summary(self, one: Paper, language: str) -> Summary:
        fell_back = "busy" if any(word in one.title for word in self.fails) else None
        return Summary(tldr=f"about {one.title}", client=self.client, language=language, fell_back=fell_back)


class Kept:
    """Summaries in memory."""

    def __init__(self) -> None:
        self.by_key: dict[SummaryKey, Summary] = {}

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        return {key: self.by_key[key] for key in keys if key in self.by_key}

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None:
        self.by_key |= summaries


def writer(summarizer: FakeSummarizer, store: Kept | None = None) -> Writer:
    return Writer(summarizer=summarizer, language="en", store=store)


def test_what_is_stored_is_not_asked_for_again() -> None:
    summarizer, store = FakeSummarizer(), Kept()
    first = writer(summarizer, store).ask([paper(1), paper(2)], writing=summarizer, edition="x")
    again = writer(summarizer, store).ask([paper(2), paper(3)], writing=summarizer, edition="x")

    assert summarizer.asked == [[paper(1).title, paper(2).title], [paper(3).title]]
    assert [s.tldr for s in again.summaries.values()] == [f"about {paper(n).title}" for n in (2, 3)]
    assert (first.sums.usage.from_cache, again.sums.usage.from_cache) == (0, 1)


def test_papers_with_the_same_words_are_paid_for_once_and_each_has_the_summary() -> None:
    summarizer = FakeSummarizer()
    twice = [paper(1), replace(paper(1), id=PaperId("another")), paper(2)]

    done = writer(summarizer).ask(twice, writing=summarizer, edition="x")

    assert summarizer.asked == [[paper(1).title, paper(2).title]]
    assert list(done.summaries) == [one.id for one in twice]
    assert done.summaries[twice[0].id] == done.summaries[twice[1].id]


def test_an_extract_is_made_of_each_paper_and_never_kept() -> None:
    summarizer, store = FakeSummarizer(model=""), Kept()

    writer(summarizer, store).ask([paper(1), replace(paper(1), id=PaperId("another"))], writing=summarizer, edition="x")

    assert summarizer.asked == [[paper(1).title] * 2]
    assert store.by_key == {}


def test_what_the_model_could_not_do_is_asked_for_again_next_time() -> None:
    summarizer, store = FakeSummarizer(fails=["number 2 "]), Kept()

    done = writer(summarizer, store).ask([paper(1), paper(2)], writing=summarizer, edition="x")
    _, missing = writer(summarizer, store).divide([paper(1), paper(2)])

    assert [s.fell_back for s in done.summaries.values()] == [None, "busy"]
    assert missing == [paper(2)]


def test_nobody_is_told_of_papers_that_do_not_have_to_be_asked_for() -> None:
    told: list[int] = []
    summarizer, store = FakeSummarizer(), Kept()

    for _ in range(2):
        writer(summarizer, store).ask([paper(1)], writing=summarizer, edition="x", on_missing=told.append)
    nothing = writer(summarizer, store).ask([], writing=summarizer, edition="x", on_missing=told.append)

    assert told == [1]
    assert (nothing.summaries, nothing.sums.usage.requests) == ({}, 0)
