"""The command line as people and scripts use it: in a process of its own where the exit status counts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from digest.cli.main import cli
from digest.sources.kinds import all_kinds
from tests.conftest import ROOT, paper
from tests.end_to_end.test_run import MONDAY, TUESDAY
from tests.support.desk import CONFIG, Desk, line


def digest(
    *arguments: str, cwd: Path, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `digest` as a shell would."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    return subprocess.run(
        [sys.executable, "-c", "from digest.cli.main import main; main()", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_help_names_every_command(tmp_path: Path) -> None:
    done = digest("--help", cwd=tmp_path)

    assert done.returncode == 0
    assert all(name in done.stdout for name in cli.commands)


def test_help_says_each_command_in_one_whole_line(tmp_path: Path) -> None:
    done = digest("--help", cwd=tmp_path, COLUMNS="80")

    assert "..." not in done.stdout.partition("Commands:")[2]


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from digest.cli.main import cli; "
        "print([m for m in ('sqlalchemy', 'openai', 'feedparser', 'jinja2', 'lxml', 'rich', 'httpx2', 'apscheduler',"
        " 'tiktoken', 'pylatexenc') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60, check=True
    )

    assert done.stdout.strip() == "[]"


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--date", "yesterday"), "'yesterday' is not a date"),
        (("run", "--until", "lunch"), "'lunch' is not one of"),
        (("run", "--edition", "dayly"), "no edition 'dayly'"),
        (("rnu",), "No such command 'rnu'"),
        (("run", "--config", "nowhere.toml"), "there is no nowhere.toml; `digest init` writes one"),
    ],
)
def test_misuse_is_exit_2_and_one_sentence(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    done = digest(*arguments, cwd=desk.folder)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_key_stops_the_run_before_anything_is_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + '\n[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\n')
    desk.feed(MONDAY, [paper(1)])

    done = digest("run", "--date", str(MONDAY), cwd=tmp_path)

    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr
    assert not (tmp_path / "var").exists()


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    Desk(tmp_path, CONFIG + '\n[mail]\nhots = "x"\n')

    done = digest("run", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (2, "digest: config.toml: [mail] hots: unknown key; did you mean host?\n")


def test_show_prints_the_issue_as_text_for_a_pipe_and_as_json(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    text = digest("show", cwd=desk.folder)
    by_date = digest("show", str(MONDAY), cwd=desk.folder)
    document = json.loads(digest("show", "daily", str(MONDAY), "--json", cwd=desk.folder).stdout)

    assert "Paper number 1 on the study of things" in text.stdout
    assert "\x1b[" not in text.stdout
    assert by_date.stdout == text.stdout
    assert document["sections"][0]["entries"][0]["id"] == "arxiv:2603.00001"


def test_show_without_an_issue_says_how_to_make_one(desk: Desk) -> None:
    done = digest("show", cwd=desk.folder)

    assert (done.returncode, done.stderr) == (1, "digest: daily has no issue yet; `digest run` makes one\n")


def test_search_finds_words_of_any_paper_of_the_store(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1), paper(2, title="Sediment of rivers")])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    found = json.loads(digest("search", "river", "sediment", "--json", cwd=desk.folder).stdout)
    nothing = digest("search", 'no"such) AND', cwd=desk.folder)

    assert [p["id"] for p in found] == ["arxiv:2603.00002"]
    assert nothing.returncode == 0
    assert "No paper in the store" in nothing.stdout


def test_json_lines_come_out_as_lines_in_order(tmp_path: Path) -> None:
    lines = [{"id": n, "title": paper(n).title, "abstract": paper(n).abstract} for n in (3, 1, 2)]
    lines[1]["id"] = "one"
    text = "\n".join(json.dumps(one) for one in lines) + "\nbroken\n"
    (tmp_path / "papers.jsonl").write_text(text, encoding="utf-8")

    done = digest("summarize", "papers.jsonl", "--json", cwd=tmp_path)

    answers = [json.loads(one) for one in done.stdout.splitlines()]
    assert done.returncode == 3
    assert [a["id"] for a in answers] == [3, "one", 2, None]
    assert answers[0]["summary"]["tldr"].endswith("propose method 3 for them.")
    assert set(answers[0]) == {"id", "summary", "topics"}
    assert answers[3]["error"].startswith("line 4: is not JSON")
    assert not (tmp_path / "var").exists()


def test_a_bad_first_line_is_one_bad_line(tmp_path: Path) -> None:
    good = json.dumps({"id": "a", "title": paper(1).title, "abstract": paper(1).abstract})
    (tmp_path / "papers.jsonl").write_text(f"broken\n{good}\n", encoding="utf-8")

    done = digest("summarize", "papers.jsonl", "--json", cwd=tmp_path)

    answers = [json.loads(one) for one in done.stdout.splitlines()]
    assert [(a["id"], a["summary"] is not None) for a in answers] == [(None, False), ("a", True)]


def test_a_text_from_stdin_is_summarized_without_a_config(tmp_path: Path) -> None:
    done = digest("summarize", "-", cwd=tmp_path, stdin=f"{paper(4).title}\n\n{paper(4).abstract}\n")

    assert done.returncode == 0, done.stderr
    assert "propose method 4 for them." in done.stdout


def test_a_file_that_is_no_text_is_not_summarized(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 8)

    done = digest("summarize", "photo.jpg", cwd=tmp_path)
    empty = digest("summarize", "-", cwd=tmp_path, stdin="")

    assert (done.returncode, done.stdout) == (1, "! photo.jpg is neither text nor HTML nor PDF\n")
    assert (empty.returncode, empty.stdout) == (1, "! stdin: is empty\n")


def test_what_is_nothing_is_a_sentence(tmp_path: Path) -> None:
    done = digest("summarize", "no such thing", cwd=tmp_path)

    assert done.returncode == 1
    assert "is neither a file nor an arXiv id, a DOI or a URL" in done.stdout


def test_a_known_paper_is_summarized_without_the_network(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    digest("run", "--date", str(MONDAY), cwd=desk.folder)

    done = digest("summarize", "arXiv:2603.00001v2", "--json", cwd=desk.folder)

    [answer] = json.loads(done.stdout)
    assert (answer["id"], answer["title"]) == ("arxiv:2603.00001", paper(1).title)


def test_init_writes_a_config_that_works_and_never_over_one(tmp_path: Path) -> None:
    first = digest("init", "mine", cwd=tmp_path)
    written = (tmp_path / "mine" / "config.toml").read_bytes()
    second = digest("init", "mine", cwd=tmp_path)
    checked = digest("doctor", "--offline", "--config", "mine/config.toml", cwd=tmp_path)

    assert first.returncode == 0
    assert (second.returncode, (tmp_path / "mine" / "config.toml").read_bytes()) == (2, written)
    assert checked.returncode == 0, checked.stdout


def test_init_names_every_kind_of_source_with_what_it_reads(tmp_path: Path) -> None:
    digest("init", cwd=tmp_path)

    written = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert [name for name, kind in all_kinds() if not re.search(rf"# +{name} +{re.escape(kind.line)}\n", written)] == []


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


def test_the_sample_takes_a_day_at_a_time_and_says_when_it_is_done(tmp_path: Path) -> None:
    one, two, three = (digest("run", "--sample", cwd=tmp_path) for _ in range(3))

    assert (one.returncode, two.returncode, three.returncode) == (0, 0, 1)
    assert "Monday 2 March 2026" in one.stdout
    assert "Tuesday 3 March 2026" in two.stdout
    assert "already considered for earlier issues" in two.stdout
    assert "Tuesday 3 March 2026" in digest("show", "--sample", cwd=tmp_path).stdout
    assert "both days of the sample are done" in three.stderr
    assert len(list((tmp_path / "digest-sample" / "outbox").glob("*.eml"))) == 2
