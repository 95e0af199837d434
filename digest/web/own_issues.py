"""`/mine/TOKEN` and `/feed/TOKEN.xml`: what a reader got, as a page and as a private feed."""

from __future__ import annotations

import hashlib

from starlette.responses import Response

from digest.core.subscribers.tokens import Purpose
from digest.publish.entry_views import Word
from digest.publish.formulas import to_mathml
from digest.publish.links import KnownLinks
from digest.publish.phrasing import count, long_day
from digest.publish.private_feed import ISSUES, marks_of, own_view, private_feed
from digest.publish.slugs import edition_slug
from digest.web.own import Own
from digest.web.visits import Visit


class OwnIssuesPages:
    """The pages of a reader's own issues."""

    def __init__(self, own: Own) -> None:
        self._own, self._front = own, own.front

    def _has_page(self, path: str) -> bool:
        return (self._front.app.config.data_dir / "site" / path).is_file()

    def mine(self, visit: Visit) -> Response:
        """The whole issue of a day, as the reader got it."""
        opened = self._front.linking.open(Purpose.ISSUE, visit.token)
        if opened is None or opened.link.day is None:
            return self._front.pages.lost(visit)
        subscription, day = opened.subscription, opened.link.day
        found = self._own.issues.of(subscription, day)
        # A reader who got none that day may look at the edition's own, as anybody may.
        issue = found.issue if found else self._front.app.store.issue(subscription.edition, day)
        if issue is None:
            sentence = f"There is no issue of {long_day(day)}."
            return self._front.pages.said(visit, "Not found", sentence, status=404)
        links = self._front.links(visit, subscription)
        view = own_view(issue, links=KnownLinks(root=visit.root, has_page=self._has_page), say=to_mathml)
        return self._front.pages.page(
            visit,
            "mine.html",
            issue=view,
            chosen=count(view.count, "paper"),
            anchors={section.anchor for section in view.sections},
            marks=marks_of(issue, links),
            is_personal=found is not None and found.is_personal,
            edition=Word(
                text=self._front.title_of(subscription.edition),
                url=f"{visit.root}{edition_slug(subscription.edition)}/index.html",
            ),
            preferences=links.preferences(),
            stop=links.unsubscribe(),
        )

    def feed(self, visit: Visit) -> Response:
        """The private feed."""
        opened = self._front.linking.open(Purpose.FEED, visit.token)
        if opened is None:
            return self._front.pages.lost(visit)
        subscription, app = opened.subscription, self._front.app
        base_url = app.config.serve.base_url or ""
        edition = self._own.edition_of(subscription)
        began = subscription.confirmed_at or subscription.subscriber.since
        content = private_feed(
            [one.issue for one in self._own.issues.newest(subscription, most=ISSUES)],
            title=f"{app.config.title}: {self._front.title_of(subscription.edition)}, yours",
            author=app.config.title,
            language=subscription.language or (edition.language if edition else "en"),
            began=began.date(),
            links=self._front.linking.of(subscription, base_url),
            base_url=base_url,
            has_page=self._has_page,
            templates=app.templates,
        )
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        # Nobody but the reader's own program may keep it, and that one asks again each time.
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
        had = [one.strip().removeprefix("W/") for one in visit.headers.get("if-none-match", "").split(",")]
        if tag in had or "*" in had:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/atom+xml", headers=headers)
