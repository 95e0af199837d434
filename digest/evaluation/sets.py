"""Reads labelled sets: public ones, laid out as their publishers do, and a user's own papers.

    scitldr/A-dev.jsonl        sentences of abstracts, and one-sentence summaries by people   read_tldrs
    topics/*.jsonl             titles and abstracts, with arXiv's primary category            read_categories
    duplicates/*.txt           pairs of records, with 1 for one work and 0 for two            read_pairs
    duplicates/cora.csv        citations, with the work each cites                            read_citations
    ratings/                   who saved which paper, and the papers' words                   read_ratings
    keywords/*.json            days of Hugging Face's Daily Papers, with the keywords it gives       read_keywords
    papers/*.jsonl             {"id", "title", "abstract", "summaries": […], "topics": […],    read_papers
                               "categories": […]}; but for id and title, each may be missing

Every reader raises a `SetError` that names the file, and the line where there is one. Fields and files that nobody asks
for are passed over.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from digest.core.errors import ConfigError

T = TypeVar("T")

_RECORDED: Final = "huggingface-daily"


class SetError(ConfigError):
    """A file of a labelled set cannot be read, or has another form: it is left out, and the others are measured."""

    def __init__(self, path: Path, message: str) -> None:
        """Say what is wrong with the file at *path*."""
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class TldrPaper:
    """A paper of SciTLDR."""

    id: str
    title: str
    """Empty where the set has none."""
    sentences: tuple[str, ...]
    """The abstract, as its publishers cut it."""
    references: tuple[str, ...]
    """One-sentence summaries by the authors and by reviewers; the authors' comes first. At least one."""

    @property
    def abstract(self) -> str:
        """The abstract in one piece, as a feed gives it."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryPaper:
    """An arXiv paper."""

    id: str
    title: str
    abstract: str
    category: str
    """The primary one: `cs.CL`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPaper:
    """A paper of a recorded list."""

    id: str
    title: str
    abstract: str
    keywords: tuple[str, ...] = ()
    """Those that the list's publisher gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A catalogue's record of a work: fields as they stand there, empty if missing."""

    title: str
    authors: str
    venue: str
    year: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two records, and whether they are one work."""

    first: Record
    second: Record
    is_one: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One entry of a list of references."""

    work: str
    """The work that it cites: equal for all citations of one work."""
    record: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Who saved which papers. Papers and words are numbered from 0."""

    words: tuple[str, ...]
    """The vocabulary: stop words are out, most words are stems."""
    papers: tuple[Mapping[int, int], ...]
    """For each paper, word → how often."""
    likes: tuple[tuple[int, ...], ...]
    """For each reader, the papers saved, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPaper:
    """A paper that a user labelled."""

    id: str
    title: str
    abstract: str
    summaries: tuple[str, ...] = ()
    """What a good one-sentence summary says, in one or more wordings."""
    topics: tuple[str, ...] = ()
    """In the user's own words, or the taxonomy's."""
    categories: tuple[str, ...] = ()
    """As the source names them, primary first: `cs.CL`."""


def files(data: Path, *patterns: str, but: str = "") -> tuple[Path, ...]:
    """The files below *data* that match any of *patterns*, by name, without those that match *but*.

    What models were trained on is left out with `but="*train*"`: a figure on it would flatter.
    """
    found = {path for pattern in patterns for path in data.glob(pattern) if path.is_file()}
    return tuple(sorted(path for path in found if not (but and path.match(but))))


def name_of(path: Path, data: Path) -> str:
    """Return the name of a set in the table: `scitldr/A-dev`."""
    return path.relative_to(data).with_suffix("").as_posix()


# -- readers


def read_tldrs(path: Path) -> tuple[TldrPaper, ...]:
    """SciTLDR. A paper without a sentence or a reference is left out."""

    def one(fields: Mapping[str, Any]) -> TldrPaper:
        return TldrPaper(
            id=_text(fields, "paper_id"),
            title=_text(fields, "title"),
            sentences=_texts(fields, "source"),
            references=_texts(fields, "target"),
        )

    return tuple(p for p in _json_lines(path, one) if p.sentences and p.references)


def read_categories(path: Path) -> tuple[CategoryPaper, ...]:
    """ArXiv papers with `cat`, the primary category."""

    def one(fields: Mapping[str, Any]) -> CategoryPaper:
        return CategoryPaper(
            id=_text(fields, "id"),
            title=_required(fields, "title"),
            abstract=_text(fields, "abstract"),
            category=_required(fields, "cat"),
        )

    return tuple(_json_lines(path, one))


def read_listing(path: Path) -> tuple[ListedPaper, ...]:
    """Return the papers of a day of arXiv: `id`, `title` and `summary`."""

    def one(fields: Mapping[str, Any]) -> ListedPaper:
        return ListedPaper(
            id=_required(fields, "id"),
            title=" ".join(_required(fields, "title").split()),
            abstract=" ".join(_text(fields, "summary").split()),
        )

    return _json_lines(path, one)


def read_keywords(path: Path) -> tuple[ListedPaper, ...]:
    """Return the papers of a day of Hugging Face, `/api/daily_papers`, with their `ai_keywords`.

    A paper without keywords is left out; a day may have none at all.
    """
    try:
        items = json.loads(_read(path))
    except (ValueError, RecursionError) as exc:
        raise SetError(path, f"is not JSON: {exc}") from exc
    papers = [item["paper"] for item in items if _has_paper(item)] if isinstance(items, list) else []
    if not papers or len(papers) < len(items):
        raise SetError(path, "is not a list of papers")
    found = []
    for number, fields in enumerate(papers, start=1):
        try:
            keywords = _texts(fields, "ai_keywords") if fields.get("ai_keywords") else ()
            title, abstract = _required(fields, "title"), _text(fields, "summary")
            paper = ListedPaper(
                id=_required(fields, "id"),
                title=" ".join(title.split()),
                abstract=" ".join(abstract.split()),
                keywords=keywords,
            )
        except _FieldError as exc:
            raise SetError(path, f"paper {number}: {exc}") from None
        if keywords:
            found.append(paper)
    return tuple(found)


def keyword_days(data: Path, *, since: str) -> tuple[str, tuple[tuple[ListedPaper, ...], ...]]:
    """Return the name of the set of days with keywords, and its days in order; none where there is no such set.

    They lie in `keywords/`, or as they were recorded in `huggingface-daily/`, in the folder or beside it. Damaged
    recordings are passed over: they are kept as they came.

    Args:
        since: The first day that is read, `2026-06` for a month; if all are earlier, all are read.

    Raises:
        SetError: A file of `keywords/` is damaged.
    """
    paths = files(data, "keywords/*.json")
    name = "keywords" if paths else _RECORDED
    paths = paths or files(data / _RECORDED, "*.json") or files(data.parent / _RECORDED, "*.json")
    paths = tuple(path for path in paths if path.stem >= since) or paths
    days = []
    for path in sorted(paths, key=lambda path: path.stem):
        try:
            days.append(read_keywords(path))
        except SetError:
            if name != _RECORDED:
                raise
    return name, tuple(days)


def _has_paper(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("paper"), dict)


def read_papers(path: Path) -> tuple[LabelledPaper, ...]:
    """A user's own papers. One with neither an abstract nor a title is an error."""

    def one(fields: Mapping[str, Any]) -> LabelledPaper:
        return LabelledPaper(
            id=_required(fields, "id"),
            title=_required(fields, "title"),
            abstract=_text(fields, "abstract"),
            summaries=_texts(fields, "summaries"),
            topics=_texts(fields, "topics"),
            categories=_texts(fields, "categories"),
        )

    papers = tuple(_json_lines(path, one))
    seen: set[str] = set()
    for paper in papers:
        if paper.id in seen:
            raise SetError(path, f"the id {paper.id!r} stands there twice; give each paper an id of its own")
        seen.add(paper.id)
    return papers


_FIELD: Final = re.compile(r"\bCOL (\w+) VAL ")


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """Pairs of records: two columns of `COL title VAL … COL authors VAL …` and one of 1 or 0, parted by tabs."""
    found = []
    for number, line in _lines(path):
        columns = line.split("\t")
        if len(columns) != 3 or columns[2].strip() not in ("0", "1"):
            raise SetError(path, f"line {number} is not two records and 1 or 0, parted by tabs")
        found.append(
            Pair(first=_ditto_record(columns[0]), second=_ditto_record(columns[1]), is_one=columns[2].strip() == "1")
        )
    return _some(found, path)


def _ditto_record(text: str) -> Record:
    parts = _FIELD.split(text)
    fields = {name: value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}
    year = fields.get("year", "").removesuffix(".0")
    return Record(
        title=fields.get("title", ""), authors=fields.get("authors", ""), venue=fields.get("venue", ""), year=year
    )


def read_citations(path: Path) -> tuple[Citation, ...]:
    """Cora. Of its fourteen columns the second names the work; then come authors, title, venue and, tenth, the year."""
    try:
        rows = list(csv.reader(io.StringIO(_read(path), newline="")))
    except csv.Error as exc:
        raise SetError(path, f"is damaged: {exc}") from exc
    found = []
    for number, row in enumerate(rows, start=1):
        if row[:3] == ["1", "2", "3"] or not row:
            continue
        if len(row) < 10:
            raise SetError(path, f"row {number} has {len(row)} columns, fewer than ten")
        year = row[9].strip(" ,.")
        found.append(Citation(work=row[1], record=Record(title=row[4], authors=row[2], venue=row[6], year=year)))
    return _some(found, path)


def read_ratings(folder: Path) -> Ratings:
    """Citeulike-t: `vocabulary.dat`, `mult.dat` and `users.dat`."""
    words = tuple(line.strip() for _, line in _all_lines(folder / "vocabulary.dat"))
    papers = tuple(_counts(folder / "mult.dat", len(words)))
    likes = tuple(_liked(folder / "users.dat", len(papers)))
    return Ratings(words=_some(words, folder / "vocabulary.dat"), papers=papers, likes=likes)


def read_tags(folder: Path) -> Mapping[str, tuple[int, ...]]:
    """Citeulike-t: each tag with the papers that readers gave it to, by number; of `tags.dat` and `tag-item.dat`."""
    tags = [line.strip() for _, line in _all_lines(folder / "tags.dat")]
    path = folder / "tag-item.dat"
    try:
        papers = [tuple(map(int, line.split())) for _, line in _all_lines(path)]
    except ValueError as exc:
        raise SetError(path, f"does not hold numbers of papers: {exc}") from exc
    if len(tags) != len(papers):
        raise SetError(path, f"has {len(papers):,} lines for the {len(tags):,} tags of tags.dat")
    return dict(zip(tags, papers, strict=True))


def _counts(path: Path, words: int) -> Iterator[dict[int, int]]:
    for number, line in _all_lines(path):
        try:
            counts = {int(word): int(n) for word, _, n in (part.partition(":") for part in line.split()[1:])}
        except ValueError:
            raise SetError(path, f'line {number} is not "how many word:count word:count …"') from None
        if counts and not 0 <= min(counts) <= max(counts) < words:
            raise SetError(path, f"line {number} names a word that vocabulary.dat does not have")
        if min(counts.values(), default=1) < 1:
            raise SetError(path, f"line {number} counts a word less than once")
        yield counts


def _liked(path: Path, papers: int) -> Iterator[tuple[int, ...]]:
    for number, line in _all_lines(path):
        try:
            liked = tuple(sorted(map(int, line.split()[1:])))
        except ValueError:
            raise SetError(path, f'line {number} is not "how many paper paper …"') from None
        if liked and not 0 <= liked[0] <= liked[-1] < papers:
            raise SetError(path, f"line {number} names a paper that mult.dat does not have")
        yield liked


# -- lines and fields


class _FieldError(ValueError):
    """A field is missing or of another type; who knows the file and the line says where."""


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise SetError(path, f"cannot be read: {exc.strerror or exc}") from exc
    except UnicodeDecodeError as exc:
        raise SetError(path, f"is not text in UTF-8: {exc.reason} at byte {exc.start}") from exc


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, each with its number from 1."""
    return ((number, line) for number, line in _all_lines(path) if line.strip())


def _all_lines(path: Path) -> Iterator[tuple[int, str]]:
    # Not splitlines(): a line of an abstract may hold U+2028.
    lines = _read(path).replace("\r\n", "\n").removesuffix("\n").split("\n")
    return enumerate(lines, start=1)


def _json_lines(path: Path, one: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    found = []
    for number, line in _lines(path):
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise SetError(path, f"line {number} is not JSON: {exc}") from exc
        if not isinstance(fields, dict):
            raise SetError(path, f"line {number} is not a JSON object")
        try:
            found.append(one(fields))
        except _FieldError as exc:
            raise SetError(path, f"line {number}: {exc}") from None
    return _some(found, path)


def _some(found: list[T] | tuple[T, ...], path: Path) -> tuple[T, ...]:
    if not found:
        raise SetError(path, "is empty")
    return tuple(found)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _FieldError(f"{name} is not a text")
    return value


def _required(fields: Mapping[str, Any], name: str) -> str:
    value = _text(fields, name)
    if not value.strip():
        raise _FieldError(f"{name} is missing")
    return value


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = fields.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _FieldError(f"{name} is not a list of texts")
    return tuple(one for one in value if one.strip())
