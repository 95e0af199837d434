"""Mailboxes are read whole, and a mail is marked as read only once somebody says so."""

from __future__ import annotations

import io
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import trustme

from digest.core.errors import ConfigError, DeliveryError
from digest.deliver.mailboxes import Received, open_mailbox
from digest.deliver.reports import MOST_BYTES
from tests.servers.imap import ImapServer

ONE, TWO = b"Subject: one\r\n\r\n1\r\n", b"Subject: two\r\n\r\n2\r\n"


def opened(source: str | Path, *, stdin: bytes = b"", **more: Any) -> AbstractContextManager[Iterator[Received]]:
    values = {"password": lambda: "secret", "timeout_s": 30.0, "ca_file": None, "keep": False, **more}
    return open_mailbox(str(source), stdin=io.BytesIO(stdin), **values)


def contents(source: str | Path, **more: Any) -> list[bytes]:
    with opened(source, **more) as mails:
        return [mail.content for mail in mails]


# -- files


def test_a_file_with_one_mail_is_one(tmp_path: Path) -> None:
    (tmp_path / "x.eml").write_bytes(ONE + b"\r\nFrom here on it is text\r\n")

    assert contents(tmp_path / "x.eml") == [ONE + b"\r\nFrom here on it is text\r\n"]


def test_an_mbox_has_many(tmp_path: Path) -> None:
    (tmp_path / "mbox").write_bytes(b"From MAILER-DAEMON Wed Jun  3\n" + ONE + b"\nFrom x Wed Jun  3\n" + TWO)

    with opened(tmp_path / "mbox") as mails:
        found = [(mail.place, mail.content.strip()) for mail in mails]

    assert found == [("mail 1 of mbox", ONE.strip()), ("mail 2 of mbox", TWO.strip())]


def test_stdin_is_read_like_a_file() -> None:
    assert contents("-", stdin=ONE) == [ONE]
    assert contents("-", stdin=b"From x y\n" + ONE) == [ONE]
    assert contents("-", stdin=b"") == []


def test_a_mail_without_end_is_read_to_a_bounded_length() -> None:
    [content] = contents("-", stdin=ONE + b"x" * (3 * MOST_BYTES))

    assert len(content) == MOST_BYTES


# -- Maildir


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "100.1.host").write_bytes(ONE)
    (tmp_path / "cur" / "101.2.host:2,F").write_bytes(TWO)
    (tmp_path / "cur" / "102.3.host:2,S").write_bytes(b"read long ago")
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_maildir_gives_what_is_not_read_yet(maildir: Path) -> None:
    assert contents(maildir) == [ONE, TWO]


def test_nothing_of_a_maildir_is_moved_by_looking(maildir: Path) -> None:
    before = files(maildir)

    contents(maildir)

    assert files(maildir) == before


def test_what_is_marked_in_a_maildir_is_seen_and_keeps_its_other_flags(maildir: Path) -> None:
    with opened(maildir) as mails:
        for mail in mails:
            mail.mark()

    assert files(maildir) == ["cur/100.1.host:2,S", "cur/101.2.host:2,FS", "cur/102.3.host:2,S"]
    assert contents(maildir) == []


def test_a_maildir_that_is_kept_is_left_as_it_is(maildir: Path) -> None:
    before = files(maildir)

    with opened(maildir, keep=True) as mails:
        for mail in mails:
            mail.mark()

    assert files(maildir) == before


def test_a_mail_that_another_program_takes_meanwhile_is_passed_over(maildir: Path) -> None:
    with opened(maildir) as mails:
        first = next(mails)
        (maildir / "cur" / "101.2.host:2,F").unlink()
        (maildir / "new" / "100.1.host").unlink()
        first.mark()

        assert list(mails) == []


# -- IMAP


@pytest.fixture
def imap(authority: trustme.CA) -> Iterator[Callable[..., ImapServer]]:
    servers = []
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)

    def start(**more: Any) -> ImapServer:
        servers.append(ImapServer(tls, [ONE, TWO], **more))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def address(server: ImapServer, folder: str = "INBOX/Bounces") -> str:
    return f"imaps://bounces%40example.org@127.0.0.1:{server.port}/{folder}"


def test_an_imap_folder_gives_what_is_not_seen_yet_and_marks_what_is_done(
    imap: Callable[..., ImapServer], ca_file: Path
) -> None:
    server = imap()

    with opened(address(server), ca_file=ca_file) as mails:
        first = next(mails)
        first.mark()
        assert [first.content, *(mail.content for mail in mails)] == [ONE, TWO]

    assert server.seen == {"7"}
    assert 'LOGIN "bounces@example.org"' in server.asked or "LOGIN bounces@example.org" in server.asked
    assert server.asked[-1] == "LOGOUT"


def test_an_imap_folder_that_is_kept_is_opened_for_reading_alone(
    imap: Callable[..., ImapServer], ca_file: Path
) -> None:
    server = imap()

    with opened(address(server), ca_file=ca_file, keep=True) as mails:
        for mail in mails:
            mail.mark()

    assert server.seen == set()
    assert 'EXAMINE "INBOX/Bounces"' in server.asked


def test_a_certificate_that_nobody_knows_is_refused(imap: Callable[..., ImapServer]) -> None:
    server = imap()

    with pytest.raises(DeliveryError, match="no safe connection"), opened(address(server)):
        pass

    assert server.asked == []


@pytest.mark.parametrize(
    ("more", "folder", "said"),
    [
        ({"password": "other"}, "INBOX/Bounces", "login: .*wrong password"),
        ({}, "Elsewhere", "folder Elsewhere: no such folder"),
        ({"hangs_up_at": "FETCH"}, "INBOX/Bounces", "mail 7: "),
        ({"hangs_up_at": "SEARCH"}, "INBOX/Bounces", "search: "),
    ],
)
def test_what_an_imap_server_refuses_is_one_sentence(
    imap: Callable[..., ImapServer], ca_file: Path, more: dict[str, str], folder: str, said: str
) -> None:
    server = imap(**more)

    with pytest.raises(DeliveryError, match=said) as caught, opened(address(server, folder), ca_file=ca_file) as mails:
        list(mails)

    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_one_sentence(ca_file: Path) -> None:
    with pytest.raises(DeliveryError, match=r"127\.0\.0\.1:1: no safe connection"), opened("imaps://a@127.0.0.1:1/x"):
        pass


# -- what is none


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.mbox", "there is no nowhere.mbox; give a file, a Maildir"),
        ("imaps://a:geheim@host/INBOX", "a password does not belong in the address"),
        ("imaps://host/INBOX", "imaps://user@host/folder"),
        ("imap://a@host/INBOX", "imap:// is not read"),
        ("pop3://a@host/", "pop3:// is not read"),
        ("imaps://a@host:99999/", "no address of a mailbox"),
        ("imaps://a@host/B%C3%BCro", "ASCII"),
        ("imaps://a@host/x%0d%0aDELETE", "ASCII"),
    ],
)
def test_what_is_no_mailbox_is_said(source: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught, opened(source):
        pass

    assert "geheim" not in str(caught.value)


def test_a_folder_without_mails_is_no_mailbox(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no Maildir"), opened(tmp_path):
        pass
