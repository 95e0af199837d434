"""The main job on real recorded days: one identity per paper within a run, over sources and over days."""

from __future__ import annotations

import json
import re
from datetime import date
from itertools import pairwise
from pathlib import Path

from digest.core.models import SourceState
from tests.support.desk import Desk

ARXIV = """
[[source]]
name = "arXiv"
kind = "jsonl"
url = "{data}/arxiv-days/{{date}}.jsonl"
fields = {{ abstract = "summary", url = "abs" }}
"""
HUGGING_FACE = """
[[source]]
name = "Hugging Face"
kind = "huggingface"
url = "{data}/huggingface-daily/{{date}}.json"
"""
VERSIONS = """
[[source]]
name = "arXiv"
kind = "arxiv"
url = "{data}/arxiv-versions/{{date}}.rss.xml"
"""
EDITION = '\n[[edition]]\nname = "daily"\nmax_papers = 5000\n'


def desk(folder: Path, real_data: Path, *sources: str) -> Desk:
    return Desk(folder, "".join(s.format(data=real_data) for s in sources) + EDITION)


def listed_by_hugging_face(real_data: Path, day: date) -> set[str]:
    items = json.loads((real_data / "huggingface-daily" / f"{day}.json").read_text(encoding="utf-8"))
    return {f"arxiv:{item['paper']['id']}" for item in items}


def listed_by_arxiv(real_data: Path, day: date) -> set[str]:
    text = (real_data / "arxiv-days" / f"{day}.jsonl").read_text(encoding="utf-8")
    return {f"arxiv:{json.loads(line)['id']}" for line in text.splitlines() if line.strip()}


def test_three_saved_pages_are_as_many_papers_as_they_have_titles(tmp_path: Path, real_data: Path) -> None:
    pages = sorted((real_data / "huggingface-listing").glob("*.txt"))
    config = "".join(
        f'[[source]]\nname = "page {n}"\nkind = "listing"\nurl = "{path}"\n' for n, path in enumerate(pages)
    )
    counted, titles = 0, set()
    for path in pages:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
        for line, following in pairwise(lines):
            if len(line) < 250 <= len(following):
                counted += 1
                titles.add(re.sub(r"[^a-z0-9]", "", re.sub("^Subscribe(?=[A-Z])", "", line).lower()))

    [report] = Desk(tmp_path, config + EDITION).run(date(2026, 6, 1))

    assert sum(s.listed for s in report.sources) == counted == 283
    assert report.issue is not None
    told_once = [paper for paper in report.issue.left_out if paper.reason.startswith("says nearly the same as")]
    assert len(told_once) == len(report.issue.left_out) < 4
    assert len(report.issue.entries) + len(told_once) == len(titles)


def test_a_paper_that_is_listed_again_after_six_days_is_said_once(tmp_path: Path, real_data: Path) -> None:
    first, again = date(2026, 6, 10), date(2026, 6, 16)
    here = desk(tmp_path, real_data, HUGGING_FACE)
    repeated = listed_by_hugging_face(real_data, first) & listed_by_hugging_face(real_data, again)

    for day in (first, again):
        here.run(day)

    assert repeated == {"arxiv:2606.11176"}
    assert set(here.printed(first)) == listed_by_hugging_face(real_data, first)
    # The days between, on which nothing was run, are filled in.
    between = [date(2026, 6, day) for day in (11, 12, 15)]
    listed = set.union(*(listed_by_hugging_face(real_data, day) for day in (*between, again)))
    assert set(here.printed(again)) == listed - set(here.printed(first))
    assert here.issue_json(again)["covers"] == [str(day) for day in (*between, again)]


def test_fridays_list_on_a_saturday_is_no_news_and_says_so(tmp_path: Path, real_data: Path) -> None:
    friday, saturday = date(2026, 4, 3), date(2026, 4, 4)
    here = desk(tmp_path, real_data, ARXIV)

    here.run(friday)
    [report] = here.run(saturday)

    count = len(listed_by_arxiv(real_data, saturday))
    assert set(here.printed(friday)) == listed_by_arxiv(real_data, friday)
    assert (report.issue, report.status, report.sources[0].state) == (None, "done", SourceState.QUIET)
    assert report.warnings == (f"All {count} papers that arXiv lists were considered for earlier issues.",)


def test_a_later_version_of_a_known_paper_is_no_news(tmp_path: Path, real_data: Path) -> None:
    here = desk(tmp_path, real_data, VERSIONS)
    days = [date(2024, 12, 21), date(2024, 12, 24)]

    reports = [here.run(day)[0] for day in days]

    with here.app() as app:
        paper = app.store.paper("arxiv:2412.14668")  # type: ignore[arg-type]
    assert "arxiv:2412.14668" in here.printed(days[0])
    assert reports[1].issue is None or "arxiv:2412.14668" not in here.printed(days[1])
    assert paper is not None
    assert paper.version == 2
    assert reports[1].sources[0].updates > 0


def test_papers_of_both_sources_are_printed_once_with_both_named(tmp_path: Path, real_data: Path) -> None:
    day = date(2026, 4, 10)
    arxiv, hugging_face = listed_by_arxiv(real_data, day), listed_by_hugging_face(real_data, day)
    here = desk(tmp_path, real_data, ARXIV, HUGGING_FACE)

    here.run(day)

    entries = [e for s in here.issue_json(day)["sections"] for e in s["entries"]]
    both = {e["id"] for e in entries if e["sources"] == ["arXiv", "Hugging Face"]}
    assert len(entries) == len({e["id"] for e in entries}) == len(arxiv | hugging_face)
    assert both == arxiv & hugging_face
    assert len(both) > 5
