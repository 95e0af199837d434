"""Places of readers who come and go: subscribe, confirm, unsubscribe, and have one's links mailed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from digest.core.errors import AddressError, WishError
from digest.core.subscribers.cadence import Cadence, arrives_at, how_often, is_due
from digest.core.subscribers.subscriber import Subscription
from digest.publish.phrasing import long_day
from digest.usecases.subscribing import PAUSES, Subscribing
from digest.web.front import Front
from digest.web.pages import NOT_KEPT
from digest.web.places import Place
from digest.web.visits import Visit

CADENCES: Final = ("daily", "weekdays", "weekly:fri")
"""Those that the form offers; the preferences have them all."""
TRAP: Final = "website"
"""A field that people are told to leave empty; programs fill in every one."""
_NOT_OPEN: Final = "Nobody can subscribe here by themselves; ask who runs this site."


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningUp:
    """Answers the forms and links of readers who come and go."""

    front: Front
    subscribing: Subscribing

    def places(self) -> list[Place]:
        """The places."""
        return [
            Place(path="/subscribe", get=self.form, post=self.sign_up),
            Place(path="/lost", get=self.lost, post=self.mail_links),
            Place(path="/confirm/{token}", get=self.ask, post=self.confirm),
            Place(path="/unsubscribe/{token}", get=self.leaving, post=self.leave),
        ]

    # -- strangers

    def form(self, visit: Visit) -> Response:
        """The form to subscribe."""
        if not self.front.open_editions:
            return self.front.pages.said(visit, "Subscribe", _NOT_OPEN)
        return self._form(visit, trouble="", editions=visit.query.get("edition", ()))

    def _form(self, visit: Visit, *, trouble: str, editions: tuple[str, ...]) -> Response:
        free = self.front.open_editions
        chosen = {edition.name for edition in free if edition.name in editions} or {free[0].name}
        return self.front.pages.page(
            visit,
            "subscribe.html",
            editions=[(edition.name, edition.title, edition.name in chosen) for edition in free],
            cadences=[(cadence, how_often(cadence)) for cadence in CADENCES],
            cadence=visit.value("cadence") or CADENCES[0],
            address=visit.value("email"),
            trouble=trouble,
            trap=TRAP,
        )

    def sign_up(self, visit: Visit) -> Response:
        """Take the form: the same answer for every address that is one."""
        if not self.front.open_editions:
            return self.front.pages.said(visit, "Subscribe", _NOT_OPEN)
        editions = visit.form.get("edition", ())
        if not visit.value(TRAP):
            try:
                self.subscribing.sign_up(visit.value("email"), editions, visit.value("cadence"), network=visit.network)
            except (AddressError, WishError) as error:
                return self._form(visit, trouble=_sentence(error), editions=editions)
        return self._look(visit)

    def _look(self, visit: Visit) -> Response:
        return self.front.pages.said(
            visit,
            "Look into your inbox",
            "A mail is on its way to the address that you gave. If it is not there in a few minutes, look among what "
            "was sorted out as unwanted.",
            "Asked more than once within an hour, no further mail is sent.",
        )

    def lost(self, visit: Visit) -> Response:
        """The form to have links mailed."""
        return self._lost(visit, trouble="")

    def _lost(self, visit: Visit, *, trouble: str) -> Response:
        return self.front.pages.page(
            visit, "lost.html", is_wrong=False, trouble=trouble, address=visit.value("email"), trap=TRAP
        )

    def mail_links(self, visit: Visit) -> Response:
        """Take that form: the same answer for every address."""
        if not visit.value(TRAP):
            try:
                self.subscribing.mail_links(visit.value("email"), network=visit.network)
            except AddressError as error:
                return self._lost(visit, trouble=_sentence(error))
        return self.front.pages.said(
            visit,
            "Look into your inbox",
            "If issues go to the address that you gave, its links are on their way there.",
            "Asked more than once within an hour, no further mail is sent.",
        )

    # -- readers who confirm

    def ask(self, visit: Visit) -> Response:
        """The page with the button."""
        asked = self.subscribing.asked(visit.token)
        if not asked:
            return self.front.pages.lost(visit)
        return self.front.pages.page(visit, "confirm.html", asked=[self._said(one) for one in asked])

    def _said(self, one: Subscription) -> dict[str, Any]:
        return {"title": self.front.title_of(one.edition), "how_often": how_often(one.cadence)}

    def confirm(self, visit: Visit) -> Response:
        """Confirm, and say what comes when."""
        confirmed = self.subscribing.confirm(visit.token)
        if not confirmed:
            return self.front.pages.lost(visit)
        return self.front.pages.page(
            visit,
            "confirmed.html",
            confirmed=[
                {
                    **self._said(one),
                    "next": self._next(one),
                    "preferences": self.front.links(visit, one).preferences(),
                    "is_mailed": Cadence.parse(one.cadence).is_mailed,
                }
                for one in confirmed
            ],
        )

    def _next(self, one: Subscription) -> str:
        """When the next issue reaches the reader, in words, as far as it is planned; empty if it is not."""
        config = self.front.app.config
        edition = next((e for e in config.editions if e.name == one.edition), None)
        if edition is None:
            return ""
        now = self.front.app.host.clock()
        zone = self.front.zone_of(one)
        began = (one.confirmed_at or now).astimezone(zone).date()
        today = now.astimezone(config.timezone).date()
        for ahead in range(15):
            day = today + timedelta(days=ahead)
            at = arrives_at(day, edition.at, config.timezone, zone)
            local = at.astimezone(zone)
            if day.weekday() not in edition.days or at < now:
                continue
            if is_due(
                Cadence.parse(one.cadence),
                local.date(),
                covered_until=one.covered_until,
                paused_until=one.paused_until,
                began=began,
            ):
                return f"{long_day(local.date())}, {local:%H:%M} ({zone.key})"
        return ""

    # -- readers who go

    def leaving(self, visit: Visit) -> Response:
        """The page with the button to stop, and with pauses instead."""
        opened = self.subscribing.leaving(visit.token)
        if opened is None:
            return self._gone(visit)
        one = opened.subscription
        others = [
            self.front.title_of(other.edition)
            for other in self.front.app.store.subscriptions_of(one.subscriber.pk)
            if other.pk != one.pk and other.is_active
        ]
        return self.front.pages.page(
            visit,
            "unsubscribe.html",
            title=self.front.title_of(one.edition),
            is_stopped=not one.is_active,
            pauses=PAUSES,
            others=others,
        )

    def leave(self, visit: Visit) -> Response:
        """Stop at once, or pause. The POST of RFC 8058 gets a word and no page."""
        is_one_click = "List-Unsubscribe" in visit.form
        if not is_one_click and (days := visit.value("pause")):
            return self._pause(visit, days)
        stopped = self.subscribing.stop(visit.token, all_editions=visit.value("stop") == "all")
        if is_one_click and (stopped is not None or self.subscribing.is_for_leaving(visit.token)):
            return PlainTextResponse("Stopped.\n", headers=NOT_KEPT)
        if stopped is None:
            return self._gone(visit)
        names = [self.front.title_of(name) for name in stopped]
        return self.front.pages.page(visit, "stopped.html", names=names, is_open=bool(self.front.open_editions))

    def _gone(self, visit: Visit) -> Response:
        """What a link gets behind which there is nobody: that is what they wanted, if it is one of ours."""
        if self.subscribing.is_for_leaving(visit.token):
            return self.front.pages.page(visit, "stopped.html", names=[], is_open=bool(self.front.open_editions))
        return self.front.pages.lost(visit)

    def _pause(self, visit: Visit, days: str) -> Response:
        if days not in map(str, PAUSES):
            return self.front.pages.said(visit, "Not understood", "There is no such pause.", status=400)
        until = self.subscribing.pause(visit.token, int(days))
        if until is None:
            return self.leaving(visit)
        return self.front.pages.said(
            visit,
            "Paused",
            f"The next issue comes from {long_day(until)} on. What comes out until then is in the archive.",
        )


def _sentence(error: Exception) -> str:
    said = str(error)
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith('.') else '.'}"
