"""The acceptance tests of asking a model: the real client and the real loop against a server that misbehaves.

bad_outputs  wrong_ids  cut_off  refusals  pauses
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from digest.core.models import Paper, Summary
from digest.core.summaries.batching import Batching
from digest.core.summaries.summarize import Outcome, summarize
from digest.llm.limits import Limits
from digest.llm.openai import DEFAULTS, OpenAILLM
from tests.servers.flaky_llm import FlakyLLM, Rule, good_items, read_blocks
from tests.servers.flaky_llm.answers import ID_FAULTS, JSON_FAULTS, dumped
from tests.torture.figures import Figure, at_most, equal
from tests.torture.works import work

SYSTEM: Final = (
    "Sum up each of these research papers for busy readers in one sentence and two or three points, as the JSON object "
    '{"papers": [{"id", "tldr", "points", "topics"}]}. Each id exactly once. ' * 3
)
"""About as long as the real one."""
Entry = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Asked:
    """What came of a run."""

    outcome: Outcome
    papers: Sequence[Paper]
    journal: list[dict[str, Any]]
    took_s: float
    """By the server's clock, on which waiting takes no time."""
    error: BaseException | None = None
    waits: list[float] = field(default_factory=list)

    @property
    def by_model(self) -> int:
        return sum(s.fell_back is None for s in self.outcome.summaries.values())

    @property
    def marked(self) -> int:
        return sum(s.fell_back is not None for s in self.outcome.summaries.values())

    @property
    def wrong(self) -> list[str]:
        """Papers whose summary is not out of their own abstract, by its letters."""
        own = {p.id: _letters(p.abstract) for p in self.papers}
        return [
            i
            for i, s in self.outcome.summaries.items()
            if s.fell_back is None and not all(_letters(said) in own[i] for said in (s.tldr, *s.points))
        ]

    @property
    def tokens(self) -> int:
        return sum(e["input_tokens"] + e["output_tokens"] for e in self.journal if e["billed"])

    @property
    def identical(self) -> int:
        """Requests that were the same as an earlier one that was answered."""
        answered = Counter(e["fingerprint"] for e in self.journal if e["billed"])
        return sum(times - 1 for times in answered.values())

    @property
    def most_billed(self) -> int:
        """In how many requests that were charged the paper stood that stood in most."""
        return max(Counter(key for e in self.journal if e["billed"] for key in e["keys"]).values(), default=0)


def _letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def ask(server: FlakyLLM, papers: Sequence[Paper], *, concurrency: int = 4, **changes: Any) -> Asked:
    """One run of the loop, on the server's clock: a wait moves it on and takes no time."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        server.advance(seconds)

    def clock() -> float:
        return server.now().timestamp()

    llm = OpenAILLM(
        "test-1",
        api_key="a-key",
        base_url=server.base_url,
        concurrency=concurrency,
        timeout_s=changes.pop("timeout_s", 10.0),
        options=changes.pop("options", DEFAULTS),
        limits=Limits(monotonic=clock, now=server.now),
        now=server.now,
    )
    first, began = len(server.journal), clock()
    nonces = iter(f"{a}{b}{c}{d}" for a in "QWRT" for b in "ABCDEFGH" for c in "KLMNOP" for d in "STUVWXYZ")
    try:
        outcome = summarize(
            papers,
            llm=llm,
            system=SYSTEM,
            fold_topics=lambda words: ((), tuple(words)),
            fallback=lambda p: Summary(tldr=p.abstract.partition(". ")[0], client="extractive"),
            make_nonce=lambda: next(nonces),
            now=clock,
            sleep=sleep,
            **{"batching": Batching(tokens=12_000), "language": "en", "time_limit_s": 900.0, **changes},
        )
    finally:
        llm.close()
    took_s = clock() - began
    return Asked(outcome=outcome, papers=papers, journal=server.journal[first:], took_s=took_s, waits=waits)


def good_text(papers: Sequence[Paper]) -> str:
    """What the server answers on *papers* if nothing is wrong."""
    user = "".join(f"#{n} ABCD\n{p.title}\n{p.abstract}\n" for n, p in enumerate(papers, 1)) + "#end ABCD"
    return dumped(good_items(read_blocks(user)))


def _whole_before(text: str, at: int) -> int:
    """How many items of an answer are closed before it is cut off."""
    return text[:at].count("]}") - (1 if text[:at].endswith("]}]}") else 0)


# --- what is wrong with one answer ------------------------------------------------------------------------------------

LOST: Final = frozenset({"strings", "strings of JSON", "escaped twice", "nothing", "null", "an empty list"})
"""Faults of JSON that leave no object: their papers are asked for again."""
PARTLY_LOST: Final[Mapping[str, int]] = {"a brace lost": 2}
"""Faults that mix up two items, and no more."""


def bad_outputs(
    folder: Path, *, faults: Sequence[str] = tuple(JSON_FAULTS), cuts: int = 50, papers: int = 6
) -> Iterator[Figure]:
    """One answer is broken in each of many ways: what is whole in it is kept, and only the rest is asked again."""
    works = [work(n) for n in range(papers)]
    text = good_text(works)
    rules = {what: Rule("json", what=what, first_n=1) for what in faults}
    places = [round(len(text) * n / cuts) for n in range(1, cuts)]
    rules |= {f"cut at {at}": Rule("cut_json", at=at, first_n=1) for at in places}
    errors, thrown_away, asked_again, unfinished, wrong = [], [], [], [], []
    for name, rule in rules.items():
        if name in faults:
            whole = 0 if name in LOST else papers - PARTLY_LOST.get(name, 0)
        else:
            whole = _whole_before(text, rule.at or 0)
        with FlakyLLM(rule) as server:
            try:
                asked = ask(server, works, concurrency=1)
            except Exception as error:  # noqa: BLE001 -- that there is none is what is tried
                errors.append(f"{name}: {error!r}")
                continue
        again = Counter(key for entry in asked.journal[1:] for key in entry["keys"])
        if len(again) > papers - whole:
            thrown_away.append(f"{name}: {len(again)} of {papers - whole}")
        if any(times > 2 for times in again.values()):
            asked_again.append(name)
        if asked.by_model < papers:
            unfinished.append(f"{name}: {asked.by_model}")
        wrong += asked.wrong
    yield equal("broken answers", len(rules), len(faults) + len(places))
    yield equal("exceptions", errors, [])
    yield equal("answers of which something whole was asked again", thrown_away, [])
    yield equal("answers after which a paper was asked more than twice again", asked_again, [])
    yield equal("answers after which a paper has no model's summary", unfinished, [])
    yield equal("summaries on the wrong paper", wrong, [])


MILD: Final = ("missing", "extra", "duplicated", "swapped", "invented", "re-cased", "integers", "reversed")


def wrong_ids(folder: Path, *, faults: Sequence[str] = tuple(ID_FAULTS), batches: int = 3) -> Iterator[Figure]:
    """The first answer of each batch of 20 has its ids wrong: nothing lands on the wrong paper."""
    works = [work(n) for n in range(20 * batches)]
    with FlakyLLM() as server:
        clean = ask(server, works, concurrency=batches)
    wrong, unfinished = [], []
    dearer: dict[str, float] = {}
    for what in faults:
        with FlakyLLM(Rule("ids", what=what, first_n=batches, share=0.2)) as server:
            asked = ask(server, works, concurrency=batches)
        wrong += [f"{what}: {i}" for i in asked.wrong]
        if asked.by_model < len(works):
            unfinished.append(f"{what}: {asked.by_model}")
        dearer[what] = asked.tokens / clean.tokens
    yield equal("requests without a fault", len(clean.journal), batches)
    yield equal("summaries on the wrong paper", wrong, [])
    yield equal("faults after which a paper has no model's summary", unfinished, [])
    for what, factor in dearer.items():
        # Where half of the answers are missing or all are exchanged, they have to be paid for again.
        most = 1.25 if what in MILD else 1.75 if what == "first half" else 4.0
        yield at_most(f"tokens, as a multiple, with ids {what}", factor, most)


# --- what is wrong every time -----------------------------------------------------------------------------------------


def cut_off(
    folder: Path, *, papers: int = 20, points: Sequence[int] = (0, 5, 300, 700, 1500, 2500, 5000)
) -> Iterator[Figure]:
    """Every answer is cut off behind so many characters: no request is repeated as it was, and the rest is halved."""
    works = [work(n) for n in range(papers)]
    for at in points:
        with FlakyLLM(Rule("cut_json", at=at)) as server:
            asked = ask(server, works, concurrency=2)
        rounds = Counter(key for entry in asked.journal for key in entry["keys"])
        yield equal(f"cut off at {at}: identical requests", asked.identical, 0)
        yield equal(f"cut off at {at}: papers with a summary", asked.by_model + asked.marked, papers)
        yield at_most(f"cut off at {at}: rounds", max(rounds.values()), math.ceil(math.log2(papers)) + 1)
        longest = max(len(good_text([w])) for w in works)
        yield equal(f"cut off at {at}: papers without the model's", asked.marked if at > longest else 0, 0)


REFUSALS: Final[Mapping[str, Callable[[str], Rule]]] = {
    "prose": lambda said: Rule("prose", contains=said),
    "the field": lambda said: Rule("refuse", contains=said),
    "a filter": lambda said: Rule("finish", what="content_filter", contains=said),
    "status 400": lambda said: Rule(
        "status", status=400, contains=said, body='{"error": {"code": "content_filter", "message": "filtered"}}'
    ),
    "an empty answer": lambda said: Rule("finish", what="empty", contains=said),
}


def refusals(folder: Path, *, kinds: Sequence[str] = tuple(REFUSALS), papers: int = 20) -> Iterator[Figure]:
    """One of twenty papers is refused whatever it stands with: halving finds it, and the others lose nothing."""
    works = [work(n) for n in range(papers)]
    for kind in kinds:
        with FlakyLLM(REFUSALS[kind](works[7].title)) as server:
            asked = ask(server, works, concurrency=1)
        marked = [i for i, s in asked.outcome.summaries.items() if s.fell_back is not None]
        yield equal(f"refused by {kind}: papers marked", marked, [works[7].id])
        yield at_most(f"refused by {kind}: further requests", len(asked.journal) - 1, 11)
        yield equal(f"refused by {kind}: identical requests", asked.identical, 0)


PAUSES: Final[Mapping[str, tuple[Rule, float]]] = {
    "429, 30 s": (Rule("status", status=429, what="seconds", seconds=30, first_n=1), 30),
    "429, a date 90 s ahead": (Rule("status", status=429, what="date", seconds=90, first_n=1), 89),
    "429, an hour": (Rule("status", status=429, what="seconds", seconds=3600), 3600),
    "429, nothing said": (Rule("status", status=429, what="none", first_n=2), 0),
    "529": (Rule("status", status=529, what="none", first_n=1), 0),
    "503, 2 s in ms": (Rule("status", status=503, what="ms", seconds=2, first_n=1), 2),
    "three times 500": (Rule("status", status=500, what="none", first_n=3), 0),
    "no answer in time": (Rule("stall", first_n=2), 0),
    "no answer ever": (Rule("stall"), 0),
    "reset after the headers": (Rule("reset", what="after headers", first_n=2), 0),
    "reset every time": (Rule("reset", what="after headers"), 0),
}
"""Name → the fault, and for how many seconds after it nobody may ask again."""


def pauses(folder: Path, *, kinds: Sequence[str] = tuple(PAUSES), papers: int = 60) -> Iterator[Figure]:
    """A server that asks for a pause has it, no batch is paid for more than twice, and the run ends in its time."""
    works = [work(n) for n in range(papers)]
    for kind in kinds:
        rule, pause_s = PAUSES[kind]
        with FlakyLLM(rule) as server:
            asked = ask(server, works, concurrency=3, timeout_s=1.0 if rule.action == "stall" else 10.0)
        yield equal(f"{kind}: requests before the moment", len(_too_early(asked.journal, rule, pause_s)), 0)
        yield at_most(f"{kind}: requests that a paper was charged in", asked.most_billed, 2)
        yield at_most(f"{kind}: seconds", asked.took_s, 900)
        yield equal(f"{kind}: papers with a summary", asked.by_model + asked.marked, papers)
        if rule.first_n is not None:
            yield equal(f"{kind}: papers without the model's", asked.marked, 0)


def _too_early(journal: Sequence[Entry], rule: Rule, pause_s: float) -> list[Entry]:
    """Requests that came within the pause after a refusal, and not at the same moment as it."""
    refused = [datetime.fromisoformat(e["at"]) for e in journal if e["status"] == rule.status]
    came = [(datetime.fromisoformat(e["at"]), e) for e in journal]
    # What was on its way when the refusal came cannot be called back.
    under_way_s = min(5.0, pause_s / 2)
    return [e for at, e in came for no in refused if under_way_s < (at - no).total_seconds() < pause_s]
