"""Issues as people name them, when an issue is done, and which day of the sample comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest.config.read import load
from digest.config.settings import Config
from digest.core.errors import ConfigError, NotFoundError
from digest.core.models import DeliveryState
from digest.store import SqlStore
from digest.usecases.find import is_done, issue_of
from digest.usecases.sample import SAMPLE_DAYS, sample_day
from tests.conftest import paper
from tests.support.desk import CONFIG
from tests.support.store_values import DAY, publish, read

pytest_plugins = ("tests.support.store_fixtures",)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config.toml").write_text(f'{CONFIG}\n[[edition]]\nname = "weekly"\n', encoding="utf-8")
    return load(tmp_path / "config.toml")


def test_by_default_it_is_the_newest_issue_of_the_first_edition(store: SqlStore, config: Config) -> None:
    read(store, paper(1), paper(2))
    for n, day in enumerate((DAY, DAY + timedelta(days=1)), start=1):
        publish(store, paper(n), day=day)

    assert issue_of(store, config, None, None).date == DAY + timedelta(days=1)
    assert issue_of(store, config, "daily", DAY).date == DAY


def test_an_issue_that_is_not_there_is_a_sentence_that_names_what_is(store: SqlStore, config: Config) -> None:
    with pytest.raises(NotFoundError, match="daily has no issue yet"):
        issue_of(store, config, None, None)
    read(store, paper(1))
    publish(store, paper(1))

    with pytest.raises(NotFoundError, match=f"no issue of 2026-01-01; the newest is of {DAY}"):
        issue_of(store, config, None, date(2026, 1, 1))
    with pytest.raises(NotFoundError, match="weekly has no issue"):
        issue_of(store, config, "weekly", None)
    with pytest.raises(ConfigError, match="no edition 'dayly'"):
        issue_of(store, config, "dayly", None)


def test_an_issue_is_done_when_it_is_printed_and_mailed_and_every_list_was_read(
    store: SqlStore, config: Config
) -> None:
    edition = replace(config.editions[0], sources=("hf",))
    told = [is_done(store, edition, DAY)]
    read(store, paper(1))
    publish(store, paper(1), deliveries={"ada@example.org": "<1>"})
    told.append(is_done(store, edition, DAY))
    store.skip_deliveries("daily", before=None, reason="no longer wanted")
    told.append(is_done(store, edition, DAY))
    told.append(is_done(store, replace(edition, sources=("hf", "another")), DAY))

    assert told == [False, False, True, False]
    assert [d.state for d in store.deliveries("daily", DAY)] == [DeliveryState.SKIPPED]


def test_the_days_of_the_sample_come_one_after_the_other(store: SqlStore, config: Config) -> None:
    alone = replace(config, editions=config.editions[:1])
    read(store, *(paper(n) for n in range(1, 3)))
    days = []
    for n, day in enumerate(SAMPLE_DAYS, start=1):
        days.append(sample_day(store, alone))
        publish(store, paper(n), day=day, deliveries={"ada@example.org": f"<{n}>"} if n == 2 else {})
    days.append(sample_day(store, alone))
    store.skip_deliveries("daily", before=None, reason="no longer wanted")

    assert days == [*SAMPLE_DAYS, SAMPLE_DAYS[1]], "a day whose mails are due still is not done"
    with pytest.raises(NotFoundError, match="both days of the sample are done"):
        sample_day(store, alone)
