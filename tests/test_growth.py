"""Nothing takes longer than in proportion to what it reads: neither our text functions nor what they call."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, pairwise

import pytest

from digest.publish.formulas import to_mathml, to_unicode
from tests.fuzz.measure import steps
from tests.support import growth

# -- every text function


def test_every_text_function_is_fed_or_it_is_said_why_not() -> None:
    assert growth.find().unfed == ()


def test_what_is_said_of_functions_is_said_of_some_that_there_are() -> None:
    names = growth.names()

    assert [n for n in growth.HOW if not n.startswith("(") and n not in names] == []
    assert [p for p in growth.NOT_TEXT if not any(re.fullmatch(p, n) for n in names)] == []


@pytest.mark.parametrize("name", growth.find().calls)
def test_its_time_grows_no_faster_than_the_text(name: str) -> None:
    is_private = any(part.startswith("_") for part in name.split("."))

    worst = growth.growth(growth.find().calls[name], growth.TEXTS, every=8 if is_private else 3)

    assert worst.factor < growth.LINEAR, worst


@pytest.mark.parametrize(
    "grows",
    [
        lambda text: [text[place:].count("b") for place in range(len(text))],
        lambda text: re.search("a*b", text),
        lambda text: re.match("(?:a|a)*b", text),
    ],
    ids=["squared", "squared within a regular expression", "doubled with every letter"],
)
def test_what_grows_faster_is_noticed(grows: Callable[[str], object]) -> None:
    try:
        factor = growth.growth(grows, growth.of("a"), hang_s=0.5).factor
    except growth.HangError:
        factor = 99.0

    assert factor > growth.LINEAR


# -- formulas

MOST_CALLS = 5_000
"""Twice what the dearest command takes; what doubles the work of each other within itself takes tens of thousands."""


def read_by_pylatexenc() -> set[str]:
    from pylatexenc.latexwalker import get_default_latex_context_db

    known = get_default_latex_context_db()
    with_arguments = (m.macroname for m in known.iter_macro_specs() if getattr(m.args_parser, "argspec", "") != "")
    return {f"\\{name}" for name in with_arguments} | {
        f"\\begin{{{environment.environmentname}}}" for environment in known.iter_environment_specs()
    }


def read_by_latex2mathml() -> set[str]:
    from latex2mathml import commands

    tables = chain(commands.COMMANDS_WITH_ONE_PARAMETER, commands.COMMANDS_WITH_TWO_PARAMETERS, commands.CONVERSION_MAP)
    others = (value for value in vars(commands).values() if isinstance(value, str))
    return {name for name in chain(tables, others) if re.fullmatch(r"\\[A-Za-z]+", name)}


def nested(command: str, arguments: str, *, closed: bool) -> str:
    """*command* eight times within itself."""
    end = {"{": "}", "[": "]"}[arguments[-1]]
    end += command.replace("begin", "end") if command.startswith("\\begin") else ""
    return f"${(command + arguments) * 8}x{end * 8 * closed}$"


@pytest.mark.parametrize("arguments", ["{", "[", "{}{}{", "[x]{"])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize(("draw", "commands"), [(to_unicode, read_by_pylatexenc), (to_mathml, read_by_latex2mathml)])
def test_no_command_within_itself_doubles_the_work(
    draw: Callable[[str], str], commands: Callable[[], set[str]], arguments: str, closed: bool
) -> None:
    draw("$x$")  # imports, and reads the tables of the libraries

    calls = {name: steps(lambda n=name: draw(nested(n, arguments, closed=closed))) for name in commands()}  # type: ignore[misc]

    assert len(calls) > 150
    assert {name: n for name, n in calls.items() if n > MOST_CALLS} == {}


@pytest.mark.parametrize(
    "tex",
    [
        r"\sqrt[" * 24,
        r"\frac{" * 30,
        r"\xrightarrow[\cite[" * 12,
        r"\begin{array}[" * 24,
        r"\sideset{}{}{" * 24 + "x" + "}" * 24,
        "".join(rf"\def\{a}{{{{\{b}}}{{\{b}}}}}" for a, b in pairwise("abcdefghijklmnopqrstuvwxyz")) + r"\a",
        r"\newcommand{\a}{{\b}{\b}}\newcommand{\b}{{\a}{\a}}\a",
        "{" * 390,
        r"\left(" * 60,
    ],
)
def test_a_formula_that_would_take_a_library_for_ever_stands_there_as_it_was_written(tex: str) -> None:
    assert steps(lambda: to_mathml(f"a ${tex}$ b")) < 4 * MOST_CALLS
    assert to_mathml(f"a ${tex}$ b") == f"a <code>{tex}</code> b"
    assert steps(lambda: to_unicode(f"a ${tex}$ c")) < 4 * MOST_CALLS
