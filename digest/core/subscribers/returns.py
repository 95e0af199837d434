"""What a returned mail says of its recipient: that there is no such mailbox, that it takes nothing for now, or nothing.

    5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1      gone: nobody will ever read it there
    4.x.x given up, 5.2.2, 5.4.x, and the rest     for now: counts only if issues in a row come back so
    5.3.4, 5.5.x, 5.6.x, 5.7.x, "blocked"          about us: our mail, our server or our domain is refused
    delayed, relayed, delivered, expanded          nothing: it is under way or there

The codes are those of RFC 3463. Many servers send one that says nothing (5.0.0), or 5.4.1 and 5.5.0 for a mailbox that
does not exist; there the words decide.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_CODE: Final = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
_LONGEST: Final = 2_000
_NOTHING_YET: Final = frozenset({"delayed", "relayed", "delivered", "expanded"})
_GONE: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_SAYS_NOTHING: Final = frozenset({"", "5.0.0", "5.1.0", "5.3.0", "5.4.1", "5.5.0"})
"""Sent for whatever the server means: the words decide."""
_OF_US: Final = re.compile(r"5\.7\.\d+|5\.6\.\d+|5\.5\.[1-9]\d*|5\.3\.[1-9]\d*|5\.1\.[789]|5\.2\.3")
"""Policy, the mail's form, the protocol, the server, the sender's address; a mail longer than the mailbox takes."""
_SAYS_US: Final = re.compile(
    r"\bspam|block ?list|blacklist|blocked|\bdnsbl|spamhaus|\brbl\b|reputation|\bdmarc\b|\bdkim\b|\bspf\b|policy"
    r"|sender (?:address )?(?:rejected|refused|denied)|relay|authenticat|rate limit|too many (?:mails|messages)"
    r"|content rejected|virus|message (?:size|too large)",
    re.IGNORECASE,
)
_SAYS_GONE: Final = re.compile(
    r"user unknown|unknown (?:user|recipient|mailbox|address|local)|no such (?:user|mailbox|recipient|address|person)"
    r"|(?:user|mailbox|recipient|account|address|domain)\b.{0,60}\b(?:not exist|not found|doesn.t exist|not listed"
    r"|is (?:disabled|inactive|invalid|unknown|closed|suspended))"
    r"|no mailbox here|invalid (?:recipient|mailbox|address)|mailbox unavailable|mailbox (?:is )?disabled"
    r"|not a valid (?:recipient|mailbox|user)|recipient address rejected: access denied|user doesn.t have an? "
    r"|unrouteable address|account (?:has been )?(?:disabled|closed)|does not like recipient|null mx"
    r"|unbekannter? (?:benutzer|empf)|utilisateur inconnu|usuario desconocido|adresse inconnue",
    re.IGNORECASE,
)
_SAYS_FULL: Final = re.compile(
    r"(?:mailbox|quota|inbox|storage).{0,40}(?:full|exceed)|over ?quota|out of storage"
    r"|insufficient (?:system )?storage",
    re.IGNORECASE,
)

SOFT_IN_A_ROW: Final = 3
"""After so many issues in a row that a mailbox did not take for now, it gets no more."""


class Verdict(StrEnum):
    """What is made of a returned mail."""

    GONE = "gone"
    """The mailbox does not exist: no more mails at once."""
    FOR_NOW = "for now"
    """It took nothing, and may again: no more mails after `SOFT_IN_A_ROW` issues."""
    ABOUT_US = "about us"
    """The refusal is about the sender or the mail. It says nothing of the recipient, and the operator must act."""
    NOTHING = "nothing"
    """It is under way, or there."""
    UNCLEAR = "unclear"
    """Neither a code nor known words."""


def status_in(text: str) -> str:
    """The first enhanced status code in a text, as in `5.1.1`; empty if there is none."""
    found = _STATUS.search(text[:_LONGEST])
    return ".".join(str(int(part)) for part in found.groups()) if found else ""


def verdict_of(*, action: str, status: str, said: str) -> Verdict:
    """What a report says of one recipient.

    Args:
        action: `failed`, `delayed`, …; empty where the report has none.
        status: As the report has it, as in `5.1.1`; empty where it has none.
        said: The words of the server that refused, and its codes.
    """
    if action.strip().lower() in _NOTHING_YET:
        return Verdict.NOTHING
    said = said[:_LONGEST]
    of_report, of_server = status_in(status), status_in(said)
    # What the refusing server said is more exact than a code that the reporting one made up for want of one.
    code = of_server if of_report in _SAYS_NOTHING and of_server else of_report
    number = _CODE.search(said)
    if code.startswith("2"):
        return Verdict.NOTHING
    if code.startswith("4") or (not code and number and number[1].startswith("4")):
        return Verdict.FOR_NOW
    if code in _GONE:
        return Verdict.GONE
    if _OF_US.fullmatch(code):
        return Verdict.ABOUT_US
    if code and code not in _SAYS_NOTHING:
        return Verdict.FOR_NOW
    if _SAYS_FULL.search(said):
        return Verdict.FOR_NOW
    # "Access denied" is what Exchange Online says of a mailbox that its directory does not have.
    if _SAYS_GONE.search(said):
        return Verdict.GONE
    if _SAYS_US.search(said):
        return Verdict.ABOUT_US
    if code == "5.1.0":
        return Verdict.GONE
    return Verdict.FOR_NOW if code or number else Verdict.UNCLEAR
