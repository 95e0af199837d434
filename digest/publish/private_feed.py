"""Write the private feed of one subscription: the issues that its reader got, as Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from digest.core.models import Issue
from digest.core.subscribers.links import ReaderLinks
from digest.publish import feeds, views
from digest.publish.entry_views import EntryView, Say
from digest.publish.formulas import to_unicode
from digest.publish.headlines import subject
from digest.publish.links import KnownLinks, Links
from digest.publish.render import Templates
from digest.publish.slugs import slug

ISSUES: Final = 14
"""Issues in a feed."""


def private_feed(
    issues: Iterable[Issue],
    *,
    title: str,
    author: str,
    language: str,
    began: date,
    links: ReaderLinks,
    base_url: str,
    has_page: Callable[[str], bool],
    templates: Templates,
) -> bytes:
    """Return the feed of a subscription. The same issues give the same bytes.

    Args:
        issues: The newest first, each as the reader got it.
        language: Of the edition.
        began: When the subscription began: what a feed without issues was updated on.
        links: The reader's; their addresses are whole.
        base_url: Where the site is, without a slash at the end.
        has_page: See `digest.publish.links.KnownLinks`.
    """
    archive = KnownLinks(root=f"{base_url}/", has_page=has_page)
    found = tuple(_item(issue, links, archive, templates) for issue in issues)
    return feeds.atom(
        feeds.Feed(
            # The name of a subscription is no secret, and makes ids that no other feed has.
            edition=f"{links.subscription.edition}/{links.subscription.pk}",
            title=title,
            author=author,
            language=language,
            updated=max((item.day for item in found), default=began),
            url=f"{base_url}/",
            items=found,
            self_url=links.feed(),
            home_url=f"{base_url}/",
        )
    )


def _item(issue: Issue, links: ReaderLinks, archive: Links, templates: Templates) -> feeds.FeedItem:
    view = views.issue_view(issue, links=archive)
    return feeds.FeedItem(
        day=issue.date,
        title=subject(issue),
        summary=view.overview,
        content=templates.html("own_item.html", issue=view, marks=marks_of(issue, links), page=links.issue(issue.date)),
        topics=tuple(section.topic for section in issue.sections),
        url=links.issue(issue.date),
    )


def marks_of(issue: Issue, links: ReaderLinks) -> Callable[[EntryView], tuple[str, str]]:
    """Return what gives the addresses of more and less like an entry of *issue*."""
    urls = {slug(entry.paper.id): links.feedback(entry.paper.id, issue.date) for entry in issue.entries}

    def of(entry: EntryView) -> tuple[str, str]:
        url = urls[entry.anchor]
        return f"{url}?mark=more", f"{url}?mark=less"

    return of


def own_view(issue: Issue, *, links: Links, say: Say = to_unicode) -> views.IssueView:
    """Return the view of an issue as one reader got it: a title leads to the paper itself where it has no page."""
    view = views.issue_view(issue, links=links, say=say)

    def led(entries: Iterable[EntryView]) -> tuple[EntryView, ...]:
        return tuple(replace(entry, page=entry.page or entry.url or f"#{entry.anchor}") for entry in entries)

    sections = tuple(replace(section, entries=led(section.entries)) for section in view.sections)
    return replace(view, leads=led(view.leads), sections=sections)
