"""Where mails come back to: a file with one mail or many (mbox), a Maildir, a folder of an IMAP server, or stdin.

Each mail is marked as read once what follows from it is stored, and not before; a mail that a person has to read stays
unread. An mbox and stdin are read whole each time, which does no harm, for the store knows the reports it has seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import unquote, urlsplit

from digest.core.errors import ConfigError, DeliveryError
from digest.core.walls import reason_of
from digest.core.words.text import excerpt
from digest.deliver.reports import MOST_BYTES

if TYPE_CHECKING:
    import imaplib

_LINE: Final = 1_000_000
_SEEN: Final = "S"
_IMAPS: Final = 993


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail of a mailbox."""

    content: bytes
    """Its first `MOST_BYTES`."""
    place: str
    """Which one it is, for people."""
    mark: Callable[[], object]
    """Marks it as read."""


def open_mailbox(
    source: str,
    *,
    stdin: BinaryIO,
    password: Callable[[], str],
    timeout_s: float,
    ca_file: Path | None,
    keep: bool,
) -> AbstractContextManager[Iterator[Received]]:
    """The unread mails of *source*, in order; they are read while one goes through them.

    Args:
        source: A path, `imaps://user@host/folder`, or `-` for stdin.
        password: Gives that for IMAP, or raises a ConfigError.
        keep: Mark nothing as read.

    Raises:
        ConfigError: There is no such mailbox, or it is written wrongly.
        DeliveryError: It cannot be read.
    """
    if source == "-":
        return nullcontext(_split(stdin, "stdin"))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", source):
        return _imap(source, password=password, timeout_s=timeout_s, ca_file=ca_file, keep=keep)
    path = Path(source)
    if (path / "new").is_dir() and (path / "cur").is_dir():
        return nullcontext(_maildir(path, keep=keep))
    if path.is_dir():
        raise ConfigError(f"{path} is a folder, but no Maildir: it has no folders new and cur")
    if not path.exists():
        raise ConfigError(f"there is no {path}; give a file, a Maildir, imaps://user@host/folder, or - for stdin")
    return _file(path)


# -- files and stdin


@contextmanager
def _file(path: Path) -> Iterator[Iterator[Received]]:
    try:
        stream = path.open("rb")
    except OSError as exc:
        raise DeliveryError(f"{path} cannot be read: {reason_of(exc)}") from exc
    with stream:
        yield _split(stream, path.name)


def _split(stream: BinaryIO, name: str) -> Iterator[Received]:
    """The mails of an mbox, or the one that it is."""
    is_mbox, number = False, 0
    lines: list[bytes] = []
    size, is_blank = 0, True
    while line := _line(stream, name):
        begins = is_blank and line.startswith(b"From ")
        if begins and not lines and not number:
            is_mbox = True
        if begins and is_mbox:
            if number:
                yield _received(lines, f"mail {number} of {name}")
            number, lines, size = number + 1, [], 0
        elif size < MOST_BYTES:
            lines.append(line)
            size += len(line)
        is_blank = not line.strip(b"\r\n")
    if b"".join(lines).strip():
        yield _received(lines, f"mail {number} of {name}" if is_mbox else name)


def _line(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.readline(_LINE)
    except OSError as exc:
        raise DeliveryError(f"{name} cannot be read: {reason_of(exc)}") from exc


def _received(lines: list[bytes], place: str) -> Received:
    return Received(content=b"".join(lines)[:MOST_BYTES], place=place, mark=_nothing)


def _nothing() -> None:
    """There is nothing to mark."""


# -- Maildir


def _maildir(folder: Path, *, keep: bool) -> Iterator[Received]:
    """Unread mails: all in `new`, and those in `cur` without the flag S. Read ones are moved to `cur` with it."""
    try:
        found = sorted(
            (path for name in ("new", "cur") for path in (folder / name).iterdir() if not _is_seen(path)),
            key=lambda path: path.name,
        )
    except OSError as exc:
        raise DeliveryError(f"{folder} cannot be read: {reason_of(exc)}") from exc
    for path in found:
        try:
            with path.open("rb") as stream:
                content = stream.read(MOST_BYTES)
        except FileNotFoundError:
            continue  # another program has taken it meanwhile
        except OSError as exc:
            raise DeliveryError(f"{path} cannot be read: {reason_of(exc)}") from exc
        yield Received(content=content, place=path.name, mark=_nothing if keep else partial(_see, path))


def _is_seen(path: Path) -> bool:
    return path.name.startswith(".") or not path.is_file() or _SEEN in path.name.partition(":2,")[2]


def _see(path: Path) -> None:
    name, _, flags = path.name.partition(":2,")
    # The flags stand in alphabetical order: https://cr.yp.to/proto/maildir.html
    seen = path.parent.parent / "cur" / f"{name}:2,{''.join(sorted({*flags, _SEEN}))}"
    try:
        path.rename(seen)
    except FileNotFoundError:
        return  # another program has moved it; what follows from it is stored all the same
    except OSError as exc:
        raise DeliveryError(f"{path} cannot be moved to {seen.parent}: {reason_of(exc)}") from exc


# -- IMAP


@contextmanager
def _imap(
    source: str, *, password: Callable[[], str], timeout_s: float, ca_file: Path | None, keep: bool
) -> Iterator[Iterator[Received]]:
    """A folder's mails without the flag \\Seen, over TLS."""
    import imaplib
    import ssl

    host, port, user, folder = _address(source)
    where = f"{host}:{port}"
    secret = password()
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    try:
        connection = imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=timeout_s)
    except (OSError, imaplib.IMAP4.error) as exc:
        raise DeliveryError(f"{where}: no safe connection: {_said(exc)}") from exc
    try:
        _ask(where, "login", lambda: connection.login(user, secret))
        quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        _ask(where, f"folder {folder}", lambda: connection.select(quoted, readonly=keep))
        yield _imap_mails(connection, where, keep=keep)
    finally:
        with suppress(OSError, imaplib.IMAP4.error):  # it has hung up already, which is what we wanted
            connection.logout()


def _address(source: str) -> tuple[str, int, str, str]:
    """Host, port, user and folder."""
    try:
        parts = urlsplit(source)
        port = parts.port
    except ValueError as exc:
        raise ConfigError(f"that is no address of a mailbox: {exc}") from exc
    if parts.password is not None:
        raise ConfigError("a password does not belong in the address: set the variable of [mail] bounces_password_env")
    if parts.scheme.lower() != "imaps":
        raise ConfigError(f"{parts.scheme}:// is not read; write imaps://user@host/folder")
    user, folder = unquote(parts.username or ""), unquote(parts.path.strip("/")) or "INBOX"
    if not parts.hostname or not user:
        raise ConfigError("an IMAP mailbox is written imaps://user@host/folder, an @ within the user as %40")
    if not (user + folder).isascii() or not (user + folder).isprintable():
        raise ConfigError("user and folder of an IMAP mailbox must be of ASCII letters")
    return parts.hostname, port or _IMAPS, user, folder


def _imap_mails(connection: imaplib.IMAP4, where: str, *, keep: bool) -> Iterator[Received]:
    [numbers, *_] = _ask(where, "search", lambda: connection.uid("SEARCH", "UNSEEN"))
    # PEEK: what a person has to read stays unread.
    part = f"(BODY.PEEK[]<0.{MOST_BYTES}>)"
    for uid in (numbers or b"").decode("ascii", "replace").split():
        found = _ask(where, f"mail {uid}", partial(connection.uid, "FETCH", uid, part))
        content = next((item[1] for item in found if isinstance(item, tuple) and len(item) > 1), None)
        if content is None:
            continue  # another program has deleted it meanwhile
        see = partial(_ask, where, f"mail {uid}", partial(connection.uid, "STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))
        yield Received(content=content, place=f"mail {uid} of {where}", mark=_nothing if keep else see)


def _ask(where: str, what: str, command: Callable[[], tuple[str, Any]]) -> list[Any]:
    import imaplib

    try:
        status, data = command()
    except UnicodeError as exc:
        raise DeliveryError(f"{where}: {what}: user and password must be of ASCII letters") from exc
    except (OSError, imaplib.IMAP4.error) as exc:
        raise DeliveryError(f"{where}: {what}: {_said(exc)}") from exc
    if status != "OK":
        raise DeliveryError(f"{where}: {what}: {_said(data[0] if data else status)}")
    return list(data)


def _said(answer: object) -> str:
    if isinstance(answer, Exception) and answer.args and isinstance(answer.args[0], bytes):
        answer = answer.args[0]
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
    return excerpt(text) or type(answer).__name__
