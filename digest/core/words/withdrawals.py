"""Detect withdrawn papers: the abstract, a comment or the title says that the authors or arXiv withdrew the paper.

withdrawn     "12 pages; this paper has been withdrawn by the author due to an error in Eq. 4"
              "We withdraw this paper", "Paper withdrawn", "arXiv admin note: submission has been withdrawn …"
not           "We study withdrawn bids", "The withdrawn protocol of 2019 is compared", "replaces withdrawn paper
              arXiv:2401.00001", "an earlier version was withdrawn", "withdrawn from the conference"
"""

from __future__ import annotations

import re
from typing import Final

_NOUN: Final = (
    r"(?:(?:e-?|pre-?)?print|paper|submission|article|manuscript|work|version|report|note|draft|letter|preprint|study"
    r"|thesis|document|chapter|comment|article)s?"
)
_GONE: Final = r"(?:withdrawn|retracted)"
_OTHER: Final = (
    r"(?:previous|earlier|former|old|older|first|original|initial|other|another|conference|journal|workshop|companion)"
)
# "(has been) withdrawn": what stands between may be an adverb, but no "not".
_IS: Final = (
    r"(?:has (?:now )?been|have been|is (?:being |hereby |now )?|was|were|are|has to be|had to be|must be"
    r"|should be|will be|needs to be|is to be)"
)
_ADVERB: Final = r"(?:(?!not\b|never\b|no\b)\w+ )?"
_BEHIND: Final = (
    r"(?= ?(?:\Z|[.,;:!()\[\]—–-])| (?:by|due|because|for|since|as|pending|until|in order|in favou?r|on request|at the"
    r"|and|after|owing|while|following|temporarily|from (?:the )?arxiv|from this|on account))"
)
_SUBJECT: Final = rf"(?:(?:this|the|our|my|arxiv) (?:(?!{_OTHER}\b)[\w-]+ )?|\A|[.;:!(\[] ?){_NOUN}"
_PASSIVE: Final = rf"{_SUBJECT} {_IS} ?{_ADVERB}{_GONE}\b{_BEHIND}"
_NOTE: Final = (
    rf"(?:\A|[.;:!(\[—–] ?|\b(?:pages?|pp\.?|figures?|figs\.?|tables?|latex|revtex)\)?, ?"
    r"|\bthis (?:paper|version|submission) )"
    rf"(?:(?:{_NOUN}|v\d+) )?(?:is |has been |temporarily |now )?{_GONE}{_BEHIND}"
)
_ACTIVE: Final = (
    r"\b(?:i|we|the (?:\w+ )?authors?|authors?|arxiv administrators?|arxiv)\b(?: (?!not\b|never\b|n't)[\w']+){0,4}?"
    rf" (?:withdr[ae]w(?:n|ing)?|retract(?:ed|ing)?) (?:(?:this|the|our|my) (?:[\w-]+ )?{_NOUN}\b"
    r"|it\b(?= ?(?:\Z|[.,;:]| due| because)))"
)
_REQUEST: Final = (
    rf"\b(?:request(?:s|ed|ing)?|ask(?:s|ed|ing)? for|appl(?:y|ied) for) (?:the |a |its )?(?:withdrawal|retraction)\b"
    rf"|\b(?:withdrawal|retraction) of (?:this|our|my|the present) (?:[\w-]+ )?{_NOUN}\b"
)
_COMMENT: Final = re.compile(f"{_PASSIVE}|{_NOTE}|{_ACTIVE}|{_REQUEST}", re.IGNORECASE)
# In an abstract only what it opens with, or a sentence of its own about "this paper"; abstracts speak of other papers.
_OPENING: Final = re.compile(
    rf"\W*(?:(?:this|the) (?:[\w-]+ )?{_NOUN} {_IS} ?{_ADVERB}{_GONE}\b|{_GONE}{_BEHIND}|{_ACTIVE})", re.IGNORECASE
)
_SENTENCE: Final = re.compile(
    rf"\bthis (?!{_OTHER}\b)(?:[\w-]+ )?{_NOUN} (?:has been|is|was) {_ADVERB}{_GONE}\b"
    r" (?:by (?:the |its |all )?(?:\w+ )?authors?|by arxiv|due to|because)",
    re.IGNORECASE,
)
_MARK: Final = rf"{_GONE}(?: (?:article|paper|chapter))?"
_TITLE_BEGINS: Final = re.compile(rf"\W*{_MARK}\W*:|\[\s*{_MARK}\s*\]", re.IGNORECASE)
_TITLE_ENDS: Final = re.compile(rf"[(\[]\s*{_MARK}\s*[)\]]\s*\Z", re.IGNORECASE)


def says_withdrawn(text: str) -> bool:
    """Whether an abstract says that its own paper was withdrawn."""
    line = " ".join(text.split())
    return bool(_OPENING.match(line) or _SENTENCE.search(line))


def comment_says_withdrawn(*comments: str) -> bool:
    """Whether a comment or journal reference of a paper says that this paper was withdrawn."""
    return any(bool(_COMMENT.search(" ".join(comment.split()))) for comment in comments if comment)


def title_says_withdrawn(title: str) -> bool:
    """Whether a title begins or ends with a publisher's mark for withdrawn papers: "WITHDRAWN", "RETRACTED"."""
    return bool(_TITLE_BEGINS.match(title) or _TITLE_ENDS.search(title))
