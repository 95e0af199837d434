"""Put a mail together: its headers and its two parts, in bytes, as RFC 5322 and MIME want them.

Letterhead (what all mails of an issue share) ──┐
Body (subject, text and HTML as pieces)       ──┼──mail──► Mail
a reader's links                              ──┘

Tens of thousands of mails go out in a morning, most of which differ in a few lines. So a part is kept as pieces that
are encoded already, with holes where a reader's own links go, and a mail is joined from bytes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from binascii import b2a_qp
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias
from urllib.parse import quote

from digest.core.models import Mail, PaperId
from digest.core.subscribers.addresses import ascii_domain
from digest.core.subscribers.links import ReaderLinks
from digest.core.words.text import one_line, strip_invisible

_PLAIN_ADDRESS: Final = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[\w-]+(?:\.[\w-]+)*", re.ASCII
)
"""An address that stands in a header as it is."""
_LINE: Final = 76
"""Letters of a line in quoted-printable, the sign at its end included."""
_SENDER_ID: Final = range(5, 16)
"""Letters that Gmail takes of the last field of a Feedback-ID."""
_PART_HEADERS: Final = 150
"""Bytes that the headers of a part have at most."""
_GO_ON: Final = b"=\r\n"
"""A line end that is none."""

Part: TypeAlias = tuple[bytes | str, ...]
"""A part of a mail in quoted-printable: pieces that are encoded, and between them the names of links."""


class _Policy(EmailPolicy):
    """A policy that does not fold headers with a word longer than a line, as a link or a Message-ID.

    Python would fold these into encoded words, which no mail program reads there. RFC 5322 allows lines of 998. A
    subject beyond ASCII is encoded whole: where only a part is, Python may double the blank before it.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name == "Subject" and not value.isascii():
            encoded = Header(str(value), "utf-8", header_name=name).encode(linesep="\r\n")
            return f"{name}: {encoded}\r\n".encode()
        words = str(value).split()
        folded = super().fold_binary(name, value)
        # A long first word would be moved to the second line; a mail with an empty first line seems to have no subject.
        is_too_wide = max(map(len, words), default=0) > 70 or folded.startswith(f"{name}:\r\n".encode())
        is_left_alone = value.isascii() and len(value) < 900 and is_too_wide
        return f"{name}: {' '.join(words)}\r\n".encode() if is_left_alone else folded


_POLICY: Final = _Policy(linesep="\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Subject, text and HTML of an issue's mail: the same for all who get this issue, but for their links."""

    title: str
    """That of the issue."""
    day: date
    subject: str
    text: Part
    html: Part
    marks: Mapping[str, PaperId]
    """The papers that can be marked, by the names of the links to do so; none where readers have no links."""
    languages: tuple[str, ...]
    """Codes of its languages, that of the frame first."""
    shown: int
    """Entries in the HTML; the others are "n more in the archive"."""


class Letterhead:
    """What the mails of an edition have in common: whom they come from, and how they are stopped."""

    def __init__(
        self,
        *,
        edition: str,
        sender: str,
        sender_name: str = "",
        archive: str = "",
        unsubscribe: str = "",
        idempotency_header: str = "",
    ) -> None:
        """
        Args:
            sender: The bare address, in ASCII; it is the envelope's too.
            archive: The edition's page, where one is served.
            unsubscribe: The address that takes mails which say "unsubscribe"; empty: the sender.
            idempotency_header: A header in which the provider takes a key, so that a mail which is handed over twice
                arrives once.
        """
        self._edition, self._sender, self._sender_name, self._archive = edition, sender, sender_name, archive
        self._unsubscribe, self._idempotency_header = unsubscribe or sender, idempotency_header
        self._common: dict[tuple[str, tuple[str, ...]], bytes] = {}

    def mail(
        self, body: Body, *, recipient: str, message_id: str, at: datetime, links: ReaderLinks | None = None
    ) -> Mail:
        """Put the mail to *recipient* together. The same arguments give the same bytes.

        Args:
            message_id: With its angle brackets; the same on each attempt.
            at: Time for the Date header; aware.
            links: The reader's; needed for a body that has room for them.
        """
        digest = hashlib.sha256(message_id.encode()).hexdigest()
        boundary = f"=_{digest[:32]}"
        head = [
            f"To: {written(recipient)}\r\nDate: {format_datetime(at)}\r\nMessage-ID: {message_id}\r\n".encode(),
            _subject(body.subject),
            self._shared(body.title, body.languages),
            self._stopping(links).encode(),
        ]
        if self._idempotency_header:
            head.append(f"{self._idempotency_header}: {digest}\r\n".encode())
        own = _own_links(body, links)
        parts = (
            f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode(),
            *_part(boundary, "plain", body.text, own),
            *_part(boundary, "html", body.html, own | _marks(body, links)),
            f"--{boundary}--\r\n".encode(),
        )
        return Mail(sender=self._sender, recipient=recipient, message_id=message_id, content=b"".join((*head, *parts)))

    def _shared(self, title: str, languages: tuple[str, ...]) -> bytes:
        """Return the headers that all mails of an issue have alike."""
        key = title, languages
        if key not in self._common:
            self._common[key] = self._draw_shared(title, languages)
        return self._common[key]

    def _draw_shared(self, title: str, languages: tuple[str, ...]) -> bytes:
        message = EmailMessage(policy=_POLICY)
        domain = self._sender.rpartition("@")[2]
        message["From"] = Address(display_name=header_text(self._sender_name), addr_spec=self._sender)
        message["List-Id"] = f"{_phrase(header_text(title))}<{self._edition}.digest.{domain}>"
        if self._archive:
            message["List-Archive"] = f"<{_ascii_url(self._archive)}>"
        message["Feedback-ID"] = f"{self._edition}:issue:digest:{_sender_id(domain)}"
        message["Content-Language"] = ", ".join(languages)
        # RFC 3834, so that vacation programs stay silent; the older Precedence is for those that know nothing else.
        message["Auto-Submitted"] = "auto-generated"
        message["Precedence"] = "list"
        message["MIME-Version"] = "1.0"
        return message.as_bytes(policy=_POLICY).removesuffix(b"\r\n")

    def _stopping(self, links: ReaderLinks | None) -> str:
        """Return the headers by which a mail program stops these mails."""
        # A token in the mail says who writes; without links an address alone must do.
        about = links.unsubscribe_token() if links else self._edition
        by_mail = f"<mailto:{quote(self._unsubscribe, safe='@')}?subject={quote(f'unsubscribe {about}')}>"
        if links is None:
            # To a machine without a name, nobody can write.
            return f"List-Unsubscribe: {by_mail}\r\n" if "." in self._unsubscribe.rpartition("@")[2] else ""
        stop = _ascii_url(links.unsubscribe())
        said = f"List-Unsubscribe: <{stop}>,\r\n {by_mail}\r\nList-Help: <{_ascii_url(links.base_url)}/lost>\r\n"
        # A promise that only an address which takes the POST can keep.
        return said + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if stop.startswith("https://") else said


def _own_links(body: Body, links: ReaderLinks | None) -> dict[str, bytes]:
    """Return a reader's links that both parts may have, by the names that a body has for them."""
    if links is None:
        return {}
    own = {"stop": links.unsubscribe(), "preferences": links.preferences(), "mine": links.issue(body.day)}
    return {name: encoded_link(url) for name, url in own.items()}


def _marks(body: Body, links: ReaderLinks | None) -> dict[str, bytes]:
    """Return the links to mark papers, which only the HTML has."""
    if links is None:
        return {}
    return {name: encoded_link(links.feedback(paper, body.day)) for name, paper in body.marks.items()}


def _part(boundary: str, kind: str, part: Part, urls: Mapping[str, bytes]) -> tuple[bytes, ...]:
    head = f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
    content = [piece if isinstance(piece, bytes) else urls[piece] for piece in part]
    return (f"{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode(), *content, b"\r\n")


# -- quoted-printable


@lru_cache(maxsize=16_384)
def encoded(text: str) -> bytes:
    """Return *text* in quoted-printable, in lines that end with CRLF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return b2a_qp(text.encode()).replace(b"\n", b"\r\n")


@lru_cache(maxsize=16_384)
def encoded_piece(text: str) -> bytes:
    """Return *text* in quoted-printable, so that another piece can follow on the same line.

    Unless it ends a line, a line end that is none stands behind it: no line gets longer than it may.
    """
    coded = encoded(text)
    if not text or text.endswith("\n"):
        return coded
    end = coded[coded.rfind(b"\n") + 1 :]
    if len(end) < _LINE:
        return coded + _GO_ON
    # The sign needs room, and no code of three letters may be torn.
    cut = max(end.rfind(b"=", len(end) - 3), 0) or len(end) - 1
    return coded[: len(coded) - len(end) + cut] + _GO_ON + end[cut:] + _GO_ON


def encoded_link(url: str) -> bytes:
    """Return a signed link in quoted-printable as a piece; it needs no escapes in HTML.

    Tokens are of letters, digits, `-` and `_`, and shorter than a line.
    """
    front, _, token = url.rpartition("/")
    return encoded_piece(f"{_ascii_url(front)}/") + token.encode() + _GO_ON


class Holes:
    """Marks the places in a drawn text where links go, by something that no text of others can have."""

    def __init__(self) -> None:
        nonce = secrets.token_hex(8)
        self._frame = "\x00" + nonce + ":{}\x00"
        self._pattern = re.compile(f"\x00{nonce}:(\\w+)\x00")

    def of(self, name: str) -> str:
        """Return the mark of a place, by the name of what goes there: letters and digits."""
        return self._frame.format(name)

    def part(self, drawn: str, known: Mapping[str, Part] = MappingProxyType({})) -> Part:
        """Return a drawn text as a part of a mail.

        Args:
            known: What goes into holes, by name; it ends with a line end, and stands for that of its line. The names of
                other holes stay in the part.
        """
        pieces = self._pattern.split(drawn)
        part: list[bytes | str] = []
        for place, piece in enumerate(pieces):
            if place % 2 == 0:
                is_last = place == len(pieces) - 1
                text = piece.removeprefix("\n") if place and pieces[place - 1] in known else piece
                part.append(encoded(text) if is_last else encoded_piece(text))
            elif piece in known:
                part += known[piece]
            else:
                part.append(piece)
        return tuple(part)


def size_bytes(part: Part, link: int) -> int:
    """Return the size of a part with its headers.

    Args:
        link: The size of a link.
    """
    return _PART_HEADERS + sum([len(piece) if isinstance(piece, bytes) else link for piece in part])


# -- headers


def header_text(text: str) -> str:
    """Return *text* on one line without invisible characters: email refuses a header that has a line break."""
    return one_line(strip_invisible(text))


@lru_cache(maxsize=256)
def _subject(subject: str) -> bytes:
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = subject
    return message.as_bytes(policy=_POLICY).removesuffix(b"\r\n")


def written(recipient: str) -> str:
    """Return an address as it stands in a header: its domain in ASCII, and the rest as it is (RFC 6532)."""
    if _PLAIN_ADDRESS.fullmatch(recipient):
        return recipient
    if recipient.isascii():
        return str(Address(addr_spec=recipient))
    return f"{header_text(recipient.rpartition('@')[0])}@{ascii_domain(recipient)}"


def _sender_id(domain: str) -> str:
    """Return who we are for Gmail's statistics of complaints; it wants 5 to 15 letters, always the same."""
    return domain if len(domain) in _SENDER_ID else hashlib.sha256(domain.encode()).hexdigest()[:12]


def _phrase(title: str) -> str:
    """Return the title for a List-Id header, quoted if it has special characters.

    Encoded words cannot be quoted, so a title beyond ASCII loses its special characters.
    """
    if not title.isascii():
        return one_line(re.sub(r"[^\w\s!#$%&'*+/=?^`{|}~-]+", " ", title)) + " "
    if re.fullmatch(r"[\w!#$%&'*+/=?^`{|}~ -]*", title):
        return f"{title} ".lstrip()
    return '"{}" '.format(re.sub(r'(["\\])', r"\\\1", title))


@lru_cache(maxsize=64)
def _ascii_url(url: str) -> str:
    """Return *url* in ASCII for a header, which would turn other letters into encoded words."""
    return quote(url, safe=":/?#[]@!$&'()*+;=%~")
