"""Find the abstract within the text that journals' feeds send as one.

Some send volume and pages instead, some put the authors or a citation with the title in front, and PubMed adds a
heading and a footer. All of it is recognised line by line; a line is a block of the HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from unicodedata import normalize

from digest.core.words.text import split_authors

_ONLINE: Final = re.compile(r"(?m)^[^\n]{0,120}?\bPublished online: [^\n;]{0,60}; doi:\s?10\.\S+\n?")  # Nature
_HEADING: Final = re.compile(r"(?:^|\n)(?:Abstract|ABSTRACT|Summary|SUMMARY)(?:\s*:\s*|\s*\n|\s+(?=[A-Z]))")
_NO_ABSTRACT: Final = re.compile(
    r"""[^\n]{0,120}\bPublished\ online:\ [^\n;]{0,60};?                         # Nature, without a DOI
      | [^\n]{0,40}Volume\ \d+[^\n]{0,120}?(?:Pages?|Issue|Article)\b[^\n]{0,80} # Taylor & Francis
      | [^\n]{0,80},\ (?:EarlyView|Ahead\ of\ Print|Volume\ [^\n]{0,60})\.?       # Wiley
      | (?:Publication\ date|Source|DOI|doi|PMID|ISSN)\s?:[^\n]{0,300}           # Elsevier, Pensoft, PubMed
      | [^\n]{0,120}\.\ \d{4}\b[^\n]{0,80}\bdoi:\s?10\.\S+(?:\ [^\n]{0,60})?      # PubMed
      | [^\n]{0,60}\ \d+:\ \d+[-–]\d+                                            # Pensoft: ZooKeys 1068: 149-187
      | (?:bio|med)Rxiv\ [\d.]+;\ doi:[^\n]{0,100} | Add\ to\ Selected\ Citations # pages of bioRxiv
      | [.\s]*""",
    re.VERBOSE,
)
_AUTHORS: Final = re.compile(r"Authors?(?:\(s\))?:\s*([^\n]+)")
_NAMES_WITH_SEMICOLONS: Final = re.compile(r"(?:[^;\n.,()]{2,40};)+")  # CNKI: 朱弘;库伟鹏;戎建涛;

# Headings of parts of an abstract. bioRxiv glues them to what follows: "BackgroundMoso bamboo is …".
_PART: Final = (
    r"Abstract|Aims?|Author [Ss]ummary|Availability(?: and [Ii]mplementation)?|Background|Conclusions?|Design"
    r"|Discussion|Findings|Highlights?|Importance|Interpretation|Introduction|Key ?[Ww]ords|Key [Mm]essages?|Methods?"
    r"|Motivation|Objectives?|One[- ][Ss]entence [Ss]ummary|Purpose|Rationale|Results|Significance(?: [Ss]tatement)?"
    r"|Summary|Teaser|Abbreviations|HIGHLIGHTS?|ABSTRACT|BACKGROUND|METHODS|RESULTS|CONCLUSIONS?|SUMMARY|SIGNIFICANCE"
)
_GLUED: Final = re.compile(rf"(?m)^({_PART})(?=[A-Z][a-z]|[A-Z] )")
# bioRxiv's feeds have lost the backslashes of "\\n\\n" between parts: "….nnOne Sentence SummaryPlant …".
_BREAK: Final = re.compile(rf"(?:(?<=[.!?])|(?<=[.!?][)\]”\"’]))(?:nn|(?:\\n)+)(?:({_PART})(?=[A-Z0-9])|(?=[A-Z]))")

# What bioRxiv leaves of the full text: the boundaries of headings, figures, tables and lists.
_MARKED_HEADING: Final = re.compile(r"O_ST_ABS(.{0,200}?)C_ST_ABS", re.DOTALL)
_FIGURE: Final = re.compile(r"O_(FIG|TBL|SCHEME)(?:(?!O_\1).)*?C_\1", re.DOTALL)
_MARK: Final = re.compile(r"(?:(?<=[.!?])n{1,2})?[OC]_(?:LINKSMALLFIG|LST|LI|QD|TEXTBOX|ST_ABS|FIG|TBL|SCHEME|CAPTION)")


def with_parts(text: str) -> str:
    """Return *text* with a line for each part of a structured abstract: "….nnResultsHere" is "….", "Results: Here"."""
    if "_" in text:
        text = _MARK.sub("\n", _FIGURE.sub("\n", _MARKED_HEADING.sub(r"\n\1: ", text)))
        text = "\n".join(filter(None, map(str.strip, text.split("\n"))))
    text = _BREAK.sub(lambda found: f"\n{found[1]}: " if found[1] else "\n", text)
    return _GLUED.sub(r"\1: ", text)


def tell_apart(title: str, text: str) -> tuple[str, tuple[str, ...]]:
    """Return the abstract within *text*, and the authors that stand beside it; either may be empty.

    Args:
        title: The cleaned title, by which a citation is recognised.
        text: What the feed gives, cleaned, with a line for each block.
    """
    lines = with_parts(text).split("\n")
    authors = _authors(title, lines)
    if _same(lines[0], title):
        lines = lines[2:] if authors else lines[1:]
    elif _NAMES_WITH_SEMICOLONS.fullmatch(lines[0]):
        lines = lines[1:]
    rest = _ONLINE.sub("", "\n".join(lines), count=1)
    heading = _HEADING.search(rest[:2000])
    if heading:
        rest = rest[heading.end() :]
    kept = (line for line in rest.split("\n") if not _NO_ABSTRACT.fullmatch(line) and not _AUTHORS.match(line))
    return "\n".join(kept), authors


def _authors(title: str, lines: Sequence[str]) -> tuple[str, ...]:
    if _NAMES_WITH_SEMICOLONS.fullmatch(lines[0]):
        return split_authors(lines[0])
    if len(lines) > 1 and _same(lines[0], title) and not lines[1].endswith("."):
        return split_authors(lines[1])
    named = next((match for match in map(_AUTHORS.match, lines[:6]) if match), None)
    return split_authors(named[1]) if named else ()


def _same(line: str, title: str) -> bool:
    # "Ca²⁺" in one is "Ca2+" in the other.
    return normalize("NFKC", line).casefold().rstrip(".") == normalize("NFKC", title).casefold().rstrip(".")
