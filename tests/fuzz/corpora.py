"""The test files of other feed readers, many broken on purpose: what becomes of each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from digest.core.errors import SourceError
from digest.core.models import Parsed
from digest.sources.feed import FeedSource
from tests.fuzz import laws
from tests.fuzz.measure import cost
from tests.fuzz.targets import NOW, WEB


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What reading one file came to."""

    file: Path
    corpus: str
    papers: int = 0
    rejected: int = 0
    refused: str | None = None
    """The sentence."""
    seconds: float
    megabytes: float


def outcomes(folder: Path) -> Iterator[Outcome]:
    """Read every file below *folder* as a feed.

    Raises:
        BrokenLawError: A paper cannot go on its way, or a refusal is no sentence.
    """
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        content = file.read_bytes()
        said: list[Parsed | SourceError] = []

        def read(content: bytes = content, said: list[Parsed | SourceError] = said) -> None:
            said.append(answer(content))

        seconds, megabytes = cost(read)
        yield _outcome(file, file.relative_to(folder).parts[0], said[0], seconds, megabytes)


def answer(content: bytes) -> Parsed | SourceError:
    """What a feed says, or why it can't be read."""
    try:
        return FeedSource("corpus", url=WEB, clock=lambda: NOW).parse(content, url=WEB)
    except SourceError as error:
        return error


def _outcome(file: Path, corpus: str, answer: Parsed | SourceError, seconds: float, megabytes: float) -> Outcome:
    if isinstance(answer, SourceError):
        laws.check_error(answer)
        return Outcome(file=file, corpus=corpus, refused=str(answer), seconds=seconds, megabytes=megabytes)
    laws.check(answer, url=WEB)
    return Outcome(
        file=file,
        corpus=corpus,
        papers=len(answer.records),
        rejected=len(answer.rejected),
        seconds=seconds,
        megabytes=megabytes,
    )


def table(found: Sequence[Outcome]) -> str:
    """The outcomes by corpus, and below it why files were refused."""
    lines = [
        f"{'corpus':<12} {'files':>6} {'parsed':>7} {'refused':>8} {'papers':>7} {'rejected':>9} {'ms':>6} {'MB':>6}"
    ]
    for corpus in (*sorted({o.corpus for o in found}), "all"):
        these = [o for o in found if corpus in (o.corpus, "all")]
        parsed = [o for o in these if o.refused is None]
        lines.append(
            f"{corpus:<12} {len(these):>6} {len(parsed):>7} {len(these) - len(parsed):>8} "
            f"{sum(o.papers for o in these):>7} {sum(o.rejected for o in these):>9} "
            f"{max(o.seconds for o in these) * 1000:>6.0f} {max(o.megabytes for o in these):>6.1f}"
        )
    reasons = Counter(kind(o.refused) for o in found if o.refused is not None)
    return "\n".join([*lines, "", "refused because it", *(f"{n:>6}  {reason}" for reason, n in reasons.most_common())])


def kind(sentence: str) -> str:
    """The sentence without what is one file's own."""
    return re.sub(r"\d+", "n", re.sub(r"(['“]).*['”]", "…", re.sub(r"\(.*\)", "(…)", sentence)))
