"""The figures of the last release, to stand beside those of this version.

They lie in `released.json`, which `digest eval --data FOLDER --save FILE` writes when a version is released.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from digest.core.errors import ConfigError
from digest.evaluation.figures import Figure

SHIPPED: Final = Path(__file__).with_name("released.json")

Key = tuple[str, str, str]
"""Part, set and name of a figure."""
Verdict = Literal["better", "worse", "other", ""]
"""`other`: a figure that is neither good nor bad has changed. Empty: no change, or one that could be chance."""

_TIME: Final = "ms"
_NOTE: Final = "What this version measured; written by `digest eval --data FOLDER --save FILE`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What an earlier version measured."""

    version: str
    figures: Mapping[Key, tuple[float, int]]
    """Part, set and name → value, and how many examples it was measured on."""

    def value_of(self, figure: Figure) -> float | None:
        """What *figure* was then; None if it was not measured, or on other examples."""
        found = self.figures.get((figure.part, figure.data, figure.name))
        return found[0] if found is not None and found[1] == figure.of else None


def verdict(figure: Figure, before: float | None) -> Verdict:
    """Compare *figure* with its earlier value: it has changed if its interval does not hold that value."""
    if before is None or figure.low is None or figure.high is None:
        return ""
    return verdict_of_gain(figure, (figure.low - before, figure.high - before))


def verdict_of_gain(figure: Figure, gain: tuple[float, float]) -> Verdict:
    """Compare *figure* with another by *gain*, the 95 % interval of how much higher it is."""
    low, high = gain
    if low <= 0 <= high:
        return ""
    if figure.higher_is_better is None:
        return "other"
    return "better" if (low > 0) is figure.higher_is_better else "worse"


def read_release(path: Path = SHIPPED) -> Release:
    """The figures in *path*.

    Raises:
        ConfigError: It cannot be read, or is no such file.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        figures = {
            (str(one["part"]), str(one["data"]), str(one["name"])): (float(one["value"]), int(one["of"]))
            for one in document["figures"]
        }
        return Release(version=str(document["version"]), figures=figures)
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise ConfigError(f"{path}: is not a file that `digest eval --save` wrote: {exc!r}") from exc


def check_writable(path: Path) -> None:
    """Find before a long measurement that its figures could not be written down.

    Raises:
        ConfigError: There is no such folder, or it cannot be written to.
    """
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f"{path}: cannot be written; name a file in a folder that is there and may be written")


def save_release(path: Path, version: str, figures: Iterable[Figure]) -> None:
    """Write *figures* down as those of *version*. Times are left out: they are those of a machine.

    Raises:
        ConfigError: The file cannot be written.
    """
    kept = sorted((f for f in figures if f.unit != _TIME), key=lambda f: (f.part, f.data, f.name))
    rows = [{"part": f.part, "data": f.data, "name": f.name, "value": round(f.value, 4), "of": f.of} for f in kept]
    head = json.dumps({"note": _NOTE, "version": version}, ensure_ascii=False)[:-1]
    # One figure on a line: what changed from release to release can be read in a diff.
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    try:
        path.write_text(f'{head}, "figures": [\n{body}\n]}}\n', encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
