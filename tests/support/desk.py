"""A whole configuration in a folder of its own, with JSON lines for sources: what end-to-end tests run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from digest.app.app import App
from digest.app.host import Host
from digest.config.read import load
from digest.core.models import Paper
from digest.stages.report import Report, Stage
from tests.fakes.clock import FakeSleep

CONFIG = """
[digest]
title = "Test digest"
timezone = "UTC"

[[source]]
name = "arXiv"
kind = "jsonl"
url = "arxiv-{date}.jsonl"

[[edition]]
name = "daily"
recipients = ["ada@example.org"]
"""


def line(paper: Paper, **more: Any) -> dict[str, Any]:
    """A paper as a line of a JSON-lines source."""
    return {
        "id": paper.id.removeprefix("arxiv:"),
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "url": paper.url,
        "categories": list(paper.categories),
        **more,
    }


class Desk:
    """A config.toml, its feeds, and runs of it on days of one's own choosing."""

    def __init__(self, folder: Path, config: str = CONFIG, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = dict(environment or {})
        self.now = datetime(2026, 6, 3, 8, 0, tzinfo=UTC)
        (folder / "config.toml").write_text(config, encoding="utf-8")

    def feed(self, day: date, papers: Iterable[Paper | dict[str, Any]], name: str = "arxiv") -> None:
        """Put the list of one day where the source reads it."""
        lines = [json.dumps(p if isinstance(p, dict) else line(p)) for p in papers]
        (self.folder / f"{name}-{day}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def app(self) -> App:
        hurry = FakeSleep()
        return App(
            load(self.folder / "config.toml"),
            Host(environment=self.environment, clock=lambda: self.now, now=hurry.now, sleep=hurry.sleep),
        )

    def run(
        self,
        day: date,
        *editions: str,
        until: Stage = Stage.DELIVER,
        send: bool = True,
        accept_database: bool = False,
    ) -> list[Report]:
        """One run, as a process of its own would do it."""
        self.now = datetime(day.year, day.month, day.day, 8, 0, tzinfo=UTC) + timedelta(hours=1)
        with self.app() as app:
            return app.run(editions, day, until=until, send=send, accept_database=accept_database)

    @property
    def outbox(self) -> list[Path]:
        return sorted((self.folder / "var" / "outbox").glob("*.eml"))

    @property
    def site(self) -> Path:
        return self.folder / "var" / "site"

    def issue_json(self, day: date, edition: str = "daily") -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            (self.site / edition / str(day) / "issue.json").read_text(encoding="utf-8")
        )
        return document

    def printed(self, day: date, edition: str = "daily") -> list[str]:
        """Ids of the papers in an issue."""
        return [e["id"] for s in self.issue_json(day, edition)["sections"] for e in s["entries"]]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below *folder* with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
