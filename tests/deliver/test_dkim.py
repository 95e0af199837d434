"""Signatures of mails: that others find them good, what they cover, and keys that cannot be used."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from digest.core.errors import ConfigError
from digest.deliver.dkim import DkimMailer, Key, Signer, read_key
from digest.deliver.outbox import OutboxMailer, file_name
from tests.support.mails import mail, nothing

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.generate()
KEYS = {"rsa": Key(RSA), "ed25519": Key(ED)}
CONTENT = (
    b"From: Research digest <digest@example.org>\r\nTo: ada@example.org\r\n"
    b"Subject: =?utf-8?q?A_long?=\r\n =?utf-8?q?_subject?=\r\nDate: Wed, 03 Jun 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@example.org>\r\nList-Id: Daily  <daily.digest.example.org>\r\n"
    b"List-Unsubscribe: <https://digest.example.org/unsubscribe/x>,\r\n\t<mailto:digest@example.org>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: daily:digest:example.org\r\n"
    b"Precedence: list\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="=_1"\r\n\r\n'
    b"--=_1\r\n\r\n.One  two \r\n\r\n--=_1--\r\n\r\n\r\n"
)


def signed(content: bytes = CONTENT, kind: str = "rsa") -> bytes:
    return Signer(KEYS[kind], domain="example.org", selector="digest").signed(content)


def is_good(content: bytes, kind: str = "rsa") -> bool:
    def answer(name: bytes, timeout: float = 5) -> bytes:
        assert name == b"digest._domainkey.example.org."
        return KEYS[kind].record.encode()

    return bool(dkim.verify(content, dnsfunc=answer))


def tags(content: bytes) -> dict[str, str]:
    header = content.partition(b"\r\nFrom:")[0].decode().removeprefix("DKIM-Signature:")
    return dict(tag.strip().split("=", 1) for tag in re.sub(r"\s", "", header).split(";"))


def test_others_find_a_signature_good_and_the_mail_stays_as_it_was() -> None:
    assert is_good(signed())
    assert signed().endswith(CONTENT)
    assert max(map(len, signed().split(b"\r\n"))) <= 78


def test_a_signature_with_ed25519_is_good() -> None:
    assert is_good(signed(kind="ed25519"), "ed25519")


def test_a_signature_covers_both_unsubscribe_headers_and_what_a_reader_sees() -> None:
    covered = tags(signed())["h"].split(":")

    assert {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id"} <= set(covered)
    assert {"list-unsubscribe", "list-unsubscribe-post", "feedback-id"} <= set(covered)
    assert covered.count("from") == 2
    assert "precedence" not in covered


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b".One  two", b".One two"),
        (b"unsubscribe/x", b"unsubscribe/y"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Clicks"),
        (b"To: ada@", b"To: bob@"),
        (b"\r\nTo: ada", b"\r\nFrom: evil@example.org\r\nTo: ada"),
        (b"\r\nTo: ada", b"\r\nSubject: evil\r\nTo: ada"),
    ],
)
def test_a_mail_that_was_changed_on_its_way_is_found_out(before: bytes, after: bytes) -> None:
    assert before in signed()
    assert not is_good(signed().replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Precedence: list\r\n", b""),
        (b"\r\nTo: ada", b"\r\nReceived: from x by y\r\nTo: ada"),
        (b"List-Id: Daily  <", b"LIST-ID:Daily\r\n <"),
        (b"--=_1--\r\n\r\n\r\n", b"--=_1--\r\n"),
    ],
)
def test_what_relays_do_to_a_mail_leaves_it_good(before: bytes, after: bytes) -> None:
    assert before in signed()
    assert is_good(signed().replace(before, after))


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b"One", b"One\r\n", b"\r\nOne\r\n\r\n\r\n"])
def test_a_body_may_end_as_it_likes(body: bytes) -> None:
    content = b"From: a@example.org\r\n\r\n" + body

    assert is_good(signed(content if body else content.removesuffix(b"\r\n")))


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=60), max_size=8))
def test_any_body_and_subject_are_signed_so_that_others_find_it_good(lines: list[str]) -> None:
    subject = " ".join(lines[:1]) or "x"
    content = f"From: a@example.org\r\nSubject:  {subject}\r\n\r\n" + "".join(f"{line}\r\n" for line in lines)

    assert is_good(signed(content.encode()))


def test_the_same_mail_is_signed_to_the_same_bytes() -> None:
    assert signed() == signed()
    assert "t" not in tags(signed())


def test_a_mailer_sends_what_is_signed(tmp_path: Path) -> None:
    signer = Signer(KEYS["rsa"], domain="example.org", selector="digest")
    with DkimMailer(OutboxMailer(tmp_path), signer) as mailer:
        mailer.send(mail(content=CONTENT), before_dot=nothing)

    assert is_good((tmp_path / file_name(mail())).read_bytes())


# -- keys


def pem(private: object, form: str = "PKCS8", lock: serialization.KeySerializationEncryption | None = None) -> bytes:
    return private.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM,
        getattr(serialization.PrivateFormat, form),
        lock or serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (lambda: pem(RSA), "rsa"),
        (lambda: pem(RSA, "TraditionalOpenSSL"), "rsa"),
        (lambda: pem(ED), "ed25519"),
        (lambda: base64.b64encode(ED.private_bytes_raw()), "ed25519"),
    ],
)
def test_a_key_is_read_in_each_form_that_tools_write(tmp_path: Path, content: Callable[[], bytes], kind: str) -> None:
    (tmp_path / "dkim.pem").write_bytes(content())

    found = read_key(tmp_path / "dkim.pem")

    assert found.record == KEYS[kind].record
    assert found.record.startswith(f"v=DKIM1; k={kind}; p=")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: b"", "is no private key as PEM"),
        (lambda: b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n", "is no private key as PEM"),
        (lambda: pem(RSA, lock=serialization.BestAvailableEncryption(b"x")), "is locked by a password"),
        (lambda: pem(ec.generate_private_key(ec.SECP256R1())), "is neither an RSA nor an Ed25519 key"),
    ],
)
def test_a_key_that_cannot_be_used_is_a_sentence_with_how_to_make_one(
    tmp_path: Path, content: Callable[[], bytes], said: str
) -> None:
    (tmp_path / "dkim.pem").write_bytes(content())

    with pytest.raises(ConfigError, match=f"key_file .*dkim.pem {said}; to make one: openssl genrsa"):
        read_key(tmp_path / "dkim.pem")


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"key_file .*none\.pem cannot be read: No such file"):
        read_key(tmp_path / "none.pem")


def test_the_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # None in place of a module is how Python is told that there is none.
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)

    with pytest.raises(ConfigError, match=r"pip install 'research-digest\[dkim\]'"):
        read_key(tmp_path / "dkim.pem")
