"""`digest run`, in a process of its own: exit statuses, the JSON document, and what people read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY, TUESDAY
from tests.support.desk import CONFIG, Desk
from tests.support.shell import digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_run_json_is_one_document_as_the_interface_has_it(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1), paper(2)])

    done = digest("run", "--json", "--date", str(MONDAY), cwd=desk.folder)

    assert done.returncode == 0, done.stderr
    [report] = json.loads(done.stdout)
    assert report["edition"] == "daily"
    assert report["date"] == "2026-06-01"
    assert report["status"] == "done"
    assert (
        report["sources"][0].items()
        >= {
            "name": "arXiv",
            "state": "fresh",
            "listed": 2,
            "expected": 2,
            "new": 2,
            "seen_before": 0,
            "rejected": 0,
            "error": None,
        }.items()
    )
    assert report["llm"] == {
        "client": "extractive",
        "model": None,
        "requests": 0,
        "input_tokens": 0,
        "cached_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "in_doubt_usd": 0.0,
        "from_cache": 0,
        "fell_back": 0,
    }
    assert report["issue"] == {
        "id": "daily/2026-06-01",
        "papers": 2,
        "left_out": 0,
        "others": 0,
        "html": "var/site/daily/2026-06-01/index.html",
    }
    assert report["deliveries"] == {"due": 0, "sent": 1, "unknown": 0, "failed": 0}
    assert report["warnings"] == []
    assert (desk.folder / report["issue"]["html"]).is_file()


def test_a_quiet_day_has_no_issue_and_a_reason(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(1)])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    as_json = digest("run", "--json", "--date", str(TUESDAY), cwd=desk.folder)
    in_words = digest("run", "--date", str(TUESDAY), cwd=desk.folder)

    [report] = json.loads(as_json.stdout)
    assert (as_json.returncode, report["issue"]) == (0, None)
    assert "considered for an earlier issue" in report["warnings"][0]
    assert "nothing new today" in in_words.stdout
    assert "considered for an earlier issue" in in_words.stdout


def test_something_skipped_is_exit_3_and_nothing_at_all_exit_1(tmp_path: Path) -> None:
    second = '[[source]]\nname = "Gone"\nkind = "feed"\nurl = "gone.xml"\n'
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", f"{second}\n[[edition]]"))
    desk.feed(MONDAY, [paper(1)])

    skipped = digest("run", "--date", str(MONDAY), cwd=tmp_path)
    desk = Desk(tmp_path, CONFIG.replace("arxiv-{date}.jsonl", "gone.jsonl").replace("data_dir", "#"))
    nothing = digest("run", "--date", str(TUESDAY), cwd=tmp_path)

    assert (skipped.returncode, nothing.returncode) == (3, 1)
    assert "! Gone: " in skipped.stdout
    assert "Traceback" not in skipped.stderr + nothing.stderr


def test_a_missing_key_stops_the_run_before_anything_is_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + '\n[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\n')
    desk.feed(MONDAY, [paper(1)])

    done = digest("run", "--date", str(MONDAY), cwd=tmp_path)

    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr
    assert not (tmp_path / "var").exists()


def test_the_sample_takes_a_day_at_a_time_and_says_when_it_is_done(tmp_path: Path) -> None:
    one, two, three = (digest("run", "--sample", cwd=tmp_path) for _ in range(3))

    assert (one.returncode, two.returncode, three.returncode) == (0, 0, 1)
    assert "Monday 2 March 2026" in one.stdout
    assert "Tuesday 3 March 2026" in two.stdout
    assert "already considered for earlier issues" in two.stdout
    assert "Tuesday 3 March 2026" in digest("show", "--sample", cwd=tmp_path).stdout
    assert "both days of the sample are done" in three.stderr
    assert len(list((tmp_path / "digest-sample" / "outbox").glob("*.eml"))) == 2
