"""`digest doctor --mail`, from the command to the DNS server and back."""

from __future__ import annotations

from pathlib import Path

from digest.app.usecases import examine
from digest.deliver.dns import Dns
from tests.servers.dns import TableDns
from tests.servers.flaky_smtp import FlakySmtp
from tests.support.desk import CONFIG, Desk
from tests.support.shell import digest


def test_only_mail_is_looked_at_and_the_mail_server_and_dns_are_asked(tmp_path: Path) -> None:
    with FlakySmtp() as server, TableDns({"example.org": {"TXT": ['"v=spf1 mx -all"'], "A": ["192.0.2.1"]}}) as names:
        written = f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        desk = Desk(tmp_path, f'{CONFIG}\n{written}from = "d@example.org"\n')
        with desk.app() as app:
            found = examine(
                tmp_path / "config.toml", app.host, offline=False, mail=True, names=Dns(names.resolver, patience_s=20.0)
            )

    subjects = ["config", "mail", "subscribers", "mail server", "sender's domain", "SPF", "DKIM", "DMARC"]
    assert [one.subject for one in found][:8] == subjects
    assert {one.subject for one in found if one.level == "wrong"} == set()
    assert server.record == []


def test_dns_is_not_asked_without_the_option(tmp_path: Path) -> None:
    with TableDns({}) as names, Desk(tmp_path).app() as app:
        examine(tmp_path / "config.toml", app.host, offline=True, names=Dns(names.resolver))

    assert names.questions == []


def test_the_option_goes_with_no_offline(tmp_path: Path) -> None:
    Desk(tmp_path)

    done = digest("doctor", "--mail", "--offline", cwd=tmp_path)

    assert (done.returncode, "leave --offline out" in done.stderr) == (2, True)
