"""A measured figure with its confidence interval."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")

_RESAMPLES: Final = 1000
_SEED: Final = 20_261_120
"""Seed of the resampling, always the same, so that a figure's interval changes only with the figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One cell of the table."""

    part: str
    """`summaries`, `topics`, `ranking`, `phrases`, `shares` or `duplicates`."""
    data: str
    """Which set, as a path below the folder of sets: `scitldr/A-dev`."""
    name: str
    """What was measured: `ROUGE-1`, `top-1`, `nDCG@10, five likes`, `F1`."""
    value: float
    """In `unit`. Shares and F1 go from 0 to 1, ROUGE from 0 to 100, as papers print them."""
    low: float | None = None
    """The 95 % interval over the labelled examples; None for what has none, as a size."""
    high: float | None = None
    unit: str = ""
    """Empty for a plain number; `ms`, `MB`, `USD`."""
    of: int = 0
    """How many labelled examples it is measured on."""
    higher_is_better: bool | None = True
    """None for what is neither, as a length."""


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def interval(examples: Sequence[T], statistic: Callable[[Sequence[T]], float]) -> tuple[float, float]:
    """The 95 % interval of *statistic* over *examples*, by resampling them; the same for the same examples.

    (0, 0) for no examples.
    """
    if not examples:
        return 0.0, 0.0
    draw = random.Random(_SEED)  # noqa: S311 -- sampling, not security
    found = sorted(statistic(draw.choices(examples, k=len(examples))) for _ in range(_RESAMPLES))
    return found[int(0.025 * _RESAMPLES)], found[int(0.975 * _RESAMPLES) - 1]
