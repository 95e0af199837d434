"""An issue as plain text: the text part of the mail, and what `digest show` gives to a pipe."""

from __future__ import annotations

from digest.core.models import Issue
from digest.publish.render import Templates
from digest.publish.views import IssueView, Links, issue_view


def issue_text(issue: Issue, *, templates: Templates, site_url: str | None = None) -> str:
    """*issue* as text, in lines of at most 78 characters unless a link is longer."""
    root = site_url.rstrip("/") + "/" if site_url else None
    return view_text(issue_view(issue, links=Links(root=root)), templates=templates)


def view_text(view: IssueView, *, templates: Templates, page: str = "", stop: str = "") -> str:
    """An issue already in words, as text.

    Args:
        page: Where the whole issue can be read.
        stop: How to get no more of these.
    """
    return templates.text("issue.txt", issue=view, page=page, stop=stop)
