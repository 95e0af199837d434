"""A mailer that sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from digest.core.errors import DeliveryError, InDoubtError, StoreError
from digest.core.models import Mail


@dataclass
class FakeMailer:
    """Takes mails, but for those it was told to fail; recipients go by what stands before the @."""

    failures: dict[str, DeliveryError | StoreError] = field(default_factory=dict)
    """By name; `*` is everybody else. What is in doubt fails behind the final dot, all else before it."""
    before: dict[str, Callable[[], object]] = field(default_factory=dict)
    """What happens meanwhile, before a mail's final dot, by name."""
    behind: dict[str, Callable[[], object]] = field(default_factory=dict)
    """The same behind the dot, before the mail is taken."""
    tried: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        """See `digest.core.ports.Mailer`."""
        name = mail.recipient.partition("@")[0]
        self.tried.append(name)
        if name in self.before:
            self.before[name]()
        failure = self.failures.get(name, self.failures.get("*"))
        if failure is None or isinstance(failure, InDoubtError):
            before_dot()
        if failure is not None:
            raise failure
        if name in self.behind:
            self.behind[name]()
        self.taken.append(name)
