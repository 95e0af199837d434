"""Read what comes back to the sender's address: returned mails, complaints, "unsubscribe", and automatic replies.

    multipart/report; delivery-status      a returned mail (RFC 3464, 6533), each recipient with its status
    multipart/report; feedback-report      a complaint (RFC 5965)
    a mailer's letter in prose             a returned mail, as far as qmail, Exim, Exchange and their like write it
    Subject: unsubscribe …                 the `mailto:` of List-Unsubscribe, or a person
    Auto-Submitted, out of office, …       nobody asked for it; nothing follows from it
    anything else                          a letter: a person has to read it

Nothing in such a mail is to be trusted: anybody may write it. So it says which mail of ours it is about by that mail's
Message-ID or unsubscribing link, which only its recipient and the servers on its way have seen; an address is the
last resort. Reading one is pure and never raises.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from enum import StrEnum
from typing import Final

from digest.core.errors import DeliveryError
from digest.core.subscribers.returns import Verdict, status_in, verdict_of
from digest.core.walls import wall
from digest.core.words.invisible import printable
from digest.core.words.text import one_line

MOST_BYTES: Final = 2_000_000
"""What is read of one mail: a status stands in front of the mail that is returned."""
_DEEPEST: Final = 40
"""Parts within parts; real reports have four."""
_MOST_TEXT: Final = 60_000
_MOST: Final = 100
"""Recipients, and Message-IDs, of one report."""
_LONGEST: Final = 300

_NESTS: Final = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:(.*)")
_MESSAGE_ID: Final = re.compile(r"^[> \t]{0,8}Message-I[dD]:\s{0,4}(<[^<>\s]{3,250}>)", re.IGNORECASE | re.MULTILINE)
_ID: Final = re.compile(r"<[^<>\s@]{1,200}@[^<>\s@]{1,250}>")
_TOKEN: Final = re.compile(r"(?:/unsubscribe/|unsubscribe(?:%20|[ _+]))([A-Za-z0-9_-]{40,80})(?![A-Za-z0-9_-])")
_ADDRESS: Final = re.compile(r"[^\s<>()\[\]\",;:@]{1,64}@[^\s<>()\[\]\",;:@]{1,190}")
_XTEXT: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_REPLY: Final = re.compile(r"(?:(?:re|aw|sv|antw|fw|fwd|wg|tr|rv)\s?:\s?){0,5}", re.IGNORECASE)
_UNSUBSCRIBE: Final = re.compile(r"unsubscribe(?:[ :_+]+(.{0,120}))?[.!]?", re.IGNORECASE)

_FROM_MAILER: Final = re.compile(
    r"mailer-daemon|postmaster|mail delivery|mail administrator|bounce|microsoftexchange\w*@|mdaemon", re.IGNORECASE
)
_SUBJECT_RETURNED: Final = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|problem|notification|report)|returned mail|mail delivery failed"
    r"|failure notice|could not be delivered|delivery failed|non.?d[ée]livr|unzustellbar|no se puede entregar"
    r"|mail system error|warning: .{0,40}could not|mancata consegna|onbestelbaar|não entregue|nondeliverable",
    re.IGNORECASE,
)
_DELAYED: Final = re.compile(
    r"delay|still (?:being|trying)|will (?:continue|keep) (?:to )?(?:try|retr)|warning: |not yet been delivered"
    r"|this is (?:only )?a warning|temporarily",
    re.IGNORECASE,
)
_BELOW: Final = re.compile(
    r"^(?:-{2,}.{0,60}(?:copy of|original message|returned message|forwarded message|body of|message header).{0,60}"
    r"|.{0,20}below this line is a copy of the message.{0,20}|received: from .*|return-path: .*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""Where a mailer's letter ends and the mail begins that it returns."""
_SAYS_AUTOMATIC: Final = re.compile(
    r"\bout of (?:the )?office|automatic reply"
    r"|auto(?:matic|matische)?[- ]?(?:reply|response|responder|antwort)|\bautoreply"
    r"|on (?:vacation|holiday|leave)|away from (?:my )?(?:mail|office|desk)|abwesenheit|nicht im (?:büro|haus)"
    r"|réponse automatique|absence du bureau|message d.absence|respuesta autom[áa]tica|fuera de (?:la )?oficina"
    r"|risposta automatica|fuori sede|automatisch antwoord|afwezig|resposta autom[áa]tica|自動返信|自动回复|自動回覆"
    r"|автоответ|automatisk svar|autosvar|automaattinen|otomatik yan[ıi]t",
    re.IGNORECASE,
)


class Kind(StrEnum):
    """What a mail is that came back."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    AUTOMATIC = "automatic"
    """A reply that no person wrote, or a receipt: nothing follows from it."""
    UNREADABLE = "unreadable"
    """A report, but not one that could be understood."""
    LETTER = "letter"
    """None of these: somebody wrote to the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a returned mail says of one recipient."""

    address: str
    """As the report has it; empty if it names none."""
    verdict: Verdict
    status: str = ""
    """As in `5.1.1`; empty if there is none."""
    said: str = ""
    """The refusing server's words, on one line."""

    @property
    def reason(self) -> str:
        """Code and words, as people are told them."""
        words = self.said if self.status and self.status in self.said else f"{self.status} {self.said}"
        return words.strip() or "no reason is given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One mail that came back, understood."""

    kind: Kind
    returned: tuple[Returned, ...] = ()
    """Of a bounce, by recipient."""
    addresses: tuple[str, ...] = ()
    """Of a complaint, who made it, as far as it is told."""
    message_ids: tuple[str, ...] = ()
    """Of the mail that it is about, with their angle brackets; the likeliest first."""
    tokens: tuple[str, ...] = ()
    """What may be tokens of its unsubscribing links."""
    sender: str = ""
    """Who wrote this mail, by its own word."""
    edition: str = ""
    """Of an unsubscription without a token: which edition is named; empty for all."""
    said: str = ""
    """Of an unreadable one and a letter: the subject."""


def read_report(content: bytes) -> Report:
    """Understand one mail that came to the sender's address, whatever it is made of."""
    content = content[:MOST_BYTES]
    if len(_NESTS.findall(content)) > _DEEPEST:
        return Report(kind=Kind.UNREADABLE, said="it has parts within parts within parts")
    try:
        with wall(DeliveryError):
            return _read(BytesParser().parsebytes(content))
    except DeliveryError as error:
        return Report(kind=Kind.UNREADABLE, said=str(error))


def _read(mail: Message) -> Report:
    parts = list(_parts(mail))
    subject, sender = _header(mail, "Subject"), _first_address(_header(mail, "From"))
    about = _about(mail, parts)
    types = {part.get_content_type() for part in parts}
    if feedback := next((p for p in parts if p.get_content_type() == "message/feedback-report"), None):
        return _complaint(feedback, about, parts)
    if jmrp := next((h for p in parts if (h := _header(p, "X-HmXmrOriginalRecipient"))), ""):
        return replace(about, kind=Kind.COMPLAINT, addresses=_addresses(jmrp))
    if "message/disposition-notification" in types:
        return Report(kind=Kind.AUTOMATIC)
    if statuses := [p for p in parts if p.get_content_type() in _STATUS_TYPES]:
        returned = [one for part in statuses for one in _returned(part)]
        if returned:
            return replace(about, returned=tuple(returned[:_MOST]))
        return _in_prose(mail, parts, subject, about)
    if asked := _unsubscription(subject, sender, mail, parts):
        return asked
    if _is_returned(mail, subject):
        return _in_prose(mail, parts, subject, about)
    if _is_automatic(mail, subject):
        return Report(kind=Kind.AUTOMATIC)
    return Report(kind=Kind.LETTER, sender=sender, said=subject)


# -- returned mails with a status

_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})


def _returned(part: Message) -> Iterator[Returned]:
    for fields in _blocks(_whole_text(part)):
        if not fields.keys() & {"final-recipient", "original-recipient", "action", "status"}:
            continue
        if "final-recipient" not in fields and "original-recipient" not in fields and "reporting-mta" in fields:
            continue
        said = _shown(fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", ""))
        action, status = fields.get("action", ""), fields.get("status", "")
        verdict = verdict_of(action=action, status=status, said=said)
        if verdict is Verdict.UNCLEAR and not action.strip():
            continue
        yield Returned(
            # The one that we wrote to, where somebody on the way forwards mails.
            address=_typed_address(fields.get("original-recipient", ""))
            or _typed_address(fields.get("final-recipient", "")),
            verdict=Verdict.FOR_NOW if verdict is Verdict.UNCLEAR else verdict,
            status=status_in(said) or status_in(status),
            said=said,
        )


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Groups of fields with a blank line between them; the first of two fields of one name counts."""
    fields: dict[str, str] = {}
    name = ""
    for line in [*text[:_MOST_TEXT].splitlines(), ""]:
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t" and name:
            fields[name] += f" {line.strip()}"
        elif found := _FIELD.fullmatch(line):
            name = found[1].lower()
            if name in fields:
                name = f"{name} again"
            fields[name] = found[2].strip()


def _typed_address(field: str) -> str:
    """The address of `rfc822; ada@example.org`; empty for `x400; …` and the like."""
    kind, _, text = field.rpartition(";")
    if kind.strip().lower() not in ("", "rfc822", "utf-8", "smtp"):
        return ""
    if kind.strip().lower() == "utf-8":
        text = _XTEXT.sub(lambda found: _letter(int(found[1], 16)), text[:_LONGEST])
    return _first_address(text)


def _letter(number: int) -> str:
    return chr(number) if 0x20 < number < 0xD800 or 0xDFFF < number <= 0x10FFFF else ""


# -- returned mails in prose


def _is_returned(mail: Message, subject: str) -> bool:
    if _header(mail, "X-Failed-Recipients"):
        return True
    # A person who forwards such a mail has an address of their own.
    is_of_mailer = bool(_FROM_MAILER.search(_header(mail, "From"))) or _header(mail, "Return-Path").strip() == "<>"
    if not is_of_mailer or _SAYS_AUTOMATIC.search(subject):
        return False
    return bool(_SUBJECT_RETURNED.search(subject)) or "mailer-daemon" in _header(mail, "From").lower()


def _in_prose(mail: Message, parts: list[Message], subject: str, about: Report) -> Report:
    text = next((_whole_text(p) for p in parts if p.get_content_type() == "text/plain"), "")
    if not text:
        text = re.sub(r"<[^<>@]{1,400}>", " ", next((_whole_text(p) for p in parts if _is_html(p)), ""))
    letter = _BELOW.split(text, maxsplit=1)[0]
    named = _addresses(_header(mail, "X-Failed-Recipients"))
    named = named or tuple(a for a in _addresses(letter) if not _FROM_MAILER.search(a))
    # Where each has words of its own, they stand behind it; the words of the last go on to the end.
    places = [(letter.find(address), address) for address in named]
    returned = []
    for place, address in places[:_MOST]:
        following = min((p for p, _ in places if p > place), default=len(letter))
        words = one_line(letter[place + len(address) : following] if place >= 0 else letter)
        verdict = verdict_of(action="", status="", said=words)
        if verdict is Verdict.UNCLEAR:
            words = one_line(letter)
            verdict = verdict_of(action="", status="", said=words)
        if verdict is not Verdict.UNCLEAR:
            returned.append(Returned(address=address, verdict=verdict, status=status_in(words), said=_excerpt(words)))
    if _DELAYED.search(subject) or (not returned and _DELAYED.search(letter)):
        return replace(about, returned=tuple(Returned(address=a, verdict=Verdict.NOTHING) for _, a in places[:_MOST]))
    if not returned and about.message_ids:
        words = one_line(letter)
        verdict = verdict_of(action="", status="", said=words)
        if verdict is not Verdict.UNCLEAR:
            returned = [Returned(address="", verdict=verdict, status=status_in(words), said=_excerpt(words))]
    if not returned:
        return replace(about, kind=Kind.UNREADABLE, said=subject)
    return replace(about, returned=tuple(returned))


def _excerpt(words: str) -> str:
    """From the code on, where there is one: before it mailers are polite."""
    found = re.search(r"(?<![\d.])[45](?:\d\d[ -]|\.\d{1,3}\.\d{1,3})", words)
    return _shown(words[found.start() :] if found else words)


# -- complaints, unsubscriptions, automatic replies


def _complaint(feedback: Message, about: Report, parts: list[Message]) -> Report:
    fields: dict[str, str] = {}
    for block in _blocks(_whole_text(feedback)):
        fields = {**block, **fields}
    kind = fields.get("feedback-type", "abuse").strip().lower()
    if kind in ("not-spam", "auth-failure"):
        return Report(kind=Kind.AUTOMATIC)
    named = _first_address(fields.get("original-rcpt-to", ""))
    original = next((to for p in parts[1:] if (to := _first_address(_header(p, "To"))) and p is not feedback), "")
    return replace(about, kind=Kind.COMPLAINT, addresses=tuple(dict.fromkeys(a for a in (named, original) if a)))


def _unsubscription(subject: str, sender: str, mail: Message, parts: list[Message]) -> Report | None:
    said = _REPLY.sub("", subject.strip(), count=1)
    found = _UNSUBSCRIBE.fullmatch(said)
    if found is None:
        # A reply whose first line is that word; what it quotes stands below.
        text = next((_whole_text(p) for p in parts if p.get_content_type() == "text/plain"), "")
        first = next((line.strip() for line in text.splitlines() if line.strip()), "")
        if first.rstrip(".! ").lower() != "unsubscribe" or _is_automatic(mail, subject):
            return None
        return Report(kind=Kind.UNSUBSCRIBE, sender=sender, said=subject)
    rest = (found[1] or "").strip(" .!")
    tokens = tuple(_TOKEN.findall(f"unsubscribe {rest}"))
    return Report(
        kind=Kind.UNSUBSCRIBE, sender=sender, tokens=tokens, edition="" if tokens else rest.lower(), said=subject
    )


def _is_automatic(mail: Message, subject: str) -> bool:
    submitted = _header(mail, "Auto-Submitted").strip().lower()
    if submitted and not submitted.startswith("no"):
        return True
    if _header(mail, "X-Autoreply") or _header(mail, "X-Autorespond") or _header(mail, "X-Auto-Response-Suppress"):
        return bool(_header(mail, "X-Autoreply") or _header(mail, "X-Autorespond")) or bool(
            _SAYS_AUTOMATIC.search(subject)
        )
    if _header(mail, "Precedence").strip().lower() in ("auto_reply", "junk", "bulk"):
        return True
    return bool(_SAYS_AUTOMATIC.search(subject))


# -- parts and headers


def _about(mail: Message, parts: list[Message]) -> Report:
    """A bounce without recipients, with all by which the mail that it is about may be found."""
    ids: dict[str, None] = {}
    tokens: dict[str, None] = {}
    for part in parts[1:]:
        ids.update(dict.fromkeys(_ID.findall(_header(part, "Message-ID"))))
        tokens.update(dict.fromkeys(_TOKEN.findall(_header(part, "List-Unsubscribe").replace(" ", ""))))
    for part in parts:
        if not part.is_multipart() and part.get_content_maintype() == "text":
            text = _whole_text(part)
            ids.update(dict.fromkeys(_MESSAGE_ID.findall(text)))
            tokens.update(dict.fromkeys(_TOKEN.findall(re.sub(r"\s*\n[ \t]+", "", text))))
    for name in ("In-Reply-To", "References"):
        ids.update(dict.fromkeys(_ID.findall(_header(mail, name))))
    return Report(
        kind=Kind.BOUNCE,
        message_ids=tuple(ids)[:_MOST],
        tokens=tuple(tokens)[:_MOST],
        sender=_first_address(_header(mail, "From")),
    )


def _parts(mail: Message) -> Iterator[Message]:
    """A mail and all its parts, those of returned mails too; a status's blocks are no parts."""
    yield mail
    if mail.get_content_type() in _STATUS_TYPES:
        return
    payload = mail.get_payload()
    if isinstance(payload, list):
        for part in payload:
            if isinstance(part, Message):
                yield from _parts(part)


def _is_html(part: Message) -> bool:
    return part.get_content_type() == "text/html"


def _whole_text(part: Message) -> str:
    """The text of a part, decoded; of a status and the like their fields as text."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        raw = part.get_payload(decode=True)
        return _text(raw, part) if isinstance(raw, bytes) else ""
    # The parser took it for a mail, or for blocks of headers.
    blocks = []
    for block in payload:
        if isinstance(block, Message):
            fields = "\n".join(f"{name}: {_unfolded(str(value))}" for name, value in block.raw_items())
            blocks.append(f"{fields}\n\n{_whole_text(block)}" if fields else _whole_text(block))
    text = "\n\n".join(blocks)
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        # RFC 3464 does not allow it, and the parser does not expect it. Whole groups of four: more was cut off.
        packed = re.sub(r"[^A-Za-z0-9+/=]", "", text)
        with suppress(Base64Error):
            return _text(a2b_base64(packed[: len(packed) // 4 * 4]), part)
    return text[:_MOST_TEXT]


def _text(raw: bytes, part: Message) -> str:
    raw = raw[:_MOST_TEXT]
    charset = part.get_param("charset", "utf-8")
    try:
        return raw.decode(charset if isinstance(charset, str) else "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _header(part: Message, name: str) -> str:
    """A header's text, decoded, on one line; empty if there is none."""
    # Raw: of letters beyond ASCII that stand there as they are the parser makes question marks.
    value = next((str(value) for known, value in part.raw_items() if known.lower() == name.lower()), "")[:4_000]
    if "=?" not in value:
        return _unfolded(value)
    try:
        pieces = decode_header(_unfolded(value))
    except (HeaderParseError, MessageError, ValueError):
        return _unfolded(value)
    text = ""
    for piece, charset in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        try:
            text += piece.decode(charset or "ascii", "replace")
        except (LookupError, ValueError):
            text += piece.decode("utf-8", "replace")
    return _unfolded(text)


def _unfolded(value: str) -> str:
    return re.sub(r"\s+", " ", value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).strip()


def _shown(text: str) -> str:
    return one_line(printable(text))[:_LONGEST]


def _addresses(text: str) -> tuple[str, ...]:
    """Every address in a text, each once, in order; without what is a Message-ID's."""
    without = re.sub(r"(?i)message-id:\s{0,4}<[^<>]{1,300}>", " ", text[:_MOST_TEXT])
    return tuple(dict.fromkeys(found.rstrip(".'`").lstrip("'`") for found in _ADDRESS.findall(without)))[:_MOST]


def _first_address(text: str) -> str:
    bracketed = re.search(r"<([^<>\s]{3,254})>", text)
    found = _addresses(bracketed[1]) if bracketed else ()
    found = found or _addresses(text)
    return found[0] if found else ""
