"""Pages that are drawn when somebody asks for them. They look like the archive's and work without a script."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from digest.publish.render import Templates
from digest.web.visits import Visit

NOT_KEPT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
"""Headers of pages that are one reader's, or one moment's."""


class Pages:
    """Draws pages by templates, with the site's title and the way back to its first page."""

    def __init__(self, templates: Templates, *, title: str) -> None:
        self._templates = templates
        self._title = title

    def page(self, visit: Visit, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page drawn by *template*; each value is escaped. No cache keeps it and no search engine lists it."""
        html = self._templates.html(template, **{"description": "", **values}, root=visit.root, site_title=self._title)
        return HTMLResponse(html, status_code=status, headers=NOT_KEPT)

    def file(self, name: str) -> bytes:
        """A style sheet or script of the templates, as it is."""
        return self._templates.file(name)

    def said(self, visit: Visit, heading: str, *sentences: str, status: int = 200) -> Response:
        """A page with a heading and some sentences."""
        return self.page(visit, "said.html", status=status, heading=heading, sentences=sentences)

    def lost(self, visit: Visit) -> Response:
        """What a wrong, expired or void link gets: the same for all of them, with a form that mails new links."""
        return self.page(visit, "lost.html", status=404, is_wrong=True, trouble="", address="", trap="website")

    def not_found(self, visit: Visit) -> Response:
        """What an address gets that is none."""
        return self.said(visit, "Page not found", "There is nothing at this address.", status=404)

    def unavailable(self, visit: Visit) -> Response:
        """What is said while the store does not answer."""
        response = self.said(
            visit, "Not now", "The site cannot reach its data at the moment; nothing was changed.", status=503
        )
        response.headers["Retry-After"] = "60"
        return response

    def broken(self, visit: Visit) -> Response:
        """What is said where the program or its set-up is at fault."""
        return self.said(
            visit, "That did not work", "The fault is here and not with you; the log of the site names it.", status=500
        )
