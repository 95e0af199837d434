"""Render an issue as plain text, for the mail's text part and for `digest show` into a pipe."""

from __future__ import annotations

from digest.core.models import Issue
from digest.publish.links import Links
from digest.publish.render import Templates
from digest.publish.views import IssueView, issue_view


def issue_text(issue: Issue, *, templates: Templates, site_url: str | None = None) -> str:
    """Return *issue* as text, in lines of at most 78 characters unless a link is longer."""
    root = site_url.rstrip("/") + "/" if site_url else None
    return view_text(issue_view(issue, links=Links(root=root)), templates=templates)


def view_text(view: IssueView, *, templates: Templates, page: str = "", stop: str = "") -> str:
    """Return an issue's view as text.

    Args:
        page: URL of the whole issue.
        stop: How to unsubscribe.
    """
    return templates.text("issue.txt", issue=view, page=page, stop=stop)
