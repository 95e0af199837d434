"""How good the program is, as a table in lines of up to 80 columns and as JSON: `digest eval`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal

from digest.cli.show.console import complain, print_line, screen
from digest.evaluation.baseline import Key, Release, Verdict, verdict, verdict_of_gain
from digest.evaluation.figures import Figure
from digest.evaluation.papers import Forecast
from digest.evaluation.run import Column, Evaluation
from digest.publish.amounts import usd
from digest.publish.phrasing import count

_WORDS: Final[dict[Verdict, str]] = {"better": "better", "worse": "worse", "other": "differs", "": ""}
_NAME: Final = 20
"""Letters of a measure's name that have a column; a longer one has a line."""

Style = Literal["", "bold", "dim", "green", "red"]
_STYLES: Final[dict[Verdict, Style]] = {"better": "green", "worse": "red", "other": "", "": ""}


@dataclass(frozen=True, slots=True)
class Line:
    """One line for a terminal or a pipe; what its style says is in its words too."""

    text: str
    style: Style = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    figure: Figure
    before: float | None
    """What it is compared with; None: there is nothing."""
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The rows of one set."""

    title: str
    writer: str
    """Who is measured: this version, or a model."""
    other: str
    """Who it is compared with: the last release, or the extract."""
    rows: tuple[_Row, ...]


def evaluation_lines(found: Evaluation, release: Release) -> list[Line]:
    """Print the table of figures, and the remarks on it."""
    groups = list(_groups(found, release))
    printed = [line for group in groups for line in _table(group)]
    changed = [row for group in groups for row in group.rows if row.verdict]
    notes = [*found.notes]
    if changed:
        notes.append("“better” and “worse” stand where the change is more than chance: 19 times in 20.")
    return [
        *printed,
        *(Line(note, "dim") for note in notes),
        *(Line(f"! left out: {trouble}") for trouble in found.troubles),
    ]


def print_evaluation(found: Evaluation, release: Release) -> None:
    """Print the table with the figures of the last release or of the extract beside it, and the remarks on it."""
    console = screen()
    for line in evaluation_lines(found, release):
        print_line(console, line.text, line.style)


def forecast_line(forecast: Forecast) -> str:
    """What asking a model will cost."""
    have = f"; {forecast.stored:,} are in the store" if forecast.stored else ""
    if forecast.likely_usd is None:
        cost = "no price is known for it"
    else:
        cost = f"about {usd(forecast.likely_usd)}, {usd(forecast.most_usd or 0.0)} at most if nothing is asked twice"
    papers, requests = count(forecast.papers, "paper"), count(forecast.requests, "request")
    return f"{forecast.model} is asked for {papers} in {requests}{have}: {cost}"


def print_forecast(forecast: Forecast) -> None:
    """What asking a model will cost, on stderr before it is asked."""
    complain(forecast_line(forecast))


def evaluation_json(found: Evaluation, release: Release, *, version: str) -> dict[str, Any]:
    """Everything, as one document."""
    extracts = _by_key(found.figures)
    return {
        "version": version,
        "release": release.version,
        "models": [column.writer for column in found.models],
        "figures": [_figure_json(f, release, found.models) for f in found.figures],
        # What only a model has: its cost.
        "costs": [
            {"model": column.writer, **_values(f)}
            for column in found.models
            for f in column.figures
            if _key(f) not in extracts
        ],
        "notes": list(found.notes),
        "left_out": list(found.troubles),
    }


def _figure_json(figure: Figure, release: Release, models: Sequence[Column]) -> dict[str, Any]:
    before = release.value_of(figure)
    document = {
        **_values(figure),
        "release": before,
        "change": None if before is None else round(figure.value - before, 6),
        "verdict": verdict(figure, before) or None,
    }
    if beside := {column.writer: _beside_json(figure, column) for column in models if _key(figure) in column.gains}:
        document["models"] = beside
    return document


def _beside_json(figure: Figure, column: Column) -> dict[str, Any]:
    """A model's figure, and the interval of how much higher it is than the extract's."""
    gain = column.gains[_key(figure)]
    return {
        **_spread(_by_key(column.figures)[_key(figure)]),
        "gain_low": _rounded(gain[0]),
        "gain_high": _rounded(gain[1]),
        "verdict": verdict_of_gain(figure, gain) or None,
    }


def _values(figure: Figure) -> dict[str, Any]:
    return {
        "part": figure.part,
        "set": figure.data,
        "name": figure.name,
        **_spread(figure),
        "unit": figure.unit or None,
        "n": figure.of,
    }


def _spread(figure: Figure) -> dict[str, float | None]:
    return {"value": _rounded(figure.value), "low": _rounded(figure.low), "high": _rounded(figure.high)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


# -- groups


def _groups(found: Evaluation, release: Release) -> Iterator[_Group]:
    """One for each set; where models were asked, one for each of them instead, beside the extract."""
    gains = {c.writer: c.gains for c in found.models}
    for place, of_it in groupby(found.figures, _place):
        figures, title = list(of_it), " · ".join(place)
        by_model = {c.writer: [f for f in c.figures if _place(f) == place] for c in found.models}
        if not any(by_model.values()):
            yield _Group(
                title=title, writer="this", other=release.version, rows=tuple(_since(f, release) for f in figures)
            )
        extracts = _by_key(figures)
        for writer, theirs in by_model.items():
            if theirs:
                rows = tuple(_beside(f, extracts.get(_key(f)), gains[writer].get(_key(f))) for f in theirs)
                yield _Group(title=f"{title} · {writer}", writer=writer, other="extract", rows=rows)


def _since(figure: Figure, release: Release) -> _Row:
    before = release.value_of(figure)
    return _Row(figure=figure, before=before, verdict=verdict(figure, before))


def _beside(figure: Figure, extract: Figure | None, gain: tuple[float, float] | None) -> _Row:
    before = extract.value if extract else None
    return _Row(figure=figure, before=before, verdict=verdict_of_gain(figure, gain) if gain else "")


def _place(figure: Figure) -> tuple[str, str]:
    return figure.part, figure.data


def _key(figure: Figure) -> Key:
    return figure.part, figure.data, figure.name


def _by_key(figures: Sequence[Figure]) -> dict[Key, Figure]:
    return {_key(f): f for f in figures}


# -- cells


def _table(group: _Group) -> Iterator[Line]:
    yield Line(group.title, "bold")
    yield Line(_cells("", _short(group.writer, 10), "95 % interval", _short(group.other, 8), "change", "", "n"), "dim")
    for row in group.rows:
        figure, before = row.figure, row.before
        spread = (
            ""
            if figure.low is None or figure.high is None
            else f"{_said(figure.low, figure)}–{_said(figure.high, figure)}"
        )
        name = figure.name
        if len(name) > _NAME:
            yield Line(f"  {name}")
            name = ""
        text = _cells(
            name,
            _said(figure.value, figure, unit=True),
            spread,
            "—" if before is None else _said(before, figure),
            "" if before is None else _change(figure.value - before, figure),
            _WORDS[row.verdict],
            f"{figure.of:,}",
        )
        yield Line(text, _STYLES[row.verdict])
    yield Line("")


def _cells(name: str, value: str, spread: str, before: str, change: str, word: str, n: str) -> str:
    return f"  {name:<21}{value:>10} {spread:>15} {before:>8} {change:>6} {word:<7}{n:>7}".rstrip()


def _short(writer: str, room: int) -> str:
    """A name in its column: of a model's, the end tells it from its kin."""
    return writer if len(writer) <= room else f"…{writer[1 - room :]}"


def _said(value: float, figure: Figure, *, unit: bool = False) -> str:
    """A number with as many places as say something."""
    if figure.unit == "USD":
        return usd(value)
    if figure.low is None and not figure.unit and figure.value.is_integer():
        return f"{value:,.0f}"
    places = 3 if abs(figure.value) <= 1 else 2
    return f"{value:.{places}f} {figure.unit}" if unit and figure.unit else f"{value:.{places}f}"


def _change(difference: float, figure: Figure) -> str:
    places = 3 if abs(figure.value) <= 1 else 2
    said = f"{difference:+.{places}f}"
    return said if float(said) else "="
