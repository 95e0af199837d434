"""How requests go out to a model that may fail in any way: when, how many at once, which again, and when no more.

    queue ──► may it go now? ──► under way ──► an answer: whoever asked takes it, and says what is asked again
      ▲        room, pauses,         │
      │        budget, time          └──► an error: the same later · halves · given up
      └────────────────────────────────────────┘

One thread decides everything; others only wait for answers. Which failure leads where:

    the server or the moment (429, 5xx)       the same again, after 1 s and 2 s, or when the server says; then halves;
                                              one paper, given up if others are answered meanwhile
    sent, and perhaps billed (a time-out)     once more, in halves; a second time, given up
    what was asked (too long, refused)        halves; one paper, given up
    no request can succeed (key, quota)       everything given up
    nothing comes of any                      one at a time with growing pauses, for as long as the run may wait, for a
                                              model may be loading; those that may cost, not often

A request that is under way can't be stopped. One that outlasts the time limit is left to its thread, which dies with
the process at the latest; it stays booked at the most it can cost, and what it brings is not heard.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from typing import Final

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Paper, Prompt
from digest.core.ports import LLM
from digest.core.summaries.ledger import Reservation

NO_BUDGET: Final = "the budget for the model does not reach that far"

_ATTEMPTS: Final = 3
"""Of the very same request, when the server fails."""
_INVITED: Final = 10
"""The same where the server says each time when to come again: it is up, and has too much to do."""
_ENOUGH: Final = 6
"""Failures in a row that are no accident, besides one for each request side by side: those share one bad moment. With
one request in five failing at random, one at a time, that happens once in 80,000 requests; and from a batch of 64 down
to single papers it takes no more. What the server says will pass, and does not charge for, is not among them."""
_NAMED_S: Final = 1.0
"""A pause that the server asks for, and no mere politeness."""
_NO_MOMENT_S: Final = 60.0
"""What goes on for so long is no bad moment."""
_LONGEST_BACKOFF_S: Final = 8.0
"""Of one request."""
_LONGEST_PAUSE_S: Final = 30.0
"""Of all of them, while nothing comes: some thirty requests in the quarter of an hour that a run waits."""
_TICK_S: Final = 0.1
"""How long one looks away from the clock, for it need not be that of the threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """One request and what came of it, for the ledger."""

    prompt: Prompt
    completion: Completion | None
    """None: it failed without an answer; whether it was billed is not known."""
    outcome: str
    """ "ok", or what was wrong, in a few words."""
    may_be_billed: bool = False
    """There is no completion, but the server may have worked on it."""
    summaries: int = 0
    """Papers that got their summary by it."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """See `digest.core.summaries.accept.Accepted.failed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Papers that wait to go out together."""

    papers: tuple[Paper, ...]
    """At least one."""
    place: int = 0
    """Of their batch in the plan; the lowest goes first, for its papers are the best."""
    is_brief: bool = False
    """They are asked for in a sentence, without points."""
    again: bool = False
    """Some of them were in an answer that lacked others, or in one that was of no use."""
    refused: str | None = None
    """Why a check refused what came; whatever comes now, there is no third time."""
    attempts: int = 0
    """How often this very request failed because of the server."""
    in_doubt: bool = False
    """Its papers may have been paid for once without an answer."""
    not_before: float = -math.inf
    answered_before: int = 0
    """How many requests had been answered when it first failed."""

    def halves(self) -> tuple[Ask, ...]:
        """Both halves, or for one paper none: nothing smaller can be asked."""
        if len(self.papers) == 1:
            return ()
        middle = (len(self.papers) + 1) // 2
        return replace(self, papers=self.papers[:middle]), replace(self, papers=self.papers[middle:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an answer was good for."""

    log: RequestLog
    again: tuple[Ask, ...] = ()
    """What is asked for because of it."""
    barren: str = ""
    """Why nothing at all came of it; empty if something did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A request that is under way."""

    ask: Ask
    prompt: Prompt
    reservation: Reservation


@dataclass(slots=True, kw_only=True)
class Asker:
    """Sends what is in its queue, and what comes of that, until nothing waits and nothing is under way.

    Everything that is handed in is called in the thread that calls `work`, but for `llm.complete`.
    """

    llm: LLM
    make_prompt: Callable[[Ask], Prompt]
    """Called anew for each attempt, when there is room for it."""
    take: Callable[[Ask, Prompt, Completion], Taken]
    """Keeps what is good of an answer; called before `settle`, so that nothing is booked and then lost."""
    give_up: Callable[[Sequence[Paper], str], None]
    """Gets papers that are not asked about any more, and why."""
    reserve: Callable[[Prompt], Reservation | None]
    """Asked before each request. What it refuses waits for those under way: what they do not use is free again."""
    settle: Callable[[Reservation, RequestLog], None]
    """Gets each request when it is over, with what was reserved for it."""
    now: Callable[[], float]
    """Seconds of a clock that only goes forward."""
    sleep: Callable[[float], None]
    time_limit_s: float
    queue: list[Ask] = field(default_factory=list)
    """What follows from an answer stands before what was there: of halves, one gets down to single papers first, and
    shows that the model is not down."""
    requests: int = 0
    """How many went out."""
    _running: dict[Future[Completion], _Running] = field(default_factory=dict)
    _stopped: str = ""
    """Why nothing is asked any more."""
    _deadline: float = math.inf
    _wave: int = 1
    """How many requests run side by side at first."""
    _pause_until: float = -math.inf
    """Nothing goes out before."""
    _silent_since: float = 0.0
    """When something last came, or could not come because nothing was to be sent."""
    _barren: int = 0
    """Requests in a row that brought nothing at all."""
    _vain: int = 0
    """Those among them that will not pass, or may have cost something."""
    _answered: int = 0
    """Requests that brought something."""
    _awaits_money: bool = False
    """The budget does not reach for the next request before one that is under way is settled."""

    def work(self) -> None:
        """Ask until nothing waits and nothing is under way, or the time is up."""
        self._silent_since = self.now()
        self._deadline = self._silent_since + self.time_limit_s
        self._wave = max(1, min(self.llm.concurrency, len(self.queue)))
        while True:
            pause_s = self._start_what_may()
            if not self.queue and not self._running:
                return
            self._wait(min(pause_s, self._deadline - self.now()))
            for future in [each for each in self._running if each.done()]:
                self._settle(future)
            if self.now() >= self._deadline:
                self._abandon()

    # -- sending

    @property
    def _width(self) -> int:
        """How many requests may be under way: one, if a whole wave of them brought nothing."""
        return max(1, self.llm.concurrency) if self._barren < self._wave else 1

    def _start_what_may(self) -> float:
        """Send what may go out now; for how long nothing else may, unless something comes back."""
        while self.queue and not self._stopped:
            now = self.now()
            if now >= self._deadline:
                return 0.0
            if len(self._running) >= self._width or self._awaits_money:
                return math.inf
            if (pause_s := max(self._pause_until, min(ask.not_before for ask in self.queue)) - now) > 0:
                return pause_s
            ask = min((ask for ask in self.queue if ask.not_before <= now), key=lambda ask: ask.place)
            prompt = self.make_prompt(ask)
            if not self.llm.fits(prompt) and (halves := ask.halves()):
                self.queue.remove(ask)
                self.queue[:0] = halves
            elif (delay_s := self.llm.delay_s(prompt)) > 0:
                self._pause(
                    delay_s, "the limits of the model's provider leave no room for more in the time that a run has"
                )
            elif (reservation := self.reserve(prompt)) is not None:
                self.queue.remove(ask)
                self._send(_Running(ask=ask, prompt=prompt, reservation=reservation))
            elif self._running:
                self._awaits_money = True
            else:
                self._afford_less(ask)
        if self._stopped and self.queue:
            self.give_up([paper for ask in self.queue for paper in ask.papers], self._stopped)
            self.queue.clear()
        return math.inf

    def _send(self, one: _Running) -> None:
        self._running[send(self.llm, one.prompt)] = one
        self.requests += 1

    def _afford_less(self, ask: Ask) -> None:
        """The budget does not reach for *ask*, and nothing is under way that could leave some of it."""
        self.queue.remove(ask)
        if halves := ask.halves():
            self.queue[:0] = halves
        else:
            # All papers cost about the same: to try each of them would be a transaction for each, and for nothing.
            self._stop(NO_BUDGET)
            self.give_up(ask.papers, NO_BUDGET)

    def _pause(self, seconds: float, why: str) -> None:
        self._pause_until = max(self._pause_until, self.now() + seconds)
        self._silent_since = max(self._silent_since, self._pause_until)
        if self._pause_until >= self._deadline:
            self._stop(why)

    def _stop(self, why: str) -> None:
        self._stopped = self._stopped or why

    def _wait(self, seconds: float) -> None:
        if self._running:
            wait(self._running, timeout=max(0.0, min(seconds, _TICK_S)), return_when=FIRST_COMPLETED)
        elif seconds > 0:
            self.sleep(seconds)

    def _abandon(self) -> None:
        """The time is up: nothing more is sent, and nothing that is under way is waited for."""
        why = "the model took longer than a run waits for it"
        self._stop(why)
        for one in self._running.values():
            self.give_up(one.ask.papers, why)
            outcome = "no answer within the time limit"
            log = RequestLog(prompt=one.prompt, completion=None, outcome=outcome, may_be_billed=True)
            self.settle(one.reservation, log)
        self._running.clear()

    # -- what comes back

    def _settle(self, future: Future[Completion]) -> None:
        one = self._running.pop(future)
        ask = one.ask
        self._awaits_money = False
        try:
            completion = future.result()
        except LLMError as error:
            if isinstance(error, LLMUnavailable):
                self._stop(str(error))
                self.give_up(ask.papers, str(error))
            else:
                self._failed(ask, error)
            log = RequestLog(prompt=one.prompt, completion=None, outcome=str(error), may_be_billed=error.may_be_billed)
            self.settle(one.reservation, log)
            return
        taken = self.take(ask, one.prompt, completion)
        self.settle(one.reservation, taken.log)
        self.queue[:0] = taken.again
        if taken.barren:
            self._count_barren(taken.barren, again=False, passes=False)
        else:
            self._barren, self._vain, self._silent_since = 0, 0, self.now()
            self._answered += 1

    def _failed(self, ask: Ask, error: LLMError) -> None:
        passes = error.again and not error.may_be_billed
        self._count_barren(str(error), again=error.again, passes=passes)
        if error.retry_after_s is not None:
            said = f"{error}; it asks to be left alone for {error.retry_after_s:.0f} s, longer than a run may wait"
            self._pause(error.retry_after_s, said)
        backoff_s = min(2.0**ask.attempts, _LONGEST_BACKOFF_S) if error.again else 0.0
        answered_before = ask.answered_before if ask.attempts else self._answered
        later = replace(ask, not_before=self.now() + backoff_s, answered_before=answered_before)
        next_ones: tuple[Ask, ...]
        if error.may_be_billed:
            in_doubt = replace(later, in_doubt=True)
            next_ones = () if ask.in_doubt else in_doubt.halves() or (in_doubt,)
        elif error.again and ask.attempts + 1 < (_ATTEMPTS if error.retry_after_s is None else _INVITED):
            next_ones = (replace(later, attempts=ask.attempts + 1),)
        else:
            next_ones = later.halves() or ((self._patient(later),) if passes and self._may_pass(later, error) else ())
        self.queue[:0] = next_ones
        if not next_ones:
            self.give_up(ask.papers, str(error))

    def _may_pass(self, ask: Ask, error: LLMError) -> bool:
        """Whether the server may answer *ask*, of one paper, that it did not answer so often."""
        if (error.retry_after_s or 0.0) >= _NAMED_S:
            return True
        if self._answered > ask.answered_before:
            return False  # it answers others
        # Nobody is left to tell whether it answers others.
        is_last = not self.queue and not self._running
        return not (is_last and self._answered and ask.attempts + 1 >= _INVITED)

    def _patient(self, ask: Ask) -> Ask:
        """*ask* behind all others: if it is the cause of it, they show."""
        not_before = max(self._pause_until, ask.not_before) + _TICK_S
        return replace(ask, attempts=ask.attempts + 1, not_before=not_before)

    def _count_barren(self, reason: str, *, again: bool, passes: bool) -> None:
        """Nothing came of a request. If that goes on, ask less, then no more."""
        self._barren += 1
        self._vain += not passes
        in_one_moment = self._wave if self.now() - self._silent_since < _NO_MOMENT_S else 0
        if self._vain >= _ENOUGH + in_one_moment:
            self._stop(f"the model was given up after {self._vain} failures in a row: {reason}")
        elif again and self._barren > self._wave:
            pause_s = min(2.0 ** (self._barren - self._wave - 1), _LONGEST_PAUSE_S)
            self._pause(pause_s, f"the model failed to the end of the time for it: {reason}")


def send(llm: LLM, prompt: Prompt) -> Future[Completion]:
    """Send *prompt* in a thread of its own; whoever waits for the answer may stop waiting, and so may the process."""
    future: Future[Completion] = Future()

    def complete() -> None:
        try:
            future.set_result(llm.complete(prompt))
        except BaseException as error:  # noqa: BLE001 -- raised by `result`, in the thread that waits
            future.set_exception(error)

    # No pool: the end of the process would wait for its threads, and so for a server that never answers.
    threading.Thread(target=complete, name="llm", daemon=True).start()
    return future
