"""Paths and links of the archive's pages, and the check that a link of others is safe to follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from digest.core.words.text import web_url
from digest.publish.slugs import edition_slug, slug, topic_slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Links to pages of the archive from one place: a page, or a mail."""

    root: str | None
    """Prefix that leads to the archive's root: `../../`, or its URL with a slash at the end. None: there can be no
    links.
    """

    def to(self, path: str) -> str:
        """Return a link to *path* in the archive; empty if there can be no links."""
        return "" if self.root is None else self.root + path

    def issue(self, edition: str, day: date) -> str:
        """Return a link to an issue's page."""
        return self.to(issue_path(edition, day))

    def topic(self, name: str) -> str:
        """Return a link to a topic's page."""
        return self.to(topic_path(topic_slug(name)))

    def paper(self, paper_id: str) -> str:
        """Return a link to a paper's page."""
        return self.to(paper_path(slug(paper_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLinks(Links):
    """Links to those pages of papers that there are: what only readers got has none."""

    has_page: Callable[[str], bool]
    """Whether the archive has the page at a path."""

    def paper(self, paper_id: str) -> str:
        """Return a link to a paper's page; empty if it has none."""
        path = paper_path(slug(paper_id))
        return self.to(path) if self.has_page(path) else ""


def issue_path(edition: str, day: date) -> str:
    """Return the path of an issue's page below the archive's root."""
    return f"{edition_slug(edition)}/{day.isoformat()}/index.html"


def topic_path(name: str) -> str:
    """Return the path of a topic's page below the archive's root."""
    return f"topics/{name}/index.html"


def paper_path(name: str) -> str:
    """Return the path of a paper's page below the archive's root."""
    return f"papers/{name}/index.html"


def web_link(url: str) -> str:
    """Return *url* if it is safe to follow, else "", as a second safeguard after the parsers."""
    return web_url(url) or ""
