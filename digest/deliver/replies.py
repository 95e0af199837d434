"""Interpret an SMTP server's replies: whether a refusal is final, and whether it is about the recipient or about us.

A code's first digit says whether to try again; the enhanced code behind it (RFC 3463), if there is one, says whether
the refusal is about the recipient. Only such a refusal may be final: an unknown sender, a missing login or a mail that
is too large concerns all recipients, and ends when a person corrects the settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from digest.core.errors import DeliveryError, MailUnavailable, PutOffError, RefusedError
from digest.core.words.invisible import printable
from digest.core.words.text import one_line

Step = Literal["MAIL", "RCPT", "DATA", "the final dot"]

_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
_WANTS_LOGIN: Final = frozenset({530, 534, 535, 538})
"""RFC 4954, 6: a login is needed, too weak, refused, or needs an encrypted line."""
_OF_RECIPIENT: Final = re.compile(r"5\.1\.(?:[12346]|10)|5\.2\.\d+")
"""RFC 3463, 3.2 and 3.3: the address and the mailbox of the recipient; RFC 7505: its domain takes no mail."""
_OF_US: Final = re.compile(r"5\.7\.\d+|5\.1\.[78]|5\.[36]\.\d+|5\.5\.[1-9]\d*|5\.4\.5")
"""Policy and security, the address of the sender, the server itself, the mail, the protocol, and a sender's quota."""
_SAYS_US: Final = re.compile(
    r"\brelay|authenticat|not permitted to send|sending (?:quota|limit)|rate limit|too many (?:mails|messages)",
    re.IGNORECASE,
)
_RECIPIENT_CODES: Final = frozenset({501, 550, 551, 552, 553, 556})
"""Codes of replies to RCPT that are about the recipient if there is no enhanced code, or an unspecific one."""
_TOO_MANY: Final = re.compile(r"4\.7\.(?:28|[56]\d\d|700)")
"""A domain takes no more from us for a while: Google's 4.7.28, and Microsoft's 4.7.500 to 4.7.700."""
_SAYS_NOTHING: Final = ("", "5.0.0", "5.1.0", "5.5.0")
_LONGEST: Final = 300
_AGAIN: Final = "it is tried again by the next run"


@dataclass(frozen=True, slots=True)
class Reply:
    """One complete reply to an SMTP command."""

    step: Step
    code: int
    text: str
    """The reply's text on one line, without control characters."""

    @classmethod
    def of(cls, step: Step, code: int, said: bytes | str) -> Reply:
        """Make a reply from smtplib's code and text."""
        return cls(step, code, readable(said))

    @property
    def is_yes(self) -> bool:
        """Whether the command succeeded."""
        return self.code == 354 if self.step == "DATA" else 200 <= self.code < 300

    @property
    def is_no(self) -> bool:
        """Whether the command was refused, for now or for good; the connection stays usable."""
        return 400 <= self.code < 600

    @property
    def enhanced(self) -> str:
        """The enhanced code, as in `5.7.1`; empty if there is none."""
        found = _ENHANCED.match(self.text)
        return found[0] if found else ""

    @property
    def is_about_recipient(self) -> bool:
        """Whether only this recipient's address is refused."""
        if _OF_RECIPIENT.fullmatch(self.enhanced):
            return True
        return self.step == "RCPT" and self.code in _RECIPIENT_CODES and self.enhanced in _SAYS_NOTHING

    @property
    def is_about_us(self) -> bool:
        """Whether the sender, the login or the mail is refused, not the recipient."""
        if _OF_US.fullmatch(self.enhanced):
            return True
        return not _OF_RECIPIENT.fullmatch(self.enhanced) and bool(_SAYS_US.search(self.text))

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


def refusal(reply: Reply, *, where: str, sender: str, logs_in: bool) -> DeliveryError:
    """Return the error for a reply that `is_no`.

    Args:
        where: The server, as in `smtp.example.org:587`.
        logs_in: Whether a user name is configured.
    """
    if reply.code in _WANTS_LOGIN:
        do = "check [mail] username and password_env" if logs_in else "set [mail] username and password_env"
        return MailUnavailable(f"{where} wants a login before it takes mails: {reply}; {do}; {_AGAIN}")
    if reply.code < 500:
        if reply.step == "MAIL":
            return DeliveryError(f"{where} takes no mail from {sender} now: {reply}; {_AGAIN}")
        return PutOffError(
            f"not taken now: {reply}",
            names_recipient=reply.step == "RCPT",
            slows_down=bool(_TOO_MANY.fullmatch(reply.enhanced)),
        )
    if reply.step == "MAIL":
        return DeliveryError(
            f"{where} turned away the sender {sender}: {reply}; check [mail] from, host and username; {_AGAIN}"
        )
    if reply.is_about_us:
        return DeliveryError(
            f"refused, and not for the recipient's sake: {reply}; check [mail] host, username and from; {_AGAIN}"
        )
    code = f"{reply.step} {reply.code} {reply.enhanced}".rstrip()
    return RefusedError(f"refused: {reply}", code=code, names_recipient=reply.is_about_recipient)


def readable(said: bytes | str) -> str:
    """Return a server's text on one line without control characters."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return one_line(printable(text))[:_LONGEST]
