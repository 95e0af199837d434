"""The places of the site that show a reader what is theirs, and the search."""

from __future__ import annotations

from digest.web.feedback import FeedbackPage
from digest.web.front import Front
from digest.web.own import Own
from digest.web.own_issues import OwnIssuesPages
from digest.web.places import Place
from digest.web.preferences import MOST_BYTES, PreferencesPage
from digest.web.search import SearchPage


def readers_places(front: Front) -> list[Place]:
    """The pages of readers, and the search."""
    own = Own(front)
    preferences, feedback, issues = PreferencesPage(own), FeedbackPage(own), OwnIssuesPages(own)
    return [
        Place(path="/preferences/{token}", get=preferences.get, post=preferences.post, most_bytes=MOST_BYTES),
        Place(path="/feedback/{token}", get=feedback.get, post=feedback.post),
        Place(path="/mine/{token}", get=issues.mine),
        Place(path="/feed/{token}.xml", get=issues.feed),
        Place(path="/search", get=SearchPage(front).get),
    ]
