"""Author strings → names, "Given Surname" where the source allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NOT_SHOWN: Final = re.compile(r"\( ?\d+ additional authors? not shown ?\)", re.IGNORECASE)
_COLLABORATION: Final = re.compile(r"(\b(?:collaborations?|consortium|team|group)) ?: ?", re.IGNORECASE)
_AND: Final = re.compile(r" (?:and|&) |^ ?(?:and|&) ", re.IGNORECASE)
_ET_AL: Final = re.compile(r"\bet\.? al\b\.?|\band others\b|(?:…|\.\.\.) ?$", re.IGNORECASE)
_INITIALS: Final = re.compile(r"(?:[^\W\d_a-z]\.[\s-]?){1,4}|[A-Z](?:[\s-]?[A-Z]){0,2}")
_SUFFIX: Final = re.compile(r"(?:Jr|Sr|II|III|IV)\.?", re.IGNORECASE)
_LONGEST: Final = 200


def split_authors(text: str) -> tuple[str, ...]:
    """Take an author line apart; affiliations in parentheses and "et al." are dropped.

    Commas, semicolons and "and" divide, outside parentheses. "Kaur, M., Shukla, A." is two people, and so is
    "Willyard, Ann; Cooper, Blake".
    """
    text = _COLLABORATION.sub(r"\1, ", _NOT_SHOWN.sub(" ", " ".join(text.split())))
    text = _ET_AL.sub(" ", _without_parentheses(text))
    if ";" in text:
        return _names(author_name(part) for part in text.split(";"))
    parts = [part for chunk in text.split(",") for part in _AND.split(chunk)]
    return _names(_joined([" ".join(part.split()) for part in parts]))


def author_name(text: str) -> str:
    """One person's name: "Willyard, Ann" → "Ann Willyard". Affiliation and blanks are dropped."""
    name = " ".join(_without_parentheses(text).split()).strip(" ,;")
    surname, comma, given = name.partition(", ")
    if not comma or "," in given or _SUFFIX.fullmatch(given):
        return name
    return f"{given} {surname}"


def _joined(parts: list[str]) -> list[str]:
    """Put back together what the commas took apart: surname and initials, "Smith, Jr."."""
    names: list[str] = []
    open_surname = False
    for part in parts:
        if not part:
            open_surname = False
        elif names and _SUFFIX.fullmatch(part):
            names[-1] = f"{names[-1]} {part}"
        elif open_surname and _INITIALS.fullmatch(part):
            names[-1] = f"{part} {names[-1]}"
            open_surname = False
        else:
            names.append(part)
            open_surname = not _INITIALS.fullmatch(part)
    return names


def _names(candidates: Iterable[str]) -> tuple[str, ...]:
    names = (" ".join(candidate.split()).strip(" ,;:*") for candidate in candidates)
    return tuple(n for n in names if len(n) <= _LONGEST and any(c.isalpha() for c in n))


def _without_parentheses(text: str) -> str:
    """Drop what is in parentheses, nested ones too.

    In a broken string a closing one without an opening one is dropped alone, and an opening one that is never closed
    reaches to the next comma only, so that it cannot swallow the authors behind it.
    """
    if "(" not in text and ")" not in text:
        return text
    unclosed = _unclosed(text)
    out: list[str] = []
    depth = 0
    skipping = False
    for index, character in enumerate(text):
        if index in unclosed:
            skipping = depth == 0
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            skipping = skipping and character not in ",;"
            if not skipping:
                out.append(character)
    return "".join(out)


def _unclosed(text: str) -> set[int]:
    """Places of opening parentheses that are never closed."""
    stack: list[int] = []
    for index, character in enumerate(text):
        if character == "(":
            stack.append(index)
        elif character == ")" and stack:
            stack.pop()
    return set(stack)
