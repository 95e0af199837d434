"""`digest summarize`, in a process of its own: files, lines of JSON, stdin, and papers that the store knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY
from tests.support.desk import Desk
from tests.support.shell import digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


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
