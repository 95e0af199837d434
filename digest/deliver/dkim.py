"""Sign mails with DKIM (RFC 6376, RFC 8463), where no relay does it.

The key is read once. dkimpy, which checks the signatures in our tests, reads it for each mail and reckons in Python: a
mail with a key of 2048 bits takes it 15 ms of CPU, and cryptography 1 ms.

A signature has no time (t=): the same mail, sent again, is the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

from digest.core.errors import ConfigError
from digest.core.models import Mail
from digest.core.ports import Mailer
from digest.core.walls import reason_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_ONCE: Final = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")
"""Signed once more than they stand there, so that nobody adds a second one. No relay has a reason to."""
_SIGNED: Final = (
    *_ONCE,
    b"reply-to",
    b"content-transfer-encoding",
    b"list-id",
    # Both must be covered where one click unsubscribes: RFC 8058, 4.
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    # https://support.google.com/a/answer/6254652: it counts only where it is signed.
    b"feedback-id",
)
_LEAST_BITS: Final = 1024
"""RFC 8301: a receiver takes a shorter key for none."""
_WIDTH: Final = 72


class Key:
    """A private key, and what DNS has to say of it."""

    def __init__(self, private: RSAPrivateKey | Ed25519PrivateKey) -> None:
        """Use *private*, as `read_key` read it."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        public = private.public_key()
        self.bits: int | None = None
        """Of an RSA key; None for Ed25519, which has one size."""
        if isinstance(private, RSAPrivateKey):
            self.bits, self.kind, self.algorithm = private.key_size, "rsa", b"rsa-sha256"
            form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        else:
            self.kind, self.algorithm = "ed25519", b"ed25519-sha256"
            form = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = base64.b64encode(public.public_bytes(*form)).decode()
        """The public key, as it stands behind `p=`."""
        self.sign = _signing(private)
        """Signs bytes."""

    @property
    def record(self) -> str:
        """The TXT record that belongs at `SELECTOR._domainkey.DOMAIN`."""
        return f"v=DKIM1; k={self.kind}; p={self.public}"


def _signing(private: RSAPrivateKey | Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(private, RSAPrivateKey):
        return lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256())
    # RFC 8463, 3: what is signed is the hash.
    return lambda data: private.sign(hashlib.sha256(data).digest())


def read_key(path: Path) -> Key:
    """Read a private key: RSA or Ed25519, as PEM; or Ed25519 as dkimpy's dknewkey writes it.

    Raises:
        ConfigError: It cannot be read, is of another kind or too short, or the extra is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as exc:
        raise ConfigError("[mail.dkim] needs a package more: pip install 'research-digest[dkim]'") from exc

    where = f"[mail.dkim] key_file {path}"
    make = "openssl genrsa -out dkim.pem 2048"
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{where} cannot be read: {reason_of(exc)}; to make one: {make}") from exc
    try:
        if b"-----BEGIN" not in content:
            return Key(Ed25519PrivateKey.from_private_bytes(base64.b64decode(content, validate=False)))
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        # Without the library's words, in which a piece of the key may stand.
        said = "is locked by a password" if isinstance(exc, TypeError) else "is no private key as PEM"
        raise ConfigError(f"{where} {said}; to make one: {make}") from exc
    if not isinstance(private, (RSAPrivateKey, Ed25519PrivateKey)):
        raise ConfigError(f"{where} is neither an RSA nor an Ed25519 key; to make one: {make}")
    if isinstance(private, RSAPrivateKey) and private.key_size < _LEAST_BITS:
        raise ConfigError(f"{where} has {private.key_size} bits, and receivers want {_LEAST_BITS} at least: {make}")
    return Key(private)


class Signer:
    """Signs mails of one domain with one key; threads can share it."""

    def __init__(self, key: Key, *, domain: str, selector: str) -> None:
        """Sign for *domain*, whose key stands in DNS under *selector*."""
        self._key, self._domain, self._selector = key, domain.encode(), selector.encode()

    def signed(self, content: bytes) -> bytes:
        """Return a mail with a DKIM-Signature in front.

        Args:
            content: The whole mail, with CRLF line ends.
        """
        head, _, body = content.partition(b"\r\n\r\n")
        named, covered = _covered(head + b"\r\n")
        tags = b"".join(
            (
                b"v=1; a=%b; c=relaxed/simple; d=%b;\r\n s=%b;\r\n"
                % (self._key.algorithm, self._domain, self._selector),
                _folded(b"h=", named, b":"),
                b";\r\n bh=%b;\r\n b=" % base64.b64encode(hashlib.sha256(_simple(body)).digest()),
            )
        )
        own = _relaxed(b"DKIM-Signature", tags).removesuffix(b"\r\n")
        signature = base64.b64encode(self._key.sign(b"".join((*covered, own))))
        lines = (signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH))
        return b"DKIM-Signature: %b%b\r\n%b" % (tags, b"\r\n ".join(lines), content)


def _covered(head: bytes) -> tuple[list[bytes], list[bytes]]:
    """The names of the headers that are signed, for `h=`, and the headers, as they are hashed.

    Args:
        head: All headers, with the last one's line end.
    """
    found: dict[bytes, list[bytes]] = {}
    for name, value in re.findall(rb"([!-9;-~]+):(.*\r\n(?:[ \t].*\r\n)*)", head):
        found.setdefault(name.lower(), []).append(value)
    names, covered = [], []
    for name in _SIGNED:
        values = found.get(name, [])
        # Of several the last one is the first to be hashed: RFC 6376, 5.4.2.
        covered += [_relaxed(name, value) for value in reversed(values)]
        names += [name] * (len(values) + (name in _ONCE))
    return names, covered


def _relaxed(name: bytes, value: bytes) -> bytes:
    """A header in relaxed form: RFC 6376, 3.4.2."""
    return b"%b:%b\r\n" % (name.lower(), re.sub(rb"[ \t\r\n]+", b" ", value).strip())


def _simple(body: bytes) -> bytes:
    """A body in simple form: RFC 6376, 3.4.3. Ours is quoted-printable: it has no blanks that a relay would change."""
    return body.rstrip(b"\r\n") + b"\r\n"


def _folded(start: bytes, words: list[bytes], between: bytes) -> bytes:
    """Words on lines that are not too long."""
    lines, line = [], b" " + start
    for n, word in enumerate(words):
        more = word + (between if n < len(words) - 1 else b"")
        if len(line) + len(more) > _WIDTH:
            lines.append(line)
            line = b"  "
        line += more
    return b"\r\n".join((*lines, line))


class DkimMailer:
    """Signs each mail, and hands it to another mailer."""

    def __init__(self, mailer: AbstractContextManager[Mailer], signer: Signer) -> None:
        """Sign with *signer* what *mailer* sends."""
        self._opening, self._signer = mailer, signer
        self._mailer: Mailer | None = None

    def __enter__(self) -> DkimMailer:
        self._mailer = self._opening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mailer = None
        self._opening.__exit__(kind, value, trace)

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        """Sign and deliver one mail; see `digest.core.ports.Mailer`."""
        assert self._mailer is not None  # noqa: S101 -- a mailer is entered before it is used
        self._mailer.send(replace(mail, content=self._signer.signed(mail.content)), before_dot=before_dot)
