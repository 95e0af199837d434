"""Train the weights of observations on two citations, by which duplicates are recognised, on pairs that people matched.

    duplicates/dblp-*-train.txt ──► observations ──► logistic regression ──► `duplicates.toml`, and `evidence.WEIGHTS`

`python -m digest.training.duplicates --data FOLDER` shows how good the weights are on pairs they were not fitted to;
with `--ablate`, what each group of observations brings.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from digest.core.errors import ConfigError
from digest.core.identity import likeness
from digest.core.identity.evidence import evidence
from digest.evaluation import sets
from digest.evaluation.duplicates import Outcome, precision_recall_f1, read_pairs

NOTE: Final = """\
# How much each observation on two citations counts for their being one work (digest/core/evidence.py).
# Logistic regression on the training pairs of DBLP-ACM and DBLP-Scholar, as megagonlabs/ditto has them.
# Made by: python -m digest.training duplicates --data FOLDER
# The program reads the same table in digest/core/evidence.py: copy it there when this file changes.
"""
COST: Final = 5
"""Missed pairs that are as bad as one pair joined wrongly: a paper shown twice is a nuisance, a lost paper is not seen.
"""
_C: Final = 3.0
_FOLDS: Final = 5
_GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "nothing": (),
    "authors": ("author", "strangers"),
    "years": ("year",),
    "letters of titles": ("letters",),
    "one title within the other": ("within", "begins"),
    "an author in the title": ("author in the",),
    "brevity": ("brief",),
}
"""What is left out, by parts of the observations' names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """One set, as a table."""

    name: str
    rows: Sequence[Mapping[str, float]]
    truth: Sequence[bool]
    is_open: Sequence[bool]
    """For each pair, whether the weights decide; False: single words show already that it is two works."""


def train(data: Path) -> bytes:
    """The weights, as the file that ships.

    Raises:
        ConfigError: A set is not there, or broken.
    """
    paths = _files(data, "-train")
    if not paths:
        raise ConfigError(f"{data}/duplicates has no dblp-*-train.txt")
    weights = fit([read(path, data) for path in paths])
    lines = "".join(f'"{name}" = {weight}\n' for name, weight in sorted(weights.items()))
    return f"{NOTE}\n{lines}".encode()


def _files(data: Path, part: str) -> tuple[Path, ...]:
    return sets.files(data, f"duplicates/dblp-*{part}.txt")


def read(path: Path, data: Path) -> Pairs:
    """All pairs of a file."""
    pairs = read_pairs(path)
    return Pairs(
        name=sets.name_of(path, data),
        rows=[evidence(a, b) for a, b, _ in pairs],
        truth=[is_one for *_, is_one in pairs],
        is_open=[likeness.is_open(a, b) for a, b, _ in pairs],
    )


def fit(sets_of_pairs: Sequence[Pairs], *, without: Sequence[str] = ()) -> dict[str, float]:
    """Weights by name, rounded so that they are the same on every machine."""
    from sklearn.linear_model import LogisticRegression

    rows = [(row, truth) for one in sets_of_pairs for row, truth in _open_rows(one)]
    names = [name for name in rows[0][0] if name != "always" and not any(part in name for part in without)]
    model = LogisticRegression(C=_C, tol=1e-8, max_iter=10_000)
    model.fit(
        [[row[name] for name in names] for row, _ in rows],
        [truth for _, truth in rows],
        sample_weight=[1 if truth else COST for _, truth in rows],
    )
    found = zip(names, model.coef_[0], strict=True)
    return {"always": round(float(model.intercept_[0]), 2), **{name: round(float(w), 2) for name, w in found}}


def _open_rows(pairs: Pairs) -> Iterable[tuple[Mapping[str, float], bool]]:
    return ((row, truth) for row, truth, is_open in zip(pairs.rows, pairs.truth, pairs.is_open, strict=True) if is_open)


def judge(pairs: Pairs, weights: Mapping[str, float]) -> tuple[Outcome, ...]:
    """Return the outcome of each pair under *weights*."""
    outcomes = []
    for row, truth, is_open in zip(pairs.rows, pairs.truth, pairs.is_open, strict=True):
        joined = is_open and sum(weights.get(name, 0.0) * value for name, value in row.items()) > 0
        outcomes.append(Outcome(right=truth and joined, wrong=joined and not truth, missed=truth and not joined))
    return tuple(outcomes)


def cross_validate(trained_on: Sequence[Pairs], *, without: Sequence[str] = ()) -> dict[str, float]:
    """F1 on each set, every pair judged by weights that were fitted to the other folds."""
    outcomes: dict[str, list[Outcome]] = {one.name: [] for one in trained_on}
    for fold in range(_FOLDS):
        weights = fit([_fold(one, fold, inside=False) for one in trained_on], without=without)
        for one in trained_on:
            outcomes[one.name] += judge(_fold(one, fold, inside=True), weights)
    return {name: precision_recall_f1(found)[2] for name, found in outcomes.items()}


def _fold(pairs: Pairs, fold: int, *, inside: bool) -> Pairs:
    chosen = [n for n in range(len(pairs.rows)) if (n % _FOLDS == fold) == inside]

    def some(values: Sequence[Any]) -> list[Any]:
        return [values[n] for n in chosen]

    return Pairs(name=pairs.name, rows=some(pairs.rows), truth=some(pairs.truth), is_open=some(pairs.is_open))


def main() -> None:
    """Show F1 by cross-validation on what is trained on, and on what is not."""
    parser = argparse.ArgumentParser(prog="python -m digest.training.duplicates", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled sets")
    parser.add_argument("--ablate", action="store_true", help="leave out each group of observations in turn")
    asked = parser.parse_args()
    trained_on = [read(path, asked.data) for path in _files(asked.data, "-train")]
    kept_back = [read(path, asked.data) for path in _files(asked.data, "-valid")]
    for name, parts in _GROUPS.items() if asked.ablate else [("nothing", ())]:
        weights = fit(trained_on, without=parts)
        found = {f"{n} (cross-validated)": f1 for n, f1 in cross_validate(trained_on, without=parts).items()}
        found |= {one.name: precision_recall_f1(judge(one, weights))[2] for one in kept_back}
        print(f"without {name}: " + " · ".join(f"{n} {f1:.3f}" for n, f1 in found.items()), flush=True)


if __name__ == "__main__":
    main()
