"""Which mailer a config gives, and that threads which each take one share what they should."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.servers.flaky_smtp import FlakySmtp
from tests.support.desk import CONFIG, Desk
from tests.support.mails import BODY, mail, nothing


def test_mails_go_to_a_program_and_come_back_to_where_bounces_are_read(tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/argv\ncat > {tmp_path}/mail\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    written = f'[mail]\ntransport = "sendmail"\nsendmail = "{program}"\nbounces = "bounces@example.org"\n'

    with Desk(tmp_path, CONFIG + written).app() as app, app.mailer() as mailer:
        mailer.send(mail(), before_dot=nothing)

    assert (tmp_path / "argv").read_text() == "-i -f bounces@example.org -- ada@example.org\n"
    assert (tmp_path / "mail").read_bytes() == BODY.replace(b"\r\n", b"\n")


def test_mails_are_signed_where_the_config_says_how_also_those_that_become_files(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "dkim.pem").write_bytes(key)
    written = '[mail]\nfrom = "d@news.example.org"\n[mail.dkim]\nselector = "s1"\nkey_file = "dkim.pem"\n'
    written += 'domain = "example.org"\n'

    with Desk(tmp_path, CONFIG + written).app() as app:
        for mailer in (app.mailer(), app.mailer()):
            with mailer as opened:
                opened.send(mail(), before_dot=nothing)
        [path] = (app.config.data_dir / "outbox").iterdir()

    assert path.read_bytes().startswith(b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/simple; d=example.org;")
    assert path.read_bytes().endswith(BODY)


def test_all_connections_log_in_with_one_token_and_its_program_sees_no_key_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "token.py").write_text(
        "import os\nopen('ran', 'a').write(','.join(k for k in os.environ if 'SECRET' in k) + ';')\nprint('token')\n"
    )
    with FlakySmtp(offers=("AUTH XOAUTH2",)) as server:
        written = (
            f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            f'username = "me"\ntoken_command = ["{sys.executable}", "token.py"]\n[llm]\napi_key_env = "SECRET_KEY"\n'
        )
        desk = Desk(tmp_path, CONFIG + written, environment={"SECRET_KEY": "x", "SECRET_OF_THE_PROGRAM": "y"})
        with desk.app() as app, app.mailer() as one, app.mailer() as other:
            for mailer in (one, other):
                mailer.send(mail(), before_dot=nothing)

    assert (server.connections, server.count("AUTH XOAUTH2"), len(server.record)) == (2, 2, 2)
    assert (tmp_path / "ran").read_text() == "SECRET_OF_THE_PROGRAM;"
