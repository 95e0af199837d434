"""Notices: mails about a subscription itself, and not of an issue.

A form writes down only that somebody asked; what becomes of it is found out when it is sent. So the answer to a form
is the same, and takes as long, for every address:

    sign_up ──┬─ the edition's reader already ──► links
              └─ else ──────────────────────────► confirm
    lost ─────┬─ has a subscription ────────────► links
              └─ else ──► no mail, and the notice is deleted
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from digest.core.models import DeliveryState


class NoticeKind(StrEnum):
    """What a notice is about."""

    SIGN_UP = "sign_up"
    """Somebody gave the address on a form; `about` has `editions` and `cadence`."""
    LOST = "lost"
    """Somebody asked for the address's links on a form."""
    CONFIRM = "confirm"
    """Asks whether the address's owner wants the issues; `about` has `subscriptions`, their keys."""
    LINKS = "links"
    """Brings the links to preferences, private feed and stop."""
    WELCOME = "welcome"
    """The same, for one who has just been subscribed."""
    REPORT = "report"
    """Tells the operator; `about` has `subject` and `lines`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice for one recipient."""

    pk: int
    kind: NoticeKind
    recipient: str
    subscription: int | None = None
    """The key of the subscription that it is about, where there is one."""
    about: Mapping[str, Any] = field(default_factory=dict)
    state: DeliveryState
    token: str
    """Random; the local part of its Message-ID, the same on every attempt."""
    queued_at: datetime
    attempts: int = 0
    """Those that were begun, this one included."""
