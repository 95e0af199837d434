"""What a server means by `Retry-After`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_S: Final = 86_400.0
"""No server gets more patience than a day: "ten years" is a mistake."""


def retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait by a `Retry-After` header: a number, or a moment. None where it says nothing of use."""
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
