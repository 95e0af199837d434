"""Compose the mail of an issue, with a text and an HTML part, small enough that no mail program cuts it.

Issue ──draw_body──► Body (the same for all recipients) ──compose──► Mail
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from digest.core.models import Issue, Mail
from digest.core.words.text import one_line, strip_invisible
from digest.publish.links import Links
from digest.publish.render import Templates
from digest.publish.text import brief, left_out, share, view_text
from digest.publish.views import IssueView, issue_view, shortened

if TYPE_CHECKING:
    from css_inline import CSSInliner

MAX_HTML_BYTES = 95_000
"""Largest size of the encoded HTML part. Gmail cuts a mail off at about 102 kB and hides the rest behind a link."""
MAX_TEXT_BYTES = 200_000


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


_POLICY = _Policy(linesep="\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Subject, text and HTML of an issue's mail, the same for all recipients."""

    subject: str
    text: str
    html: str
    shown: int
    """Entries in the HTML; the others are "n more in the archive"."""


def compose(
    issue: Issue,
    *,
    recipient: str,
    sender: str,
    message_id: str,
    at: datetime,
    templates: Templates,
    site_url: str | None = None,
    sender_name: str = "",
    unsubscribe_url: str | None = None,
    body: Body | None = None,
) -> Mail:
    """The mail that brings *issue* to *recipient*.

    Args:
        sender: The bare address; it is the envelope's too.
        message_id: With its angle brackets; the same on each attempt.
        at: Time for the Date header; aware.
        site_url: Where the archive is served. Without it the mail links only to papers: where the archive lies on
            somebody's disk is nobody else's business.
        unsubscribe_url: One https address that unsubscribes this recipient by a single POST (RFC 8058).
        body: From `draw_body`, where there are several recipients.
    """
    body = body or draw_body(issue, templates=templates, site_url=site_url)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(display_name=_header(sender_name), addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = body.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    domain = sender.rpartition("@")[2]
    message["List-Id"] = f"{_phrase(_header(issue.title))}<{issue.edition}.digest.{domain}>"
    if site_url:
        message["List-Archive"] = f"<{_ascii_url(Links(root=site_url.rstrip('/') + '/').to(issue.edition))}/index.html>"
        by_mail = f"<mailto:{quote(sender, safe='@')}?subject={quote('unsubscribe ' + issue.edition)}>"
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>, {by_mail}" if unsubscribe_url else by_mail
        # A promise that only an address which takes the POST can keep.
        if unsubscribe_url and unsubscribe_url.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # RFC 3834, so that vacation programs stay silent; the older Precedence is for those that know nothing else.
    message["Auto-Submitted"] = "auto-generated"
    message["Precedence"] = "list"
    message.set_content(body.text, cte="quoted-printable")
    message.add_alternative(body.html, subtype="html", cte="quoted-printable")
    # Chance has no place in a mail that is drawn again to the same bytes.
    message.set_boundary(f"=_{_boundary(message_id)}")
    return Mail(sender=sender, recipient=recipient, message_id=message_id, content=message.as_bytes(policy=_POLICY))


def draw_body(issue: Issue, *, templates: Templates, site_url: str | None = None) -> Body:
    """Draw subject, text and HTML of an issue.

    What has no room is left out from the end: the rest first, then the leads' points, then leads.
    """
    links = Links(root=site_url.rstrip("/") + "/" if site_url else None)
    where = links.issue(issue.edition, issue.date)
    view = brief(issue_view(issue, links=links))
    title = _header(view.subject)
    stop = "To get no more of these mails, answer this one and say so."

    def html(shown: IssueView) -> str:
        drawn = templates.html(
            "mail.html",
            issue=shown,
            subject=title,
            share=share(shown),
            left_out=left_out(shown),
            page=where,
            stop=stop,
        )
        return _inliner().inline(drawn)

    def text(shown: IssueView) -> str:
        return view_text(shown, templates=templates, page=where, stop=stop)

    shown, drawn = _fitting(view, html, lambda drawn: encoded_size(drawn, "html") <= MAX_HTML_BYTES)
    _, plain = _fitting(view, text, lambda drawn: encoded_size(drawn, "plain") <= MAX_TEXT_BYTES)
    return Body(subject=title, text=plain, html=drawn, shown=view.count - shown.more)


def _fitting(view: IssueView, draw: Callable[[IssueView], str], fits: Callable[[str], bool]) -> tuple[IssueView, str]:
    """Draw as much of *view* as fits, and return it with the drawing.

    First entries of the rest are left out, one by one, then the points of leads, then leads.
    """
    drawn = draw(view)
    if fits(drawn):
        return view, drawn
    low, high = 1, view.count + len(view.leads)
    best = _step(view, high)
    best_drawn = draw(best)
    while low < high:
        middle = (low + high) // 2
        attempt = _step(view, middle)
        drawn = draw(attempt)
        if fits(drawn):
            high, best, best_drawn = middle, attempt, drawn
        else:
            low = middle + 1
    return best, best_drawn


def _step(view: IssueView, n: int) -> IssueView:
    """Return *view* with *n* things less than it has: entries of the rest, points of one lead, leads."""
    leads = len(view.leads)
    rest = view.count - leads
    points = leads - max(0, n - rest)
    entries = max(view.count - n, leads) if n <= rest + leads else view.count + leads - n
    return shortened(view, entries=entries, points=max(points, 0))


def _header(text: str) -> str:
    """Return *text* on one line without invisible characters: email refuses a header that has a line break."""
    return one_line(strip_invisible(text))


def _phrase(title: str) -> str:
    """Return the title for a List-Id header, quoted if it has special characters.

    Encoded words cannot be quoted, so a title beyond ASCII loses its special characters.
    """
    if not title.isascii():
        return one_line(re.sub(r"[^\w\s!#$%&'*+/=?^`{|}~-]+", " ", title)) + " "
    if re.fullmatch(r"[\w!#$%&'*+/=?^`{|}~ -]*", title):
        return f"{title} ".lstrip()
    return '"{}" '.format(re.sub(r'(["\\])', r"\\\1", title))


def _ascii_url(url: str) -> str:
    """Return *url* in ASCII for a header, which would turn other letters into encoded words."""
    return quote(url, safe=":/?#[]@!$&'()*+;=%~")


def encoded_size(content: str, subtype: str) -> int:
    """Return the size in bytes of an encoded part of a mail, with its headers."""
    part = MIMEPart(policy=_POLICY)
    part.set_content(content, subtype=subtype, cte="quoted-printable")
    return len(part.as_bytes())


@lru_cache(maxsize=1)
def _inliner() -> CSSInliner:
    from css_inline import CSSInliner

    # The style sheet itself is gone afterwards but for its @media rules, which are an enhancement.
    return CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False)


def _boundary(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]
