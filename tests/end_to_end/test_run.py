"""The main job, end to end: real store, real templates, real files; the clock and the feeds are the test's."""

from __future__ import annotations

import email
import shutil
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from email.policy import default
from pathlib import Path

import pytest

from digest.core.errors import DeliveryError, InDoubtError, RefusedError
from digest.core.models import DeliveryState, Parsed, Record, SourceState
from digest.sources.jsonl import JsonlSource
from digest.stages.report import Stage
from digest.usecases.find import is_done
from tests.conftest import paper
from tests.fakes.mailer import FakeMailer
from tests.fakes.store import FakeDyingStore
from tests.support.desk import CONFIG, Desk, line, tree
from tests.support.store_values import claim

MONDAY = date(2026, 6, 1)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)

SECOND_SOURCE = """
[[source]]
name = "Votes"
kind = "jsonl"
url = "votes-{date}.jsonl"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_day_becomes_an_issue_a_page_and_a_mail(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(n) for n in range(1, 6)])

    [report] = desk.run(MONDAY)

    assert (report.status, report.issue and len(report.issue.entries)) == ("done", 5)
    assert report.deliveries == {"due": 0, "sent": 1, "unknown": 0, "failed": 0}
    [source] = report.sources
    assert (source.state, source.listed, source.expected, source.new) == (SourceState.FRESH, 5, 5, 5)
    assert (desk.site / "index.html").is_file()
    [mail] = desk.outbox
    message = email.message_from_bytes(mail.read_bytes(), policy=default)
    assert message["To"] == "ada@example.org"
    assert "Paper number 3" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_running_twice_does_nothing_twice(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.run(MONDAY)
    before = tree(desk.folder / "var" / "site") | {p.name: p.read_bytes() for p in desk.outbox}

    [report] = desk.run(MONDAY)

    assert report.deliveries["sent"] == 1
    assert report.usage.requests == 0
    assert tree(desk.folder / "var" / "site") | {p.name: p.read_bytes() for p in desk.outbox} == before


def test_what_an_earlier_issue_said_is_not_said_again(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.feed(TUESDAY, [paper(2), paper(3), paper(1, version=2)])
    desk.run(MONDAY)

    [report] = desk.run(TUESDAY)

    assert desk.printed(TUESDAY) == ["arxiv:2603.00003"]
    [source] = report.sources
    assert (source.listed, source.new, source.seen_before) == (3, 1, 2)


def test_a_replacement_is_an_update_and_no_news(desk: Desk) -> None:
    desk.feed(
        MONDAY, [line(paper(1), announce="new"), line(paper(2), announce="replace"), line(paper(3), announce="cross")]
    )

    [report] = desk.run(MONDAY)

    assert sorted(desk.printed(MONDAY)) == ["arxiv:2603.00001", "arxiv:2603.00003"]
    assert (report.sources[0].updates, report.sources[0].seen_before, report.sources[0].new) == (1, 1, 2)


def test_a_day_with_nothing_new_says_why_everywhere_and_sends_nothing(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(1)])
    desk.run(MONDAY)

    [report] = desk.run(TUESDAY)

    why = "The one paper that arXiv lists was considered for an earlier issue."
    assert (report.status, report.issue, report.deliveries["sent"]) == ("done", None, 0)
    assert why in report.warnings
    assert why in (desk.site / "index.html").read_text(encoding="utf-8")
    assert len(desk.outbox) == 1


def test_a_list_that_comes_late_is_in_an_issue_of_the_same_day(desk: Desk) -> None:
    [early] = desk.run(MONDAY)
    desk.feed(MONDAY, [paper(1)])

    [late] = desk.run(MONDAY)

    assert (early.issue, early.sources[0].state) == (None, SourceState.WAITING)
    assert late.issue is not None
    assert desk.printed(MONDAY) == ["arxiv:2603.00001"]


def test_a_list_that_comes_after_the_issue_is_in_the_next_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", SECOND_SOURCE + "\n[[edition]]"))
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(3)])
    desk.run(MONDAY)
    desk.feed(MONDAY, [paper(2)], name="votes")
    [again] = desk.run(MONDAY)

    desk.run(TUESDAY)

    assert [s.state for s in again.sources] == [SourceState.FRESH, SourceState.FRESH]
    assert desk.printed(MONDAY) == ["arxiv:2603.00001"]
    assert sorted(desk.printed(TUESDAY)) == ["arxiv:2603.00002", "arxiv:2603.00003"]


def test_one_dead_source_does_not_stop_the_issue_and_is_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", SECOND_SOURCE + "\n[[edition]]"))
    desk.feed(MONDAY, [paper(1)])
    (tmp_path / f"votes-{MONDAY}.jsonl").mkdir()

    [report] = desk.run(MONDAY)

    assert (report.status, report.issue and len(report.issue.entries)) == ("degraded", 1)
    assert [s.state for s in report.sources] == [SourceState.FRESH, SourceState.FAILED]
    assert any(w.startswith("Votes: ") for w in report.warnings)
    assert "Votes" in (desk.site / "daily" / str(MONDAY) / "index.html").read_text(encoding="utf-8")


def test_no_source_at_all_is_a_failure(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace("arxiv-{date}.jsonl", "nowhere.jsonl"))

    [report] = desk.run(MONDAY)

    assert (report.status, report.issue) == ("failed", None)


def test_a_bad_line_is_counted_and_named_and_the_others_are_printed(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1), paper(2)])
    path = desk.folder / f"arxiv-{MONDAY}.jsonl"
    path.write_text('{"id": "2603.00009", "title": \n' + path.read_text(encoding="utf-8"), encoding="utf-8")

    [report] = desk.run(MONDAY)

    assert (report.status, report.sources[0].rejected, report.sources[0].expected) == ("degraded", 1, 3)
    assert any("1 of its items could not be read" in w for w in report.warnings)
    assert len(desk.printed(MONDAY)) == 2


def test_two_sources_that_list_a_paper_print_it_once_with_both_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", SECOND_SOURCE + "\n[[edition]]"))
    desk.feed(MONDAY, [paper(1), paper(2)])
    desk.feed(MONDAY, [line(paper(2), upvotes=42)], name="votes")

    desk.run(MONDAY)

    [both] = [e for s in desk.issue_json(MONDAY)["sections"] for e in s["entries"] if e["id"] == "arxiv:2603.00002"]
    assert both["sources"] == ["arXiv", "Votes"]
    assert (both["reason"], both["signals"]["upvotes"]) == ("", 42)
    assert len(desk.printed(MONDAY)) == 2


def test_what_is_cut_is_named_and_comes_back_when_it_rises(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + "max_papers = 2\n")
    desk.feed(MONDAY, [line(paper(n), upvotes=10 - n) for n in range(1, 5)])
    desk.feed(TUESDAY, [line(paper(4), upvotes=60), line(paper(3), upvotes=8), line(paper(5), upvotes=1)])

    desk.run(MONDAY)
    desk.run(TUESDAY)

    monday = desk.issue_json(MONDAY)
    assert [(left["id"], left["reason"]) for left in monday["left_out"]] == [
        ("arxiv:2603.00003", "not among the best 2 of 4"),
        ("arxiv:2603.00004", "not among the best 2 of 4"),
    ]
    assert desk.printed(TUESDAY) == ["arxiv:2603.00004", "arxiv:2603.00005"]
    [risen, _] = [e for s in desk.issue_json(TUESDAY)["sections"] for e in s["entries"]]
    assert risen["reason"] == "rose from 6 to 60 upvotes since 1 June"


def test_a_paper_does_not_rise_for_ever(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + "max_papers = 1\ncarry_days = 1\n")
    desk.feed(MONDAY, [line(paper(1), upvotes=9), line(paper(2), upvotes=1)])
    desk.feed(TUESDAY, [paper(3)])
    desk.feed(WEDNESDAY, [line(paper(2), upvotes=90)])

    for day in (MONDAY, TUESDAY, WEDNESDAY):
        [report] = desk.run(day)

    assert report.issue is None


def test_each_edition_has_its_own_memory(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + '\n[[edition]]\nname = "second"\nmax_papers = 1\n')
    desk.feed(MONDAY, [paper(1), paper(2)])

    reports = desk.run(MONDAY)

    assert [len(r.issue.entries) if r.issue else 0 for r in reports] == [2, 1]
    assert [r.deliveries["sent"] for r in reports] == [1, 0]


def test_papers_of_a_day_whose_run_died_are_in_the_next_issue(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(2)])
    desk.run(MONDAY, until=Stage.FETCH)

    desk.run(TUESDAY)

    assert sorted(desk.printed(TUESDAY)) == ["arxiv:2603.00001", "arxiv:2603.00002"]
    assert desk.issue_json(TUESDAY)["covers"] == [str(MONDAY), str(TUESDAY)]


def test_a_record_without_an_address_becomes_one_with_a_better_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace("[[edition]]", SECOND_SOURCE + "\n[[edition]]"))
    title = "Fast feed forward networks with load balancing"
    desk.feed(MONDAY, [{"title": title, "abstract": paper(1).abstract}])
    desk.feed(TUESDAY, [line(paper(7, title=title)), line(paper(8))])
    desk.run(MONDAY)

    desk.run(TUESDAY)

    assert desk.printed(TUESDAY) == ["arxiv:2603.00008"]
    with desk.app() as app:
        known = app.store.paper("arxiv:2603.00007")  # type: ignore[arg-type]
    assert known is not None
    assert known.aliases == ("title:fastfeedforwardnetworkswithloadbalancing",)


def test_the_site_comes_back_to_the_same_bytes(desk: Desk) -> None:
    for day, ns in ((MONDAY, range(1, 4)), (TUESDAY, range(4, 6))):
        desk.feed(day, [paper(n) for n in ns])
        desk.run(day)
    before = tree(desk.site)
    shutil.rmtree(desk.site)

    desk.run(TUESDAY)

    assert tree(desk.site) == before


def test_mails_that_are_held_back_go_out_with_the_next_run(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])

    [held] = desk.run(MONDAY, send=False)
    assert (held.deliveries["due"], desk.outbox, held.status) == (1, [], "done")

    [sent] = desk.run(MONDAY)
    assert (sent.deliveries["sent"], len(desk.outbox)) == (1, 1)


def test_until_stops_after_a_stage(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])

    [fetched] = desk.run(MONDAY, until=Stage.FETCH)
    assert fetched.issue is None
    assert fetched.sources[0].new == 1
    [published] = desk.run(MONDAY, until=Stage.PUBLISH)
    assert published.issue is not None
    assert not desk.site.exists()


def test_a_paper_without_an_abstract_is_printed_and_says_so(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1, abstract="")])

    [report] = desk.run(MONDAY)

    assert report.status == "done"
    assert "No abstract" in (desk.site / "daily" / str(MONDAY) / "index.html").read_text(encoding="utf-8")


def test_a_nasty_title_stops_neither_page_nor_mail(desk: Desk) -> None:
    nasty = 'A <script>alert("1")</script> & {{ 7*7 }}\r\nBcc: all@example.org \u202e \x00 title'
    desk.feed(MONDAY, [line(replace(paper(1), title=nasty)), line(paper(2))])

    [report] = desk.run(MONDAY)

    page = (desk.site / "daily" / str(MONDAY) / "index.html").read_text(encoding="utf-8")
    message = email.message_from_bytes(desk.outbox[0].read_bytes(), policy=default)
    assert report.status == "done"
    assert "<script>alert" not in page
    assert "{{ 7*7 }}" in page
    assert message["Bcc"] is None


def test_an_archive_that_cannot_be_written_keeps_no_mail_back(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    (desk.folder / "var").mkdir()
    desk.site.write_text("in the way", encoding="utf-8")

    [report] = desk.run(MONDAY)

    assert (report.status, report.deliveries["sent"]) == ("degraded", 1)
    assert any("the archive could not be drawn" in w for w in report.warnings)


def test_an_outbox_that_cannot_be_written_leaves_the_mail_due(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    (desk.folder / "var").mkdir()
    (desk.folder / "var" / "outbox").write_text("in the way", encoding="utf-8")

    [report] = desk.run(MONDAY)

    assert (report.status, report.deliveries["due"]) == ("degraded", 1)
    assert any("could not be written" in w for w in report.warnings)


NO_SERVER = '\n[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\n'


def test_mails_that_a_dead_server_left_go_out_with_the_run_of_the_next_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + NO_SERVER)
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(2)])
    [failed] = desk.run(MONDAY)
    (tmp_path / "config.toml").write_text(CONFIG, encoding="utf-8")

    [report] = desk.run(TUESDAY)

    assert (failed.status, failed.deliveries["due"]) == ("degraded", 1)
    assert (report.status, report.deliveries["due"]) == ("done", 0)
    assert [p.name[:16] for p in desk.outbox] == ["daily-2026-06-01", "daily-2026-06-02"]


def test_a_mail_of_an_earlier_day_that_still_waits_is_counted_and_named(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + NO_SERVER)
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(1)])
    desk.run(MONDAY)

    [report] = desk.run(TUESDAY)

    assert (report.status, report.issue, report.deliveries["due"]) == ("degraded", None, 1)
    assert any(w.startswith("issue of 2026-06-01: ada@example.org: no mail could be handed") for w in report.warnings)


def test_a_mail_of_a_fortnight_ago_goes_out_only_when_its_day_is_named(desk: Desk) -> None:
    late = MONDAY + timedelta(days=14)
    desk.feed(MONDAY, [paper(1)])
    desk.feed(late, [paper(2)])
    desk.run(MONDAY, send=False)

    desk.run(late)
    assert [p.name[:16] for p in desk.outbox] == ["daily-2026-06-15"]
    desk.run(MONDAY)
    assert [p.name[:16] for p in desk.outbox] == ["daily-2026-06-01", "daily-2026-06-15"]


def test_nobody_gets_a_mail_who_is_no_longer_a_recipient(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, send=False)
    (desk.folder / "config.toml").write_text(CONFIG.replace("ada@", "bob@"), encoding="utf-8")

    [report] = desk.run(MONDAY)

    assert (report.deliveries["failed"], desk.outbox) == (1, [])
    assert "ada@example.org: is no longer a recipient of this edition, so nothing was sent" in report.warnings


def test_a_mail_in_doubt_is_named_by_every_run_of_its_day_and_not_sent_again(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, send=False)
    with desk.app() as app:
        claimed = claim(app.store, day=MONDAY)
        assert claimed is not None
        app.store.mark_delivery(claimed.id, DeliveryState.DOT)
    with desk.app() as app:
        assert not is_done(app.store, app.config.editions[0], MONDAY)

    reports = [report for _ in range(2) for report in desk.run(MONDAY)]

    assert [(r.status, r.deliveries["unknown"]) for r in reports] == [("degraded", 1)] * 2
    assert all(any("ada@example.org: a run ended while" in w for w in r.warnings) for r in reports)
    assert desk.outbox == []


def test_a_mail_in_doubt_of_an_earlier_day_is_told_once(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.feed(TUESDAY, [paper(2)])
    desk.run(MONDAY, send=False)
    with desk.app() as app:
        claimed = claim(app.store, day=MONDAY)
        assert claimed is not None
        app.store.mark_delivery(claimed.id, DeliveryState.DOT)

    [report] = desk.run(TUESDAY)

    assert report.status == "degraded"
    assert report.warnings == (
        "issue of 2026-06-01: 1 of its mails may have been delivered and may not; not sent again",
    )
    assert [p.name[:16] for p in desk.outbox] == ["daily-2026-06-02"]


def test_a_mail_whose_file_is_there_when_the_run_dies_is_sent_and_not_in_doubt(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, send=False)
    with desk.app() as app:
        app.mailing = replace(app.mailing, store=FakeDyingStore(app.store, at="mark_delivery"))
        with pytest.raises(KeyboardInterrupt):
            app.run((), MONDAY)
    assert len(desk.outbox) == 1

    [report] = desk.run(MONDAY)

    assert (report.status, report.deliveries["sent"], len(desk.outbox)) == ("done", 1, 1)


def test_a_list_that_never_ends_says_that_it_was_not_read_to_its_end(desk: Desk) -> None:
    class Endless(JsonlSource):
        def parse(self, content: bytes, *, url: str) -> Parsed:
            return Parsed(records=(Record(paper=paper(1)),), next_url=f"{url}+")

    desk.feed(MONDAY, [paper(1)])
    with desk.app() as app:
        app.sources["arXiv"] = Endless("arXiv", url="arxiv-{date}.jsonl")
        read = app.door.get
        app.door.get = lambda url, **_: read(f"arxiv-{MONDAY}.jsonl")  # type: ignore[method-assign]

        [report] = app.run((), MONDAY)

    assert report.status == "degraded"
    assert any("the list goes on after 50 pages" in w for w in report.warnings)


def test_a_list_that_leads_back_to_itself_says_so(desk: Desk) -> None:
    class Round(JsonlSource):
        def parse(self, content: bytes, *, url: str) -> Parsed:
            return Parsed(records=(Record(paper=paper(1)),), next_url=url)

    desk.feed(MONDAY, [paper(1)])
    with desk.app() as app:
        app.sources["arXiv"] = Round("arXiv", url="arxiv-{date}.jsonl")

        [report] = app.run((), MONDAY)

    assert report.status == "degraded"
    assert any("the list leads back to a page that was read" in w for w in report.warnings)


def test_a_day_caught_up_with_knows_of_no_rise_since_a_later_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG + "max_papers = 1\n")
    desk.feed(TUESDAY, [line(paper(1), upvotes=9), line(paper(2), upvotes=1)])
    desk.feed(MONDAY, [line(paper(2), upvotes=50), line(paper(3), upvotes=2)])
    desk.run(TUESDAY)

    desk.run(MONDAY)

    assert desk.printed(MONDAY) == ["arxiv:2603.00003"]


def test_what_becomes_of_each_mail_is_written_down(tmp_path: Path) -> None:
    recipients = '["taken@x.org", "doubt@x.org", "refused@x.org", "later@x.org"]'
    desk = Desk(tmp_path, CONFIG.replace('["ada@example.org"]', recipients))
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, send=False)
    mailer = FakeMailer(
        {
            "doubt": InDoubtError("no answer"),
            "refused": RefusedError("refused for good: 550"),
            "later": DeliveryError("451"),
        }
    )

    with desk.app() as app:
        mailing = replace(app.mailing, mailer=lambda: nullcontext(mailer))
        [batch] = mailing.batches("daily", MONDAY)
        said = mailing.deliver("daily", MONDAY, batch).warnings
        first = {d.recipient.partition("@")[0]: d.state.value for d in app.store.deliveries("daily", MONDAY)}
        mailer.failures.clear()
        mailing.deliver("daily", MONDAY, batch)
        second = {d.recipient.partition("@")[0]: d.state.value for d in app.store.deliveries("daily", MONDAY)}

    assert first == {"taken": "sent", "doubt": "unknown", "refused": "failed", "later": "due"}
    assert second == {**first, "later": "sent"}
    assert mailer.taken == ["taken", "later"]
    assert sorted(w.partition("@")[0] for w in said) == ["doubt", "later", "refused"]


def test_publishing_alone_summarizes_what_is_missing(desk: Desk) -> None:
    desk.feed(MONDAY, [paper(1)])
    desk.run(MONDAY, until=Stage.FETCH)

    with desk.app() as app:
        issue, _ = app.publishing.publish("daily", MONDAY)

    assert [e.summary.tldr for e in issue.entries] == ["We propose method 1 for them."]


# -- files that come into folders


def with_url(desk: Desk, url: str) -> None:
    (desk.folder / "config.toml").write_text(CONFIG.replace("arxiv-{date}.jsonl", url), encoding="utf-8")


@pytest.mark.parametrize(
    "url",
    [
        "dta/{date}.jsonl",
        "dta/{date}/papers.jsonl",
        "dta/in/arxiv-{date}/papers.jsonl",
        "file:dta/{date}.jsonl",
        "lists/in/{date}.jsonl",
    ],
)
def test_a_folder_that_is_missing_is_a_failure_and_not_a_list_that_is_not_out_yet(desk: Desk, url: str) -> None:
    (desk.folder / "lists").mkdir()
    with_url(desk, url)

    [report] = desk.run(MONDAY)

    assert report.sources[0].state is SourceState.FAILED
    assert "there is no folder" in (report.sources[0].error or "")


@pytest.mark.parametrize(
    "url", ["{date}.jsonl", "lists/{date}.jsonl", "lists/{date}/papers.jsonl", "lists/a-{date}/x/y.jsonl"]
)
@pytest.mark.parametrize("is_begun", [False, True])
def test_a_dated_file_or_folder_that_is_missing_is_not_out_yet(desk: Desk, url: str, is_begun: bool) -> None:
    (desk.folder / "lists" / (str(MONDAY) if is_begun else "")).mkdir(parents=True)
    with_url(desk, url)

    [report] = desk.run(MONDAY)

    assert report.sources[0].state in (SourceState.WAITING, SourceState.STALLED)
    assert "yet" in (report.sources[0].error or "")
