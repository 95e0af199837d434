"""Which subscriptions get an issue of their own, and by what two readers are known to get the same one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from digest.core.models import Edition, PaperId
from digest.core.subscribers.subscriber import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """All that the choice of a reader's papers depends on, beside the day's candidates."""

    since: date
    """The first day whose papers may be chosen."""
    marks: Sequence[tuple[PaperId, int, datetime]] = ()
    """Papers that were marked for this reader, with the value and the moment of the mark."""
    libraries: Iterable[str] = ()
    """Hashes of the contents of the reader's libraries."""
    history: Iterable[tuple[date, int]] = ()
    """What the reader was shown lately: days, with the keys of the picks, or 0 for the edition's own issue."""


def has_own_interests(subscription: Subscription) -> bool:
    """Whether the reader's interests stand in place of those of the edition."""
    return bool(subscription.interests or subscription.libraries)


def is_personal(subscription: Subscription, edition: Edition, *, has_marks: bool) -> bool:
    """Whether the edition's own issue is not what this reader wishes, even of a single day."""
    return (
        has_marks
        or has_own_interests(subscription)
        or bool(subscription.avoid)
        or subscription.lead not in (None, edition.lead)
        or subscription.max_papers not in (None, edition.max_papers)
        or language_of(subscription, edition) != edition.language
    )


def max_papers_of(subscription: Subscription, edition: Edition) -> int:
    """How many papers an issue of this reader has at most."""
    return edition.max_papers if subscription.max_papers is None else subscription.max_papers


def lead_of(subscription: Subscription, edition: Edition) -> int:
    """How many of them are shown first and in full."""
    lead = edition.lead if subscription.lead is None else subscription.lead
    return min(lead, max_papers_of(subscription, edition))


def language_of(subscription: Subscription, edition: Edition) -> str:
    """The language of this reader's summaries."""
    return subscription.language or edition.language


def profile_of(subscription: Subscription, edition: Edition, choice: Choice) -> str:
    """Return a hash of all that the choice depends on: readers with equal ones get the same papers on a day."""
    # What an edition says of its mails, or where it lists its recipients, changes nothing that is chosen.
    settings = [
        edition.sources,
        edition.interests if not has_own_interests(subscription) else None,
        edition.avoid,
        edition.avoid_unless_upvotes,
        edition.exploration,
        edition.carry_days,
        edition.languages,
        edition.kinds,
    ]
    wishes = [
        subscription.interests,
        subscription.avoid,
        max_papers_of(subscription, edition),
        lead_of(subscription, edition),
        language_of(subscription, edition),
    ]
    marks = [(paper, value, at.isoformat()) for paper, value, at in choice.marks]
    history = [(day.isoformat(), picks) for day, picks in choice.history]
    whole = [settings, wishes, sorted(marks), sorted(choice.libraries), sorted(history), choice.since.isoformat()]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=True).encode()).hexdigest()
