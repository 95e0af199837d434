"""How well papers that are one are found, and what finding them costs: `python -m tests.bench.duplicates [KNOWN]`.

The labelled sets and the recorded lists are not part of the repository; without them there is nothing to measure.
"""

from __future__ import annotations

import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from digest.core.errors import DigestError
from digest.core.identity.ids import title_key
from digest.core.identity.likeness import likeness, same_work
from digest.core.identity.sketch import are_strangers, sketch, tells_up_to
from digest.core.identity.titles import are_of_a_series, title_difference
from digest.core.models import Paper, PaperId, Record
from digest.evaluation.duplicates import measure as measure_sets
from tests.conftest import REAL_DATA, ROOT

KNOWN = 1_000_000
IN_A_DAY = 1_500
_DAY = date(2026, 6, 3)


def main() -> None:
    """Print how well, then how fast."""
    if not REAL_DATA.is_dir():
        sys.exit(f"recorded lists are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    labelled_sets()
    arxiv_and_hugging_face()
    arxiv_alone()
    revised_and_renamed()
    of_one_team()
    finding(int(sys.argv[1]) if len(sys.argv) > 1 else KNOWN)


# -- how well


def labelled_sets() -> None:
    """Citations that people have matched: titles, authors and years, no abstracts."""
    for figure in measure_sets(REAL_DATA / "eval"):
        print(f"{figure.data}: {figure.name} {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})")


def _quality(right: int, wrong: int, missed: int) -> str:
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} ({right} right, {wrong} wrong, {missed} missed)"


def arxiv_and_hugging_face() -> None:
    """Two sources' words on the same papers, their ids hidden: the truth is the arXiv id."""
    arxiv, others = arxiv_papers(), hugging_face_papers()
    for name, change in (
        ("all they say", {}),
        ("Hugging Face without authors", {"authors": ()}),
        ("Hugging Face without abstracts", {"abstract": ""}),
    ):
        pairs = joined([*arxiv, *(replace(p, **change) for p in others)])
        crossing = [(a, b) for a, b in pairs if (a < len(arxiv)) != (b < len(arxiv))]
        ids = [p.id for p in (*arxiv, *others)]
        right = sum(ids[a] == ids[b] for a, b in crossing)
        shared = len({p.id for p in arxiv} & {p.id for p in others})
        print(
            f"arXiv ({len(arxiv):,}) x Hugging Face ({len(others):,}), {name}: "
            f"{_quality(right, len(crossing) - right, shared - right)}"
        )


def arxiv_alone() -> None:
    """Papers of different ids, their ids hidden: each join is wrong, or two submissions of one paper."""
    papers = arxiv_papers()
    for name, change in (("all they say", {}), ("abstracts hidden", {"abstract": ""}), ("no authors", {"authors": ()})):
        pairs = joined([replace(p, **change) for p in papers])
        print(f"arXiv alone, {name}: {len(pairs)} of {len(papers) * (len(papers) - 1) // 2:,} pairs joined")
        for a, b in pairs:
            print(f"    {papers[a].id} {papers[a].title}\n    {papers[b].id} {papers[b].title}")


def revised_and_renamed() -> None:
    """Two versions of one abstract, as its authors revised it, under two titles, their ids hidden."""
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one, other in map(_hidden, revisions()):
        tenths = int(10 * likeness(one.abstract, other.abstract))
        is_found = bool(sketch(one).sought & sketch(other).kept)
        outcome = {"pairs": 1, "joined": int(same_work(one, other) is not None), "found": int(is_found)}
        for band in (f"{tenths}0 %", "all in all", "all from 10 %" if tenths else "below 10 %"):
            outcomes[band].update(outcome)
    for band, count in sorted(outcomes.items()):
        print(
            f"revised and renamed, alike {band}: {count['pairs']} pairs, {count['joined']} joined, "
            f"{count['found']} found by sketches"
        )


def of_one_team() -> None:
    """Different papers that share an author or eight shingles, their ids hidden, whether sketches find them or not."""
    papers = {p.id: p for p in recorded() if p.authors and len(p.abstract.split()) >= 45}
    hidden = _hidden(papers.values())
    holders, by_author = defaultdict[int, list[int]](list), defaultdict[str, list[int]](list)
    for n, one in enumerate(hidden):
        words = one.abstract.casefold().split()
        for shingle in {hash(five) for five in zip(*(words[i:] for i in range(5)), strict=False)}:
            holders[shingle].append(n)
        for name in set(one.authors):
            by_author[name.casefold()].append(n)
    teams = {pair for some in by_author.values() for pair in itertools.combinations(some, 2)}
    common = Counter(pair for some in holders.values() if len(some) <= 12 for pair in itertools.combinations(some, 2))
    print(f"different papers: {len(hidden):,}, {len(teams):,} pairs share an author, {len(common):,} a shingle")
    for a, b in sorted(teams | {pair for pair, n in common.items() if n >= 8}):
        if why := same_work(hidden[a], hidden[b]):
            print(f"    {why}\n        {hidden[a].title}\n        {hidden[b].title}")


def revisions() -> list[tuple[Paper, Paper]]:
    """Texts of one paper that differ, long enough to speak, under titles that do not tell that it is one."""
    texts: defaultdict[PaperId, dict[str, Paper]] = defaultdict(dict)
    for one in recorded():
        if len(one.abstract.split()) >= 45:
            texts[one.id].setdefault(title_key(one.abstract), one)
    pairs = [pair for some in texts.values() for pair in itertools.combinations(some.values(), 2)]
    return [(a, b if _differ(a.title, b.title) else replace(b, title=_renamed(b.title))) for a, b in pairs]


def _differ(a: str, b: str) -> bool:
    return title_difference(a, b) is None and not are_of_a_series(a, b)


def _renamed(title: str) -> str:
    """The title's end before its beginning, as "Sand: where it goes" may become "Where it goes, and what of sand"."""
    words = title.replace(":", "").split()
    half = len(words) // 2
    return " ".join(("Towards", *words[half:], "of", *words[:half]))


def recorded() -> Iterable[Paper]:
    """Every text of every paper of arXiv that was recorded, as often as it was."""
    from digest.sources.arxiv.source import ArxivSource

    source = ArxivSource("arXiv", categories=["cs.LG"])
    for folder in ("arxiv-versions", "arxiv-rss", "arxiv-rss1", "arxiv-api", "arxiv-oai"):
        for path in sorted((REAL_DATA / folder).glob("*.xml")):
            with suppress(DigestError):
                yield from (record.paper for record in source.parse(path.read_bytes(), url=path.as_uri()).records)
    for path in sorted((REAL_DATA / "arxiv-announce").glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")).get("papers", ()):
            yield _paper(row["arxiv_id"], row["title"], row["abstract"], row["authors"])
    yield from arxiv_papers()
    yield from hugging_face_papers()


def _hidden(papers: Iterable[Paper]) -> list[Paper]:
    return [replace(p, id=PaperId(f"openreview:{n}"), aliases=()) for n, p in enumerate(papers)]


def joined(papers: list[Paper]) -> list[tuple[int, int]]:
    """The pairs that are found and joined by their words alone."""
    hidden = _hidden(papers)
    titles, holders = defaultdict[str, list[int]](list), defaultdict[int, list[int]](list)
    for n, one in enumerate(hidden):
        titles[title_key(one.title)].append(n)
        for key in sketch(one).kept:
            holders[key].append(n)
    found = {pair for some in titles.values() if len(some) <= 50 for pair in itertools.combinations(some, 2)}
    for n, one in enumerate(hidden):
        for key in sketch(one).sought:
            others = holders.get(key, ())
            if len(others) <= tells_up_to(key):
                found |= {
                    (min(n, m), max(n, m))
                    for m in others
                    if m != n and not are_strangers(one.authors, hidden[m].authors)
                }
    return sorted(pair for pair in found if same_work(hidden[pair[0]], hidden[pair[1]]))


def arxiv_papers(most: int = 1_000_000) -> list[Paper]:
    papers: dict[str, Paper] = {}
    for path in sorted((REAL_DATA / "arxiv-days").glob("*.jsonl")):
        for row in map(json.loads, filter(None, path.read_text(encoding="utf-8").split("\n"))):
            if len(papers) < most:
                papers.setdefault(row["id"], _paper(row["id"], row["title"], row["summary"], row["authors"]))
    return list(papers.values())


def hugging_face_papers() -> list[Paper]:
    from digest.sources.huggingface import HuggingFaceSource

    source = HuggingFaceSource("Hugging Face")
    papers: dict[str, Paper] = {}
    for path in sorted((REAL_DATA / "huggingface-daily").glob("2026-*.json")):
        for record in source.parse(path.read_bytes(), url=path.as_uri()).records:
            papers.setdefault(record.paper.id, record.paper)
    return list(papers.values())


def _paper(arxiv: str, title: str, abstract: str, authors: Iterable[str]) -> Paper:
    title, abstract = " ".join(title.split()), " ".join(abstract.split())
    url = f"https://arxiv.org/abs/{arxiv}"
    return Paper(id=PaperId(f"arxiv:{arxiv}"), title=title, abstract=abstract, authors=tuple(authors), url=url)


# -- how fast


def finding(known: int) -> None:
    """Fill a store as it was before there were sketches, bring it up to date, and read a day's list into it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "digest.db"
        fill(f"sqlite:///{file}", known)
        measure(file)


def measure(file: Path) -> None:
    """Bring the store in *file* up to date, then read a day's list into it, each in a process of its own."""
    before = file.stat().st_size
    for call in ("update({0!r})", "read({0!r}, 'list')", "read({0!r}, 'again')"):
        command = f"from tests.bench import duplicates; duplicates.{call.format(f'sqlite:///{file}')}"
        subprocess.run([sys.executable, "-c", command], check=True, cwd=ROOT)
    print(f"the file had {before / 1e6:,.0f} MB and has {file.stat().st_size / 1e6:,.0f} MB")


def update(url: str) -> None:
    """Run the migrations that are missing."""
    from digest.store import SqlStore

    began, cpu = time.perf_counter(), time.process_time()
    SqlStore.open(url).close()
    print(
        f"sketches for what was there: {time.perf_counter() - began:.0f} s "
        f"(CPU {time.process_time() - cpu:.0f} s) · {_peak_mb():.0f} MB at most"
    )


def fill(url: str, known: int, *, at_once: int = 5_000) -> None:
    """Make a store that knows so many generated papers and no sketches."""
    from sqlalchemy import create_engine, insert

    from digest.store import SqlStore, tables
    from digest.store.migrations import MIGRATIONS

    SqlStore.open(url, steps=[step for step in MIGRATIONS if step.version < 3]).close()
    engine = create_engine(url)
    texts = _Texts(arxiv_papers())
    for start in range(0, known, at_once):
        papers = [row(texts.paper(n), n + 1) for n in range(start, min(start + at_once, known))]
        ids = [{"id": p["id"], "paper_pk": p["pk"], "reason": "its own id", "since": _DAY} for p in papers]
        with engine.begin() as connection:
            connection.execute(insert(tables.paper), papers)
            connection.execute(insert(tables.alias), ids)
    engine.dispose()


def row(one: Paper, pk: int) -> dict[str, Any]:
    """A paper as a row of the table."""
    names = [field.name for field in fields(one) if field.name != "aliases"]
    return {
        **{name: getattr(one, name) for name in names},
        "pk": pk,
        "title_key": title_key(one.title),
        "first_seen": _DAY,
    }


class _Texts:
    """Papers that read like real ones from afar: each word is one that followed the word before it somewhere.

    With two words before it, they would be cut out of the real ones, and far more alike than papers are.
    """

    def __init__(self, papers: list[Paper]) -> None:
        self._authors = sorted({name for p in papers for name in p.authors})
        self._following: dict[str, Mapping[str, list[str]]] = {}
        for name in ("title", "abstract"):
            following: defaultdict[str, list[str]] = defaultdict(list)
            for one in papers:
                for a, b in itertools.pairwise(["", *getattr(one, name).split(), ""]):
                    following[a].append(b)
            self._following[name] = following

    def paper(self, n: int) -> Paper:
        """The n-th of endlessly many."""
        rng = random.Random(n)
        return Paper(
            id=PaperId(f"doi:10.5555/{n}"),
            title=self._text("title", 20, rng),
            abstract=self._text("abstract", 250, rng),
            authors=tuple(rng.sample(self._authors, 4)),
            url=f"https://doi.org/10.5555/{n}",
        )

    def _text(self, name: str, most: int, rng: random.Random) -> str:
        words = [""]
        while len(words) <= most and (word := rng.choice(self._following[name][words[-1]])):
            words.append(word)
        return " ".join(words[1:]) or "untitled"


def read(url: str, part: str) -> None:
    """In a process of its own: `list` a day's papers, none known by its id, then the same `again`."""
    from digest.core.identity.resolve import lookup_keys, resolve
    from digest.store import SqlStore
    from digest.store.papers import find_known, save_papers

    papers = arxiv_papers(IN_A_DAY)
    with SqlStore.open(url) as store:
        peak = _peak_mb()
        began, cpu = time.perf_counter(), time.process_time()
        with store._write() as connection:
            known = find_known(connection, *lookup_keys([Record(paper=p) for p in papers]))
            looked = time.perf_counter() - began
            resolved = resolve([Record(paper=p) for p in papers], known).papers
            decided, found = time.perf_counter() - began, time.process_time()
            save_papers(connection, resolved, {k.pk: k.paper for k in known}, source="list", day=_DAY)
        saved, new = time.perf_counter() - began, sum(one.pk is None for one in resolved)
        print(
            f"{part}: {len(papers):,} papers, {len(papers) / (found - cpu):,.0f} a second of CPU found and decided: "
            f"looked up {len(known):,} in {looked:.2f} s, "
            f"decided after {decided:.2f} s ({new:,} new), saved after {saved:.2f} s "
            f"(CPU {time.process_time() - cpu:.2f} s) · {_peak_mb():.0f} MB at most, {peak:.0f} before"
        )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
