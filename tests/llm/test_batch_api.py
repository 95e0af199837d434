"""The Batch API's client: what it hands over, finds again and reads, against a server that loses and damages things."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Batch, Completion, Prompt
from digest.core.ports import HandoverAnswer
from digest.core.summaries.prompts import prompt_for
from digest.llm.batch_api import OpenAIBatch
from digest.llm.openai import OpenAILLM
from tests.conftest import paper
from tests.servers.flaky_llm import FlakyLLM, Rule, good_items, read_blocks

DAY_S = 86_400


def prompts(count: int) -> list[Prompt]:
    return [
        prompt_for(Batch(papers=(paper(2 * n), paper(2 * n + 1))), system="Summarize.", nonce="ABCD")
        for n in range(count)
    ]


class Bench:
    """A client and its server."""

    def __init__(self, server: FlakyLLM) -> None:
        self.server = server
        self.llm = OpenAILLM("gpt-5-mini", api_key="k", base_url=server.base_url, timeout_s=5)
        self.batch = OpenAIBatch(self.llm)

    def submitted(self, count: int = 4, *rules: Rule) -> str:
        self.server.rules(*rules)
        return self.batch.submit("digest-x", prompts(count))

    def answer(self, count: int = 4, *rules: Rule, after_s: float = 3600) -> HandoverAnswer:
        """What a handover of *count* requests has brought after a while."""
        number = self.submitted(count, *rules)
        self.server.advance(after_s)
        return self.batch.poll(number)

    def endpoints(self) -> list[str]:
        return [call["endpoint"] for call in self.server.calls]


@pytest.fixture
def bench() -> Iterator[Bench]:
    with FlakyLLM() as server:
        made = Bench(server)
        yield made
        made.llm.close()


def entries(answer: HandoverAnswer) -> dict[int, list[object]]:
    """What was said under the number of a request."""
    return {
        n: json.loads(came.text)["papers"] for n, came in answer.completions.items() if isinstance(came, Completion)
    }


def failed(answer: HandoverAnswer) -> dict[int, LLMError]:
    return {n: came for n, came in answer.completions.items() if isinstance(came, LLMError)}


def test_each_answer_comes_back_under_the_number_of_its_request(bench: Bench) -> None:
    answer = bench.answer(9)

    assert answer.is_over
    assert (answer.said, answer.unread) == ("completed", 0)
    assert entries(answer) == {n: good_items(read_blocks(prompt.user)) for n, prompt in enumerate(prompts(9))}
    assert list(answer.completions) != sorted(answer.completions)


def test_a_handover_asks_what_would_be_asked_directly(bench: Bench) -> None:
    [prompt] = prompts(1)
    bench.answer(1)
    bench.llm.complete(prompt)

    in_handover, directly = (entry["body"] for entry in bench.server.journal)
    assert in_handover == directly


@pytest.mark.parametrize(
    ("after_s", "state"), [(0, "validating"), (300, "in_progress"), (615, "finalizing")], ids=lambda value: str(value)
)
def test_a_handover_that_is_not_over_has_brought_nothing(bench: Bench, after_s: float, state: str) -> None:
    answer = bench.answer(after_s=after_s)

    assert (answer.is_over, dict(answer.completions), answer.said) == (False, {}, state)


def test_a_handover_is_found_by_its_name_and_no_other_is(bench: Bench) -> None:
    first = bench.batch.submit("digest-a", prompts(1))
    second = bench.batch.submit("digest-b", prompts(1))

    assert (bench.batch.find("digest-a"), bench.batch.find("digest-b")) == (first, second)
    assert bench.batch.find("digest") is None


def test_a_handover_is_found_behind_hundreds_of_others(bench: Bench) -> None:
    number = bench.submitted(1)
    for n in range(230):
        bench.server.handovers.handovers[f"other-{n}"] = bench.server.handovers.handovers[number].__class__(
            **{
                **{
                    f: getattr(bench.server.handovers.handovers[number], f)
                    for f in ("input_file", "created", "pace", "rule", "lines")
                },
                "id": f"other-{n}",
                "metadata": {},
            }
        )

    assert bench.batch.find("digest-x") == number
    assert bench.endpoints().count("list") == 3


@pytest.mark.parametrize("action", ["lose", "hang_up"])
def test_a_handover_whose_receipt_was_lost_is_in_doubt_and_sent_only_once(bench: Bench, action: str) -> None:
    with pytest.raises(LLMError) as error:
        bench.submitted(2, Rule(action, on="submit"))

    assert error.value.may_be_billed
    assert not isinstance(error.value, LLMUnavailable)
    assert bench.endpoints().count("submit") == 1
    assert (bench.batch.find("digest-x") is not None) == (action == "lose")


def test_a_server_error_leaves_a_handover_in_doubt_and_a_refusal_does_not(bench: Bench) -> None:
    for status, in_doubt in ((502, True), (500, True), (429, False), (400, False)):
        with pytest.raises(LLMError) as error:
            bench.submitted(1, Rule("status", on="submit", status=status))
        assert error.value.may_be_billed is in_doubt, status


@pytest.mark.parametrize("action", ["lose", "hang_up", "status"])
def test_nothing_is_in_doubt_before_the_handover_itself_is_sent(bench: Bench, action: str) -> None:
    with pytest.raises(LLMError) as error:
        bench.submitted(1, Rule(action, on="upload"))

    assert not error.value.may_be_billed
    assert "submit" not in bench.endpoints()


@pytest.mark.parametrize(("endpoint", "status"), [("upload", 404), ("upload", 405), ("submit", 404), ("submit", 501)])
def test_a_provider_without_handovers_is_named_with_what_to_do(bench: Bench, endpoint: str, status: int) -> None:
    with pytest.raises(LLMUnavailable, match=r'takes no jobs .* mode = "direct"'):
        bench.submitted(1, Rule("status", on=endpoint, status=status))


def test_a_wrong_key_is_named_and_not_shown() -> None:
    with FlakyLLM(Rule("status", on="upload", status=401, body="bad key sk-secret-0123456789")) as server:
        llm = OpenAILLM("gpt-5-mini", api_key="sk-secret-0123456789", base_url=server.base_url)
        with pytest.raises(LLMUnavailable) as error:
            OpenAIBatch(llm).submit("digest-x", prompts(1))
        llm.close()

    assert "key" in str(error.value)
    assert "sk-secret" not in str(error.value)


# --- what a handover brought ------------------------------------------------------------------------------------------


def test_requests_that_failed_in_a_handover_say_why_and_were_not_billed(bench: Bench) -> None:
    answer = bench.answer(
        4, Rule("status", on="handover", status=400, first_n=1, body='{"error": {"message": "too long"}}')
    )

    [error] = failed(answer).values()
    assert "too long" in str(error)
    assert not error.may_be_billed
    assert (len(entries(answer)), answer.unread) == (3, 0)


def test_what_a_handover_answered_before_it_was_cancelled_can_be_had(bench: Bench) -> None:
    number = bench.submitted(4)
    bench.server.advance(10 + 330)
    bench.batch.cancel(number)
    assert not bench.batch.poll(number).is_over
    bench.server.advance(20)

    answer = bench.batch.poll(number)
    assert (answer.is_over, answer.said) == (True, "cancelled")
    assert (len(entries(answer)), len(failed(answer)), answer.unread) == (2, 2, 0)
    assert not any(error.may_be_billed for error in failed(answer).values())


def test_what_a_handover_answered_before_it_expired_can_be_had(bench: Bench) -> None:
    answer = bench.answer(4, Rule("slow", on="submit", share=0.5), after_s=DAY_S + 1)

    assert (answer.is_over, answer.said, len(entries(answer)), len(failed(answer))) == (True, "expired", 2, 2)


def test_a_handover_that_failed_as_a_whole_says_why(bench: Bench) -> None:
    answer = bench.answer(4, Rule("fail", on="submit"))

    assert (answer.is_over, dict(answer.completions), answer.unread) == (True, {}, 0)
    assert answer.said == "failed: told to fail"


@pytest.mark.parametrize(
    ("action", "good", "unread"), [("missing", 3, 1), ("damaged", 3, 1), ("doubled", 4, 0), ("unknown", 4, 1)]
)
def test_lines_that_say_nothing_of_use_are_counted_and_cost_no_other(
    bench: Bench, action: str, good: int, unread: int
) -> None:
    answer = bench.answer(4, Rule(action, on="content"))

    assert (len(entries(answer)), answer.unread) == (good, unread)


def output(bench: Bench, lines: Sequence[bytes]) -> HandoverAnswer:
    """What is read of a file of answers with these lines."""
    number = bench.submitted(2)
    bench.server.advance(3600)
    output_file = bench.server.handovers.handovers[number].output_file
    assert output_file
    bench.server.handovers.files[output_file] = b"\n".join(lines)
    return bench.batch.poll(number)


def good(number: object, body: object = None, status: object = 200) -> bytes:
    choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": "{}"}}
    whole = {"model": "gpt-5-mini", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    response = {"status_code": status, "body": whole if body is None else body}
    return json.dumps({"custom_id": number, "response": response, "error": None}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{",
        b"{}",
        b"[" * 100_000,
        good(None),
        good("-1"),
        good("1.5"),
        good("9" * 5000),
        good("²"),
        good(["1"]),
        b'{"custom_id": "',
    ],
    ids=lambda line: line[:30].decode(errors="replace"),
)
def test_a_damaged_line_harms_no_other(bench: Bench, line: bytes) -> None:
    answer = output(bench, [line, good("1"), b"", line])

    assert list(answer.completions) == [1]
    assert isinstance(answer.completions[1], Completion)
    assert answer.unread == 2


@pytest.mark.parametrize("body", [{}, [], "x", {"choices": []}, {"choices": [None]}], ids=str)
def test_an_answer_without_content_was_billed_all_the_same(bench: Bench, body: object) -> None:
    answer = output(bench, [good("0", body), good("1")])

    error = answer.completions[0]
    assert isinstance(error, LLMError)
    assert error.may_be_billed


def test_of_two_lines_on_a_request_the_first_that_answers_counts(bench: Bench) -> None:
    failed_line = good("0", {"error": {"message": "once"}}, 500)

    answer = output(bench, [failed_line, good("0"), failed_line, good("1")])

    assert isinstance(answer.completions[0], Completion)


def test_tokens_that_were_not_counted_are_left_to_who_knows_the_prompt(bench: Bench) -> None:
    answer = output(bench, [good("0", {"choices": [{"message": {"content": "two words"}}]}), good("1")])

    came = answer.completions[0]
    assert isinstance(came, Completion)
    assert (came.input_tokens, came.output_tokens) == (0, 0)


def test_an_unknown_state_is_not_the_end(bench: Bench) -> None:
    number = bench.submitted(1)
    handover = bench.server.handovers.handovers[number]
    bench.server.advance(3600)
    shown = {**handover.shown(bench.server.now().timestamp()), "status": "resting"}
    type(handover).shown, kept = (lambda self, now: shown), type(handover).shown  # type: ignore[method-assign]
    try:
        answer = bench.batch.poll(number)
    finally:
        type(handover).shown = kept  # type: ignore[method-assign]

    assert (answer.is_over, answer.said) == (False, "resting")


def test_a_handover_whose_answers_are_not_written_yet_is_not_over(bench: Bench) -> None:
    number = bench.submitted(2)
    bench.server.advance(3600)
    handover = bench.server.handovers.handovers[number]
    file, handover.output_file = handover.output_file, ""

    assert not bench.batch.poll(number).is_over
    handover.output_file = file
    assert bench.batch.poll(number).is_over


@pytest.mark.parametrize("endpoint", ["poll", "content"])
@pytest.mark.parametrize("rule", [Rule("status", status=503), Rule("status", status=404), Rule("hang_up")])
def test_a_handover_that_cannot_be_asked_about_may_be_asked_again(bench: Bench, endpoint: str, rule: Rule) -> None:
    number = bench.submitted(2)
    bench.server.advance(3600)
    bench.server.rules(Rule(rule.action, status=rule.status, on=endpoint))

    with pytest.raises(LLMError) as error:
        bench.batch.poll(number)

    assert error.value.again
    assert not isinstance(error.value, LLMUnavailable)
    bench.server.rules()
    assert len(entries(bench.batch.poll(number))) == 2


def test_a_page_in_the_place_of_an_answer_is_an_error(bench: Bench) -> None:
    number = bench.submitted(1)
    bench.server.rules(Rule("status", status=200, on="poll", body="<html>Sign in</html>"))

    with pytest.raises(LLMError, match="a web page"):
        bench.batch.poll(number)


def test_too_much_for_one_handover_is_not_sent(bench: Bench) -> None:
    batch = OpenAIBatch(bench.llm, most_bytes=1000)

    with pytest.raises(LLMError, match="too many"):
        batch.submit("digest-x", prompts(3))
    assert bench.endpoints() == []
