"""All trials at their full sizes, or those that are named: `python -m tests.torture [NAME …]`. It takes minutes."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

from tests.torture import asking, cadences, killing, mails, models, refusals, runs, trials, visitors
from tests.torture.figures import Figure

TRIALS: Final[Mapping[str, Callable[[Path], Iterable[Figure]]]] = {
    "bombs": trials.bombs,
    "attacks": partial(trials.attacks, apart=True),
    "polling": trials.polling,
    "retry-after-429": trials.retry_after,
    "retry-after-503": partial(trials.retry_after, status=503),
    "politeness": trials.politeness,
    "gone": trials.gone,
    "missing": trials.missing,
    "redirects": trials.redirects,
    "slow-sources": trials.slow_sources,
    "month": trials.month,
    "outage": trials.outage,
    "smtp-replies": mails.mails,
    "mails-killed-resend": killing.killed_resend,
    "mails-killed-hold": killing.killed_hold,
    "mails-killed-key": killing.killed_key,
    "mails-together": killing.together,
    "mails-put-off": refusals.put_off,
    "mails-unknown-mailboxes": refusals.unknown_mailboxes,
    "mails-hung-up": refusals.hung_up,
    "mails-speed": killing.speed,
    "llm-bad-outputs": asking.bad_outputs,
    "llm-wrong-ids": asking.wrong_ids,
    "llm-cut-off": asking.cut_off,
    "llm-refusals": asking.refusals,
    "llm-pauses": asking.pauses,
    "llm-models": models.models,
    "llm-dead": runs.dead_all_day,
    "llm-money": runs.money,
    "llm-poisoned": runs.poisoned,
    "llm-twice": runs.same_day_twice,
    "llm-killed": runs.killed,
    "web-forged": visitors.forged,
    "web-scanned": visitors.scanned,
    "web-flooded": visitors.flooded,
    "web-broken-out": visitors.broken_out,
    "web-alike": visitors.alike,
    "cadences-autumn": partial(cadences.cadences, begins=date(2026, 9, 20)),
    "cadences-new-year": partial(cadences.cadences, begins=date(2026, 12, 1)),
    "cadences-spring": partial(cadences.cadences, begins=date(2027, 3, 1)),
    "web-one-click": visitors.one_click,
}


def main() -> int:
    """Print what each trial came to; how many figures were not what they must be."""
    unknown = [name for name in sys.argv[1:] if name not in TRIALS]
    if unknown:
        print(f"no trial {', '.join(unknown)}; there are {', '.join(TRIALS)}")
        return 2
    wrong = 0
    for name in sys.argv[1:] or TRIALS:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            figures = list(TRIALS[name](Path(folder)))
        print(f"{name} ({time.perf_counter() - began:.0f} s)")
        for figure in figures:
            print(f"  {figure}", flush=True)
        wrong += sum(not figure.holds for figure in figures)
    print(f"{wrong} figures are not what they must be" if wrong else "all as it must be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
