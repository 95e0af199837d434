"""Dates as sources write them → aware UTC datetimes, or None where it is no date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_ISO: Final = re.compile(
    r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ](\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_OLDEST: Final = datetime(1600, 1, 1, tzinfo=UTC)
"""Older than the first journal: a program's default, not a date."""


def moment(value: object) -> datetime | None:
    """Read ISO 8601, RFC 2822 or seconds (or milliseconds) since 1970. Without a zone it is taken for UTC."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _since_1970(float(value))
    if not isinstance(value, str) or len(value) > 100:
        return None
    text = " ".join(value.split())
    match = _ISO.match(text)
    try:
        if match:
            year, _, month, day, time, zone = match.groups()
            offset = (zone or "Z").upper().replace("Z", "+00:00")
            found = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}T{_padded(time or '00:00')}{offset}")
        else:
            found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _utc(found)


def not_after(value: datetime | None, now: datetime) -> datetime | None:
    """*value*, or None if it is more than a day ahead: some feeds give the date of a printed volume, and clocks err."""
    return value if value is not None and value <= now + timedelta(days=1) else None


def _padded(time: str) -> str:
    """`9:30` as `09:30`."""
    return time if time[1] != ":" and time[2] == ":" else f"0{time}"


def _since_1970(seconds: float) -> datetime | None:
    if not 0 < seconds < 1e14:  # also refuses NaN
        return None
    if seconds > 1e11:  # the year 5138 in seconds: so it is milliseconds
        seconds /= 1000
    return datetime.fromtimestamp(int(seconds), UTC)


def _utc(found: datetime) -> datetime | None:
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        aware = aware.astimezone(UTC)
    except OverflowError:
        return None
    return aware if aware >= _OLDEST else None
