"""An edition's last issue, chosen anew for one reader out of that day's papers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest.app.usecases import preferences, trials
from digest.core.models import Paper
from digest.core.subscribers.subscriber import Subscription
from digest.usecases.trials import Trial, Trials
from tests.support.desk import line
from tests.support.readers import delivered
from tests.support.reading import MONDAY, TUESDAY, Readers, on, reading


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Readers]:
    with reading(tmp_path) as opened:
        yield opened


@pytest.fixture
def ada(site: Readers) -> Subscription:
    return site.subscribed()


@pytest.fixture
def tried(site: Readers) -> Trials:
    return trials(site.opened)


def papers(trial: Trial | None) -> list[Paper]:
    assert trial is not None
    return [ranked.candidate.paper for ranked in trial.chosen]


def test_who_wishes_nothing_gets_the_edition_s_own_issue(site: Readers, ada: Subscription, tried: Trials) -> None:
    trial = tried.choose(ada)

    assert sorted(paper.id for paper in papers(trial)) == sorted(site.printed(TUESDAY))
    assert trial is not None
    assert (trial.day, trial.considered) == (TUESDAY, 12)


def test_what_is_wished_need_not_be_stored(ada: Subscription, tried: Trials) -> None:
    wished = replace(ada, interests=("walking robots",), avoid=("old poems",), max_papers=6)

    found = papers(tried.choose(wished))

    assert [paper.title for paper in found[:2]] == [on(22).title, on(16).title]
    assert len(found) == 6
    assert not [paper for paper in found if "poems" in paper.title]


def test_a_library_that_was_added_counts(site: Readers, ada: Subscription, tried: Trials) -> None:
    bib = f"@article{{a, title={{Thin markets once more}}, abstract={{{on(15).abstract}}}, author={{Ada Lovelace}}}}"
    before = papers(tried.choose(ada))

    preferences(site.opened).add_library(ada, "mine.bib", bib.encode())

    after = papers(tried.choose(replace(site.now_of(ada), interests=("thin markets",))))
    assert not [paper for paper in before if "markets" in paper.title]
    assert {on(15).id, on(21).id} <= {paper.id for paper in after}


def test_a_mark_is_tried_before_it_is_made_and_the_paper_itself_is_left_out(ada: Subscription, tried: Trials) -> None:
    with_mark = papers(tried.choose(ada, mark=(on(17), 1), without=on(17)))

    assert on(23).id in {paper.id for paper in with_mark}
    assert on(17).id not in {paper.id for paper in with_mark}


def test_what_a_reader_was_shown_before_makes_the_like_of_it_less_new(
    site: Readers, ada: Subscription, tried: Trials
) -> None:
    delivered(site.url, ada, MONDAY)

    assert papers(tried.choose(ada))  # what they got is the edition's own, and so is what is less new for it
    assert sorted(paper.id for paper in papers(tried.choose(ada))) == sorted(site.printed(TUESDAY))


def test_the_next_issue_takes_the_place_of_the_last_after_a_while(
    site: Readers, ada: Subscription, tried: Trials
) -> None:
    wednesday = TUESDAY + timedelta(days=1)
    first = tried.choose(ada)
    site.feed(wednesday, [line(on(n)) for n in range(25, 37)])

    site.run(wednesday, "daily", send=False)

    later = tried.choose(ada)
    assert first is not None
    assert later is not None
    assert (first.day, later.day) == (TUESDAY, wednesday)


def test_an_edition_that_is_gone_has_no_last_issue(ada: Subscription, tried: Trials) -> None:
    assert tried.choose(replace(ada, edition="gone")) is None
    assert tried.choose(replace(ada, edition="other")) is not None  # its lists were read, though it printed none


def test_threads_that_ask_at_once_get_what_one_would_get(ada: Subscription, tried: Trials) -> None:
    wishes = [replace(ada, interests=(f"{word} {n}",)) for n in range(6) for word in ("robots", "poems", "galaxies")]

    with ThreadPoolExecutor(6) as pool:
        at_once = list(pool.map(lambda one: papers(tried.choose(one)), wishes))

    assert at_once == [papers(tried.choose(one)) for one in wishes]
