"""Summaries on demand: what somebody points at → a paper → its summary.

A paper the store knows is not fetched again, and a summary it has is not paid for again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from digest.core.errors import DigestError, SourceError
from digest.core.identity.ids import arxiv_id
from digest.core.lists.bounds import measure
from digest.core.models import Paper, PaperId, Record, Rejected, Summary
from digest.core.private import without_password
from digest.core.words.invisible import printable
from digest.stages.ask import Writer
from digest.usecases.lookup import Found, Lookup, measured, walled

_LARGEST_FILE: Final = 50_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One paper that was asked for, and what came of it."""

    id: str | int | float | None
    """The paper's id; for a line of a JSON-lines file, the id that stands in it, as it stands there."""
    paper: Paper | None = None
    summary: Summary | None = None
    error: str | None = None
    in_lines: bool = False
    """It was a line of a JSON-lines file: one line comes out for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one request."""

    answers: tuple[Answer, ...]
    """One for each paper that was asked for, in their order."""
    warnings: tuple[str, ...] = ()
    """What is to be known of how the model was asked: that its budget could not be held, how many have extracts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """Finds the papers of a request and has them summarized together, so that they share requests to the model."""

    lookup: Callable[[], Lookup]
    """Makes what finds the papers of one request."""
    writer: Writer
    progress: Callable[[str], None]
    stdin: Callable[[int], bytes]
    """Reads up to so many bytes of what is piped in."""
    largest_file: int = _LARGEST_FILE
    """Bytes."""

    def summarize(self, targets: Sequence[str]) -> Answered:
        """One answer for each paper that *targets* hold, in their order; a target that fails has one with an error."""
        lookup = self.lookup()
        lookup.ask_arxiv([t for t in targets if _is_arxiv(t)])
        return self._summarized([answer for target in targets for answer in self._find(target, lookup)])

    # -- finding

    def _find(self, target: str, lookup: Lookup) -> list[Answer]:
        try:
            with walled():
                if target == "-":
                    return self._from_bytes(self._piped(), lookup, name="stdin")
                if _is_file(target):
                    return self._from_bytes(self._read(Path(target)), lookup, name=target)
                return [_answer(measured(lookup.record(target), name=target, now=lookup.clock()))]
        except DigestError as error:
            name = printable(without_password(target))
            named = target == "-" or name in str(error)
            return [Answer(id=None, error=str(error) if named else f"{name}: {error}")]

    def _from_bytes(self, content: bytes, lookup: Lookup, *, name: str) -> list[Answer]:
        """Papers of a file, by what it looks like; only JSON lines go by their ending too, for the first may be bad."""
        from digest.sources import guard
        from digest.sources.listing import ListingSource
        from digest.sources.page import parse_page, parse_text

        now = lookup.clock()

        def answer(record: Record) -> Answer:
            return _answer(measured(record, name=name, now=now))

        if content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF"):
            return [answer(lookup.pdf(content, name=name))]
        if not content.strip():
            raise SourceError(f"{name}: is empty")
        text = guard.decoded(content, max_bytes=self.largest_file)
        start = text[:2000].lstrip()
        if start.startswith("{") or name.endswith((".jsonl", ".ndjson")):
            return _from_lines(text, now)
        if start.startswith("<"):
            return [answer(parse_page(content, url=name))]
        if "\0" in text[:100_000]:
            raise SourceError(f"{name} is neither text nor HTML nor PDF")
        try:
            listed = ListingSource(name, url=name).parse(content, url=name)
        except SourceError:
            listed = None
        if listed is not None and len(listed.records) > 2:
            return [answer(record) for record in listed.records]
        return [answer(parse_text(text, name=name))]

    def _piped(self) -> bytes:
        content = self.stdin(self.largest_file + 1)
        if len(content) > self.largest_file:
            raise self._too_large("stdin")
        return content

    def _read(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > self.largest_file:
                raise self._too_large(str(path))
            return path.read_bytes()
        except OSError as exc:
            raise SourceError(f"{path}: cannot be read: {exc.strerror or exc}") from exc

    def _too_large(self, name: str) -> SourceError:
        return SourceError(f"{name}: is larger than {self.largest_file // 1_000_000} MB")

    # -- summarizing

    def _summarized(self, answers: Sequence[Answer]) -> Answered:
        """Give each paper its summary: a stored one, else a new one."""
        # The same paper may be asked for twice, and two lines may hold the same text.
        ids = [PaperId(f"{one.paper.id if one.paper else ''}#{n}") for n, one in enumerate(answers)]
        papers = [replace(one.paper, id=i) for i, one in zip(ids, answers, strict=True) if one.paper]
        asked = self.writer.ask(
            papers,
            writing=self.writer.summarizer.begin(f"on demand {secrets.token_hex(8)}"),
            edition="on demand",
            on_missing=lambda count: self.progress(f"summarizing {count} papers"),
        )
        return Answered(
            answers=tuple(replace(one, summary=asked.summaries.get(i)) for i, one in zip(ids, answers, strict=True)),
            warnings=asked.sums.warnings,
        )


def _answer(found: Found) -> Answer:
    return Answer(id=found.paper.id if found.paper else None, paper=found.paper, error=found.error)


def _is_arxiv(target: str) -> bool:
    return target != "-" and not _is_file(target) and arxiv_id(target) is not None


def _is_file(target: str) -> bool:
    try:
        return Path(target).is_file()
    except (OSError, ValueError):  # longer than a name may be, behind a closed folder, or with a NUL in it
        return False


def _from_lines(text: str, now: datetime) -> list[Answer]:
    """One answer for each line of a JSON-lines file; also for the one object of a file that is spread over lines."""
    # Not splitlines(): JSON may hold U+2028 as it is.
    lines = [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > 1 and lines[0][1].strip() == "{":
        lines = [(1, text)]
    return [_from_line(line, n, now) for n, line in lines]


def _from_line(line: str, n: int, now: datetime) -> Answer:
    """One object of a JSON-lines file. Its id is given back as it is."""
    from digest.core.words.text import clean_mixed, clean_mixed_line

    try:
        item: Any = json.loads(line)
    except (ValueError, RecursionError):
        return Answer(id=None, error=f"line {n}: is not JSON", in_lines=True)
    if not isinstance(item, dict):
        return Answer(id=None, error=f"line {n}: is not an object", in_lines=True)
    given = item.get("id")
    name = given if isinstance(given, str | int | float) else None
    # Crossref gives its titles in lists.
    texts = (v[0] if isinstance(v, list) and v else v for v in (item.get("title"), item.get("abstract")))
    title, abstract = (v if isinstance(v, str) else "" for v in texts)
    if not title.strip() and not abstract.strip():
        return Answer(id=name, error=f"line {n}: has neither title nor abstract", in_lines=True)
    paper = Paper(
        id=PaperId(f"line:{n}"),
        title=clean_mixed_line(title) or clean_mixed_line(abstract)[:80],
        abstract=clean_mixed(abstract),
    )
    measured = measure(Record(paper=paper), now=now)
    if isinstance(measured, Rejected):
        return Answer(id=name, error=f"line {n}: {measured.reason}", in_lines=True)
    return Answer(id=name, paper=measured.paper, in_lines=True)
