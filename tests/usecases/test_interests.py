"""Interests from the config to the issue: papers looked up or fetched once, libraries, and what is said of bad ones."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from digest.app.app import App
from digest.app.usecases import examine
from digest.core.errors import ConfigError
from digest.core.models import Paper, PaperId
from digest.core.ranking.profile import MARKS, Profile
from digest.sources.door.http import Door
from digest.sources.door.politeness import HostPoliteness
from digest.stages.report import Report
from digest.usecases.interests import HALF_LIFE
from digest.usecases.lookup import Found
from tests.conftest import paper
from tests.end_to_end.test_run import MONDAY, TUESDAY, WEDNESDAY
from tests.support.desk import CONFIG, Desk

LIKED = paper(
    77,
    title="Whispering galleries of sapphire resonators",
    abstract="Sapphire resonators whisper. We measure the loss of their galleries at low temperature.",
)
NEAR = paper(
    8,
    title="Loss of sapphire at low temperature",
    abstract="Resonators of sapphire are cooled, and the loss of their whispering galleries is measured.",
)


def atom(*papers: Paper) -> str:
    """What arXiv's API answers."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{p.id.removeprefix('arxiv:')}v1</id><title>{p.title}</title>"
        f"<summary>{p.abstract}</summary><published>2026-03-01T00:00:00Z</published>"
        "<updated>2026-03-01T00:00:00Z</updated><author><name>Ada Lovelace</name></author></entry>"
        for p in papers
    )
    return f"<feed><totalResults>{len(papers)}</totalResults><startIndex>0</startIndex>{entries}</feed>"


class Lab:
    """A desk, and a network that is asked in vain unless a test says what it answers."""

    def __init__(self, folder: Path) -> None:
        self.desk = Desk(folder)
        self.asked: list[str] = []
        self.answers: dict[str, httpx2.Response | BaseException] = {}
        self.at_once = 100
        self.edit(())

    def edit(self, interests: tuple[str, ...], avoid: tuple[str, ...] = (), more: str = "") -> None:
        """Write the config anew."""
        text = f"{CONFIG}interests = {json.dumps(interests)}\navoid = {json.dumps(avoid)}\n{more}\n"
        (self.desk.folder / "config.toml").write_text(text, encoding="utf-8")

    def file(self, name: str, text: str) -> None:
        (self.desk.folder / name).write_text(text, encoding="utf-8")

    def app(self) -> App:
        app = self.desk.app()
        app.door = Door(
            base=app.config.base,
            transport=httpx2.MockTransport(self._answer),
            politeness=HostPoliteness(gap_s=0),
            sleep=lambda _: None,
        )
        app.interests = replace(app.interests, at_once=self.at_once)
        return app

    def run(self, day: date) -> Report:
        self.desk.now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        with self.app() as app:
            [report] = app.run((), day)
        return report

    def profile(self) -> Profile:
        with self.app() as app:
            return app.interests.profile(app.config.editions[0], MONDAY)

    def fetched_profile(self) -> tuple[Profile, tuple[str, ...]]:
        with self.app() as app:
            edition = app.config.editions[0]
            unread = app.interests.fetch(app.config.editions)[edition.name]
            return app.interests.profile(edition, MONDAY), (*unread.papers, *filter(None, [unread.libraries]))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        found = next((a for part, a in self.answers.items() if part in str(request.url)), httpx2.Response(404))
        if isinstance(found, BaseException):
            self.asked.pop()
            raise found
        return found


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


# -- what a profile holds


def test_a_file_that_is_called_like_a_paper_is_not_read_for_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    there = lab.desk.folder / "10.1101" / "743294"
    there.parent.mkdir()
    there.write_text("Passwords\n\nThey are long and long and long enough for an abstract of a paper.\n" * 5)
    monkeypatch.chdir(lab.desk.folder)
    lab.edit(("10.1101/743294",))

    found, warnings = lab.fetched_profile()

    assert found.liked == ()
    assert lab.asked == ["https://doi.org/10.1101/743294"]
    assert [w.count("10.1101/743294") for w in warnings] == [1]


def test_an_address_in_a_private_network_is_not_read(lab: Lab) -> None:
    lab.edit(("http://127.0.0.1:8080/paper", "http://169.254.169.254/latest"))

    with lab.desk.app() as app:
        warnings = app.interests.fetch(app.config.editions)["daily"].papers

    assert ["private network" in warning for warning in warnings] == [True, True]


def test_words_and_people_are_taken_as_they_are(lab: Lab) -> None:
    lab.edit(("test-time training", "author: Ada Lovelace"), avoid=("surveys", "author: Nobody"))

    found = lab.profile()

    assert (found.words, found.authors) == (("test-time training",), ("Ada Lovelace",))
    assert (found.avoid_words, found.avoid_authors) == (("surveys",), ("Nobody",))


def test_a_paper_that_a_source_listed_is_not_fetched(lab: Lab) -> None:
    lab.desk.feed(MONDAY, [LIKED])
    lab.run(MONDAY)
    lab.edit(("https://arxiv.org/abs/2603.00077v2",))

    found, warnings = lab.fetched_profile()

    [liked] = found.liked
    assert (liked.paper.id, liked.name, liked.weight) == (
        LIKED.id,
        "“Whispering galleries of sapphire resonators”",
        1.0,
    )
    assert (lab.asked, warnings) == ([], ())


def test_papers_that_no_source_listed_are_fetched_together_and_kept_for_good(lab: Lab) -> None:
    lab.edit(("2603.00077",), avoid=("arxiv:2603.00078",))
    lab.answers["id_list="] = httpx2.Response(200, text=atom(LIKED, paper(78, title="On something else")))

    found, warnings = lab.fetched_profile()
    again, _ = lab.fetched_profile()

    assert [liked.paper.title for liked in found.liked] == [LIKED.title]
    assert [liked.paper.id for liked in found.disliked] == ["arxiv:2603.00078"]
    assert again == found
    assert len(lab.asked) == 1
    assert "2603.00077,2603.00078" in lab.asked[0]
    assert warnings == ()


def test_a_paper_that_cannot_be_read_is_said_and_asked_for_again(lab: Lab) -> None:
    lab.desk.feed(MONDAY, [paper(1)])
    lab.edit(("2603.00077", "10.5555/nowhere"))
    lab.answers["id_list="] = httpx2.Response(200, text=atom())

    report = lab.run(MONDAY)
    lab.answers["id_list="] = httpx2.Response(200, text=atom(LIKED))
    found, warnings = lab.fetched_profile()

    assert report.status == "done"
    [first, second] = [w for w in report.warnings if "interest of daily" in w]
    assert first.startswith("2603.00077 (interest of daily) could not be read: ")
    assert "arXiv has no paper 2603.00077" in first
    assert first.endswith("; it counts as soon as it can")
    assert second.startswith("10.5555/nowhere (interest of daily)")
    assert [liked.paper.id for liked in found.liked] == ["arxiv:2603.00077"]
    assert len(warnings) == 1


def test_a_page_without_an_abstract_is_no_paper(lab: Lab) -> None:
    lab.edit(("https://example.org/paper",))
    lab.answers["example.org"] = httpx2.Response(200, text="<html><title>Just a moment</title><p>Checking</p></html>")

    found, warnings = lab.fetched_profile()

    assert found.liked == ()
    assert warnings == (
        "https://example.org/paper (interest of daily) could not be read: its page has no abstract; "
        "it counts as soon as it can",
    )


PAGE = (
    f'<html><meta name="citation_title" content="{LIKED.title}">'
    f'<meta name="citation_abstract" content="{LIKED.abstract * 3}">'
)


@pytest.mark.parametrize(
    "address",
    [
        "http://www.example.org/paper.php?z=2&a=1&ref=list&source=x",
        "https://www.example.org/Paper/?id=5&utm_source=feed",
        "http://example.org:8080/paper/",
        "HTTPS://example.org/Paper/1 ",
    ],
)
def test_a_paper_is_read_and_linked_at_the_very_address_that_names_it(lab: Lab, address: str) -> None:
    lab.edit((address,))
    lab.answers["example.org"] = httpx2.Response(200, text=PAGE)

    found, warnings = lab.fetched_profile()

    assert lab.asked == [address.replace("HTTPS", "https").strip()]
    assert [liked.paper.url for liked in found.liked] == [address.strip()]
    assert warnings == ()


def test_a_page_that_cannot_be_read_is_named_by_the_address_that_was_given(lab: Lab) -> None:
    address = "http://www.example.org/paper?z=2&a=1"
    lab.edit((address,))

    _, [warning] = lab.fetched_profile()

    assert warning.startswith(f"{address} (interest of daily)")
    with lab.app() as app:
        assert app.interests.counted(app.config.editions[0]).interests.unread == (address,)


def test_an_article_is_read_at_the_address_that_was_given_and_else_where_its_doi_leads(lab: Lab) -> None:
    first, second = "https://journal.example.org/doi/10.5555/a.1?x=1", "https://journal.example.org/doi/pdf/10.5555/b.2"
    lab.edit((first, second))
    lab.answers |= {first: httpx2.Response(200, text=PAGE), "doi.org/10.5555/b.2": httpx2.Response(200, text=PAGE)}

    found, warnings = lab.fetched_profile()

    assert lab.asked == [first, second, "https://doi.org/10.5555/b.2"]
    assert [liked.paper.id for liked in found.liked] == ["doi:10.5555/a.1", "doi:10.5555/b.2"]
    assert warnings == ()


def test_an_article_of_an_old_issue_is_asked_for_by_its_whole_doi(lab: Lab) -> None:
    lab.edit(("10.1002/(SICI)1099-9999(199601)9:1<11::AID-JIF2>3.0.CO;2-6",))
    lab.answers["doi.org"] = httpx2.Response(200, text=PAGE)

    found, _ = lab.fetched_profile()

    assert lab.asked == ["https://doi.org/10.1002/(sici)1099-9999(199601)9:1%3C11::aid-jif2%3E3.0.co;2-6"]
    assert len(found.liked) == 1


def test_what_was_read_before_a_stop_is_not_read_again(lab: Lab) -> None:
    lab.at_once = 1
    page = f'<html><meta name="citation_title" content="{LIKED.title}"><meta name="citation_abstract" content="{{}}">'
    lab.answers["first"] = httpx2.Response(200, text=page.format(LIKED.abstract * 3))
    lab.edit(("https://example.org/first", "https://example.org/second"))
    lab.answers["second"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        lab.fetched_profile()
    del lab.answers["second"]
    found, _ = lab.fetched_profile()

    assert [liked.paper.title for liked in found.liked] == [LIKED.title]
    assert lab.asked == ["https://example.org/first", "https://example.org/second"]


def test_avoid_goes_before_interests(lab: Lab) -> None:
    lab.desk.feed(MONDAY, [LIKED])
    lab.run(MONDAY)
    lab.edit(("2603.00077",), avoid=("https://arxiv.org/pdf/2603.00077",))

    found = lab.profile()

    assert (found.liked, [d.paper.id for d in found.disliked]) == ((), [LIKED.id])


def test_what_is_avoided_and_is_a_topic_or_another_name_of_one_or_a_field_is_known_as_such(lab: Lab) -> None:
    lab.edit((), avoid=("medical images", "Robotics", "gravel bed rivers"))

    topics = dict(lab.profile().avoid_topics)

    assert topics["medical images"] == {"Medical imaging"}
    assert len(topics["Robotics"]) >= 1
    assert "gravel bed rivers" not in topics


def test_papers_tell_whether_they_were_named_marked_or_in_a_library(lab: Lab) -> None:
    lab.file("library.bib", BIB)
    lab.edit(("library.bib",))
    [_, in_library] = lab.profile().liked
    lab.edit(("2603.00077",))
    lab.desk.feed(MONDAY, [LIKED, paper(5)])
    lab.run(MONDAY)
    [named] = lab.profile().liked
    with lab.app() as app:
        app.store.mark("daily", paper(5).id, 1, at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    marked = next(one for one in lab.profile().liked if one.paper.id == paper(5).id)

    assert (in_library.of, named.of, marked.of) == ("library.bib", "", MARKS)


def test_what_was_printed_in_the_last_two_weeks_is_known_to_the_profile(lab: Lab) -> None:
    for days, one in ((0, paper(1)), (1, paper(2)), (15, paper(3))):
        lab.desk.feed(MONDAY + timedelta(days=days), [one])
        lab.run(MONDAY + timedelta(days=days))

    with lab.app() as app:
        seen = app.interests.profile(app.config.editions[0], MONDAY + timedelta(days=15)).seen

    assert [one.id for one in seen] == [paper(2).id]


# -- libraries

BIB = f"""
@misc{{a, title={{{LIKED.title}}}, abstract={{{LIKED.abstract}}}, eprint={{2603.00077}}, archiveprefix={{arXiv}}}}
@misc{{b, title={{Test-time training for long documents, again}}}}
@misc{{broken, title={{never closed
"""


def test_the_papers_of_a_library_are_liked_by_their_titles(lab: Lab) -> None:
    lab.file("library.bib", BIB)
    lab.edit(("library.bib",))

    names = [(liked.paper.id, liked.name) for liked in lab.profile().liked]

    assert names == [
        (PaperId("arxiv:2603.00077"), "“Whispering galleries of sapphire resonators”"),
        (PaperId("title:testtimetrainingforlongdocumentsagain"), "“Test-time training for long documents, again”"),
    ]


def test_a_title_without_an_abstract_gets_that_of_the_paper_a_source_listed(lab: Lab) -> None:
    listed = paper(5, title="Test-Time Training for Long Documents, Again", abstract="Models adapt while they read.")
    lab.desk.feed(MONDAY, [listed])
    lab.run(MONDAY)
    lab.file("library.bib", BIB)
    lab.edit(("library.bib",))

    assert [liked.paper.abstract for liked in lab.profile().liked] == [LIKED.abstract, listed.abstract]


def test_bad_entries_are_said_once_and_again_when_the_library_has_changed(lab: Lab) -> None:
    lab.file("library.bib", BIB)
    lab.edit(("library.bib",))
    said = []

    for day, one in ((MONDAY, paper(1)), (TUESDAY, paper(2)), (WEDNESDAY, paper(3))):
        if day == WEDNESDAY:
            lab.file("library.bib", f"@misc{{untitled, year=2020}}\n{BIB}")
        lab.desk.feed(day, [one])
        report = lab.run(day)
        said.append([w for w in report.warnings if "library.bib" in w])
        assert report.status == "done"

    [[first], [], [last]] = said
    assert first.startswith("library.bib: 1 of 3 entries could not be read: line 4: broken entry (@misc{broken")
    assert last.startswith("library.bib: 2 of 4 entries could not be read: ")


def test_bad_entries_are_still_to_be_said_after_a_run_that_died_before_its_report(lab: Lab) -> None:
    lab.file("library.bib", BIB)
    lab.edit(("library.bib",))
    with lab.app() as app:
        app.interests.fetch(app.config.editions)

    _, [warning] = lab.fetched_profile()

    assert "1 of 3 entries could not be read" in warning


def test_a_library_is_read_again_only_when_it_has_changed(lab: Lab) -> None:
    lab.file("library.bib", "@misc{a, title={The first of the titles}}")
    library = lab.desk.folder / "library.bib"
    lab.edit(("library.bib",))
    with lab.app() as app:
        edition = app.config.editions[0]
        first = app.interests.profile(edition, MONDAY)
        stamp = library.stat()
        # Who read it now would find another title, but by its size and time it is the same.
        lab.file("library.bib", "@misc{a, title={The other of the titles}}")
        os.utime(library, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        again = app.interests.profile(edition, MONDAY)
        lab.file("library.bib", "@misc{b, title={Another and longer one of the titles}}")
        changed = app.interests.profile(edition, MONDAY)

    assert again == first
    assert [liked.paper.title for liked in changed.liked] == ["Another and longer one of the titles"]


# -- what is wrong stops before anything runs


@pytest.mark.parametrize(
    ("interests", "problem"),
    [
        (("library.bib",), "config.toml: [[edition]] 'daily' interests: there is no file library.bib beside config"),
        (("2413.01234",), "config.toml: [[edition]] 'daily' interests: '2413.01234' looks like an arXiv id"),
        (("~nobody-of-this-name/library.bib",), "interests: there is no file ~nobody-of-this-name/library.bib beside"),
        (("papers.enl",), "interests: 'papers.enl' is a file of a kind that is not known; known: .bib, .ris"),
        (("same",), "config.toml: [[edition]] 'daily' avoid: 'same' stands in interests too; take it out of one"),
    ],
)
def test_an_interest_that_cannot_be_understood_is_named(lab: Lab, interests: tuple[str, ...], problem: str) -> None:
    lab.file("papers.enl", "")
    lab.edit(interests, avoid=("same",))

    with pytest.raises(ConfigError) as error:
        lab.desk.app()

    assert str(error.value).startswith(problem) or problem in str(error.value)


@pytest.mark.parametrize(("share", "good"), [("0", True), ("0.25", True), ("1", True), ("1.1", False), ("-1", False)])
def test_exploration_is_a_share(lab: Lab, share: str, good: bool) -> None:
    lab.edit((), more=f"exploration = {share}")

    if good:
        assert lab.desk.app().config.editions[0].exploration == float(share)
    else:
        with pytest.raises(ConfigError, match="exploration: must"):
            lab.desk.app()


def test_a_library_that_is_none_stops_the_run_before_anything_is_read(lab: Lab) -> None:
    lab.desk.feed(MONDAY, [paper(1)])
    lab.file("library.json", "{}")
    lab.edit(("library.json",))

    with pytest.raises(ConfigError, match=r"\[\[edition\]\] 'daily' interests: library.json: holds no list of items"):
        lab.run(MONDAY)

    with lab.app() as app:
        assert app.store.issue_dates() == ()


# -- doctor


def test_doctor_says_how_the_interests_were_understood(lab: Lab) -> None:
    lab.file("library.bib", BIB)
    lab.edit(("test-time training", "author: Ada Lovelace", "2603.00077", "library.bib"), avoid=("surveys",))

    host = lab.desk.app().host
    [finding] = [
        f for f in examine(lab.desk.folder / "config.toml", host, offline=True) if f.subject == "interests of daily"
    ]

    assert finding.level == "doubtful"
    assert finding.said.startswith(
        "1 phrase, 1 author, 1 paper, 2 papers of library.bib; to avoid: 1 phrase; "
        "2603.00077 will be read by the next run; "
        "library.bib: 1 of 3 entries could not be read: "
    )


# -- feedback


def marked(lab: Lab, value: int, days_ago: int) -> Profile:
    lab.desk.feed(MONDAY, [LIKED])
    lab.run(MONDAY)
    with lab.app() as app:
        at = datetime(2026, 6, 1, 12, tzinfo=UTC) - timedelta(days=days_ago)
        app.store.mark("daily", LIKED.id, value, at=at)
        return app.interests.profile(app.config.editions[0], MONDAY)


def test_a_mark_says_half_as_much_after_its_half_life(lab: Lab) -> None:
    [liked] = marked(lab, 1, HALF_LIFE.days).liked

    assert (liked.paper.id, liked.name, liked.weight) == (
        LIKED.id,
        "“Whispering galleries of sapphire resonators”",
        0.5,
    )


def test_a_mark_of_years_ago_says_nothing(lab: Lab) -> None:
    found = marked(lab, 1, 1000)

    assert (found.liked, found.disliked) == ((), ())


def test_a_mark_goes_before_what_the_config_says(lab: Lab) -> None:
    lab.edit(("2603.00077",))

    found = marked(lab, -1, 0)

    assert (found.liked, [(d.paper.id, d.weight) for d in found.disliked]) == ((), [(LIKED.id, 1.0)])


def test_the_edition_heeds_the_operators_marks_and_each_reader_has_their_own(lab: Lab) -> None:
    lab.desk.feed(MONDAY, [LIKED])
    lab.run(MONDAY)
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    with lab.app() as app:
        for reader, value in (("ada", 1), ("eva", 1), ("", -1)):
            app.store.mark("daily", LIKED.id, value, at=at, reader=reader)
        [edition] = app.config.editions
        of_all, adas, nobodys = (app.interests.profile(edition, MONDAY, reader) for reader in (None, "ada", "tim"))
        counted = app.interests.counted(edition)

    assert ([one.paper.id for one in of_all.liked], [one.paper.id for one in of_all.disliked]) == ([], [LIKED.id])
    assert ([one.paper.id for one in adas.liked], [one.paper.id for one in adas.disliked]) == ([LIKED.id], [])
    assert nobodys == of_all
    assert counted.marks == 1


def test_what_readers_alone_marked_changes_nothing_for_the_edition(lab: Lab) -> None:
    lab.desk.feed(MONDAY, [LIKED])
    lab.run(MONDAY)
    with lab.app() as app:
        [edition] = app.config.editions
        before = app.interests.profile(edition, MONDAY)
        app.store.mark("daily", LIKED.id, 1, at=datetime(2026, 6, 1, 12, tzinfo=UTC), reader="ada")

        assert app.interests.profile(edition, MONDAY) == before


def test_two_runs_at_once_are_told_each_of_its_own_troubles(lab: Lab) -> None:
    both_ask = threading.Barrier(2)

    class Slow:
        """Answers when both runs have asked."""

        def find(self, addresses: Sequence[str]) -> Sequence[Found]:
            if addresses:
                both_ask.wait(timeout=20)
            return [Found(error=f"no answer for {address}") for address in addresses]

    with lab.app() as app:
        interests = replace(app.interests, finder=Slow)
        daily = replace(app.config.editions[0], interests=("2401.00001",))
        weekly = replace(daily, name="weekly", interests=("2401.00002",))
        with ThreadPoolExecutor(2) as pool:
            found = [one.result() for one in [pool.submit(interests.fetch, [e]) for e in (daily, weekly)]]

    assert [(name, ["00001" in s for s in of.papers]) for one in found for name, of in one.items()] == [
        ("daily", [True]),
        ("weekly", [False]),
    ]
