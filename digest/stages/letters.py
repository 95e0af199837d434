"""Letters: the mails of issues, each composed for one recipient when it is sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from digest.core.models import Delivery, Issue, Mail
from digest.core.subscribers.subscriber import Subscription

if TYPE_CHECKING:
    from digest.publish.mail import Body
    from digest.publish.render import Templates

Letter: TypeAlias = Callable[[Issue, Delivery, Subscription | None], Mail]
"""Composes the mail of an issue for a delivery, with the subscription that it is due to, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Composes the mails of issues."""

    templates: Callable[[], Templates]
    base: Path
    """The folder of config.toml, which is left out of mails."""
    sender: str
    sender_name: str
    site_url: str | None
    progress: Callable[[str], None]

    def of(self, edition: str) -> Letter:
        """A function that composes the mail of an issue for one recipient; the common part is made only once."""
        from digest.publish.mail import compose, draw_body

        site_url = self.site_url
        drawn: dict[str, Body] = {}

        def letter(issue: Issue, delivery: Delivery, subscription: Subscription | None) -> Mail:  # noqa: ARG001
            if issue.id not in drawn:
                self.progress(f"sending {issue.id}")
                drawn[issue.id] = draw_body(_abroad(issue, self.base), templates=self.templates(), site_url=site_url)
            composed = compose(
                issue,
                recipient=delivery.recipient,
                sender=self.sender,
                sender_name=self.sender_name,
                message_id=delivery.message_id,
                at=delivery.queued_at,
                templates=self.templates(),
                site_url=site_url,
                body=drawn[issue.id],
            )
            return replace(composed, label=f"{edition}-{issue.date}")

        return letter


def _abroad(issue: Issue, base: Path) -> Issue:
    """*issue* for people elsewhere: its errors name files relative to the folder of config.toml."""
    private = str(base)

    def seen(error: str | None) -> str | None:
        return error and error.replace(f"{private}{os.sep}", "").replace(private, "the folder of config.toml")

    return replace(issue, sources=tuple(replace(s, error=seen(s.error)) for s in issue.sources))
