"""`digest status` and `doctor`, in a process of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY
from tests.support.desk import CONFIG, Desk, line
from tests.support.shell import digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_doctor_says_which_source_could_have_a_key(tmp_path: Path) -> None:
    Desk(tmp_path, CONFIG + '\n[[source]]\nname = "Alex"\nkind = "openalex"\nsearch = "x"\n')

    done = digest("doctor", "--offline", cwd=tmp_path)

    assert "no source needs one; Alex is asked without one, and `digest sources openalex` says how" in done.stdout


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + '\n[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\n')
    desk.feed(MONDAY, [line(paper(1))])

    done = digest("doctor", "--offline", "--json", cwd=tmp_path)

    wrong = [f for f in json.loads(done.stdout) if f["level"] == "wrong"]
    assert done.returncode == 1
    assert [f["subject"] for f in wrong] == ["model"]
    assert "OPENAI_API_KEY" in wrong[0]["said"]


def test_status_tells_what_happened(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    status = json.loads(digest("status", "--json", cwd=desk.folder).stdout)

    assert (status["papers"], status["issues"], status["deliveries"]) == (1, 1, {"sent": 1})
    assert status["sources"][0]["state"] == "fresh"
    assert status["editions"][0]["newest"] == "2026-06-01"


def test_status_and_doctor_count_one_thing_as_one(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    status = digest("status", cwd=desk.folder).stdout
    doctor = digest("doctor", "--offline", cwd=desk.folder).stdout

    assert status.startswith("1 paper, 1 issue, ")
    assert "  edition daily: newest of 2026-06-01 with 1 paper" in status
    assert "  source arXiv: fresh on 2026-06-01, 1 paper\n" in status
    assert "1 paper, 1 issue" in doctor
    assert "1 recipient;" in doctor
