"""Summaries on demand: what somebody points at → a paper → its summary.

A paper the store knows is not fetched again, and a summary it has is not paid for again.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from digest.core.errors import DigestError, SourceError
from digest.core.identity.dois import doi_url, is_part_of_doi
from digest.core.identity.ids import arxiv_id, doi
from digest.core.lists.bounds import measure
from digest.core.models import Paper, PaperId, Record, Rejected, Summary
from digest.core.private import without_password
from digest.core.walls import wall
from digest.core.words.invisible import printable
from digest.core.words.text import escaped, web_url
from digest.stages.summarize import Summarizing

if TYPE_CHECKING:
    from digest.app.app import App

_LARGEST_FILE: Final = 50_000_000
_MANY_PER_ID: Final = 100
"""arXiv ids asked for in one request."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """One paper that was asked for, and what came of it."""

    id: str | int | float | None
    """The paper's id; for a line of a JSON-lines file, the id that stands in it, as it stands there."""
    paper: Paper | None = None
    summary: Summary | None = None
    error: str | None = None
    in_lines: bool = False
    """It was a line of a JSON-lines file: one line comes out for it."""


class Demand:
    """Finds the papers and has them summarized together, so that they share requests."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.warnings: tuple[str, ...] = ()
        """What is to be known of how the model was asked: that its budget could not be held, how many have extracts."""
        self._known: dict[str, Record] = {}
        self._arxiv_trouble: SourceError | None = None

    def summarize(self, targets: Sequence[str]) -> list[Answer]:
        """One answer for each paper that *targets* hold, in their order; a target that fails has one with an error."""
        self.app.check(send=False)
        self._ask_arxiv([t for t in targets if _is_arxiv(t)])
        answers = [answer for target in targets for answer in self._find(target)]
        self._fill(answers)
        return answers

    # -- finding

    def find(self, addresses: Sequence[str]) -> list[Answer]:
        """The papers at these ids and addresses, without summaries, an answer for each; no file is one, nor stdin."""
        self._ask_arxiv(addresses)
        answers = []
        for address in addresses:
            try:
                with _walled():
                    answers.append(self._from_record(self._remote(address), name=address))
            except DigestError as error:
                answers.append(Answer(id=None, error=str(error)))
        return answers

    def _find(self, target: str) -> list[Answer]:
        try:
            with _walled():
                if target == "-":
                    return self._from_bytes(_stdin(), name="stdin")
                if _is_file(target):
                    return self._from_bytes(_read(Path(target)), name=target)
                return [self._from_record(self._remote(target), name=target)]
        except DigestError as error:
            name = printable(without_password(target))
            named = target == "-" or name in str(error)
            return [Answer(id=None, error=str(error) if named else f"{name}: {error}")]

    def _from_record(self, record: Record, *, name: str) -> Answer:
        """The paper that was read from *name*, by the measure of all papers."""
        measured = measure(record, now=self.app.host.clock())
        if isinstance(measured, Rejected):
            return Answer(id=None, error=f"{name}: {measured.reason} ({measured.excerpt})")
        return Answer(id=measured.paper.id, paper=measured.paper)

    def _from_bytes(self, content: bytes, *, name: str) -> list[Answer]:
        """Papers of a file, by what it looks like; only JSON lines go by their ending too, for the first may be bad."""
        from digest.sources import guard
        from digest.sources.listing import ListingSource
        from digest.sources.page import parse_page, parse_text

        if content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF"):
            return [self._from_record(self._pdf(content, name=name), name=name)]
        if not content.strip():
            raise SourceError(f"{name}: is empty")
        text = guard.decoded(content, max_bytes=_LARGEST_FILE)
        start = text[:2000].lstrip()
        if start.startswith("{") or name.endswith((".jsonl", ".ndjson")):
            return _from_lines(text, self.app.host.clock())
        if start.startswith("<"):
            return [self._from_record(parse_page(content, url=name), name=name)]
        if "\0" in text[:100_000]:
            raise SourceError(f"{name} is neither text nor HTML nor PDF")
        try:
            listed = ListingSource(name, url=name).parse(content, url=name)
        except SourceError:
            listed = None
        if listed is not None and len(listed.records) > 2:
            return [self._from_record(r, name=name) for r in listed.records]
        return [self._from_record(parse_text(text, name=name), name=name)]

    def _remote(self, target: str) -> Record:
        found = arxiv_id(target)
        if found:
            return self._arxiv(found[0])
        of_doi = doi(target)
        if of_doi and not _is_address(target):
            stored = self._stored(PaperId(f"doi:{of_doi}"))
            return stored or self._page(doi_url(of_doi))
        if _is_address(target):
            return self._page(escaped(target))
        if is_part_of_doi(target):
            raise SourceError(f"{target} is only a part of a DOI; copy the whole of it")
        raise SourceError(f"{without_password(target)} is neither a file nor an arXiv id, a DOI or a URL")

    def _page(self, url: str) -> Record:
        from digest.sources.page import parse_page

        document, shown = self.app.door.get(url), without_password(url)
        if document.content.lstrip().startswith(b"%PDF"):
            record = self._pdf(document.content, name=shown)
            return replace(record, paper=replace(record.paper, url=record.paper.url or web_url(shown) or ""))
        return parse_page(document.content, url=shown)

    def _pdf(self, content: bytes, *, name: str) -> Record:
        from digest.sources.pdf import parse_pdf

        return parse_pdf(content, name=name, vocabulary=self.app.background.counts)

    def _arxiv(self, number: str) -> Record:
        record = self._known.get(number) or self._stored(PaperId(f"arxiv:{number}"))
        if record is not None:
            return record
        raise self._arxiv_trouble or SourceError(f"arXiv has no paper {number}")

    def _stored(self, paper_id: PaperId) -> Record | None:
        paper = self.app.store.paper(paper_id) if self.app.has_store else None
        return Record(paper=paper) if paper else None

    def _ask_arxiv(self, targets: Sequence[str]) -> None:
        """Ask arXiv for all ids that the store does not know, together: it allows one request in three seconds."""
        from digest.sources.arxiv.source import ArxivSource, query_url

        numbers = dict.fromkeys(found[0] for t in targets if (found := arxiv_id(t)))
        missing = [n for n in numbers if self._stored(PaperId(f"arxiv:{n}")) is None]
        for start in range(0, len(missing) if self._arxiv_trouble is None else 0, _MANY_PER_ID):
            url = query_url(missing[start : start + _MANY_PER_ID])
            try:
                with _walled():
                    parsed = ArxivSource("arXiv", url=url).parse(self.app.door.get(url).content, url=url)
            except SourceError as error:
                self._arxiv_trouble = error
                return
            for record in parsed.records:
                self._known[record.paper.id.removeprefix("arxiv:")] = record

    # -- summarizing

    def _fill(self, answers: Sequence[Answer]) -> None:
        """Give each paper its summary: a stored one, else a new one."""
        summarizer, language = self.app.summarizer, self.app.config.editions[0].language
        # Extracts are made anew: they cost nothing, and the rules may have changed.
        keeps = self.app.has_store and bool(summarizer.model)

        def begin(count: int) -> None:
            self.app.host.progress(f"summarizing {count} papers")
            summarizer.begin_run(f"on demand {secrets.token_hex(8)}")

        # The same paper may be asked for twice, and two lines may hold the same text.
        papers = [replace(a.paper, id=_unique(a.paper, n)) for n, a in enumerate(answers) if a.paper]
        done = Summarizing(
            summarizer=summarizer,
            store=self.app.store if keeps else None,
            sleep=self.app.host.sleep,
            progress=self.app.host.progress,
        ).summarize(papers, language=language, edition="on demand", on_missing=begin)
        self.warnings = done.sums.warnings
        for n, answer in enumerate(answers):
            if answer.paper:
                answer.summary = done.summaries[_unique(answer.paper, n)]


def _walled() -> AbstractContextManager[None]:
    """Around each paper: what a library throws over one of them is that one's answer, and the others go on."""
    return wall(lambda said: SourceError(f"cannot be read: {said}"))


def _unique(paper: Paper, n: int) -> PaperId:
    return PaperId(f"{paper.id}#{n}")


def _is_arxiv(target: str) -> bool:
    return target != "-" and not _is_file(target) and arxiv_id(target) is not None


def _is_address(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def _is_file(target: str) -> bool:
    try:
        return Path(target).is_file()
    except (OSError, ValueError):  # longer than a name may be, behind a closed folder, or with a NUL in it
        return False


def _stdin() -> bytes:
    content = sys.stdin.buffer.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise SourceError(f"stdin: is larger than {_LARGEST_FILE // 1_000_000} MB")
    return content


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise SourceError(f"{path}: is larger than {_LARGEST_FILE // 1_000_000} MB")
        return path.read_bytes()
    except OSError as exc:
        raise SourceError(f"{path}: cannot be read: {exc.strerror or exc}") from exc


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
