"""Look up papers by arXiv ids, DOIs and URLs: in the store, or at arXiv and on the web."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from digest.core.errors import DigestError, SourceError
from digest.core.identity.dois import doi_url, is_part_of_doi
from digest.core.identity.ids import arxiv_id, doi
from digest.core.lists.bounds import measure
from digest.core.models import Document, Paper, PaperId, Record, Rejected
from digest.core.ports import Clock
from digest.core.private import without_password
from digest.core.walls import wall
from digest.core.words.text import escaped, web_url

_MANY_PER_ID: Final = 100
"""arXiv ids asked for in one request."""


class Papers(Protocol):
    """The part of the store that looks up papers by id."""

    def paper(self, paper_id: PaperId) -> Paper | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result for one id or address: a paper, or the reason why there is none."""

    paper: Paper | None = None
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class Lookup:
    """Looks up papers for one run or one request, during which arXiv's answers and errors are remembered.

    A paper of the store is not fetched.
    """

    store: Papers | None
    """The store; None if no database is configured."""
    get: Callable[[str], Document]
    """Fetches what is at an address.

    Raises SourceError where it cannot be had.
    """
    clock: Clock
    vocabulary: Callable[[], Mapping[str, int]]
    """Gives the words of papers with the number of papers that have each; called when a PDF is read."""
    _known: dict[str, Record] = field(default_factory=dict, init=False)
    """Records from arXiv by arXiv id."""
    _arxiv_trouble: SourceError | None = field(default=None, init=False)
    """Why arXiv could not be asked; then it is not asked again."""

    def find(self, addresses: Sequence[str]) -> list[Found]:
        """Look up the papers at these ids and addresses, with one result for each; the name of a file is an error."""
        self.ask_arxiv(addresses)
        found = []
        for address in addresses:
            try:
                with walled():
                    found.append(measured(self.record(address), name=address, now=self.clock()))
            except DigestError as error:
                found.append(Found(error=str(error)))
        return found

    def ask_arxiv(self, targets: Collection[str]) -> None:
        """Fetch all arXiv ids among *targets* that the store does not have in one request: arXiv allows one in three
        seconds."""
        from digest.sources.arxiv.source import ArxivSource, query_url

        numbers = dict.fromkeys(found[0] for t in targets if (found := arxiv_id(t)))
        missing = [n for n in numbers if self._stored(PaperId(f"arxiv:{n}")) is None]
        for start in range(0, len(missing) if self._arxiv_trouble is None else 0, _MANY_PER_ID):
            url = query_url(missing[start : start + _MANY_PER_ID])
            try:
                with walled():
                    parsed = ArxivSource("arXiv", url=url).parse(self.get(url).content, url=url)
            except SourceError as error:
                self._arxiv_trouble = error
                return
            for record in parsed.records:
                self._known[record.paper.id.removeprefix("arxiv:")] = record

    def record(self, target: str) -> Record:
        """Return the record at an id or address; an arXiv id must have been passed to `ask_arxiv` before.

        Raises:
            SourceError: There is nothing at *target*, or it cannot be read.
        """
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

    def pdf(self, content: bytes, *, name: str) -> Record:
        """Return the record of a PDF, read from its first page.

        Raises:
            SourceError: The PDF cannot be read.
        """
        from digest.sources.pdf import parse_pdf

        return parse_pdf(content, name=name, vocabulary=self.vocabulary())

    def _page(self, url: str) -> Record:
        from digest.sources.page import parse_page

        document, shown = self.get(url), without_password(url)
        if document.content.lstrip().startswith(b"%PDF"):
            record = self.pdf(document.content, name=shown)
            return replace(record, paper=replace(record.paper, url=record.paper.url or web_url(shown) or ""))
        return parse_page(document.content, url=shown)

    def _arxiv(self, number: str) -> Record:
        record = self._known.get(number) or self._stored(PaperId(f"arxiv:{number}"))
        if record is not None:
            return record
        raise self._arxiv_trouble or SourceError(f"arXiv has no paper {number}")

    def _stored(self, paper_id: PaperId) -> Record | None:
        paper = self.store.paper(paper_id) if self.store is not None else None
        return Record(paper=paper) if paper else None


def measured(record: Record, *, name: str, now: datetime) -> Found:
    """Return the paper read from *name*, checked against the bounds for all papers."""
    found = measure(record, now=now)
    if isinstance(found, Rejected):
        return Found(error=f"{name}: {found.reason} ({found.excerpt})")
    return Found(paper=found.paper)


def walled() -> AbstractContextManager[None]:
    """Return a wall for one paper: an exception of a library becomes the error of that paper, and the others go on."""
    return wall(lambda said: SourceError(f"cannot be read: {said}"))


def _is_address(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))
