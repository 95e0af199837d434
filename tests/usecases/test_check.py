"""What a run finds out about its mail before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config.read import load
from digest.core.errors import ConfigError
from digest.usecases.check import check
from tests.support.desk import CONFIG


def checked(folder: Path, mail: str, *, send: bool = True) -> None:
    (folder / "config.toml").write_text(f"{CONFIG}\n[mail]\n{mail}\n", encoding="utf-8")
    check(load(folder / "config.toml"), {}, make=lambda _: None, taxonomy=lambda: None, send=send)


def test_a_program_that_is_not_there_is_found_before_a_run(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")

    for path in ("none", "text"):
        with pytest.raises(ConfigError, match=rf"config.toml: \[mail\] sendmail: the program '.*{path}' is not there"):
            checked(tmp_path, f'transport = "sendmail"\nsendmail = "{tmp_path / path}"')
    checked(tmp_path, 'transport = "sendmail"\nsendmail = "true"')
    checked(tmp_path, 'transport = "sendmail"\nsendmail = "none"', send=False)


SMTP = 'transport = "smtp"\nhost = "127.0.0.1"\nusername = "me"\n'


def test_a_program_that_prints_tokens_is_looked_for_where_it_will_run_and_no_password_is_missed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("#!/bin/sh\necho x\n")
    (tmp_path / "token").chmod(0o755)

    checked(tmp_path, f'{SMTP}token_command = ["./token", "--of", "me"]')
    with pytest.raises(ConfigError, match=r"\[mail\] token_command: the program './tokens' is not there"):
        checked(tmp_path, f'{SMTP}token_command = ["./tokens"]')
    with pytest.raises(ConfigError, match="DIGEST_SMTP_PASSWORD"):
        checked(tmp_path, SMTP)


def test_a_key_that_cannot_be_read_is_found_before_a_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.toml: \[mail.dkim\] key_file .*dkim.pem cannot be read: No such"):
        checked(tmp_path, 'from = "d@example.org"\n[mail.dkim]\nselector = "s"\nkey_file = "dkim.pem"')
