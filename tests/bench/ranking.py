"""What choosing costs: `python -m tests.bench.ranking [EDITIONS CANDIDATES]`.

Editions that share what is prepared of a day, beside editions that prepare it each for itself; and, each in a process
of its own, 1, 75 and 1,000 editions over 1,200 and 5,000 papers, and a reader with a library of 2,000. Every edition
has five interests of its own, phrases and a liked paper, out of a few hundred, and printed 300 papers lately. Papers
are those of recorded days of arXiv.
"""

from __future__ import annotations

import itertools
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date

from digest import assets
from digest.core.models import Candidate, Paper, PaperId, Signals
from digest.core.ranking.choosing import Chooser, Question
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.profile import Liked, Profile
from digest.core.ranking.relevance import Background
from tests.conftest import REAL_DATA, ROOT

_DAY = date(2026, 6, 3)
_PRINTED = 300
_LIBRARY = 2_000
_PHRASES = 4


def main() -> None:
    """Print the pair, then each size."""
    if not (REAL_DATA / "arxiv-days").is_dir():
        sys.exit(f"recorded lists are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    if len(sys.argv) == 3:
        one_size(int(sys.argv[1]), int(sys.argv[2]))
        return
    shared_or_not(editions=15, candidates=1_200)
    for candidates, editions in itertools.product((1_200, 5_000), (1, 75, 1_000)):
        subprocess.run(
            [sys.executable, "-m", "tests.bench.ranking", str(editions), str(candidates)], cwd=ROOT, check=True
        )


def shared_or_not(*, editions: int, candidates: int) -> None:
    """Compare editions that share a day with editions that do not, in turn."""
    papers, background = read_papers(), read_background()
    day = candidates_of(papers[:candidates])
    questions = [question(day, papers, seed=n) for n in range(editions)]
    ratios = []
    for _ in range(3):
        chooser = Chooser(background)
        shared = timed(lambda: [chooser.choose(q.seed, q) for q in questions])  # noqa: B023 -- called at once
        apart = timed(lambda: [Chooser(background).choose(q.seed, q) for q in questions])
        ratios.append(apart / shared)
        print(f"{editions} editions over {candidates:,}: shared {shared:.2f} s, each for itself {apart:.2f} s")
    print(f"ratio {statistics.median(ratios):.1f}")


def one_size(editions: int, candidates: int) -> None:
    """Print the time of the processor and the memory that choosing takes, without what reading papers does."""
    papers, background = read_papers(), read_background()
    day = candidates_of(papers[:candidates])
    questions = [question(day, papers, seed=n) for n in range(editions + 1)]
    chooser = Chooser(background)
    before = peak_mb()
    prepared = timed(lambda: chooser.choose("first", questions[-1]))
    memory = peak_mb() - before
    times = [timed(lambda: chooser.choose(q.seed, q)) for q in questions[:editions]]  # noqa: B023 -- called at once
    print(
        f"{editions:,} editions over {candidates:,}: day and first {prepared:.2f} s, then "
        f"{sum(times):.2f} s, median {1000 * statistics.median(times):.1f} ms; "
        f"memory {memory:.0f} MB for the day, {peak_mb() - before:.0f} MB with all",
        flush=True,
    )
    if editions > 1:
        return
    liked = tuple(Liked(paper=paper, name=paper.title, of="library.bib") for paper in papers[-_LIBRARY:])
    with_library = question(day, papers, seed=0, liked=liked)
    first = timed(lambda: chooser.choose("library", with_library))
    memory = peak_mb() - before - memory
    again = [
        timed(lambda: chooser.choose("library", question(day, papers, seed=n, liked=liked)))  # noqa: B023
        for n in range(1, 6)
    ]
    print(
        f"a library of {_LIBRARY:,} over {candidates:,}: first {first:.2f} s, then "
        f"{1000 * statistics.median(again):.0f} ms; {memory:.0f} MB",
        flush=True,
    )


def question(
    day: tuple[Candidate, ...], papers: Sequence[Paper], *, seed: int, liked: tuple[Liked, ...] = ()
) -> Question:
    """Return what one edition asks: four phrases out of titles, and a liked paper, or those that are given."""
    draw = random.Random(seed)
    titles = [paper.title.split() for paper in draw.sample(papers[:200], _PHRASES)]
    words = tuple(" ".join(title[-3:]) for title in titles)
    one = draw.choice(papers[-500:])
    return Question(
        candidates=day,
        profile=Profile(
            words=words,
            liked=liked or (Liked(paper=one, name=one.title),),
            seen=tuple(draw.sample(papers[-2_000:], _PRINTED)),
        ),
        max_papers=30,
        exploration=0.1,
        seed=f"edition {seed}",
    )


def read_papers() -> list[Paper]:
    """Return the papers of all recorded days of arXiv, each once."""
    found: dict[str, Paper] = {}
    for path in sorted((REAL_DATA / "arxiv-days").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            fields = json.loads(line)
            found[fields["id"]] = Paper(
                id=PaperId(f"arxiv:{fields['id']}"),
                title=" ".join(fields["title"].split()),
                abstract=" ".join(fields["summary"].split()),
                authors=tuple(fields["authors"]),
                categories=tuple(fields["categories"]),
            )
    return list(found.values())


def candidates_of(papers: Sequence[Paper]) -> tuple[Candidate, ...]:
    """Return papers as the candidates of one day, one in five with votes."""
    return tuple(
        Candidate(
            paper=paper,
            sources=("arXiv",),
            position=n,
            listed_on=_DAY,
            signals=Signals(upvotes=n % 97) if n % 5 == 0 else Signals(),
        )
        for n, paper in enumerate(papers)
    )


def read_background() -> Background:
    """Return the words and names that ship."""
    lexicon = Lexicon.parse(assets.shipped("synonyms.txt").read_text("utf-8"), assets.trained_text("related.txt"))
    return Background.parse(assets.trained_text("words.txt"), lexicon)


def timed(work: object) -> float:
    """Return the seconds of the processor that *work* takes."""
    began = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - began


def peak_mb() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
