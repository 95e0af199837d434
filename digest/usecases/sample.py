"""Find the next day of the shipped sample to run: its days are run one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.errors import NotFoundError
from digest.stages.deliver import mails_since

if TYPE_CHECKING:
    from digest.config.settings import Config

SAMPLE_DAYS: Final = (date(2026, 3, 2), date(2026, 3, 3))
SAMPLE_FOLDER: Final = "digest-sample"
"""The sample's data folder, below the current folder."""


class Days(Protocol):
    """The part of the store that knows which days are done."""

    def issue_dates(self, edition: str | None = None) -> Sequence[tuple[str, date, int]]: ...

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]: ...


def sample_day(store: Days, config: Config) -> date:
    """The first day of the sample that has not been run yet.

    Args:
        config: The sample's own, with one edition.

    Raises:
        NotFoundError: All days of the sample were run.
    """
    [edition] = config.editions
    done = {day for _, day, _ in store.issue_dates(edition.name)}
    for day in SAMPLE_DAYS:
        if day not in done or store.undelivered(edition.name, since=mails_since(day), until=day):
            return day
    raise NotFoundError(
        f"both days of the sample are done; look at {config.data_dir / 'site' / 'index.html'}, "
        f"or delete {config.data_dir} to begin again"
    )
