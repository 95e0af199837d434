"""A mail for tests of mailers."""

from __future__ import annotations

from typing import Any

from digest.core.models import Mail

BODY = b"From: a@example.org\r\nSubject: Hello\r\n\r\nOne\r\n.two begins with a dot\r\nthree\r\n"


def mail(**changes: Any) -> Mail:
    """A mail to Ada."""
    values: dict[str, Any] = {
        "sender": "digest@example.org",
        "recipient": "ada@example.org",
        "message_id": "<1@example.org>",
        "content": BODY,
        "label": "daily-2026-06-03",
    }
    return Mail(**{**values, **changes})


def nothing() -> None:
    """What a test does before the final dot."""
