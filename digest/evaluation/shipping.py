"""How large is what was trained and ships with the package."""

from __future__ import annotations

from typing import Final

from digest import assets
from digest.evaluation.figures import Figure

PART: Final = "shipped"
_NOT_TRAINED: Final = "README.md"


def sizes() -> tuple[Figure, ...]:
    """The size of each trained file, by name."""
    folder = assets.shipped("trained")
    return tuple(
        Figure(
            part=PART,
            data="trained",
            name=path.name,
            value=path.stat().st_size / 1e6,
            unit="MB",
            of=1,
            higher_is_better=False,
        )
        for path in sorted(folder.iterdir())
        if path.is_file() and path.name != _NOT_TRAINED
    )
