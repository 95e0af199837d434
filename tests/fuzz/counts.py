"""The recorded days: entries in each file, counted by a few lines that know nothing of the parsers, and papers out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from digest.core.errors import SourceError
from digest.core.identity.resolve import resolve
from digest.core.ports import Source
from digest.sources.arxiv.source import ArxivSource
from digest.sources.feed import FeedSource
from digest.sources.huggingface import HuggingFaceSource
from digest.sources.jsonl import JsonlSource
from digest.sources.listing import ListingSource
from digest.sources.pubmed import PubMedSource
from tests.fuzz.corpora import kind
from tests.fuzz.targets import NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One folder."""

    folder: str
    files: int
    entries: int
    """In the files, as counted here."""
    papers: int
    """Records, doubles included."""
    doubles: int
    """Records that are joined with another of the same file."""
    rejected: Mapping[str, int]
    """Reason → how many."""
    refused: Mapping[str, int]
    """Why whole files were refused → how many entries they hold."""

    @property
    def unexplained(self) -> int:
        """Entries that are neither papers nor rejected, and in no file that was refused."""
        return self.entries - self.papers - sum(self.rejected.values()) - sum(self.refused.values())


def elements(*names: str) -> Callable[[bytes], int]:
    """Counts elements by local name."""

    def count(content: bytes) -> int:
        from lxml import etree

        root = etree.fromstring(content.lstrip(), etree.XMLParser(recover=True, resolve_entities=False))
        return sum(1 for e in root.iter() if isinstance(e.tag, str) and e.tag.rpartition("}")[2] in names)

    return count


def daily_papers(content: bytes) -> int:
    """Items of the list, whatever it is wrapped in; a number instead of a list is none."""
    value: Any = json.loads(content)
    value = value.get("data") if isinstance(value, dict) else value
    return len(value) if isinstance(value, list) else 0


def papers_key(content: bytes) -> int:
    return len(json.loads(content)["papers"])


def lines(content: bytes) -> int:
    return sum(1 for line in content.split(b"\n") if line.strip())


def long_lines(content: bytes) -> int:
    """Abstracts: nothing else on these pages has 400 characters in a line."""
    return sum(1 for line in content.decode().splitlines() if len(line) >= 400)


_ENTRIES: Final = elements("item", "entry")
_ANNOUNCED: Final = {"id": "arxiv_id", "announce": "announce_type"}
_SPECIAL: Final = frozenset({"pubmed-article.xml"})
"""Not of the kind that the other files of its folder are of."""
FOLDERS: Final[Mapping[str, tuple[str, Source, Callable[[bytes], int]]]] = {
    "arxiv-rss": ("*.xml", ArxivSource("s"), _ENTRIES),
    "arxiv-rss1": ("*.rdf", ArxivSource("s"), _ENTRIES),
    "arxiv-api": ("**/*.xml", ArxivSource("s"), _ENTRIES),
    "arxiv-oai": ("*.xml", ArxivSource("s"), elements("record")),
    "arxiv-versions": ("*.xml", ArxivSource("s"), _ENTRIES),
    "arxiv-days": ("*.jsonl", JsonlSource("s", url="", fields={"abstract": "summary", "url": "abs"}), lines),
    "arxiv-announce": ("*.json", JsonlSource("s", url="", fields=_ANNOUNCED, items="papers"), papers_key),
    "biorxiv": ("*", FeedSource("s", url="", clock=lambda: NOW), _ENTRIES),
    "journals/nature": ("*", FeedSource("s", url="", clock=lambda: NOW), _ENTRIES),
    "journals/pubmed-and-others": ("*", FeedSource("s", url="", clock=lambda: NOW), _ENTRIES),
    "journals/pubmed-and-others: efetch": (
        "pubmed-article.xml",
        PubMedSource("s", query="x"),
        elements("PubmedArticle"),
    ),
    "huggingface-daily": ("*.json", HuggingFaceSource("s"), daily_papers),
    "huggingface-listing": ("*.txt", ListingSource("s", url=""), long_lines),
}


def row(data: Path, name: str) -> Row:
    """Read every recorded file of a folder with the source it is of."""
    pattern, source, count = FOLDERS[name]
    folder, _, part = name.partition(": ")
    files = sorted(f for f in (data / folder).glob(pattern) if f.is_file() and (part or f.name not in _SPECIAL))
    rejected: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    entries = papers = doubles = 0
    for file in files:
        content = file.read_bytes()
        there = count(content)
        entries += there
        try:
            parsed = source.parse(content, url=file.name)
        except SourceError as error:
            refused[kind(str(error))] += there
            continue
        papers += len(parsed.records)
        doubles += len(parsed.records) - len(resolve(parsed.records, ()).papers)
        rejected.update(kind(r.reason) for r in parsed.rejected)
    return Row(
        folder=name,
        files=len(files),
        entries=entries,
        papers=papers,
        doubles=doubles,
        rejected=rejected,
        refused=refused,
    )


def table(data: Path) -> str:
    """The rows, with why entries and papers differ."""
    head = (
        f"{'folder':<34} {'files':>5} {'entries':>7} {'papers':>7} {'doubles':>7} {'rejected':>8} {'refused':>7}  why"
    )
    out = [head]
    for name in FOLDERS:
        this = row(data, name)
        why = [f"{n} {reason}" for reason, n in this.rejected.items()]
        why += [f"{n} in a file that {reason}" for reason, n in this.refused.items()]
        why += [f"{this.unexplained} UNEXPLAINED"] if this.unexplained else []
        out.append(
            f"{this.folder:<34} {this.files:>5} {this.entries:>7} {this.papers:>7} {this.doubles:>7} "
            f"{sum(this.rejected.values()):>8} {sum(this.refused.values()):>7}  {'; '.join(why)}"
        )
    return "\n".join(out)
