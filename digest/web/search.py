"""`/search?q=…`: the papers of the store by words, without a script; also as JSON."""

from __future__ import annotations

import json
from datetime import date
from functools import cached_property
from typing import Any

from starlette.responses import Response

from digest.app import usecases
from digest.core.words.language import language_of
from digest.publish.entry_views import Word, foreign
from digest.publish.issue_json import paper_json
from digest.publish.links import issue_path, paper_path, web_link
from digest.publish.phrasing import short_day, some_authors
from digest.publish.slugs import slug
from digest.usecases.searching import FoundPaper, Searching
from digest.web.front import Front
from digest.web.own import said
from digest.web.pages import NOT_KEPT
from digest.web.visits import Visit

_ISSUES = 3
"""Issues that are named of a paper."""


class SearchPage:
    """The search."""

    def __init__(self, front: Front) -> None:
        self._front = front

    @cached_property
    def _searching(self) -> Searching:
        return usecases.searching(self._front.app)

    def get(self, visit: Visit) -> Response:
        """Show what was found, or the form alone."""
        asked = (visit.asked(name) for name in ("q", "edition", "topic"))
        query, edition, topic = asked
        is_for_programs = "application/json" in visit.headers.get("accept", "")
        found = self._searching.find(query, edition=edition, topic=topic, with_topics=is_for_programs)
        if is_for_programs:
            content = json.dumps([_json(one) for one in found.papers], ensure_ascii=False, indent=1) + "\n"
            headers = {**NOT_KEPT, "Vary": "Accept"}
            return Response(content.encode("utf-8", "replace"), media_type="application/json", headers=headers)
        config = self._front.app.config
        response = self._front.pages.page(
            visit,
            "find.html",
            found=found,
            editions=[(one.name, config.archive_titles[one.name]) for one in config.editions],
            papers=[self._shown(one, visit.root) for one in found.papers],
        )
        response.headers["Vary"] = "Accept"
        return response

    def _shown(self, one: FoundPaper, root: str) -> dict[str, Any]:
        paper = one.paper
        page = paper_path(slug(paper.id))
        has_page = (self._front.app.config.data_dir / "site" / page).is_file()
        return {
            "title": said(paper.title, paper.italics),
            "language": foreign(language_of(paper.title) or paper.language),
            "url": f"{root}{page}" if has_page else web_link(paper.url),
            "authors": some_authors(paper.authors),
            "published": short_day(paper.published.date()) if paper.published else "",
            "issues": [self._issue(edition, day, root) for edition, day in one.printed[:_ISSUES]],
        }

    def _issue(self, edition: str, day: date, root: str) -> Word:
        return Word(
            text=f"{self._front.title_of(edition)}, {short_day(day)}",
            url=f"{root}{issue_path(edition, day)}",
        )


def _json(one: FoundPaper) -> dict[str, Any]:
    return {
        **paper_json(one.paper),
        "topics": list(one.topics),
        "issues": [{"edition": edition, "date": day.isoformat()} for edition, day in one.printed],
    }
