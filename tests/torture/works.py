"""Papers for a model, each about something else in words of its own, and what a good summary of one looks like."""

from __future__ import annotations

import random
from typing import Final

from digest.core.models import Paper, PaperId
from tests.conftest import paper

_THINGS: Final = (
    "rivers proteins galaxies markets robots poems bridges viruses glaciers engines languages forests neurons "
    "contracts crystals satellites vaccines elections symphonies reefs turbines dialects batteries "
    "epidemics telescopes harbours membranes auctions volcanoes orchids lasers tunnels pensions manuscripts "
    "antennas bacteria pigments tariffs nebulae migrations"
).split()
_KINDS: Final = (
    "alpine marine medieval synthetic urban tropical nocturnal magnetic ancient digital polar liquid sparse rural "
    "coastal thermal quantum domestic seasonal hollow"
).split()
_VERBS: Final = "measure reconstruct forecast catalogue simulate compare classify repair trace calibrate".split()
_MEANS: Final = (
    "gradients interviews spectra archives sensors drones surveys lattices splines ledgers tomography sonar graphs "
    "diaries isotopes census kernels tides photographs barometers"
).split()


def subject(n: int) -> str:
    """What the n-th paper is about; no other is about it."""
    return f"{_KINDS[n // len(_THINGS) % len(_KINDS)]} {_THINGS[n % len(_THINGS)]}"


def work(n: int, *, abstract: str | None = None) -> Paper:
    """The n-th paper."""
    rnd = random.Random(f"work {n}")
    what, verb = subject(n), rnd.choice(_VERBS)
    means, others = rnd.sample(_MEANS, 2)
    return paper(
        n,
        id=PaperId(f"arxiv:2606.{n:05d}"),
        title=f"How to {verb} {what} with {means}",
        url=f"https://arxiv.org/abs/2606.{n:05d}",
        abstract=abstract
        or f"We {verb} {what} with {means}, which nobody has done before for {rnd.randint(11, 99)} seasons in a row. "
        f"Our approach joins {means} and {others}, so that {what} are told apart after {rnd.randint(101, 999)} trials. "
        f"It succeeds for {rnd.randint(11, 89)}.{rnd.randint(1, 9)} % of all {what} that were given to it. "
        f"For {what} without {others} the outcome remains open.",
    )
