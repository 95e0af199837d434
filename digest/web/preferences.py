"""`/preferences/TOKEN`: what a reader sets for one edition, with what its last issue would have been.

One form has all that is typed. "Show" tries it and keeps nothing; "Save" keeps all of it, or nothing where a field is
in trouble. What ends something has a form of its own, with one button.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from digest.core.errors import DeliveryError, NotFoundError, WishError
from digest.core.models import Edition
from digest.core.ranking.shifts import Shift
from digest.core.subscribers.subscriber import SubscriberState, Subscription
from digest.core.subscribers.tokens import Purpose
from digest.core.subscribers.wishes import LARGEST_LIBRARY, MOST_INTERESTS, MOST_PAPERS, zones
from digest.core.words.language_marks import LANGUAGES
from digest.publish.phrasing import count, long_day, short_day
from digest.usecases.preferences import FIELDS, Read, Typed, read, typed_of
from digest.usecases.preview import InterestCount
from digest.usecases.trials import Trial
from digest.web.own import Own, chosen, said
from digest.web.pages import NOT_KEPT
from digest.web.visits import Visit

MOST_BYTES: Final = LARGEST_LIBRARY + 200_000
"""A file as large as may be, with the rest of the form."""
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CADENCES: Final = (
    ("daily", "Each day that has an issue"),
    ("weekdays", "Monday to Friday"),
    *((f"weekly:{day[:3].lower()}", f"Once a week, on {day}") for day in _WEEKDAYS),
    ("feed", "No mail: the private feed alone"),
)
_STATES: Final = {
    SubscriberState.PENDING: "This address is not confirmed yet: nothing is sent to it.",
    SubscriberState.UNSUBSCRIBED: "You stopped all mails.",
    SubscriberState.BOUNCED: "Mails to this address came back, so none are sent any more.",
    SubscriberState.COMPLAINED: "A mail to this address was reported as unwanted, so none are sent any more.",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """What came of a form."""

    typed: Typed
    read: Read
    troubles: Mapping[str, str] = field(default_factory=dict)
    done: Sequence[str] = ()
    """What was done, in sentences."""


class PreferencesPage:
    """The page of a reader's preferences."""

    def __init__(self, own: Own) -> None:
        self._own, self._front = own, own.front

    def get(self, visit: Visit) -> Response:
        """Show the form. Nothing changes."""
        opened = self._front.linking.open(Purpose.PREFERENCES, visit.token)
        if opened is None:
            return self._front.pages.lost(visit)
        return self._page(visit, opened.subscription)

    def post(self, visit: Visit) -> Response:
        """Do what a button of the page says."""
        opened = self._front.linking.open(Purpose.PREFERENCES, visit.token)
        if opened is None:
            return self._front.pages.lost(visit)
        try:
            return self._do(visit, opened.subscription)
        except NotFoundError:
            # The reader was forgotten between the two questions.
            return self._front.pages.lost(visit)

    def _do(self, visit: Visit, subscription: Subscription) -> Response:
        preferences = self._own.preferences
        if visit.value("forget"):
            return self._forget(visit, subscription)
        match visit.value("do"):
            case "stop":
                preferences.stop(subscription)
                return self._again(visit, subscription, "Stopped: no further issue of it is sent to you.")
            case "start":
                if preferences.come_back(subscription, today=self._front.today_of(subscription)):
                    return self._again(visit, subscription, "Welcome back: the next issue is sent to you.")
                return self._again(visit, subscription)
            case "feed":
                preferences.renew_feed(subscription)
                return self._again(visit, subscription, "The feed has a new address, and the former one holds no more.")
            case "export":
                return self._export(subscription)
            case _:
                return self._form(visit, subscription)

    # -- the form

    def _form(self, visit: Visit, subscription: Subscription) -> Response:
        today = self._front.today_of(subscription)
        sent = {name: visit.value(name) for name in FIELDS if name in visit.form}
        typed = replace(typed_of(subscription, today=today), **sent)
        form = read(typed, self._own.edition_of(subscription), today=today)
        if visit.value("try"):
            troubles = dict(form.troubles)
            if (upload := visit.uploads.get("library")) and upload.content:
                troubles["library"] = "A file is read when you save: choose it again then."
            return self._page(visit, subscription, _Came(typed=typed, read=form, troubles=troubles), is_tried=True)
        return self._save(visit, subscription, typed, form)

    def _save(self, visit: Visit, subscription: Subscription, typed: Typed, form: Read) -> Response:
        preferences = self._own.preferences
        troubles, done = dict(form.troubles), list[str]()
        # A file cannot be put into the form again, so a good one is kept whatever else is in trouble.
        if (upload := visit.uploads.get("library")) and (upload.content or upload.name):
            try:
                name, papers, unread = preferences.add_library(subscription, upload.name, upload.content)
                done.append(f"{name} has {count(papers, 'paper')}; they count as interests from the next issue on.")
                done += [f"{unread}."] if unread else []
            except WishError as error:
                troubles["library"] = f"{error}."
        if troubles:
            kept = " Beside the file, nothing was saved." if done else " Nothing was saved."
            return self._page(
                visit,
                self._now(subscription),
                _Came(
                    typed=typed, read=form, troubles=troubles, done=[*done, f"See the fields that are marked.{kept}"]
                ),
                status=422,
            )
        for name in visit.form.get("remove_library", ()):
            if preferences.store.remove_library(subscription.pk, name):
                done.append(f"{name} was removed.")
        preferences.save(subscription, form)
        offered = [edition.name for edition in self._front.open_editions]
        begun, stopped = preferences.set_editions(
            subscription,
            visit.form.get("edition", ()),
            offered,
            is_all=bool(visit.value("editions")),
            today=self._front.today_of(subscription),
        )
        done += [f"{self._front.title_of(name)} comes to you from its next issue on." for name in begun]
        done += [f"{self._front.title_of(name)} was stopped." for name in stopped]
        return self._again(visit, subscription, "Saved.", *done)

    def _again(self, visit: Visit, subscription: Subscription, *done: str) -> Response:
        """The page as things stand now, with what was done."""
        now = self._now(subscription)
        typed = typed_of(now, today=self._front.today_of(now))
        return self._page(visit, now, _Came(typed=typed, read=Read(values={}), done=done))

    def _now(self, subscription: Subscription) -> Subscription:
        found = self._front.app.store.subscription(subscription.pk)
        if found is None:
            raise NotFoundError("there is no such subscription any more")
        return found

    # -- the page

    def _page(
        self,
        visit: Visit,
        subscription: Subscription,
        came: _Came | None = None,
        *,
        is_tried: bool = False,
        status: int = 200,
    ) -> Response:
        today = self._front.today_of(subscription)
        if came is None:
            came = _Came(typed=typed_of(subscription, today=today), read=Read(values={}))
        edition = self._own.edition_of(subscription)
        links = self._front.links(visit, subscription)
        store = self._front.app.store
        marks = store.marks(subscription.edition, readers=[subscription.reader])
        offered = [one.name for one in self._front.open_editions]
        others = self._own.preferences.others(subscription, offered)
        refused = self._own.preferences.is_refused(subscription)
        return self._front.pages.page(
            visit,
            "preferences.html",
            status=status,
            edition=self._front.title_of(subscription.edition),
            address=subscription.subscriber.address,
            here=visit.token,
            state="" if subscription.is_active else self._state(subscription),
            is_running=subscription.is_active,
            is_refused=refused,
            may_start=not refused and not subscription.is_active and edition is not None,
            paused=_pause(subscription, today),
            done=came.done,
            typed=came.typed,
            troubles=came.troubles,
            is_tried=is_tried,
            cadences=_CADENCES,
            languages=self._languages(subscription, edition),
            zones=zones(),
            zone=self._front.app.config.timezone.key,
            tomorrow=(today + timedelta(days=1)).isoformat(),
            of_edition=edition,
            most_interests=MOST_INTERESTS,
            most_papers=MOST_PAPERS,
            largest=LARGEST_LIBRARY // 1_000_000,
            libraries=[(one.name, count(one.papers, "paper")) for one in store.libraries_of(subscription.pk)],
            others=[
                {
                    "name": one.edition.name,
                    "title": one.edition.title,
                    "is_running": one.is_running,
                    "url": self._front.links(visit, one.subscription).preferences() if one.subscription else "",
                }
                for one in others
            ],
            feed=self._absolute(links.feed(), visit),
            marks=count(len(marks), "paper") if marks else "",
            marks_url=links.feedback(marks[0].paper.id, marks[0].at.date()) if marks else "",
            would=self._would(subscription, came, is_tried=is_tried),
        )

    def _state(self, subscription: Subscription) -> str:
        if self._own.edition_of(subscription) is None:
            return "This edition does not come out any more."
        if subscription.subscriber.state is not SubscriberState.CONFIRMED:
            return _STATES[subscription.subscriber.state]
        if subscription.stopped_at is None:
            return "You have not confirmed this edition yet."
        return f"You stopped it on {short_day(subscription.stopped_at.date())}."

    def _languages(self, subscription: Subscription, edition: Edition | None) -> list[tuple[str, str]]:
        """Languages of summaries; none where nobody could write in another one than the abstract's."""
        config = self._front.app.config
        known = {one.language for one in config.editions}
        codes = known | {subscription.language} if config.llm.client == "extractive" else {*known, *LANGUAGES}
        names = sorted((LANGUAGES.get(code, code), code) for code in codes if code)
        if len(names) < 2:
            return []
        own = LANGUAGES.get(edition.language, edition.language) if edition else ""
        return [("", f"As the edition has it ({own})" if own else "As the edition has it"), *((c, n) for n, c in names)]

    def _absolute(self, url: str, visit: Visit) -> str:
        """An address for programs, which know no page that it could be relative to."""
        base = self._front.app.config.serve.base_url
        return f"{base}/{url.removeprefix(visit.root)}" if base else url

    # -- what the last issue would have been

    def _would(self, subscription: Subscription, came: _Came, *, is_tried: bool) -> dict[str, Any] | None:
        trials = self._own.trials
        saved = trials.choose(subscription)
        if saved is None:
            return None
        # What is in trouble is as it was.
        wished = replace(subscription, **came.read.values) if is_tried else subscription
        trial = trials.choose(wished) if is_tried else saved
        if trial is None:
            return None
        shift = Shift.between(saved.chosen, trial.chosen)
        new = {one.candidate.paper.id for one in shift.came}
        return {
            "day": long_day(trial.day),
            "of": _of(trial),
            "changed": len(shift.came) if is_tried else 0,
            "number": len(trial.chosen),
            "entries": [chosen(one, is_new=is_tried and one.candidate.paper.id in new) for one in trial.chosen],
            "interests": [_found(one, trial) for one in trials.counted(wished, trial)],
        }

    # -- what ends something

    def _export(self, subscription: Subscription) -> Response:
        content = json.dumps(self._own.preferences.export(subscription), ensure_ascii=False, indent=1) + "\n"
        headers = {**NOT_KEPT, "Content-Disposition": 'attachment; filename="research-digest.json"'}
        return Response(content.encode("utf-8", "replace"), media_type="application/json", headers=headers)

    def _forget(self, visit: Visit, subscription: Subscription) -> Response:
        address = subscription.subscriber.address
        if visit.value("forget") != "yes":
            number = len(self._front.app.store.subscriptions_of(subscription.subscriber.pk))
            editions = count(number, "edition")
            return self._front.pages.page(visit, "forget.html", address=address, editions=editions, here=visit.token)
        left = ""
        try:
            self._own.preferences.forget(subscription, today=self._front.today_of(subscription))
        except DeliveryError:
            # It names a file after its reader, so the sentence itself stands in no log.
            log.error("a mail in the outbox of somebody who was forgotten could not be deleted: look there")
            left = " A copy of a mail to you could not be deleted; who runs this site was told."
        return self._front.pages.said(
            visit,
            "Forgotten",
            f"{address} was deleted, with what you set, your files, your marks, and which issues you got.",
            "What is left is a number made of the address, from which nobody can read it: it keeps the address from "
            "being put on a list again. Only you can bring it back, by signing up and confirming. Copies that the "
            "operator keeps in case of a damage are gone when they are replaced." + left,
        )


def _pause(subscription: Subscription, today: date) -> str:
    until: date | None = subscription.paused_until
    if not subscription.is_active or until is None or until <= today:
        return ""
    return f"Paused: the first issue comes on {long_day(until)} again, or the next after it."


def _of(trial: Trial) -> str:
    return f"{len(trial.chosen):,} of {trial.considered:,} papers"


def _found(one: InterestCount, trial: Trial) -> dict[str, Any]:
    if not one.interest.is_known:
        words = "is not known here yet: it counts as soon as a source lists it or it was looked up"
    elif one.found:
        words = f"finds {one.found:,} of {count(trial.considered, 'paper')}, {one.printed:,} in the issue"
    else:
        words = f"finds nothing in {count(trial.considered, 'paper')}; try fewer or other words"
    return {"name": said(one.interest.name), "words": words, "is_empty": not one.found}
