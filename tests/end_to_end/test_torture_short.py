"""What a run does when servers misbehave, with the server's journal as the judge: `tests/torture` in small.

The full sizes, which wait for real, are `python -m tests.torture`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.sources.door.deadline import Deadline
from tests.servers.flaky_feed.documents import ATTACKS
from tests.support.desk import line
from tests.torture import asking, models, runs, trials
from tests.torture.figures import check
from tests.torture.months import Month
from tests.torture.works import work

_LARGE = ("attributes", "deep", "long_title", "many_items")
"""Attacks by size alone: the full trial measures what they cost."""


@pytest.mark.parametrize("name", ["gzip bomb", "endless body"])
def test_a_body_that_blows_up_costs_its_own_source_and_no_other(tmp_path: Path, name: str) -> None:
    check(trials.bombs(tmp_path, [name], most_s=20))


def test_xml_as_a_weapon_expands_nothing_and_opens_nothing(tmp_path: Path) -> None:
    check(trials.attacks(tmp_path, [name for name in ATTACKS if name not in _LARGE]))


def test_an_unchanged_feed_is_asked_with_its_own_validators_and_parsed_once(tmp_path: Path) -> None:
    check(trials.polling(tmp_path, polls=5))


def test_arxiv_is_asked_once_at_a_time_with_a_gap_whatever_asks(tmp_path: Path) -> None:
    check(trials.politeness(tmp_path, requests=12, gap_s=0.1))


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_is_not_asked_before_the_moment_it_named(tmp_path: Path, status: int) -> None:
    check(trials.retry_after(tmp_path, status=status, hours=(0, 1, 2, 3, 23, 24, 25)))


def test_a_feed_that_is_gone_for_good_is_asked_once(tmp_path: Path) -> None:
    check(trials.gone(tmp_path, days=3))


def test_a_missing_feed_is_asked_ever_more_rarely_and_told_of_on_the_first_and_third_day(tmp_path: Path) -> None:
    check(trials.missing(tmp_path, days=4, hours=(0, 1, 2, 4)))


def test_five_redirects_are_followed_and_no_sixth_no_circle_and_none_to_a_private_place(tmp_path: Path) -> None:
    check(trials.redirects(tmp_path))


def test_sources_that_drip_hang_or_break_off_end_with_the_deadline_and_the_others_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two seconds of patience for a minute, whoever makes the deadline.
    monkeypatch.setattr(Deadline.__init__, "__defaults__", (2.0,))

    check(trials.slow_sources(tmp_path, sources=8, most_s=15))


def test_a_month_of_the_same_works_in_other_words_prints_each_once(tmp_path: Path) -> None:
    check(trials.month(tmp_path, plan=Month(days=10, arxiv_a_day=4, journal_a_day=2, archive_a_day=1)))


def test_three_of_eight_feeds_that_are_down_are_named_and_lose_nothing(tmp_path: Path) -> None:
    check(trials.outage(tmp_path))


# --- models -----------------------------------------------------------------------------------------------------------


def test_what_is_whole_in_a_broken_answer_is_kept_and_only_the_rest_asked_again(tmp_path: Path) -> None:
    check(asking.bad_outputs(tmp_path, cuts=7, papers=3))


def test_wrong_ids_put_no_summary_on_the_wrong_paper_and_cost_little(tmp_path: Path) -> None:
    check(asking.wrong_ids(tmp_path, batches=1))


def test_an_answer_that_is_cut_off_is_never_asked_for_again_as_it_was(tmp_path: Path) -> None:
    check(asking.cut_off(tmp_path, papers=10, points=(0, 700, 1500)))


def test_a_paper_that_is_always_refused_is_found_and_the_others_lose_nothing(tmp_path: Path) -> None:
    check(asking.refusals(tmp_path, kinds=("prose", "status 400")))


def test_a_model_that_asks_for_a_pause_has_it_and_nothing_is_paid_for_three_times(tmp_path: Path) -> None:
    check(asking.pauses(tmp_path, kinds=[kind for kind in asking.PAUSES if not kind.startswith("no answer")]))


_A_FEW_SERVERS = (
    "thinks: a draft in tags",
    "thinks: apostrophes around",
    "thinks: as a tool's call",
    "no system role",
    "only streams",
    "a minute's quota, for 5 minutes",
    "loads its model for ten minutes",
    "context of 4,096, half is kept",
    "context of 3,000, the fixed part is lost",
)


@pytest.mark.parametrize("name", _A_FEW_SERVERS)
def test_a_model_server_as_they_are_brings_every_summary(tmp_path: Path, name: str) -> None:
    check(models.models(tmp_path, names=[name], papers=24))


def test_an_issue_leaves_with_every_paper_though_the_model_is_down(tmp_path: Path) -> None:
    check(runs.dead_all_day(tmp_path, kinds=(), papers=20))


def test_a_budget_holds_over_a_kill_and_over_new_prices(tmp_path: Path) -> None:
    check(runs.money(tmp_path, papers=100, cap="0.02", processes=1))


def test_poisoned_abstracts_and_an_obedient_model_change_no_other_entry(tmp_path: Path) -> None:
    check(runs.poisoned(tmp_path, honest=14, every=4))


def test_the_same_day_twice_asks_nothing_and_a_changed_paper_is_asked_for_alone(tmp_path: Path) -> None:
    check(runs.same_day_twice(tmp_path, papers=25))


def test_a_run_with_a_model_that_is_killed_ends_in_the_same_issue_within_its_budget(tmp_path: Path) -> None:
    check(runs.killed(tmp_path, kills=1, papers=[line(work(n)) for n in range(60)]))
