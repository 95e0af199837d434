"""`digest deliver`, and what runs, status and doctor say of mails: in words and as JSON."""

from __future__ import annotations

import email
import json
import logging
from datetime import UTC, date, datetime, timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digest.app import app as app_module
from digest.cli.main import cli
from digest.cli.show.run import print_reports
from digest.core.models import DeliveryState
from digest.stages.report import Report
from tests.conftest import paper
from tests.servers.flaky_smtp import Act, FlakySmtp, Rule
from tests.support.desk import CONFIG, Desk
from tests.support.store_values import publish

MONDAY = date(2026, 6, 1)
TUESDAY = MONDAY + timedelta(days=1)
THREE = CONFIG.replace('["ada@example.org"]', '["ada@example.org", "bob@example.org", "cleo@example.org"]')


def smtp(port: int, config: str = CONFIG, more: str = "") -> str:
    return f'{config}\n[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n{more}\n'


@pytest.fixture(autouse=True)
def monday_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    # Commands make their own host; its clock is the one thing of it that a test cannot hand over.
    at = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
    monkeypatch.setattr(app_module.Host.__init__, "__kwdefaults__", {**kwdefaults(), "clock": lambda: at})


def kwdefaults() -> dict[str, Any]:
    return dict(app_module.Host.__init__.__kwdefaults__ or {})


def digest(desk: Desk, *arguments: str) -> Result:
    name, *rest = arguments
    return CliRunner().invoke(cli, [name, "--config", str(desk.folder / "config.toml"), *rest])


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def printed(reports: list[Report], capsys: pytest.CaptureFixture[str]) -> str:
    print_reports(reports, {}, data_dir=Path("var"), outbox=True)
    return capsys.readouterr().out


def end(desk: Desk, **states: DeliveryState) -> None:
    """Let Monday's mails to these have ended so."""
    with desk.app() as app:
        for delivery in app.store.deliveries("daily", MONDAY):
            state = states.get(delivery.recipient.partition("@")[0])
            if state is not None:
                app.store.mark_delivery(delivery.id, state, error=f"it is {state}")


@pytest.fixture
def held(tmp_path: Path) -> Desk:
    """Monday's issue is made, and its three mails are due."""
    desk = Desk(tmp_path, THREE)
    desk.feed(MONDAY, [paper(1)])
    with desk.app() as app:
        [edition] = app.config.editions
        publish(app.store, paper(1), day=MONDAY, deliveries={r: f"<{r}>" for r in edition.recipients})
    return desk


# -- what a run says


def test_a_run_says_what_it_sent_and_the_next_when_that_was(held: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    first = printed(held.run(MONDAY), capsys)
    second = printed(held.run(MONDAY), capsys)

    assert "mail  3 sent" in first
    assert "mail  already sent at 09:00" in second
    assert "3 sent" not in second


def test_the_time_is_that_of_the_config_and_has_its_day_where_it_is_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, CONFIG.replace('"UTC"', '"Asia/Tokyo"'))
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, send=False)
    desk.feed(TUESDAY, [paper(2)])
    desk.run(TUESDAY)

    assert "mail  already sent on 2026-06-02 at 18:00" in printed(desk.run(MONDAY), capsys)
    assert "mail  already sent at 18:00" in printed(desk.run(TUESDAY), capsys)


def test_a_run_that_sends_the_rest_says_both(held: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    end(held, ada=DeliveryState.FAILED, bob=DeliveryState.UNKNOWN)
    held.run(MONDAY)
    with held.app() as app:
        app.store.retry_deliveries("daily", since=MONDAY, until=MONDAY, states=[DeliveryState.FAILED])

    assert "mail  1 sent · 1 already sent at 09:00 · 1 unknown" in printed(held.run(MONDAY), capsys)


def test_a_run_that_sends_nothing_prints_nothing_as_sent(held: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert "mail  3 due" in printed(held.run(MONDAY, send=False), capsys)
    held.run(MONDAY)
    assert "mail  already sent at 09:00" in printed(held.run(MONDAY, send=False), capsys)


def test_mails_of_the_day_before_are_counted_as_sent_by_this_run(
    held: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    held.feed(TUESDAY, [paper(2)])

    [report] = held.run(TUESDAY)

    assert report.mail is not None
    assert (report.mail.sent, report.mail.already, report.deliveries["sent"]) == (6, 0, 3)
    assert "mail  6 sent" in printed([report], capsys)


def test_without_recipients_a_run_says_calmly_that_nobody_gets_a_mail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path, CONFIG.replace('["ada@example.org"]', "[]"))
    desk.feed(MONDAY, [paper(1)])

    [report] = desk.run(MONDAY)

    assert (report.status, report.warnings) == ("done", ())
    assert "mail  to nobody: [[edition]] daily has no recipients" in printed([report], capsys)
    assert "mail" not in printed(desk.run(MONDAY, send=False), capsys)


def test_json_has_what_this_run_sent_beside_what_is_sent(held: Desk) -> None:
    first, second = document(digest(held, "run", "--json")), document(digest(held, "run", "--json"))

    assert first[0]["deliveries"] == second[0]["deliveries"] == {"due": 0, "sent": 3, "unknown": 0, "failed": 0}
    assert first[0]["mail"] == {
        "sent": 3,
        "skipped": 0,
        "already_sent": 0,
        "already_sent_at": None,
        "later": 0,
        "next_at": None,
        "recipients": 3,
    }
    assert second[0]["mail"] == {
        "sent": 0,
        "skipped": 0,
        "already_sent": 3,
        "already_sent_at": "2026-06-01T09:30:00+00:00",
        "later": 0,
        "next_at": None,
        "recipients": 3,
    }
    assert document(digest(held, "run", "--json", "--no-send"))[0]["mail"] is None


def test_mails_of_an_edition_that_left_the_config_are_given_up_by_the_run_that_says_so(held: Desk) -> None:
    (held.folder / "config.toml").write_text(THREE.replace('"daily"', '"morning"'), encoding="utf-8")
    held.feed(TUESDAY, [paper(2)])

    [first], [second] = held.run(TUESDAY), held.run(TUESDAY)

    said = "3 mails are not sent, for there is no edition 'daily' in config.toml any more"
    assert said in first.warnings
    assert first.status == "degraded"
    assert (second.warnings, second.status) == ((), "done")
    with held.app() as app:
        assert {d.state for d in app.store.deliveries("daily", MONDAY)} == {DeliveryState.SKIPPED}


def test_mails_of_an_edition_that_came_back_go_out(held: Desk) -> None:
    (held.folder / "config.toml").write_text(THREE.replace('"daily"', '"morning"'), encoding="utf-8")
    held.run(TUESDAY)
    (held.folder / "config.toml").write_text(THREE, encoding="utf-8")

    held.run(TUESDAY)

    assert len(held.outbox) == 3


def test_a_refused_login_is_met_once_by_all_editions_of_a_run(tmp_path: Path) -> None:
    no = Rule("AUTH", Act(say=b"535 5.7.139 basic authentication is disabled\r\n"))
    with FlakySmtp([no], offers=("AUTH PLAIN LOGIN",)) as server:
        config = smtp(
            server.port, THREE + '\n[[edition]]\nname = "b"\nrecipients = ["x@example.org"]\n', 'username = "me"'
        )
        desk = Desk(tmp_path, config, {"DIGEST_SMTP_PASSWORD": "secret"})
        desk.feed(MONDAY, [paper(1)])

        reports = desk.run(MONDAY)

    assert server.count("AUTH") == 1
    assert [r.deliveries["due"] for r in reports] == [3, 1]
    assert all("basic authentication is disabled" in r.warnings[-1] for r in reports)
    assert {r.status for r in reports} == {"degraded"}


def test_a_password_goes_out_without_the_line_break_at_the_end_of_its_variable(tmp_path: Path) -> None:
    with FlakySmtp(offers=("AUTH PLAIN",)) as server:
        desk = Desk(tmp_path, smtp(server.port, more='username = "me"'), {"DIGEST_SMTP_PASSWORD": "secret\r\n"})
        desk.feed(MONDAY, [paper(1)])

        desk.run(MONDAY)

    assert "AUTH PLAIN AG1lAHNlY3JldA==" in server.commands
    assert server.taken("ada@example.org") == 1


def test_a_mail_tells_nobody_where_things_lie_on_the_senders_disk(tmp_path: Path) -> None:
    broken = '[[source]]\nname = "Votes"\nkind = "jsonl"\nurl = "votes.jsonl"\n\n[[edition]]'
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", broken))
    desk.feed(MONDAY, [paper(1)])
    (tmp_path / "votes.jsonl").mkdir()

    desk.run(MONDAY)

    message = email.message_from_bytes(desk.outbox[0].read_bytes(), policy=default)
    for kind in ("plain", "html"):
        text = message.get_body((kind,)).get_content()  # type: ignore[union-attr]  # it has both
        assert str(tmp_path) not in text.replace("\n", "")
        assert "index.html" not in text
        assert "votes.jsonl is a folder; name the file in it" in " ".join(text.split())


def test_no_address_is_logged(held: Desk, caplog: pytest.LogCaptureFixture) -> None:
    end(held, ada=DeliveryState.FAILED)
    with caplog.at_level(logging.DEBUG):
        digest(held, "run")
        digest(held, "status")
        digest(held, "deliver", "--retry", "failed")

    assert "@example.org" not in caplog.text


# -- digest deliver


def test_deliver_sends_what_is_due(held: Desk) -> None:
    done = digest(held, "deliver")

    assert (done.exit_code, len(held.outbox)) == (0, 3)
    assert "mail  3 sent" in done.stdout
    assert "mail  nothing was due" in digest(held, "deliver").stdout


def test_deliver_with_nothing_due_says_so_beside_what_ended_badly(held: Desk) -> None:
    end(held, ada=DeliveryState.FAILED, bob=DeliveryState.SENT, cleo=DeliveryState.SENT)

    done = digest(held, "deliver")

    assert (done.exit_code, "mail  nothing was due · 1 failed" in done.stdout) == (0, True)


def test_failed_mails_are_sent_again_by_a_persons_word(held: Desk) -> None:
    end(held, ada=DeliveryState.FAILED, bob=DeliveryState.UNKNOWN, cleo=DeliveryState.SENT)

    done = digest(held, "deliver", "--retry", "failed")

    assert "ada@example.org, issue of 2026-06-01: is due again" in done.stdout
    assert "bob@" not in done.stdout
    assert "mail  1 sent · 1 unknown" in done.stdout
    assert [p.name[:20] for p in held.outbox] == ["daily-2026-06-01-ada"]


def test_mails_in_doubt_are_said_to_arrive_twice_perhaps(held: Desk) -> None:
    end(held, ada=DeliveryState.UNKNOWN, bob=DeliveryState.UNKNOWN, cleo=DeliveryState.SENT)

    done = digest(held, "deliver", "--retry", "unknown", "ADA@example.org", "--json")

    [one] = document(done)
    assert one["retried"] == [{"date": "2026-06-01", "recipient": "ada@example.org", "may_arrive_twice": True}]
    assert one["deliveries"] == {"due": 0, "sent": 2, "unknown": 1, "failed": 0}
    assert (one["sent"], one["warnings"], one["status"], done.exit_code) == (1, [], "done", 0)
    assert "may arrive twice" in digest(held, "deliver", "--retry", "unknown").stdout


def test_an_address_without_such_a_mail_stops_before_anything_is_done(held: Desk) -> None:
    end(held, ada=DeliveryState.FAILED)

    done = digest(held, "deliver", "--retry", "failed", "ada@example.org", "nobody@example.org")

    assert "no mail to nobody@example.org is failed from 2026-05-25 to 2026-06-01; nothing was sent" in str(
        done.exception
    )
    assert held.outbox == []


def test_an_older_mail_is_retried_when_its_day_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    day = MONDAY - timedelta(days=20)
    desk.feed(day, [paper(1)])
    desk.run(day, send=False)
    with desk.app() as app:
        [delivery] = app.store.deliveries("daily", day)
        app.store.mark_delivery(delivery.id, DeliveryState.FAILED, error="550")

    without = digest(desk, "deliver", "--retry", "failed", "ada@example.org")
    with_day = digest(desk, "deliver", "--retry", "failed", "--date", str(day))

    assert f"there is one of {day}: name it with --date" in str(without.exception)
    assert (with_day.exit_code, len(desk.outbox)) == (0, 1)
    assert f"daily · issues of {day}" in with_day.stdout


def test_nothing_to_retry_is_said(held: Desk) -> None:
    held.run(MONDAY)

    assert "no mail is unknown" in digest(held, "deliver", "--retry", "unknown").stdout


def test_what_is_still_due_makes_deliver_end_with_3(tmp_path: Path) -> None:
    with FlakySmtp([Rule("RCPT", Act(say=b"451 later\r\n"))]) as server:
        desk = Desk(tmp_path, smtp(server.port, THREE))
        desk.feed(MONDAY, [paper(1)])
        desk.run(MONDAY, send=False)

        done = digest(desk, "deliver")

    assert done.exit_code == 3
    assert "mail  none sent · 3 due" in done.stdout
    assert "! ada@example.org: not taken now: 451 later" in done.stdout


def test_what_is_put_off_has_its_next_try_in_the_report_and_in_the_status(tmp_path: Path) -> None:
    with FlakySmtp([Rule("RCPT", Act(say=b"450 4.7.1 greylisted\r\n"))]) as server:
        desk = Desk(tmp_path, smtp(server.port))
        desk.feed(MONDAY, [paper(1)])
        desk.run(MONDAY, send=False)

        said = document(digest(desk, "deliver", "--json"))[0]["waiting"]
        again = document(digest(desk, "deliver", "--json"))[0]
        [listed] = document(digest(desk, "status", "--deliveries", "--state", "due", "--json"))["listed"]
        at_once = document(digest(desk, "deliver", "--retry", "due", "--json"))[0]

    assert (said["put_off"], said["now"], again["sent"], again["waiting"]) == (1, 0, 0, said)
    assert (listed["recipient"], listed["reason"]) == ("ada@example.org", "not taken now: 450 4.7.1 greylisted")
    assert (listed["due_at"], listed["attempts"]) == (said["next_at"], 1)
    assert [one["recipient"] for one in at_once["retried"]] == ["ada@example.org"]
    assert server.count("RCPT") == 2


def test_only_the_named_edition_is_delivered(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + '\n[[edition]]\nname = "b"\nrecipients = ["x@example.org"]\n')
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, send=False)

    digest(desk, "deliver", "--edition", "b")

    assert [p.name[:12] for p in desk.outbox] == ["b-2026-06-01"]


def test_addresses_without_retry_are_a_misuse(held: Desk) -> None:
    done = digest(held, "deliver", "ada@example.org")

    assert done.exit_code == 2
    assert "ADDRESS goes with --retry" in done.stderr
    assert held.outbox == []


# -- status and doctor


def test_status_names_who_got_nothing_and_why(held: Desk) -> None:
    end(held, ada=DeliveryState.FAILED, bob=DeliveryState.UNKNOWN)

    said, found = digest(held, "status").stdout, document(digest(held, "status", "--json"))

    assert "failed daily 2026-06-01, ada@example.org: it is failed" in said
    assert "unknown daily 2026-06-01, bob@example.org: it is unknown" in said
    assert "`digest deliver --retry failed` sends what is failed again" in said
    assert "`digest deliver --retry unknown` sends what is unknown again; they may arrive twice" in said
    assert "cleo@" not in said
    assert [(d["recipient"], d["state"], d["reason"]) for d in found["undelivered"]] == [
        ("ada@example.org", "failed", "it is failed"),
        ("bob@example.org", "unknown", "it is unknown"),
    ]


def test_status_says_nothing_of_mails_that_all_went_out(held: Desk) -> None:
    held.run(MONDAY)

    said = digest(held, "status").stdout

    assert "mail: 3 sent" in said
    assert "retry" not in said


def doctor(desk: Desk, subject: str) -> dict[str, str]:
    [found] = [f for f in document(digest(desk, "doctor", "--json")) if f["subject"] == subject]
    return dict(found)


def test_doctor_sees_that_the_server_wants_a_login(tmp_path: Path) -> None:
    with FlakySmtp([Rule("MAIL", Act(say=b"530 5.7.0 Authentication required\r\n"))]) as server:
        desk = Desk(tmp_path, smtp(server.port))
        desk.feed(MONDAY, [paper(1)])

        found = doctor(desk, "mail server")

    assert found["level"] == "wrong"
    assert "set [mail] username and password_env" in found["said"]


def test_doctor_says_what_the_server_takes(tmp_path: Path) -> None:
    with FlakySmtp() as server:
        desk = Desk(tmp_path, smtp(server.port))

        found = doctor(desk, "mail server")

    assert (found["level"], found["said"]) == ("good", f"127.0.0.1:{server.port} takes mails from digest@localhost")
    assert server.record == []


def test_doctor_hints_at_a_port_that_is_for_another_encryption(tmp_path: Path) -> None:
    mail = '\n[mail]\ntransport = "smtp"\nhost = "smtp.example.org"\nport = 465\n'
    desk = Desk(tmp_path, CONFIG + mail)

    [found] = [f for f in document(digest(desk, "doctor", "--json", "--offline")) if f["subject"] == "mail"]

    assert found["level"] == "doubtful"
    assert "security = 'tls'" in found["said"]
