"""Recording a model's answers and answering from the recording."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from digest.core.errors import ConfigError, LLMError, LLMUnavailable
from digest.core.models import Batch, Completion, Paper, PaperId, Prompt
from digest.core.summaries.answers import read_answers
from digest.core.summaries.summarize import prompt_for
from digest.llm.replay import RecordingLLM, ReplayLLM
from tests.conftest import paper
from tests.fakes.llm import FakeLLM
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.desk import CONFIG, Desk, tree


def titles() -> FakeLLM:
    """A model that answers with each paper's title and the number of its request."""

    def tell(prompt: Prompt) -> Completion:
        items = [
            {"id": str(n), "tldr": f"{each.title}, told {len(llm.prompts)}.", "points": ["É \ud83d"], "topics": []}
            for n, each in enumerate(prompt.batch.papers, 1)
        ]
        return Completion(text=json.dumps({"papers": items}), model="fake-1-2026", input_tokens=7, output_tokens=3)

    llm = FakeLLM(tell, concurrency=4)
    return llm


def ask(*numbers: int, nonce: str = "abcd", system: str = "Sum up.") -> Prompt:
    return prompt_for(Batch(papers=tuple(paper(n) for n in numbers)), system=system, nonce=nonce)


def ask_overview(text: str, *, nonce: str = "abcd") -> Prompt:
    return Prompt(
        system="Tell of the day.",
        user=f"#1 {nonce}\n{text}\n#end {nonce}",
        batch=Batch(papers=(paper(1),)),
        nonce=nonce,
        max_output_tokens=100,
        form="overview",
    )


def tldrs(completion: Completion) -> dict[str, str]:
    return {answer.id: answer.tldr for answer in read_answers(completion.text)}


def record(path: Path, *prompts: Prompt) -> list[Completion]:
    llm = RecordingLLM(titles(), path)
    return [llm.complete(prompt) for prompt in prompts]


def test_the_same_request_gets_the_same_answer_whatever_its_nonce(tmp_path: Path) -> None:
    (recorded,) = record(tmp_path / "r.jsonl", ask(1, 2, nonce="abcd"))

    assert ReplayLLM(tmp_path / "r.jsonl", model="fake-1").complete(ask(1, 2, nonce="wxyz")) == recorded


def test_a_request_that_was_made_twice_gets_its_answers_in_turn(tmp_path: Path) -> None:
    first, second = record(tmp_path / "r.jsonl", ask(1), ask(1))
    replay = ReplayLLM(tmp_path / "r.jsonl", model="fake-1")

    assert [replay.complete(ask(1)) for _ in range(3)] == [first, second, second]


def test_other_batches_are_answered_paper_by_paper(tmp_path: Path) -> None:
    record(tmp_path / "r.jsonl", ask(1, 2, 3), ask(4, 5))

    answer = ReplayLLM(tmp_path / "r.jsonl", model="fake-1").complete(ask(5, 9, 2))

    assert tldrs(answer) == {"1": f"{paper(5).title}, told 2.", "3": f"{paper(2).title}, told 1."}


def test_of_a_paper_that_was_asked_again_the_last_word_counts(tmp_path: Path) -> None:
    record(tmp_path / "r.jsonl", ask(1, 2), ask(2))

    answer = ReplayLLM(tmp_path / "r.jsonl", model="fake-1").complete(ask(2, 3))

    assert tldrs(answer) == {"1": f"{paper(2).title}, told 2."}


def test_another_prompt_is_another_question(tmp_path: Path) -> None:
    record(tmp_path / "r.jsonl", ask(1))

    assert tldrs(ReplayLLM(tmp_path / "r.jsonl", model="m").complete(ask(1, system="Do otherwise."))) == {}


def test_an_abstract_that_speaks_of_the_nonce_is_not_changed_by_it(tmp_path: Path) -> None:
    odd = prompt_for(Batch(papers=(paper(1, title="abcd", abstract="#1 abcd"),)), system="Sum up.", nonce="abcd")
    record(tmp_path / "r.jsonl", odd)

    again = prompt_for(Batch(papers=odd.batch.papers), system="Sum up.", nonce="wxyz")
    assert tldrs(ReplayLLM(tmp_path / "r.jsonl", model="m").complete(again)) == {"1": "abcd, told 1."}


def test_a_line_that_a_killed_run_left_behind_costs_that_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    record(path, ask(1), ask(2))
    path.write_bytes(path.read_bytes()[:-40])
    record(path, ask(3))

    replay = ReplayLLM(path, model="m")

    assert replay.damaged == 1
    assert [len(tldrs(replay.complete(ask(n)))) for n in (1, 2, 3)] == [1, 0, 1]


@pytest.mark.parametrize("line", ["{}", "[]", "7", '{"completion": 1}', '{"completion": {"texd": 1}}', "\x00"])
def test_a_line_that_is_no_recording_is_counted(line: str, tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(f"{line}\n")

    assert ReplayLLM(tmp_path / "r.jsonl", model="m").damaged == 1


def test_answers_given_side_by_side_are_recorded_one_a_line(tmp_path: Path) -> None:
    llm = RecordingLLM(titles(), tmp_path / "r.jsonl")
    threads = [threading.Thread(target=llm.complete, args=(ask(n),)) for n in range(1, 30)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    replay = ReplayLLM(tmp_path / "r.jsonl", model="m")
    assert replay.damaged == 0
    assert len(tldrs(replay.complete(ask(*range(1, 30))))) == 29


def test_a_recorder_passes_for_the_client_it_records(tmp_path: Path) -> None:
    llm = RecordingLLM(titles(), tmp_path / "r.jsonl")

    assert (llm.client, llm.model, llm.concurrency, llm.count_tokens("four")) == ("openai", "fake-1", 4, 4)


def test_a_failure_is_not_recorded(tmp_path: Path) -> None:
    with pytest.raises(LLMError, match="HTTP 500"):
        RecordingLLM(FakeLLM(LLMError("HTTP 500")), tmp_path / "r.jsonl").complete(ask(1))

    assert not (tmp_path / "r.jsonl").exists()


def test_where_nothing_can_be_recorded_nothing_more_is_paid_for(tmp_path: Path) -> None:
    with pytest.raises(LLMUnavailable, match="cannot be recorded") as caught:
        RecordingLLM(titles(), tmp_path / "missing" / "r.jsonl").complete(ask(1))

    # What could not be kept was answered all the same.
    assert caught.value.may_be_billed


def test_a_recording_that_is_not_there_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[llm\] recording"):
        ReplayLLM(tmp_path / "none.jsonl", model="m")


def test_an_overview_is_answered_as_it_was_and_not_put_together(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    (recorded, _) = record(path, ask_overview("Many things."), ask(1))
    replay = ReplayLLM(path, model="m")

    assert replay.complete(ask_overview("Many things.", nonce="wxyz")) == recorded
    with pytest.raises(LLMError, match="r.jsonl has no answer") as caught:
        replay.complete(ask_overview("Other things."))
    assert not isinstance(caught.value, LLMUnavailable)
    assert not caught.value.again


def test_what_an_overview_says_is_nobodys_summary(tmp_path: Path) -> None:
    record(tmp_path / "r.jsonl", replace(ask(1), form="overview"))

    assert tldrs(ReplayLLM(tmp_path / "r.jsonl", model="m").complete(ask(1, 2))) == {}


def test_batches_are_cut_as_they_were_when_it_was_recorded(tmp_path: Path) -> None:
    record(tmp_path / "r.jsonl", ask(1))

    assert ReplayLLM(tmp_path / "r.jsonl", model="m").concurrency == titles().concurrency


def test_a_recording_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    (recorded,) = record(path, ask(1))
    old = {k: v for k, v in json.loads(path.read_text()).items() if k not in ("form", "concurrency")}
    path.write_text(json.dumps(old) + "\n")

    replay = ReplayLLM(path, model="m")

    assert (replay.complete(ask(1)), replay.concurrency, replay.damaged) == (recorded, 1, 0)


# --- a whole day ------------------------------------------------------------------------------------------------------

DAY = date(2026, 6, 3)


def issued(folder: Path, papers: list[Paper], llm: str) -> Desk:
    folder.mkdir()
    config = f'{CONFIG}max_papers = 100\n[llm]\nmodel = "gpt-5-mini"\nrecording = "../answers.jsonl"\n{llm}\n'
    desk = Desk(folder, config, {"OPENAI_API_KEY": "none"})
    desk.feed(DAY, papers)
    desk.run(DAY)
    return desk


def test_a_day_that_was_recorded_comes_out_the_same_offline_byte_by_byte(real_data: Path, tmp_path: Path) -> None:
    listed = json.loads((real_data / "huggingface-daily/2026-06-04.json").read_text(encoding="utf-8"))
    papers = [
        Paper(
            id=PaperId(f"arxiv:{each['paper']['id']}"), title=each["paper"]["title"], abstract=each["paper"]["summary"]
        )
        for each in listed[:24]
    ]
    faults = [
        Rule("ids", what="missing", probability=0.3),
        Rule("ids", what="swapped", probability=0.3),
        Rule("status", status=429, probability=0.1),
        Rule("json", what="nothing", probability=0.2),
    ]

    with FlakyLLM(*faults, seed=3) as server:
        live = f'client = "openai"\nbase_url = "{server.base_url}"\nmax_papers_per_request = 5\nconcurrency = 8'
        recorded = issued(tmp_path / "recorded", papers, live)
        assert len({action for (action,) in server.of("action")}) > 2
    first = issued(tmp_path / "first", papers, 'client = "replay"\nmax_papers_per_request = 5')
    second = issued(tmp_path / "second", papers, 'client = "replay"\nmax_papers_per_request = 5')

    assert tree(first.site) == tree(second.site)
    as_recorded = json.dumps(recorded.issue_json(DAY)).replace('"client": "openai"', '"client": "replay"')
    assert json.dumps(first.issue_json(DAY)) == as_recorded
