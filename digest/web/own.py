"""What the pages of one reader share: preferences, feedback, their own issues and feed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from markupsafe import Markup

from digest.app import usecases
from digest.core.models import Edition, Ranked
from digest.core.ranking.shifts import Shift
from digest.core.subscribers.subscriber import Subscription
from digest.core.words.language import language_of
from digest.core.words.text import one_line, strip_invisible
from digest.publish.entry_views import Word, foreign
from digest.publish.formulas import to_mathml
from digest.publish.links import web_link
from digest.publish.phrasing import count
from digest.usecases.marks import Marks
from digest.usecases.own_issues import OwnIssues
from digest.usecases.preferences import Preferences
from digest.usecases.trials import Trials
from digest.web.front import Front

_NAMED: Final = 3
"""Papers that a sentence on a change names."""


class Own:
    """The use cases behind a reader's pages, made when the first page is asked for."""

    def __init__(self, front: Front) -> None:
        self.front = front

    @cached_property
    def trials(self) -> Trials:
        """Chooses the last issue anew for a reader."""
        return usecases.trials(self.front.app)

    @cached_property
    def preferences(self) -> Preferences:
        """Keeps what readers set."""
        return usecases.preferences(self.front.app)

    @cached_property
    def issues(self) -> OwnIssues:
        """Finds what readers got."""
        return usecases.own_issues(self.front.app)

    @cached_property
    def marks(self) -> Marks:
        """Makes and lists marks."""
        return usecases.marks(self.front.app, self.trials, self.issues)

    def edition_of(self, subscription: Subscription) -> Edition | None:
        """The edition of a subscription; None if the config has it no more."""
        return self.front.app.editions_by_name.get(subscription.edition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A paper of an issue that might be, in a line."""

    title: Word
    reason: str
    is_new: bool
    """Whether the issue that it is compared with has it not."""


def chosen(ranked: Ranked, *, is_new: bool = False) -> Chosen:
    """A paper as a page lists it."""
    return Chosen(title=title(ranked), reason=_said(ranked.reason), is_new=is_new)


def title(ranked: Ranked) -> Word:
    """The title of a paper, with its link."""
    paper = ranked.candidate.paper
    return Word(
        text=said(paper.title, paper.italics),
        url=web_link(paper.url),
        language=foreign(language_of(paper.title) or paper.language),
    )


def said(text: str, italics: tuple[str, ...] = ()) -> Markup:
    """Foreign text for a page: on one line, without invisible characters, with formulas."""
    return to_mathml(one_line(strip_invisible(text)), italics)


def _said(text: str) -> Markup:
    return said(text) if text else Markup()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change of a choice, in words."""

    sentence: str
    came: tuple[Word, ...]
    went: tuple[Word, ...]
    more: int
    """Papers that come and are not named."""


def told(shift: Shift, day: str) -> Told:
    """Say what a choice changes in an issue, as a clause: `changes 2 places of the 30 of Tuesday 2 June`."""
    if shift.came:
        sentence = f"changes {count(len(shift.came), 'place')} of the {shift.of} of {day}"
    elif shift.went:
        sentence = f"takes {count(len(shift.went), 'paper')} out of the issue of {day}"
    elif shift.moved:
        sentence = f"leaves the papers of {day} as they are, {shift.moved} of them in another place"
    else:
        sentence = f"changes nothing in the issue of {day}: no paper of that day is near enough"
    return Told(
        sentence=sentence,
        came=tuple(map(title, shift.came[:_NAMED])),
        went=tuple(map(title, shift.went[:_NAMED])),
        more=max(0, len(shift.came) - _NAMED),
    )
