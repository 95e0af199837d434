"""The parts of a store that use cases and pages ask for, in memory; and stores whose process dies."""

from __future__ import annotations

from datetime import date
from typing import Any

from digest.core.models import Document, Issue, Paper, PaperId


class FakeIssues:
    """What the archive needs of a store; it counts how many issues were read."""

    def __init__(self, *issues: Issue) -> None:
        self._issues: dict[tuple[str, date], Issue] = {}
        self.read = 0
        self.add(*issues)

    def add(self, *issues: Issue) -> None:
        self._issues.update({(issue.edition, issue.date): issue for issue in issues})

    def remove(self, edition: str, day: date) -> None:
        del self._issues[edition, day]

    def issue(self, edition: str, day: date) -> Issue | None:
        self.read += 1
        return self._issues.get((edition, day))

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]:
        return tuple(
            (name, day, len(issue.entries))
            for (name, day), issue in sorted(self._issues.items())
            if edition in (None, name)
        )


class FakePapers:
    """A store of some papers."""

    def __init__(self, *papers: Paper) -> None:
        self._papers = {one.id: one for one in papers}

    def paper(self, paper_id: PaperId) -> Paper | None:
        return self._papers.get(paper_id)


class FakeDocuments:
    """A store that remembers no document."""

    def cached(self, url: str) -> Document | None:
        return None


class FakeDyingStore:
    """Passes everything on to a store, but the process is killed when it calls one of its methods.

    The kill is a KeyboardInterrupt, which nothing catches on the way out.
    """

    def __init__(self, store: object, *, at: str) -> None:
        """Die when the method called *at* is called; nothing of it is done."""
        self._store, self._at = store, at

    def __getattr__(self, name: str) -> Any:
        return self._die if name == self._at else getattr(self._store, name)

    def _die(self, *_: object, **__: object) -> None:
        raise KeyboardInterrupt
