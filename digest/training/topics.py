"""Train the classifier of arXiv categories: `python -m digest.training topics --data FOLDER`.

    papers ──► tf-idf of words and pairs ──► the words that tell categories apart
           ──► five linear models over them (`_MODELS`), added into one
           ──► one byte a weight ──► the file that `digest.core.topics.classifier` reads

The models make different errors: their sum is better than any of them, and costs no more when it is used. Its quality
is measured with a second model, trained without the latest papers, on these papers, and noted in the file.

`python -m digest.training.topics --ablate --data FOLDER` prints what each of these steps brings.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import optimize, sparse, special
from sklearn.feature_selection import chi2
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from digest.core.topics.classifier import FORMAT, MOST_WORDS, Classifier, counts, tf
from digest.evaluation.figures import Figure
from digest.evaluation.sets import CategoryPaper, read_categories
from digest.evaluation.topics import judge

SET: Final = "topics/arxiv-before-2310"
COMMAND: Final = "python -m digest.training topics --data FOLDER"
EARLY: Final = 0.8
"""Share of the papers, the earliest, that the second model is trained on; it is measured on the others."""
FEWEST_PAPERS: Final = 30
"""Categories with fewer are left out: nothing can be learned of them."""
_SEED: Final = 20_261_120


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Chosen by trying what is trained on the papers before 2305, 2307 and 2309 on the two months from there on."""

    words: int = 20_000
    """Those that differ most between categories, by chi-squared."""
    fewest: int = 3
    """Words of fewer papers are left out."""
    pairs: bool = True
    parts: tuple[tuple[str, float], ...] = (
        ("means", 49.0),
        ("ratios", 8.1),
        ("directions", 0.9),
        ("words", 0.67),
        ("archives", 0.39),
    )
    """Each model, and what its scores are multiplied by: one over their spread within a paper, or twice as much for the
    first three."""


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
        return self.scores_of([counts(p.title, p.abstract) for p in papers])

    def scores_of(self, found: Sequence[Counter[str]]) -> Any:
        """Do as `scores` for words that are counted already."""
        return np.asarray(matrix(found, self.words, self.idf) @ self.weights + self.intercepts)


def train(data: Path) -> bytes:
    """The trained file, from the arXiv papers of *data*. Twice from the same papers: the same bytes."""
    papers = ordered(read_categories(data / f"{SET}.jsonl"))
    settings = Settings()
    categories = learnable(papers)
    early, late = split(papers)
    twin = fit(early, categories, settings)
    sharpness = calibrate(twin, late)
    # This number is all that the twin learns of the later papers.
    figures = judge(Classifier.parse(pack(twin, sharpness)), late, data=SET)
    return pack(fit(papers, categories, settings), sharpness, about(papers, early, late, figures))


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
    """Return the notes for the first line of the file."""
    return {
        "note": f"Weights of a linear classifier of arXiv papers, made by `{COMMAND}` from {len(papers):,} titles and"
        f" abstracts of {SET}. held_out: {len(late):,} papers from {late[0].id[:4]} on, by a twin that was trained on"
        f" the {len(early):,} before; the settings of the training were chosen with an eye on these papers too.",
        "trained_on": SET,
        "held_out": [noted(one) for one in figures],
    }


def noted(figure: Figure) -> dict[str, Any]:
    """Return a figure for the first line of a trained file."""
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
    return learn(found, [paper.category for paper in papers], settings)


def learn(found: Sequence[Counter[str]], categories: Sequence[str], settings: Settings) -> Fitted:
    """Learn to tell categories apart from the words of papers, each with its category."""
    labels = np.array(categories)
    in_papers = Counter(word for paper in found for word in paper)
    words = sorted(w for w, n in in_papers.items() if n >= settings.fewest and (settings.pairs or " " not in w))
    idf = _idf(words, in_papers, len(found))
    telling = chi2(matrix(found, words, idf), labels)[0]
    best = sorted(np.argsort(-telling, kind="stable")[: min(settings.words, MOST_WORDS)])
    words = [words[at] for at in best]
    idf = idf[best]
    rows = matrix(found, words, idf)
    names = tuple(sorted(set(labels)))
    weights, intercepts = np.zeros((len(words), len(names))), np.zeros(len(names))
    # Threads add floating-point numbers up in any order; one thread gives the same bytes each time.
    with threadpool_limits(limits=1):
        for part, factor in settings.parts:
            own_weights, own_intercepts = _MODELS[part](rows, labels, names)
            weights += factor * own_weights
            intercepts += factor * own_intercepts
    return Fitted(words=tuple(words), categories=names, idf=idf, weights=weights, intercepts=intercepts)


def _means(rows: Any, labels: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """How close a paper is to the mean paper of each category (Rocchio). It alone is fair to small ones."""
    means = np.vstack([rows[labels == name].mean(axis=0).A1 for name in names])
    return (means / np.linalg.norm(means, axis=1, keepdims=True)).T, np.zeros(len(names))


def _ratios(rows: Any, labels: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """A support vector machine for each category, where each word is scaled by how much oftener it stands there.

    Wang and Manning 2012, "Baselines and bigrams": NBSVM.
    """
    present = (rows > 0).astype(float)
    weights, intercepts = [], []
    for name in names:
        inside = present[labels == name].sum(axis=0).A1 + 0.3
        outside = present[labels != name].sum(axis=0).A1 + 0.3
        ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
        machine = LinearSVC(C=0.1, random_state=_SEED).fit(rows @ sparse.diags(ratio), labels == name)
        weights.append(ratio * machine.coef_[0])
        intercepts.append(machine.intercept_[0])
    return np.array(weights).T, np.array(intercepts)


def _directions(rows: Any, labels: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """A logistic regression over the directions in which papers differ most: words that go together count as one."""
    most = min(300, *(size - 1 for size in rows.shape))
    _, _, directions = randomized_svd(rows, most, n_iter=3, random_state=_SEED)
    model = LogisticRegression(C=30, max_iter=300).fit(rows @ directions.T, labels)
    if list(model.classes_) != list(names):
        raise ValueError("the categories are not in the order of their names")
    return directions.T @ model.coef_.T, model.intercept_


def _words(rows: Any, labels: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """A logistic regression over the words themselves, where a paper of a small category counts for more."""
    return _logistic(rows, labels, names, strength=30)


def _archives(rows: Any, labels: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """A logistic regression that tells archives apart ("cs", "econ"): all categories of one have its score."""
    archives = [name.partition(".")[0] for name in names]
    known = sorted(set(archives))
    if len(known) == 1:
        return np.zeros((rows.shape[1], len(names))), np.zeros(len(names))
    weights, intercepts = _logistic(rows, np.array([label.partition(".")[0] for label in labels]), known, strength=10)
    columns = [known.index(archive) for archive in archives]
    return weights[:, columns], intercepts[columns]


def _logistic(rows: Any, labels: Any, names: Sequence[str], *, strength: float) -> tuple[Any, Any]:
    model = LogisticRegression(C=strength, max_iter=200, class_weight="balanced").fit(rows, labels)
    if list(model.classes_) != list(names):
        raise ValueError("the categories are not in the order of their names")
    if len(names) == 2:
        # One row for the second of the two.
        return np.vstack([-model.coef_[0], model.coef_[0]]).T / 2, np.array([-1, 1]) * model.intercept_[0] / 2
    return model.coef_.T, model.intercept_


_MODELS: Final[dict[str, Callable[[Any, Any, Sequence[str]], tuple[Any, Any]]]] = {
    "means": _means,
    "ratios": _ratios,
    "directions": _directions,
    "words": _words,
    "archives": _archives,
}
"""Each gives weights, a row for each word and a column for each category, and an intercept for each category."""


def _idf(words: Sequence[str], in_papers: Counter[str], papers: int) -> Any:
    return np.array([np.log((1 + papers) / (1 + in_papers[word])) + 1 for word in words])


def calibrate(fitted: Fitted, papers: Sequence[CategoryPaper]) -> float:
    """Return the sharpness at which answers with the probability 0.8 are right about eight times in ten."""
    papers = [paper for paper in papers if paper.category in fitted.categories]
    return sharpness_of(fitted.scores(papers), [fitted.categories.index(paper.category) for paper in papers])


def sharpness_of(scores: Any, right: Sequence[int]) -> float:
    """Do as `calibrate` for *scores*, a row for each paper, and the column of the right category of each."""
    scores = (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)

    def surprise(sharpness: float) -> float:
        return -float(np.mean(special.log_softmax(sharpness * scores, axis=1)[np.arange(len(right)), right]))

    return round(float(optimize.minimize_scalar(surprise, bounds=(0.05, 20), method="bounded").x), 2)


def pack(fitted: Fitted, sharpness: float, notes: dict[str, Any] | None = None) -> bytes:
    """The file that `Classifier.parse` reads, with *notes* in its first line."""
    # What all categories have in common changes no probability, and would cost precision.
    weights = fitted.idf[:, None] * fitted.weights
    weights -= weights.mean(axis=1, keepdims=True)
    lengths = fitted.idf**2
    # None is cut off: the few largest decide. Cutting off one in two thousand cost 1.3 points of top-1.
    # A category has a step of its own: one step for all cost 0.2 points of top-1.
    weight_steps = [float(f"{step:.4g}") for step in np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127]
    length_step = float(f"{lengths.max() / 255:.4g}")
    head = {
        **(notes or {}),
        "format": FORMAT,
        "categories": fitted.categories,
        "intercepts": [round(float(value), 3) for value in fitted.intercepts],
        "weight_steps": weight_steps,
        "length_step": length_step,
        "sharpness": sharpness,
    }
    lanes = np.clip(np.round(weights / np.array(weight_steps)) + 128, 0, 255).astype(np.uint8)
    squares = np.clip(np.round(lengths / length_step), 1, 255).astype(np.uint8)
    body = "\n".join(fitted.words).encode() + b"\n\n" + lanes.T.tobytes() + squares.tobytes()
    return json.dumps(head).encode() + b"\n" + zlib.compress(body, 9)


# -- what each step brings


def ablate(data: Path) -> None:
    """Print the quality without each step of the training, on the later papers, trained on the earlier ones."""
    papers = ordered(read_categories(data / f"{SET}.jsonl"))
    categories = learnable(papers)
    early, late = ([p for p in part if p.category in categories] for part in split(papers))
    titles_early, titles_late = ([replace(p, abstract="") for p in part] for part in (early, late))
    abstracts_early, abstracts_late = ([replace(p, title="") for p in part] for part in (early, late))
    whole = Settings()
    shipped = fit(early, categories, whole)
    _show("as shipped", shipped, late)
    _show_unrounded(shipped, late)
    _show("asked with titles alone", shipped, titles_late)
    _show("asked with abstracts alone", shipped, abstracts_late)
    _show("titles alone, trained so too", fit(titles_early, categories, whole), titles_late)
    _show("abstracts alone, trained so too", fit(abstracts_early, categories, whole), abstracts_late)
    for name, settings in {
        "no pairs of words": replace(whole, pairs=False),
        **{f"{part[0]} alone": replace(whole, parts=(part,)) for part in whole.parts},
        **{
            f"without {part[0]}": replace(whole, parts=tuple(o for o in whole.parts if o != part))
            for part in whole.parts
        },
        **{f"{words:,} words": replace(whole, words=words) for words in (5_000, 10_000, 40_000)},
    }.items():
        _show(name, fit(early, categories, settings), late)


def _show(name: str, fitted: Fitted, late: Sequence[CategoryPaper]) -> None:
    content = pack(fitted, calibrate(fitted, late))
    figures = judge(Classifier.parse(content), late, data=SET)
    told = "  ".join(f"{one.name} {one.value:.4f}" for one in figures[:4])
    print(f"{name:34} {told}  {len(content) / 1e6:.2f} MB", flush=True)


def _show_unrounded(fitted: Fitted, late: Sequence[CategoryPaper]) -> None:
    order = np.argsort(-fitted.scores(late), axis=1, kind="stable")
    right = np.array([fitted.categories.index(paper.category) for paper in late])[:, None]
    first, three = ((order[:, :most] == right).any(axis=1).mean() for most in (1, 3))
    print(f"{'weights in full precision':34} top-1 {first:.4f}  top-3 {three:.4f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m digest.training.topics", description=ablate.__doc__)
    parser.add_argument("--ablate", action="store_true", required=True, help="what this prints")
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    ablate(parser.parse_args().data)
