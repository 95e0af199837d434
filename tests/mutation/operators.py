"""The ways to break a module: those of cosmic-ray that stand for a slip of the hand, and a line or a handler left out.

Of cosmic-ray's own those are missing that make what nobody writes by mistake: `<<` for `+`, `is` for `<`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator

_COMPARISONS: Final = (
    *("Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
    *("Is_IsNot", "IsNot_Is"),
)
_SUMS: Final = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "BitOr_BitAnd", "BitAnd_BitOr")
_NAMES: Final = (
    *(f"ReplaceComparisonOperator_{pair}" for pair in _COMPARISONS),
    *(f"ReplaceBinaryOperator_{pair}" for pair in _SUMS),
    *("ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd"),
    *("NumberReplacer", "ZeroIterationForLoop", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
)
_LINES: Final = frozenset({"expr_stmt", "return_stmt", "raise_stmt", "atom_expr", "del_stmt", "yield_expr"})


class DropLine(Operator):
    """Leaves one statement of a function out: `pass` stands in its place."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """The statements of functions that do something; docstrings, imports and bare declarations don't."""
        if node.type != "simple_stmt":
            return
        statement = node.children[0]
        declares = statement.type == "expr_stmt" and statement.children[1].type == "annassign"
        if statement.type in _LINES and not declares and parso.tree.search_ancestor(node, "funcdef"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put `pass` in the place of the statement."""
        statement = node.children[0]
        node.children[0] = parso.parse(statement.get_first_leaf().prefix + "pass")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """What it makes of a line."""
        return (Example("def f():\n    a()\n", "def f():\n    pass\n"),)


class DropHandler(Operator):
    """Makes an `except` catch nothing."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        """Each `except` that names what it catches."""
        if node.type == "except_clause":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put `()` in the place of the classes."""
        node.children[1] = parso.parse(" ()")
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """What it makes of a handler."""
        return (Example("try: a()\nexcept OSError: pass", "try: a()\nexcept (): pass"),)


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One way to break one place of a module."""

    line: int
    """Counted from 1."""
    operator: str
    occurrence: int

    def code(self, source: str) -> str:
        """The whole module, broken; *source* itself where the operator leads to nothing."""
        return mutate_code(source, _operators()[self.operator], self.occurrence) or source


def sample(source: str, *, size: int, seed: str) -> list[Mutant]:
    """*size* ways to break *source*, chosen by *seed*, in the order of its lines; fewer where there are not so many."""
    chosen = []
    places = sorted(_places(source))
    random.Random(seed).shuffle(places)
    for place in places:
        if len(chosen) == size:
            break
        if place.code(source) != source:
            chosen.append(place)
    return sorted(chosen)


def _places(source: str) -> Iterator[Mutant]:
    tree = get_ast(source)
    for name, operator in _operators().items():
        positions = ((node, start) for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node))
        for occurrence, (node, start) in enumerate(positions):
            if not (_is_annotation(node) or _is_bare_star(node)):
                yield Mutant(start[0], name, occurrence)


def _is_annotation(node: Any) -> bool:
    """Whether nobody ever evaluates it."""
    while node.parent is not None:
        above = node.parent
        if above.type == "annassign" and node is above.children[1]:
            return True
        if above.type == "param" and above.annotation is not None and node is above.children[0]:
            return True
        if above.type == "funcdef" and above.annotation is node:
            return True
        node = above
    return False


def _is_bare_star(node: Any) -> bool:
    """Whether it is the `*` or `/` that only says how a function may be called: a slip there is the type checker's."""
    while node is not None and node.type in ("operator", "param"):
        if node.parent is not None and node.parent.type == "parameters":
            return True
        node = node.parent
    return False


@cache
def _operators() -> dict[str, Any]:
    return {
        **{name: get_operator(f"core/{name}")() for name in _NAMES},
        "DropLine": DropLine(),
        "DropHandler": DropHandler(),
    }
