"""Trains the classifier of topics: `python -m digest.training topics --data FOLDER`.

    papers ──► tf-idf of words and pairs ──► the words that tell categories apart
           ──► two models over them, a support vector machine and the mean paper of each category, added into one
           ──► one byte a weight ──► the file that `digest.core.classifier` reads

The machine alone forgets small categories, the means alone forget how frequent large ones are; their sum is better than
either. How well it goes is measured on the latest papers by a twin that has not seen them, and noted in the file.

`python -m digest.training.topics --ablate --data FOLDER` prints what each of these steps brings.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import optimize, sparse, special
from sklearn.feature_selection import chi2
from sklearn.svm import LinearSVC

from digest.core.classifier import FORMAT, MOST_WORDS, Classifier, counts, tf
from digest.evaluation.figures import Figure
from digest.evaluation.sets import CategoryPaper, read_categories
from digest.evaluation.topics import judge

SET: Final = "topics/arxiv-before-2310"
COMMAND: Final = "python -m digest.training topics --data FOLDER"
EARLY: Final = 0.8
"""The twin is trained on this share of the papers, the earliest, and measured on the others."""
FEWEST_PAPERS: Final = 30
"""Categories with fewer are left out: nothing can be learned of them."""
_SEED: Final = 20_261_120


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was chosen by time: trained on the papers before a month, tried on those of the two months from it on."""

    words: int = 20_000
    """Those that differ most between categories, by chi-squared."""
    fewest: int = 3
    """Words of fewer papers are left out."""
    pairs: bool = True
    cost: float = 0.7
    """Of the support vector machine: C."""
    machine: float = 3.7
    means: float = 26.0
    """What each model's scores are multiplied by: about one over their spread within a paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained model in full precision."""

    words: tuple[str, ...]
    """Sorted."""
    categories: tuple[str, ...]
    """Sorted."""
    idf: Any
    weights: Any
    """One row for each word, one column for each category; for a row of tf-idf of length 1."""
    intercepts: Any

    def scores(self, papers: Sequence[CategoryPaper]) -> Any:
        """One row for each paper, one column for each category."""
        rows = matrix([counts(p.title, p.abstract) for p in papers], self.words, self.idf)
        return np.asarray(rows @ self.weights + self.intercepts)


def train(data: Path) -> bytes:
    """The trained file, from the arXiv papers of *data*. Twice from the same papers: the same bytes."""
    papers = ordered(read_categories(data / f"{SET}.jsonl"))
    settings = Settings()
    categories = learnable(papers)
    early, late = split(papers)
    twin = fit(early, categories, settings)
    factor = calibrate(twin, late)
    # This factor is all that the twin learns of the later papers.
    figures = judge(Classifier.parse(pack(twin, factor)), late, data=SET)
    return pack(fit(papers, categories, settings), factor, about(papers, early, late, figures))


def learnable(papers: Sequence[CategoryPaper]) -> tuple[str, ...]:
    """The categories with enough papers, sorted."""
    per_category = Counter(paper.category for paper in papers)
    return tuple(sorted(name for name, count in per_category.items() if count >= FEWEST_PAPERS))


def ordered(papers: Sequence[CategoryPaper]) -> list[CategoryPaper]:
    """By month and number, as arXiv's ids are."""
    return sorted(papers, key=lambda paper: paper.id)


def split(papers: Sequence[CategoryPaper]) -> tuple[list[CategoryPaper], list[CategoryPaper]]:
    """The earlier papers and the later ones; no month is in both."""
    month = papers[int(EARLY * len(papers))].id[:4]
    return [p for p in papers if p.id[:4] < month], [p for p in papers if p.id[:4] >= month]


def about(
    papers: Sequence[CategoryPaper],
    early: Sequence[CategoryPaper],
    late: Sequence[CategoryPaper],
    figures: Sequence[Figure],
) -> dict[str, Any]:
    """What the file says of itself."""
    return {
        "note": f"Weights of a linear classifier of arXiv papers, made by `{COMMAND}` from {len(papers):,} titles and"
        f" abstracts of {SET}. held_out: {len(late):,} papers from {late[0].id[:4]} on, by a twin that was trained on"
        f" the {len(early):,} before.",
        "trained_on": SET,
        "held_out": [_noted(one) for one in figures],
    }


def _noted(figure: Figure) -> dict[str, Any]:
    figure = replace(figure, name=f"{figure.name}, held out")
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(figure).items()}


def matrix(found: Sequence[Counter[str]], words: Sequence[str], idf: Any) -> Any:
    """One row of tf-idf for each paper, of length 1 where there is any known word."""
    column = {word: at for at, word in enumerate(words)}
    starts, columns, values = [0], [], []
    for paper in found:
        known = [(column[word], tf(count)) for word, count in paper.items() if word in column]
        columns += [at for at, _ in known]
        values += [weight for _, weight in known]
        starts.append(len(columns))
    rows = sparse.csr_matrix((np.array(values, dtype=float), columns, starts), shape=(len(found), len(words)))
    rows.sort_indices()
    rows = rows @ sparse.diags(idf)
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1)).A1
    return (sparse.diags(1 / np.where(lengths == 0, 1, lengths)) @ rows).tocsr()


def fit(papers: Sequence[CategoryPaper], categories: Collection[str], settings: Settings) -> Fitted:
    """Learn to tell *categories* apart from *papers*."""
    papers = [paper for paper in papers if paper.category in categories]
    found = [counts(paper.title, paper.abstract) for paper in papers]
    labels = np.array([paper.category for paper in papers])
    in_papers = Counter(word for paper in found for word in paper)
    words = sorted(w for w, n in in_papers.items() if n >= settings.fewest and (settings.pairs or " " not in w))
    idf = _idf(words, in_papers, len(papers))
    telling = chi2(matrix(found, words, idf), labels)[0]
    best = sorted(np.argsort(-telling, kind="stable")[: min(settings.words, MOST_WORDS)])
    words = [words[at] for at in best]
    idf = idf[best]
    rows = matrix(found, words, idf)
    machine = LinearSVC(C=settings.cost, random_state=_SEED).fit(rows, labels)
    means = np.vstack([rows[labels == name].mean(axis=0).A1 for name in machine.classes_])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return Fitted(
        words=tuple(words),
        categories=tuple(map(str, machine.classes_)),
        idf=idf,
        weights=(settings.machine * machine.coef_ + settings.means * means).T,
        intercepts=settings.machine * machine.intercept_,
    )


def _idf(words: Sequence[str], in_papers: Counter[str], papers: int) -> Any:
    return np.array([np.log((1 + papers) / (1 + in_papers[word])) + 1 for word in words])


def calibrate(fitted: Fitted, papers: Sequence[CategoryPaper]) -> float:
    """What the scores are multiplied by, so that what gets the probability 0.8 is right eight times in ten."""
    papers = [paper for paper in papers if paper.category in fitted.categories]
    scores = fitted.scores(papers)
    right = [fitted.categories.index(paper.category) for paper in papers]

    def surprise(factor: float) -> float:
        return -float(np.mean(special.log_softmax(factor * scores, axis=1)[np.arange(len(papers)), right]))

    return round(float(optimize.minimize_scalar(surprise, bounds=(0.05, 20), method="bounded").x), 2)


def pack(fitted: Fitted, factor: float, notes: dict[str, Any] | None = None) -> bytes:
    """The file; *factor* as `calibrate` gives it."""
    # What all categories have in common changes no probability, and would cost precision.
    weights = factor * fitted.idf[:, None] * fitted.weights
    weights -= weights.mean(axis=1, keepdims=True)
    lengths = fitted.idf**2
    weight_step = float(f"{np.quantile(np.abs(weights), 0.9995) / 127:.4g}")
    length_step = float(f"{lengths.max() / 255:.4g}")
    head = {
        **(notes or {}),
        "format": FORMAT,
        "categories": fitted.categories,
        "intercepts": [round(float(value), 3) for value in factor * fitted.intercepts],
        "weight_step": weight_step,
        "length_step": length_step,
    }
    lanes = np.clip(np.round(weights / weight_step) + 128, 0, 255).astype(np.uint8)
    squares = np.clip(np.round(lengths / length_step), 1, 255).astype(np.uint8)
    body = "\n".join(fitted.words).encode() + b"\n\n" + lanes.T.tobytes() + squares.tobytes()
    return json.dumps(head).encode() + b"\n" + zlib.compress(body, 9)


# -- what each step brings


def ablate(data: Path) -> None:
    """Print how well it goes without each step, on the later papers, trained on the earlier ones."""
    papers = ordered(read_categories(data / f"{SET}.jsonl"))
    categories = learnable(papers)
    early, late = ([p for p in part if p.category in categories] for part in split(papers))
    whole = Settings()
    for name, settings in {
        "as shipped": whole,
        "words alone, no pairs": replace(whole, pairs=False),
        "5,000 words": replace(whole, words=5_000),
        "10,000 words": replace(whole, words=10_000),
        "40,000 words": replace(whole, words=40_000),
        "support vector machine alone": replace(whole, means=0.0),
        "means alone": replace(whole, machine=0.0),
    }.items():
        _show(name, early, late, settings)
    _show("titles alone", [replace(p, abstract="") for p in early], [replace(p, abstract="") for p in late], whole)
    _show("abstracts alone", [replace(p, title="") for p in early], [replace(p, title="") for p in late], whole)
    _show("trained on both, asked with titles alone", early, [replace(p, abstract="") for p in late], whole)
    _show_unrounded(early, late, whole)


def _show(name: str, early: list[CategoryPaper], late: list[CategoryPaper], settings: Settings) -> None:
    fitted = fit(early, {p.category for p in early}, settings)
    content = pack(fitted, calibrate(fitted, late))
    figures = judge(Classifier.parse(content), late, data=SET)
    told = "  ".join(f"{one.name} {one.value:.4f}" for one in figures[:4])
    print(f"{name:42} {told}  {len(content) / 1e6:.2f} MB", flush=True)


def _show_unrounded(early: list[CategoryPaper], late: list[CategoryPaper], settings: Settings) -> None:
    fitted = fit(early, {p.category for p in early}, settings)
    order = np.argsort(-fitted.scores(late), axis=1, kind="stable")
    right = np.array([fitted.categories.index(paper.category) for paper in late])[:, None]
    first, three = ((order[:, :most] == right).any(axis=1).mean() for most in (1, 3))
    print(f"{'weights in full precision':42} top-1 {first:.4f}  top-3 {three:.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m digest.training.topics", description=ablate.__doc__)
    parser.add_argument("--ablate", action="store_true", required=True, help="what this prints")
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    ablate(parser.parse_args().data)
