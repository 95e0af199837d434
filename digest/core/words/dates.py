"""Parse dates as sources write them into aware UTC datetimes; None for what is no date.

Time and zone are found first; the rest is a day in digits (ISO 8601, also basic) or in words (RFC 822 and free forms,
in a dozen languages). The name of the weekday is ignored. An impossible day, such as the 30th of February, is no date.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

_CLOCK: Final = re.compile(
    r"""[ ,T]*(?<!\d)(?:(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}))?
      | (?<=T)(?P<hour2>\d{2})(?P<minute2>\d{2})(?P<second2>\d{2})?)          # basic: 20240326T040003Z
      (?!\d) (?:[.,]\d+)? (?:\s*(?P<half>[AP])\.?M\b\.?)?
      \s*(?:(?:UTC?|GMT)?(?P<offset>[+-]\d{1,2}:?\d{2}|[+-]\d{1,2})(?!\d) | (?P<zone>[A-Z]{1,5})\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
_DAY: Final = re.compile(
    r"""(?:(?:le|el|il|am)\s+)?(?:[^\W\d_]+(?:-[^\W\d_]+)?\.?(?:,\s*|\s+))?(?:(?:den|le)\s+)?  # a weekday
      (?: (?P<y1>\d{4})([-/.])(?P<m1>\d{1,2})\2(?P<d1>\d{1,2}) | (?P<y2>\d{4})-(?P<m2>\d{2})
        | (?P<y3>\d{4})(?P<m3>\d{2})(?P<d3>\d{2})
        | (?P<d4>\d{1,2})(?:st|nd|rd|th|er|re|\.?[ºª°]|\.)?[ -](?:de\ )?(?P<m4>[^\W\d_]{3,14})\.?[ ,-]+(?:del?\ )?
          (?P<y4>\d{2,4})
        | (?P<m5>[^\W\d_]{3,14})\.?\ (?P<d5>\d{1,2})(?:st|nd|rd|th)?,?\ (?P<y5>\d{4})
        | (?P<d6>\d{1,2})\.\ ?(?P<m6>\d{1,2})\.\ ?(?P<y6>\d{4})
        | (?P<y7>\d{4})[年년]\ ?(?P<m7>\d{1,2})[月월]\ ?(?P<d7>\d{1,2})[日일] )(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)
_SINCE_1970: Final = re.compile(r"\d{10}|\d{13}")
_NAMES: Final = """
january february march april may june july august september october november december
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
januar februar märz april mai juni juli august september oktober november dezember
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november desember
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
ledna února března dubna května června července srpna září října listopadu prosince
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
gener febrer març abril maig juny juliol agost setembre octubre novembre desembre
jänner feber mrz april mai jun jul aug sept okt nov dez
ene feb mrt abr may jun jul ago set oct nov dic
"""
"""The months, a language a line; any beginning of three letters and more counts where it can mean one month only."""
_ZONES: Final = {
    name: hours
    for hours, names in {
        -10: "HST",
        -9: "AKST",
        -8: "AKDT PST",
        -7: "PDT MST",
        -6: "MDT CST",
        -5: "CDT EST",
        -4: "EDT AST",
        -3: "ADT",
        1: "CET WEST BST",
        2: "CEST EET",
        3: "EEST MSK",
        9: "JST KST",
        10: "AEST",
        11: "AEDT",
        12: "NZST",
        13: "NZDT",
    }.items()
    for name in names.split()
}
"""Hours ahead of UTC. Others count as UTC, as RFC 2822 wants it: the military letters were defined the wrong way."""
_FURTHEST: Final = timedelta(hours=14)
_OLDEST: Final = datetime(1600, 1, 1, tzinfo=UTC)
"""A date before this one, when there were no journals, is a program's default and counts as no date."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""This very second is a zero that some program took for a date, and counts as no date."""


def moment(value: object) -> datetime | None:
    """Read ISO 8601, RFC 2822, common words, or seconds (milliseconds) since 1970. Without a zone it counts as UTC."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _since_1970(float(value)) if abs(value) < 1e15 else None
    if not isinstance(value, str) or len(value) > 100:
        return None
    text = " ".join(value.split()).replace("\N{MINUS SIGN}", "-")
    if _SINCE_1970.fullmatch(text):
        return _since_1970(float(text))
    clock = _CLOCK.search(text)
    day = _DAY.match(f"{text[: clock.start()]} {text[clock.end() :].lstrip()}" if clock else text)
    if day is None:
        return None
    try:
        found = _midnight(day)
        if clock:
            found += _time(clock)
    except (LookupError, ValueError, OverflowError):
        return None
    return found if found >= _OLDEST and found != _EPOCH else None


def not_after(value: datetime | None, now: datetime) -> datetime | None:
    """Return *value*, or None if it is more than a day after *now*: some feeds give the date of a future volume."""
    return value if value is not None and value <= now + timedelta(days=1) else None


def _midnight(match: re.Match[str]) -> datetime:
    """Return the beginning of the day in UTC. A month alone means its first day."""
    year, month, day = (next(filter(None, (match.groupdict().get(f"{p}{n}") for n in "1234567")), "1") for p in "ymd")
    number = int(year)
    if len(year) == 2:  # RFC 2822, 4.3
        number += 2000 if number < 50 else 1900
    elif len(year) == 3:
        number += 1900
    return datetime(number, int(month) if month.isdigit() else _months()[_bare(month)], int(day), tzinfo=UTC)


@cache
def _months() -> Mapping[str, int]:
    """Beginning of a month's name → its number."""
    found: dict[str, set[int]] = {}
    for line in _NAMES.strip().split("\n"):
        for number, name in enumerate(map(_bare, line.split()), 1):
            for length in range(min(3, len(name)), len(name) + 1):
                found.setdefault(name[:length], set()).add(number)
    return {beginning: min(numbers) for beginning, numbers in found.items() if len(numbers) == 1}


def _bare(word: str) -> str:
    """Return *word* in lower case and without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))


def _time(match: re.Match[str]) -> timedelta:
    """The time of the day in UTC. 24:00 is the next midnight, and a leap second the next minute.

    Raises:
        ValueError: There is no such time.
    """
    hour, minute = int(match["hour"] or match["hour2"]), int(match["minute"] or match["minute2"])
    second = int(match["second"] or match["second2"] or 0)
    if match["half"] and 1 <= hour <= 12:
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second):
        raise ValueError(match[0])
    return timedelta(hours=hour, minutes=minute, seconds=second) - _offset(match["offset"], match["zone"])


def _offset(offset: str | None, zone: str | None) -> timedelta:
    if not offset:
        return timedelta(hours=_ZONES.get((zone or "").upper(), 0))
    digits = offset[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    found = timedelta(hours=hours, minutes=minutes)
    if found > _FURTHEST or minutes > 59:
        raise ValueError(offset)
    return -found if offset[0] == "-" else found


def _since_1970(seconds: float) -> datetime | None:
    if not 0 < seconds < 1e14:  # also refuses NaN
        return None
    if seconds > 1e11:  # the year 5138 in seconds: so it is milliseconds
        seconds /= 1000
    return datetime.fromtimestamp(int(seconds), UTC)
