"""What a run says of itself when it is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from digest.cli.show.run import print_reports, report_json
from digest.core.models import SourceReport, SourceState, Usage
from digest.publish.links import Links
from digest.publish.views import issue_view
from digest.stages.report import Report
from tests.support.issues import WEDNESDAY, entry, issue, left_out


def test_a_run_that_could_read_nothing_does_not_say_that_nothing_is_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = SourceReport(name="arXiv", state=SourceState.FAILED, error="it answered with a web page")
    report = Report(edition="daily", date=WEDNESDAY, sources=(failed,), usage=Usage(client="extractive"))

    print_reports([report], {}, data_dir=Path(), outbox=True)

    out = capsys.readouterr().out
    assert "no issue: no source could be read" in out
    assert "nothing new" not in out


def test_a_run_does_not_give_one_reason_for_all_that_was_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    out = [left_out(1, "says nearly the same as “Bread”"), left_out(2), left_out(3)]
    for cut in (out, out[1:]):
        report = Report(
            edition="daily",
            date=WEDNESDAY,
            sources=(),
            usage=Usage(client="extractive"),
            issue=issue([entry(1)], left_out=tuple(cut)),
        )
        print_reports([report], {}, data_dir=Path(), outbox=True)

    several, alike = capsys.readouterr().out.split("daily ·")[1:]
    assert "3 left out (2 not among the best 30 of 40, 1 says nearly the same as “Bread”)" in several
    assert "2 left out (not among the best 30 of 40)" in alike


def test_many_that_say_nearly_the_same_are_counted_together(capsys: pytest.CaptureFixture[str]) -> None:
    out = [left_out(n, f"says nearly the same as “Bread {n}”") for n in (1, 2)] + [left_out(3)]
    report = Report(
        edition="daily",
        date=WEDNESDAY,
        sources=(),
        usage=Usage(client="extractive"),
        issue=issue([entry(1)], left_out=tuple(out)),
    )

    print_reports([report], {}, data_dir=Path(), outbox=True)

    assert "(2 say nearly the same as others, 1 not among the best 30 of 40)" in capsys.readouterr().out


def test_a_cost_that_is_not_known_is_not_called_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(client="openai", model="own-model", requests=1, input_tokens=4277, output_tokens=1088)
    unpriced = Report(edition="daily", date=WEDNESDAY, sources=(), usage=usage)
    priced = replace(unpriced, usage=replace(usage, cost_usd=0.0123))

    print_reports([unpriced, priced], {}, data_dir=Path(), outbox=True)

    out = capsys.readouterr().out
    assert "  own-model: 1 request, 4,277 + 1,088 tokens\n" in out
    assert "  own-model: 1 request, 4,277 + 1,088 tokens, $0.0123\n" in out
    assert (
        issue_view(replace(issue([entry(1)]), usage=usage), links=Links(root=None)).writers[-1].endswith("1,088 out.")
    )


def test_requests_without_an_answer_are_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(client="openai", model="gpt-5-mini", requests=5, fell_back=30)
    report = Report(edition="daily", date=WEDNESDAY, sources=(), usage=usage)

    print_reports([report], {}, data_dir=Path(), outbox=True)

    assert "  gpt-5-mini: 5 requests, no answer · 30 with an extract instead\n" in capsys.readouterr().out


def test_what_a_run_cost_is_told_with_what_was_cached_and_what_is_in_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    usage = Usage(
        client="openai",
        model="gpt-5-mini",
        requests=25,
        input_tokens=141_234,
        cached_tokens=30_720,
        output_tokens=62_110,
        cost_usd=0.1523,
        in_doubt_usd=0.021,
        fell_back=20,
    )
    report = Report(edition="daily", date=WEDNESDAY, sources=(), usage=usage)

    print_reports([report], {}, data_dir=Path(), outbox=True)

    said = "25 requests, 141,234 (30,720 cached) + 62,110 tokens, $0.1523, and up to $0.021 for answers that never came"
    assert f"  gpt-5-mini: {said} · 20 with an extract instead\n" in capsys.readouterr().out
    document = report_json(report, None)["llm"]
    assert (document["cached_tokens"], document["in_doubt_usd"]) == (30_720, 0.021)
