"""Replies as servers give them, and as they give them on bad days: name → what goes over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.servers.flaky_smtp.server import Act


def _say(text: str | bytes) -> Act:
    return Act(say=text.encode() + b"\r\n" if isinstance(text, str) else text)


_WHOLE: Final = (
    "200 OK",
    "250",
    "250 2.0.0 OK",
    "251 user not local; will forward",
    "252 cannot verify, but will take it",
    "299 odd, but yes",
    "334 VXNlcm5hbWU6",
    "354 go on",
    "421 4.3.2 closing",
    "450 4.2.1 greylisted",
    "451 local error",
    "452 4.2.2 mailbox full",
    "454 4.7.0 TLS not available",
    "500 what?",
    "501 5.1.3 bad address",
    "503 5.5.1 bad sequence",
    "530 5.7.0 Authentication required",
    "535 5.7.8 bad login",
    "550 5.1.1 no such user",
    "550 5.7.1 rejected by policy",
    "550 mailbox unavailable",
    "551 user not local",
    "552 5.2.2 over quota",
    "552 5.3.4 message too big",
    "552 too much data",
    "553 mailbox name not allowed",
    "554 5.7.1 Relay access denied",
    "554 transaction failed",
)
REPLIES: Final[Mapping[str, Act]] = {
    **{text: _say(text) for text in _WHOLE},
    "250 in three lines": _say(b"250-one\r\n250-two\r\n250 three\r\n"),
    "451 in two lines": _say(b"451-one\r\n451 two\r\n"),
    "550 in two lines": _say(b"550-5.1.1 one\r\n550 5.1.1 two\r\n"),
    "250, line feed alone": _say(b"250 OK\n"),
    "421, hangs up": Act(say=b"421 4.7.0 too many mails\r\n", then="hang up"),
    "250, hangs up": Act(say=b"250 OK\r\n", then="hang up"),
    "550, hangs up": Act(say=b"550 5.1.1 no such user\r\n", then="hang up"),
    "OK": _say("OK"),
    "Message accepted": _say("Message accepted for delivery"),
    "empty line": _say(""),
    "25": _say("25"),
    " 250 OK": _say(" 250 OK"),
    "+25 OK": _say("+25 OK"),
    "2500 OK": _say("2500 OK"),
    "250OK": _say("250OK"),
    "099 what": _say("099 what"),
    "150 wait": _say("150 wait"),
    "650 what": _say("650 what"),
    "999 what": _say("999 what"),
    "bytes without sense": _say(bytes(range(128, 256)) + b"\r\n"),
    "HTTP/1.1 400": _say("HTTP/1.1 400 Bad Request"),
    "250 and 550 in one": _say(b"250-yes\r\n550 no\r\n"),
    "550 and 250 in one": _say(b"550-no\r\n250 yes\r\n"),
    "25, hangs up": Act(say=b"25", then="hang up"),
    "250 without line end, hangs up": Act(say=b"250 2.0.0 OK: queued as", then="hang up"),
    "550 without line end, hangs up": Act(say=b"550 5.1", then="hang up"),
    "first of two lines, hangs up": Act(say=b"250-one\r\n", then="hang up"),
    "70 kB without line end": Act(say=b"250 " + b"x" * 70_000, then="hang up"),
    "hangs up": Act(then="hang up"),
    "resets": Act(then="reset"),
    "stalls": Act(then="stall"),
    "250 without line end, stalls": Act(say=b"250 OK", then="stall"),
}
