"""Draw the mails of an edition: a text and an HTML part of each issue, small enough that no mail program cuts it.

    Issue ──IssueViews──► IssueView ──┬─ each entry, once ──► pieces ──┐
    (the edition's, or a reader's own) └─ the frame around them ───────┴──► Body ──Letterhead──► Mail

The issues of one edition print the same papers, in thousands of orders and choices. So an entry is drawn once, and an
issue is the frame around what is drawn already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final

from markupsafe import escape

from digest.core.models import Issue, PaperId
from digest.core.subscribers.links import ReaderLinks
from digest.publish.entry_views import EntryView
from digest.publish.headlines import headline
from digest.publish.links import Links
from digest.publish.mail import Body, Holes, Part, encoded_link, encoded_piece, header_text, size_bytes
from digest.publish.render import Templates, fill
from digest.publish.text import brief, contents, left_out, share
from digest.publish.views import IssueView, IssueViews, shortened

MAX_HTML_BYTES: Final = 95_000
"""Largest size of the encoded HTML part. Gmail cuts a mail off at about 102 kB and hides the rest behind a link."""
MAX_TEXT_BYTES: Final = 60_000
_NAME: Final = 40
"""Letters of a title by which those who hear a link know what it is about."""
_ANSWER: Final = "To get no more of these mails, answer this one and say so."


@dataclass(frozen=True, slots=True)
class _Form:
    """The templates of a part, and how a reason stands in it."""

    frame: str
    lead: str
    line: str
    end: str
    """What ends a lead."""
    reason: Callable[[str], str]


_HTML: Final = _Form("mail.html", "_mail_lead.html", "_mail_line.html", "\n", escape)
_TEXT: Final = _Form("issue.txt", "_lead.txt", "_line.txt", "\n\n", partial(fill, first="   "))
_REASON: Final = "reason"


class Drawing:
    """Draws the bodies of mails of one edition."""

    def __init__(self, *, templates: Templates, site_url: str | None = None) -> None:
        """
        Args:
            site_url: Where the archive is served. Without it the mail links only to papers: where the archive lies on
                somebody's disk is nobody else's business.
        """
        self._templates = templates
        self._links = Links(root=site_url.rstrip("/") + "/" if site_url else None)
        self._views = IssueViews(links=self._links, is_brief=True)
        # The archive has no pages of papers that only some readers got.
        self._own_views = IssueViews(links=Links(root=None), is_brief=True)
        self._holes = Holes()
        self._places: dict[str, int] = {}
        self._entries: dict[tuple[object, ...], tuple[EntryView, Part]] = {}

    def body(self, issue: Issue, *, links: ReaderLinks | None = None, is_own: bool = False) -> Body:
        """Draw subject, text and HTML of an issue.

        What has no room is left out from the end: the rest first, then the leads' points, then leads.

        Args:
            links: Those of one who gets it: the body has room for such links. None: for readers without.
            is_own: Whether it is a reader's own issue, which no archive has.
        """
        view = brief((self._own_views if is_own else self._views).of(issue))
        reader = {name: self._holes.of(name) for name in ("stop", "preferences", "mine")} if links else None
        page = "" if is_own else self._links.issue(issue.edition, issue.date)
        if reader and not page:
            page = reader["mine"]
        frame = _Frame(page=page, is_own=is_own, reader=reader, stop="" if links else _ANSWER)
        papers = self._papers(issue, view)
        link = len(encoded_link(links.preferences())) if links else 0

        shown, html = _fitting(
            view,
            lambda shown: self._part(_HTML, shown, frame),
            lambda part: size_bytes(part, link) <= MAX_HTML_BYTES,
        )
        _, text = _fitting(
            view,
            lambda shown: self._part(_TEXT, shown, frame),
            lambda part: size_bytes(part, link) <= MAX_TEXT_BYTES,
        )
        there = {piece for piece in html if isinstance(piece, str)}
        return Body(
            title=issue.title,
            day=issue.date,
            subject=header_text(view.subject),
            text=text,
            html=html,
            marks={name: paper for name, paper in papers.items() if name in there},
            languages=_languages(view),
            shown=view.count - shown.more,
        )

    def _part(self, form: _Form, view: IssueView, frame: _Frame) -> Part:
        """Draw a part of a mail: its frame, and in it the entries, each drawn once."""
        is_numbered = form is _TEXT or any(sentence.references for sentence in view.sentences)

        def lead(entry: EntryView) -> Part:
            part = self._entry(form, form.lead, entry, is_numbered=is_numbered, is_marked=frame.reader is not None)
            reason = encoded_piece(form.reason(entry.reason))
            return tuple([reason if piece == _REASON else piece for piece in part])

        def line(entry: EntryView) -> Part:
            return self._entry(form, form.line, entry, is_numbered=is_numbered, is_marked=frame.reader is not None)

        known = {"leads": tuple(chain.from_iterable(map(lead, view.leads)))}
        sections = []
        for n, section in enumerate(view.sections):
            known[f"section{n}"] = tuple(chain.from_iterable(map(line, section.entries)))
            lines = self._holes.of(f"section{n}")
            sections.append((section.topic.text, section.anchor, len(section.entries), lines))
        drawn = self._draw(
            form.frame,
            leads=self._holes.of("leads") if view.leads else "",
            sections=sections,
            **frame.around(view),
        )
        return self._holes.part(drawn, known)

    def _entry(self, form: _Form, template: str, entry: EntryView, *, is_numbered: bool, is_marked: bool) -> Part:
        """Return what one entry looks like, drawn once for all who get it in the same way; its reason is a hole."""
        is_reasoned = template == form.lead and entry.reason != ""
        number = entry.number if is_numbered else 0
        key = (template, entry.anchor, number, len(entry.points), is_reasoned, is_marked)
        known = self._entries.get(key)
        if known is None or not _says_the_same(known[0], entry):
            drawn = self._draw(
                template,
                entry=entry,
                called=headline(entry.title, _NAME),
                is_numbered=is_numbered,
                reason=self._holes.of(_REASON) if is_reasoned else "",
                mark=self._holes.of(f"m{self._place(entry)}") if is_marked else "",
                sentences=False,
            )
            end = form.end if template == form.lead else "\n"
            known = self._entries[key] = entry, self._holes.part(drawn.rstrip("\n") + end)
        return known[1]

    def _draw(self, template: str, **values: Any) -> str:
        draw = self._templates.text if template.endswith(".txt") else self._templates.html
        return draw(template, **values)

    def _place(self, entry: EntryView) -> int:
        """Return a number for an entry, by which its links are named."""
        return self._places.setdefault(entry.anchor, len(self._places))

    def _papers(self, issue: Issue, view: IssueView) -> Mapping[str, PaperId]:
        """Return the papers of an issue by the names of the links to mark them."""
        views = (entry for section in view.contents for entry in section.entries)
        return {f"m{self._place(v)}": entry.paper.id for entry, v in zip(issue.entries, views, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """What stands around the entries of a mail, beside what the issue itself says."""

    page: str
    """Where the whole issue is; empty if it is nowhere."""
    is_own: bool
    reader: Mapping[str, str] | None
    """The reader's own links, by name; None for readers without."""
    stop: str
    """How to stop these mails, where there is no link to do so."""

    def around(self, view: IssueView) -> dict[str, Any]:
        where = ("in the whole issue" if self.is_own else "in the archive") if self.page else "had no room in this mail"
        return {
            "issue": view,
            "share": share(view),
            "left_out": left_out(view),
            "contents": contents(view),
            "page": self.page,
            "more": f"{view.more:,} more {where}",
            "reader": self.reader,
            "stop": self.stop,
        }


def _says_the_same(a: EntryView, b: EntryView) -> bool:
    """Whether two views, of which one may have other reasons or fewer points, are of the same entry."""
    return a.tldr is b.tldr and a.title is b.title and a.facts is b.facts


def _languages(view: IssueView) -> tuple[str, ...]:
    """Return the languages that a mail is in: English, that of its frame, and those of what it prints."""
    entries = (*view.leads, *(entry for section in view.sections for entry in section.entries))
    others = {view.overview_language, *(entry.language for entry in entries)} - {""}
    return ("en", *sorted(others))


def _fitting(
    view: IssueView, draw: Callable[[IssueView], Part], fits: Callable[[Part], bool]
) -> tuple[IssueView, Part]:
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
