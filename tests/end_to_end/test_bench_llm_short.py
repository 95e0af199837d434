"""The measurement of requests to a model, in small: what it counts is right, and what it measures is within bounds.

The full table, which waits as long as a server would take, is `python -m tests.bench.llm`.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from digest.app.app import App
from digest.app.host import Host
from digest.core.models import Batch, Completion, Paper, Prompt
from digest.core.summaries.accept import accept
from digest.core.summaries.batching import Batching
from digest.core.summaries.prompts import prompt_for
from digest.core.summaries.summarize import plan
from digest.llm.openai import OpenAILLM
from digest.summarizers.prompts import system_prompt
from tests.bench import llm
from tests.bench.llm import FAULTS, PAPERS, SHAPES, Case, Figures, Served, Server, compact, count_tokens, figures
from tests.servers.flaky_llm import read_blocks

QUICK = Case(papers="sample", concurrency=4, max_papers=5, first_s=0.05, token_s=0.0001)


def served(**changes: object) -> Served:
    values = {"fault": "", "is_billed": True, "papers": 1, "seconds": 1.0}
    tokens = {"input_tokens": 0, "schema_tokens": 0, "output_tokens": 0}
    return Served(**{**values, **tokens, **changes})  # type: ignore[arg-type]


def found(*requests: Served, **changes: object) -> Figures:
    values = {"case": QUICK, "papers": 1, "paper_tokens": 0, "summarized": 1, "booked": (0, 0, 0)}
    times = {"wall_s": 1.0, "cpu_s": 0.1, "peak_mb": 100.0}
    return Figures(served=requests, **{**values, **times, **changes})  # type: ignore[arg-type]


def answer(prompt: Prompt, shape: str) -> str:
    return compact({"papers": [SHAPES[shape](block) for block in read_blocks(prompt.user)]})


# --- what it counts ---------------------------------------------------------------------------------------------------


def test_the_limit_is_the_first_word_and_all_others_shared_by_what_runs_side_by_side() -> None:
    case = replace(QUICK, concurrency=16, first_s=0.5, token_s=0.01)

    limit_s = found(served(output_tokens=10_000), served(output_tokens=7_345), case=case).limit_s

    assert limit_s == pytest.approx(11.34, abs=0.01)


def test_a_paper_that_is_asked_for_twice_is_overhead_the_second_time() -> None:
    request = served(input_tokens=100)

    assert found(request, paper_tokens=100).overhead == 0
    assert found(request, request, paper_tokens=100).overhead == pytest.approx(0.5)


def test_what_is_refused_at_the_door_is_not_billed() -> None:
    requests = served(input_tokens=100, is_billed=False), served(input_tokens=10)

    assert found(*requests).input_tokens == 10


def test_every_case_has_a_name_of_its_own() -> None:
    assert [name for name, n in Counter(case.name for case in llm.cases()).items() if n > 1] == []


def test_one_request_in_five_goes_wrong_in_each_way_in_turn() -> None:
    with Server(replace(QUICK, faults=0.2)) as server:
        faults = [server.next_fault() for _ in range(70)]

    assert Counter(faults) == {"": 56, **dict.fromkeys(FAULTS, 2)}
    assert [fault for fault in faults if fault][:7] == list(FAULTS)


# --- the server's answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "least", "most"), [("full", 90, 180), ("short", 25, 45)])
def test_answers_are_as_long_as_they_are_said_to_be_and_pass_every_check(shape: str, least: int, most: int) -> None:
    papers = PAPERS["sample"]()
    prompt = prompt_for(Batch(papers=tuple(papers)), system="", nonce="ABCD")
    text = answer(prompt, shape)

    took = accept(
        prompt,
        Completion(text=text),
        fold_topics=lambda words: ((), tuple(words)),
        client="openai",
        language="en",
    )

    assert took.refused == {}
    assert took.missing == ()
    assert least <= count_tokens(text) / len(papers) <= most


# --- a run ------------------------------------------------------------------------------------------------------------


def test_the_program_and_the_server_count_the_same() -> None:
    seen = figures(QUICK, llm.run)

    assert seen.summarized == seen.papers == len({p.id for p in PAPERS["sample"]()})
    assert seen.booked == (len(seen.served), seen.input_tokens, seen.output_tokens)
    assert seen.wall_s >= seen.longest_s
    assert seen.peak_mb > 10


def test_papers_in_batches_cost_less_than_each_alone() -> None:
    together, alone = figures(QUICK, llm.run), figures(replace(QUICK, max_papers=1), llm.run)

    assert len(alone.served) == alone.papers
    assert together.input_tokens < alone.input_tokens
    assert together.paper_tokens == alone.paper_tokens


def test_no_paper_is_lost_if_one_request_in_five_goes_wrong() -> None:
    seen = figures(replace(QUICK, faults=0.2, max_papers=2), llm.run)

    assert seen.summarized == seen.papers
    assert {s.fault for s in seen.served} > {""}


# --- how a day is packed ----------------------------------------------------------------------------------------------


papers_of = cache(lambda name: tuple(PAPERS[name]()))


@pytest.fixture(scope="module")
def system() -> str:
    app = App.without_config(Host(environment={}))
    return system_prompt(app.config, app.taxonomy, "en")


def prompts(papers: Sequence[Paper], system: str, *, concurrency: int) -> Iterator[Prompt]:
    client = OpenAILLM("gpt-5-mini", api_key="none", base_url="http://127.0.0.1:1/v1", concurrency=concurrency)
    for batch in plan(papers, llm=client, system=system, batching=Batching(tokens=12_000)):
        yield prompt_for(batch, system=system, nonce="ABCD")


@pytest.mark.parametrize(("papers", "concurrency"), [("arxiv500", 8), ("huggingface", 32)])
def test_at_most_a_tenth_of_what_goes_out_is_neither_title_nor_abstract(
    real_data: Path, system: str, papers: str, concurrency: int
) -> None:
    sent = prompts(papers_of(papers), system, concurrency=concurrency)

    tokens = sum(count_tokens(p.system) + count_tokens(p.user) for p in sent)

    own = sum(count_tokens(f"{p.title}\n{p.abstract}") for p in papers_of(papers))
    assert 1 - own / tokens <= 0.1


def test_every_request_that_may_run_at_once_is_made_where_that_is_cheap(real_data: Path, system: str) -> None:
    sizes = Counter(len(p.batch.papers) for p in prompts(papers_of("huggingface"), system, concurrency=32))

    assert sizes == {9: 27, 8: 5}


@pytest.mark.parametrize("concurrency", llm.AT_ONCE)
@pytest.mark.parametrize("papers", ["huggingface", "arxiv"])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_a_day_takes_hardly_longer_than_it_must(
    real_data: Path, system: str, papers: str, concurrency: int, shape: str
) -> None:
    tokens = [count_tokens(answer(p, shape)) for p in prompts(papers_of(papers), system, concurrency=concurrency)]
    seconds = [0.5 + n * 0.01 for n in tokens]

    free_at = [0.0] * concurrency
    for each in seconds:
        heapq.heappush(free_at, heapq.heappop(free_at) + each)

    assert max(free_at) <= 1.1 * max(0.5 + sum(tokens) * 0.01 / concurrency, *seconds)
