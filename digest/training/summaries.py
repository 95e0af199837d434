"""Train the weights of features by which the sentence of an extractive summary is chosen.

    papers of SciTLDR-A's training part ──► candidates (sentences × what may be left out), each with its features
                                        └─► each candidate's ROUGE against what the authors wrote ───────────────┐
    abstracts of all fields ──► candidates, each with its features                                               │
                            └─► the grade of each candidate's sentence ──────────────────────────────────────────┤
                                                 weights under which the better ones are the likelier ones ◄─────┘

`python -m digest.training.summaries --data FOLDER` cross-validates, and leaves out one group of features after another.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from digest import assets
from digest.core.extracts.cues import words
from digest.core.extracts.extractive import candidates
from digest.core.extracts.extractive import read as read_sentences
from digest.core.extracts.features import GROUPS, STOP
from digest.evaluation.abstracts import Graded, read
from digest.evaluation.rouge import Rouge, best
from digest.evaluation.sets import TldrPaper, read_tldrs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NOTE: Final = """\
What counts how much when a sentence is chosen for a summary without a model: a table for each group of features, \
which digest/core/features.py computes. Trained on {papers:,} papers of SciTLDR-A's training part (allenai/scitldr, \
Apache-2.0), whose authors wrote a summary of one sentence, and on {graded} abstracts of other fields, graded by \
reading them (digest/evaluation/abstracts.tsv). Set by hand and not learned: {by_hand}.
Made by: python -m digest.training summaries --data FOLDER
"""

BY_HAND: Final[Mapping[str, float]] = {
    "cues.asks": -0.5,
    "cues.comes_before_news": -0.5,
    "cues.introduces_its_work": 0.5,
    "cues.is_cut_off": -1.5,
    "cues.is_hollow": -0.6,
    "cues.is_on_code": -1.5,
    "cues.label_tells": 1.0,
    "cues.leads_nowhere": -0.8,
    "cues.leans_on_another": -0.4,
    "cues.points_back": -0.3,
    "length.thin": -1.0,
}
"""Weights that are not learned. The set is of one field and one kind: structured abstracts, names in titles and cut
ends are rare there; and ROUGE does not mind "this problem" without the sentence that says which, nor a sentence on what
others did, nor one of six words."""

_SPREAD: Final = 0.1
"""Difference in ROUGE (0 to 1) for which a candidate should be 2.7 times less likely than another."""
_GRADES: Final = (0.0, 0.1, 0.28, 0.35)
"""What the grades of sentences count as in ROUGE: a good sentence of an abstract has 0.35 more than a poor one."""
_GRADED_COUNTS: Final = 3.0
"""Papers of SciTLDR that a graded abstract counts as: they are a tenth as many."""
_HOLD: Final[Mapping[str, float]] = {"opens": 0.025, "words": 0.025}
_HOLD_ELSE: Final = 0.001
"""Regularization of weights of single words, which hold less for other fields than positions do."""
_SEEN_AT_LEAST: Final = 20
"""Candidates that a word or an opening must stand in to get a weight."""
_TOPIC_FROM: Final = 4
"""Titles from which a word counts as naming a topic, so that it gets no weight."""
_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A paper: its candidates' features, and how good each is."""

    features: tuple[Mapping[str, float], ...]
    gains: tuple[float, ...]
    """For each candidate how near it is to what people wrote, or how its sentence was graded: 0 to 1."""
    rouges: tuple[Rouge, ...] = ()
    """Empty for a graded abstract."""
    weight: float = 1.0
    """How many papers of SciTLDR it counts as."""


def train(data: Path) -> bytes:
    """The weights, as `Extractor.parse` reads them."""
    papers, graded = read_tldrs(data / "scitldr/A-train.jsonl"), read(data, "train")
    return write(fit((*examples(papers), *of_grades(graded)), names(papers)), papers=len(papers), graded=len(graded))


def examples(papers: Iterable[TldrPaper]) -> tuple[Example, ...]:
    """Return the examples from those *papers* whose abstract has more than one candidate."""
    found = []
    for paper in papers:
        options = candidates(paper.title, read_sentences(paper.title, paper.abstract))
        if len(options) > 1:
            rouges = tuple(best(option.variant.text, paper.references) for option in options)
            gains = tuple((r.r1 + r.r2 + r.rl) / 300 for r in rouges)
            found.append(Example(tuple(option.features for option in options), gains, rouges))
    return tuple(found)


def of_grades(abstracts: Iterable[Graded]) -> tuple[Example, ...]:
    """Return the examples from those *abstracts* that have more than one candidate."""
    found = []
    for graded in abstracts:
        options = candidates(graded.title, read_sentences(graded.title, graded.abstract))
        if len(options) > 1:
            gains = tuple(_GRADES[graded.grade(option.sentence.raw)] for option in options)
            found.append(Example(tuple(option.features for option in options), gains, weight=_GRADED_COUNTS))
    return tuple(found)


def names(papers: Iterable[TldrPaper]) -> Callable[[str], bool]:
    """Return whether a feature may get a weight: all may, except words that name topics in the titles of *papers*."""
    titles = Counter(word for paper in papers for word in set(words(paper.title)))

    def is_topic(word: str) -> bool:
        return word not in STOP and titles[word] >= _TOPIC_FROM

    def may(name: str) -> bool:
        group, _, said = name.partition(".")
        return group not in _HOLD or all(
            w in STOP or (titles[w] < _TOPIC_FROM and not w.isdigit()) for w in words(said)
        )

    return may


def fit(data: Sequence[Example], may: Callable[[str], bool]) -> dict[str, float]:
    """Weights under which the candidates of higher ROUGE are the likelier ones.

    Of each paper's candidates the model's shares are brought near to those that ROUGE gives them (a listwise softmax;
    Cao et al., "Learning to rank: from pairwise approach to listwise approach", 2007). There is one best solution, so
    that it is found again.
    """
    import numpy as np
    from scipy.optimize import minimize

    seen = Counter(name for example in data for found in example.features for name in found if may(name))
    kept = sorted(n for n, times in seen.items() if times >= _SEEN_AT_LEAST or n.partition(".")[0] not in _HOLD)
    matrix, starts = _matrix(data, kept)
    sizes = np.diff(np.append(starts, matrix.shape[0]))
    gains = np.array([gain for example in data for gain in example.gains])
    counts = np.array([example.weight for example in data])
    of_row = np.repeat(counts / counts.sum(), sizes)
    wanted = _shares(gains / _SPREAD, starts, sizes)
    hold = np.array([_HOLD.get(name.partition(".")[0], _HOLD_ELSE) for name in kept])
    given = matrix @ np.array([BY_HAND.get(name, 0.0) for name in kept])
    free = np.array([float(name not in BY_HAND) for name in kept])

    def loss(weights: Floats) -> tuple[float, Floats]:
        shares = _shares(given + matrix @ weights, starts, sizes)
        value = -(of_row * wanted * np.log(shares + 1e-300)).sum() + (hold * weights * weights).sum() / 2
        return float(value), free * (matrix.T @ (of_row * (shares - wanted)) + hold * weights)

    found = minimize(
        loss, np.zeros(len(kept)), jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-7}
    )
    return {**dict(zip(kept, map(float, found.x), strict=True)), **BY_HAND}


def _matrix(data: Sequence[Example], kept: Sequence[str]) -> tuple[Any, NDArray[np.int64]]:
    """One row for each candidate and one column for each name, and where each paper's rows start."""
    import numpy as np
    from scipy.sparse import csr_matrix

    columns = {name: i for i, name in enumerate(kept)}
    rows = [
        [(columns[name], value) for name, value in found.items() if name in columns]
        for example in data
        for found in example.features
    ]
    ends = np.cumsum([0, *map(len, rows)])
    flat = [cell for row in rows for cell in row]
    matrix = csr_matrix(([v for _, v in flat], [c for c, _ in flat], ends), shape=(len(rows), len(kept)))
    return matrix, np.cumsum([0, *(len(example.features) for example in data[:-1])])


def _shares(scores: Floats, starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Floats:
    """Softmax within each paper."""
    import numpy as np

    powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
    shares: Floats = powers / np.repeat(np.add.reduceat(powers, starts), sizes)
    return shares


def write(weights: Mapping[str, float], *, papers: int, graded: int) -> bytes:
    """TOML: the note, and a table for each group, sorted; two decimals, which hide how a machine rounds."""
    note = NOTE.format(
        papers=papers, graded=graded, by_hand=", ".join(name.partition(".")[2] for name in sorted(BY_HAND))
    )
    lines = [line for part in note.splitlines() for line in _comment(part)] + [""]
    for group in GROUPS:
        found = {n.partition(".")[2]: round(w, 2) for n, w in weights.items() if n.partition(".")[0] == group}
        lines += [
            f"[{group}]",
            *(f"{json.dumps(n, ensure_ascii=False)} = {w}" for n, w in sorted(found.items()) if w),
            "",
        ]
    return ("\n".join(lines) + assets.END).encode()


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 120, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


# --- how good it is ---------------------------------------------------------------------------------------------------


def chosen(data: Sequence[Example], weights: Mapping[str, float]) -> list[Rouge]:
    """Return the ROUGE of the candidate that the weights choose for each paper."""
    found = []
    for example in data:
        scores = [round(sum(v * weights.get(n, 0.0) for n, v in f.items()), 6) for f in example.features]
        found.append(example.rouges[scores.index(max(scores))])
    return found


def cross_validated(data: Sequence[Example], may: Callable[[str], bool]) -> list[Rouge]:
    """Return the ROUGE of the candidates chosen for papers by weights fitted to the other papers."""
    found = []
    for fold in range(_FOLDS):
        rest = [example for i, example in enumerate(data) if i % _FOLDS != fold]
        found += chosen(data[fold::_FOLDS], fit(rest, may))
    return found


def _mean(rouges: Sequence[Rouge]) -> str:
    return " / ".join(f"{sum(getattr(r, kind) for r in rouges) / len(rouges):.2f}" for kind in ("r1", "r2", "rl"))


def main() -> None:
    """Print what each group of features brings."""
    parser = argparse.ArgumentParser(prog="python -m digest.training.summaries", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    folder = parser.parse_args().data
    papers = read_tldrs(folder / "scitldr/A-train.jsonl")
    may, data = names(papers), examples(papers)
    dev = examples(read_tldrs(folder / "scitldr/A-dev.jsonl"))
    print("ROUGE-1/2/L: cross-validated on train, then on dev")
    for left_out in ("", *GROUPS):

        def kept(name: str, left_out: str = left_out) -> bool:
            return may(name) and name.partition(".")[0] != left_out

        print(f"{f'without {left_out}' if left_out else 'all':20}", _mean(cross_validated(data, kept)), end="   ")
        print(_mean(chosen(dev, {n: w for n, w in fit(data, kept).items() if kept(n)})), flush=True)


if __name__ == "__main__":
    main()
