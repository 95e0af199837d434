"""`/feedback/TOKEN`: more or less like one paper; what that will change is said before. Earlier marks are listed."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from digest.core.errors import NotFoundError
from digest.core.models import Paper
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import Link, Purpose, paper_number
from digest.core.words.language import language_of
from digest.core.words.text import one_line, strip_invisible
from digest.publish.entry_views import Word, foreign
from digest.publish.formulas import to_unicode
from digest.publish.links import web_link
from digest.publish.phrasing import long_day, short_day
from digest.usecases.marks import VALUES, Marked, Marking
from digest.web.own import Own, said, told
from digest.web.visits import Visit

_BUTTONS: Final = {1: ("more", "More like it"), -1: ("less", "Less like it"), 0: ("none", "Take the mark back")}
_DONE: Final = {
    1: "There will be more like it.",
    -1: "There will be less like it.",
    0: "The mark is taken back.",
}
_STANDS: Final = {1: "You asked for more like it.", -1: "You asked for less like it.", 0: ""}


class FeedbackPage:
    """The page of a reader's mark on a paper."""

    def __init__(self, own: Own) -> None:
        self._own, self._front = own, own.front

    def get(self, visit: Visit) -> Response:
        """Show the paper, and what a mark would change. Nothing changes."""
        opened = self._front.linking.open(Purpose.FEEDBACK, visit.token)
        if opened is None:
            return self._front.pages.lost(visit)
        return self._page(visit, opened.subscription, opened.link)

    def post(self, visit: Visit) -> Response:
        """Mark the paper, or take back the mark on it or on another one."""
        opened = self._front.linking.open(Purpose.FEEDBACK, visit.token)
        if opened is None:
            return self._front.pages.lost(visit)
        subscription, link, value = opened.subscription, opened.link, VALUES.get(visit.value("mark"))
        if value is None:
            return self._page(visit, subscription, link, trouble="Choose what there should be more or less of.")
        # Of other papers a mark can only be taken back: what they are is known from the marks alone.
        given = visit.value("paper")
        number = int(given) if given.isascii() and given.isdigit() and len(given) <= 20 and not value else link.paper
        marking = self._own.marks.look(subscription, link.day, number)
        if marking is None:
            return self._page(visit, subscription, link, trouble="That paper is marked no more.")
        try:
            marked = self._own.marks.give(subscription, marking.paper, value)
        except NotFoundError as error:
            return self._page(visit, subscription, link, trouble=f"{error}.")
        return self._page(visit, subscription, link, marked=marked)

    def _page(
        self, visit: Visit, subscription: Subscription, link: Link, *, trouble: str = "", marked: Marked | None = None
    ) -> Response:
        marking = self._own.marks.look(subscription, link.day, link.paper)
        if marking is None and marked is None:
            return self._front.pages.said(
                visit,
                "Not found",
                "This paper stands in no issue of yours any more, and it is not marked.",
                status=404,
            )
        wanted = visit.asked("mark") if visit.method == "GET" else ""
        return self._front.pages.page(
            visit,
            "feedback.html",
            paper=_title(marking.paper if marking else marked.paper if marked else None),
            summary=said(marking.summary.tldr) if marking and marking.summary else "",
            language=foreign(marking.summary.language) if marking and marking.summary else "",
            edition=self._front.title_of(subscription.edition),
            here=visit.token,
            trouble=trouble,
            done=_done(marked) if marked else None,
            stands=_STANDS[marking.value] if marking and not marked else "",
            choices=_choices(marking, wanted) if marking else [],
            earlier=_earlier(marking) if marking else [],
            preferences=self._front.links(visit, subscription).preferences(),
        )


def _title(paper: Paper | None) -> Word:
    if paper is None:
        return Word(text="")
    language = foreign(language_of(paper.title) or paper.language)
    return Word(text=said(paper.title, paper.italics), url=web_link(paper.url), language=language)


def _done(marked: Marked) -> dict[str, Any]:
    sentence = _DONE[marked.value] if marked.value or marked.before else "There was no mark to take back."
    effect = marked.effect
    return {
        "paper": _title(marked.paper),
        "sentence": sentence,
        "changes": told(effect.shift, long_day(effect.day)) if effect else None,
    }


def _choices(marking: Marking, wanted: str) -> list[dict[str, Any]]:
    """The buttons, that of the mark that is wanted first."""
    values = [value for value in _BUTTONS if value != marking.value]
    values.sort(key=lambda value: _BUTTONS[value][0] != wanted)
    return [
        {
            "value": _BUTTONS[value][0],
            "words": _BUTTONS[value][1],
            "is_wanted": _BUTTONS[value][0] == wanted,
            "changes": told(effect.shift, long_day(effect.day)) if (effect := marking.effects.get(value)) else None,
        }
        for value in values
    ]


def _earlier(marking: Marking) -> list[dict[str, Any]]:
    return [
        {
            "paper": _title(mark.paper),
            "plain": one_line(strip_invisible(to_unicode(mark.paper.title))),
            "number": paper_number(mark.paper.id),
            "words": "more" if mark.value > 0 else "less",
            "day": short_day(mark.at.date()),
        }
        for mark in marking.earlier
    ]
