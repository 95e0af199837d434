"""Parse author strings into names, "Given Surname" where the source allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NOT_SHOWN: Final = re.compile(
    r"\( ?\d+ additional authors? not shown ?\)|\[ ?[\d,*† ]{1,20}\]|<[^<>@\s]{1,80}@[^<>\s]{1,80}>"
    r"|(?<!\S)\S{1,80}@\S{1,80}"
    r"|(?:https?://orcid\.org/)?\b\d{4}-\d{4}-\d{4}-\d{3}[\dXx]\b",
    re.IGNORECASE,
)
_WIDE: Final = str.maketrans(
    {
        **dict.fromkeys("，、､﹐﹑،", ", "),
        **dict.fromkeys("；﹔؛", "; "),
        **dict.fromkeys("：﹕", ": "),
        **dict.fromkeys("（﹙【", " ("),
        **dict.fromkeys("）﹚】", ") "),
        "＆": "&",
        "　": " ",
    }
)
"""Commas, semicolons and brackets of Chinese, Japanese and Arabic → their Latin counterparts."""
_GROUP: Final = (
    r"(?:collaborations?|consorti(?:um|a)|team|group|network|project|survey|initiative|alliance|investigators"
    r"|task force|committee)"
)
_COLLABORATION: Final = re.compile(rf"(\b{_GROUP}) ?: ?", re.IGNORECASE)
_ON_BEHALF: Final = re.compile(rf",? (?:on behalf of|for) (?:the )?(?=[^,;]{{1,80}}\b{_GROUP}\b)", re.IGNORECASE)
_BY: Final = re.compile(r"\A(?:by\b|authors?\b|author\(s\)) ?:? ?", re.IGNORECASE)
_AND: Final = re.compile(r" (?:and|&|und|et) |^ ?(?:and|&|und|et) ", re.IGNORECASE)
_DIVIDED: Final = re.compile(r" [|•·] ")
_ET_AL: Final = re.compile(
    r"\bet\.? al\b\.?|\bet alii\b|\b(?:and|und|et) (?:\d+ )?(?:others?|more|andere|autres)(?: authors?)?\b"
    r"|(?:…|\.\.\.) ?$",
    re.IGNORECASE,
)
_NOBODY: Final = re.compile(
    r"(?:et\.? al|(?:and )?(?:others?|\d+ (?:others?|more))(?: authors?)?|n/?a|none|null|unknown|author\(?s?\)?|by"
    r"|and)\.?",
    re.IGNORECASE,
)
_MARKS: Final = re.compile(r"(?:(?<=[^\W\d_]{2})\d{1,2}|[*†‡§¶∗#⁰¹²³⁴-⁹ᵃ-ᶻ])+\Z")
"""Marks of affiliations and footnotes at the end of a name."""
_INITIALS: Final = re.compile(r"(?:[^\W\d_a-z]\.[\s-]?){1,4}|[A-Z](?:[\s-]?[A-Z]){0,2}")
_SUFFIX: Final = re.compile(r"(?:Jr|Sr|II|III|IV)\.?", re.IGNORECASE)
_DEGREE: Final = re.compile(
    r"(?:M\.?D|Ph\.? ?D|D\.?Phil|M\.?Sc|B\.?Sc|M\.?P\.?H|M\.?B\.?A|MBBS|MBChB|Pharm\.?D|D\.?D\.?S|FRCP|RN|MA|MS|BA)\.?"
)
_PLACE: Final = re.compile(
    r"\b(?:universit|institut|departm|laborator|school|college|facult|academy|hospital)", re.IGNORECASE
)
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_LONGEST: Final = 200


def split_authors(text: str) -> tuple[str, ...]:
    """Split a line of authors into names; affiliations in parentheses and "et al." are dropped.

    Commas, semicolons and "and" outside parentheses divide names. "Kaur, M., Shukla, A." is two people, and so is
    "Willyard, Ann; Cooper, Blake"; "Willyard, Ann" alone is one, and a collaboration before a colon is an author.
    """
    text = _NOT_SHOWN.sub(" ", " ".join(text.translate(_WIDE).split()))
    text = _ET_AL.sub(" ", _without_parentheses(_BY.sub("", text)))
    text = _ON_BEHALF.sub(", ", _DIVIDED.sub("; ", text))
    before, *rest = _COLLABORATION.split(text)
    names: list[str] = []
    # "Group: A, B": the group stands before the colon, its members behind it.
    for kind, behind in zip(rest[::2], rest[1::2], strict=True):
        divide = max(before.rfind(","), before.rfind(";"))
        names += [*_divided(before[: max(0, divide)]), *_names([f"{before[divide + 1 :]}{kind}"])]
        before = behind
    names += _divided(before)
    return tuple(names)


def people(names: Iterable[str]) -> tuple[str, ...]:
    """Clean a list that has one person in each item: drop ":" and "et al.", and split off a group before a colon."""
    found: list[str] = []
    for name in names:
        found += split_authors(name) if _COLLABORATION.search(name) else filter(None, [author_name(name)])
    return tuple(found)


def author_name(text: str) -> str:
    """One person's name: "Willyard, Ann" → "Ann Willyard". Affiliation, marks and blanks are dropped.

    Empty for what is no name: ":", "et al.".
    """
    name = " ".join(_without_parentheses(_NOT_SHOWN.sub(" ", text.translate(_WIDE))).split()).strip(" ,;:")
    surname, comma, given = name.partition(", ")
    if comma and (_PLACE.search(given) or _DEGREE.fullmatch(given)) and " " in surname:
        name = surname
    elif comma and "," not in given and not _SUFFIX.fullmatch(given):
        name = f"{given} {surname}"
    return _named(name)


def _named(name: str) -> str:
    """Return *name* without footnote marks; empty where it is no name."""
    name = _MARKS.sub("", name).strip(" ,;:*")
    return name if any(c.isalpha() for c in name) and not _NOBODY.fullmatch(name) else ""


def _divided(text: str) -> tuple[str, ...]:
    if ";" in text:
        return _names(author_name(part) for part in text.split(";"))
    chunks = [" ".join(chunk.split()) for chunk in _AND.split(text)]
    if all(map(_is_turned, filter(None, chunks))):
        return _names(map(author_name, chunks))
    parts = [part for chunk in text.split(",") for part in _AND.split(chunk)]
    return _names(_joined([" ".join(part.split()) for part in parts]))


def _is_turned(chunk: str) -> bool:
    """Whether *chunk* is one person written surname first: "van der Berg, Jan", "Gómez, Samuel Enrique"."""
    surname, comma, given = (part.strip() for part in chunk.partition(","))
    if not comma or "," in given or _SUFFIX.fullmatch(given) or _DEGREE.fullmatch(given):
        return False
    return (" " not in surname or " " not in given) and bool(_LATIN.search(surname) and _LATIN.search(given))


def _joined(parts: list[str]) -> list[str]:
    """Join parts that belong to one name although a comma divides them: surname and initials, "Smith, Jr."."""
    names: list[str] = []
    open_surname = False
    for part in parts:
        if not part:
            open_surname = False
        elif names and _SUFFIX.fullmatch(part):
            names[-1] = f"{names[-1]} {part}"
        elif names and " " in names[-1] and _DEGREE.fullmatch(part):
            open_surname = False
        elif open_surname and _INITIALS.fullmatch(part):
            names[-1] = f"{part} {names[-1]}"
            open_surname = False
        else:
            names.append(part)
            open_surname = not _INITIALS.fullmatch(part)
    return names


def _names(candidates: Iterable[str]) -> tuple[str, ...]:
    names = (_named(" ".join(candidate.split())) for candidate in candidates)
    return tuple(name for name in names if name and len(name) <= _LONGEST)


def _without_parentheses(text: str) -> str:
    """Drop parentheses with their content, nested ones too.

    In a broken string a closing parenthesis without an opening one is dropped alone. One that is never closed reaches
    to the next comma only, so that it does not drop the authors behind it.
    """
    if "(" not in text and ")" not in text:
        return text
    unclosed = _unclosed(text)
    out: list[str] = []
    depth = 0
    skipping = False
    for index, character in enumerate(text):
        if index in unclosed:
            skipping = True
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
