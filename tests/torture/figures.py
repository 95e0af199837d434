"""What a trial came to: counted things, each with what it must be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One counted thing."""

    what: str
    found: Any
    wanted: str
    holds: bool

    def __str__(self) -> str:
        found = f"{self.found:.2f}" if isinstance(self.found, float) else str(self.found)
        return f"{'  ' if self.holds else '✗ '}{self.what}: {found} (wanted: {self.wanted})"


def equal(what: str, found: Any, wanted: Any) -> Figure:
    return Figure(what=what, found=found, wanted=str(wanted), holds=found == wanted)


def at_most(what: str, found: float, most: float) -> Figure:
    return Figure(what=what, found=found, wanted=f"at most {most:g}", holds=found <= most)


def at_least(what: str, found: float, least: float) -> Figure:
    return Figure(what=what, found=found, wanted=f"at least {least:g}", holds=found >= least)


def check(figures: Iterable[Figure]) -> None:
    """Fail with all figures that are not what they must be.

    Raises:
        AssertionError: There are some, or no figures at all.
    """
    found = list(figures)
    assert found, "nothing was counted"
    wrong = [str(f) for f in found if not f.holds]
    assert not wrong, "\n" + "\n".join(wrong)
