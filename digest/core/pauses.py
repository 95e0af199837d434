"""Parse the `Retry-After` header of HTTP: how long a server asks to be left alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_S: Final = 86_400.0
"""The longest pause in seconds, a day: a server that asks for "ten years" made a mistake."""


def retry_after(text: str, now: datetime) -> float | None:
    """Return the seconds to wait by a `Retry-After` header (a number or a date); None where it can't be understood."""
    text = text.strip()[:100]
    if re.fullmatch(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", text):
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - now).total_seconds()
    return min(seconds, LONGEST_S) if seconds > 0 else None
