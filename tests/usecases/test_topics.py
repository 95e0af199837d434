"""`digest topics`: what is listed, and what a rename does to issues, summaries and pages that are there already."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from digest.app.usecases import apply_topics
from digest.cli.show.topics import survey_lines
from digest.core.models import Issue, Section, SummaryKey
from digest.core.topics.fold import Taxonomy
from digest.core.topics.renaming import rename_issue, rename_summary
from digest.store import SqlStore
from digest.usecases.topics import survey
from tests.conftest import NOON, paper
from tests.core.test_fold import SMALL
from tests.end_to_end.test_run import MONDAY, TUESDAY
from tests.support.desk import CONFIG, Desk, line, tree
from tests.support.issues import entry, issue, summary, told
from tests.support.shell import digest
from tests.support.store_values import DAY, read

pytest_plugins = ("tests.support.store_fixtures",)

NOISE = Taxonomy.parse(SMALL, {"rename": {"Diffusion models": "Noise"}})
RENAME = '\n[topics.rename]\n"Diffusion models" = "Noise"\n'


# -- an issue with other names


def test_topics_of_a_summary_get_their_names_of_today_each_once() -> None:
    before = summary(topics=("Galaxies", "Diffusion models", "DDPM", "Long gone"))

    after = rename_summary(before, NOISE)

    assert after.topics == ("Galaxies", "Noise", "Long gone")
    assert replace(after, topics=before.topics) == before


def test_a_proposed_word_that_has_a_home_now_becomes_a_topic() -> None:
    taxonomy = Taxonomy.parse(SMALL, {"Stars": {"Galaxies": {"aliases": ["spiral arms"]}}})

    after = rename_summary(summary(topics=("Astronomy",), proposed=("spiral arm", "dust")), taxonomy)

    assert (after.topics, after.proposed) == (("Astronomy", "Galaxies"), ("dust",))


def test_sections_and_the_overview_that_counts_them_are_renamed_and_nothing_else() -> None:
    before = replace(
        issue([entry(n, summary={"topics": (t,)}) for n, t in enumerate(["Diffusion models", "Galaxies"] * 2, 1)]),
        overview="4 papers today. The largest sections are Diffusion models (2) and Galaxies (2).",
    )

    after = rename_issue(before, NOISE)

    assert [section.topic for section in after.sections] == ["Noise", "Galaxies"]
    assert after.overview == "4 papers today. The largest sections are Noise (2) and Galaxies (2)."
    assert [e.paper for e in after.entries] == [e.paper for e in before.entries]
    assert rename_issue(after, NOISE) == after


def test_what_a_model_wrote_of_the_day_is_not_rewritten() -> None:
    before = told(issue([entry(1, summary={"topics": ("Diffusion models",)})]), ("Diffusion models (1) are in.", 1))

    assert rename_issue(before, NOISE).overview == before.overview


def test_two_topics_that_are_one_now_share_a_section_best_first() -> None:
    entries = [entry(n, summary={"topics": (t,)}) for n, t in ((1, "DDPM"), (2, "Diffusion models"), (3, "DDPM"))]

    [section] = rename_issue(issue(entries), NOISE).sections

    assert section.topic == "Noise"
    assert [e.paper.id for e in section.entries] == [paper(n).id for n in (1, 2, 3)]


def test_a_section_of_a_field_or_of_the_rest_keeps_its_name() -> None:
    sections = tuple(Section(topic=t, entries=(entry(n),)) for n, t in enumerate(("Learning", "Other topics")))

    assert [s.topic for s in rename_issue(replace(issue(), sections=sections), NOISE).sections] == [
        "Learning",
        "Other topics",
    ]


# -- the store


def keep(store: SqlStore, *issues: Issue) -> None:
    for one in issues:
        read(store, *(e.paper for e in one.entries), day=one.date)
        store.save_issue(one, at=NOON, deliveries={})


def key(n: int) -> SummaryKey:
    return SummaryKey(content=f"c{n}", client="openai", model="m", prompt="p", language="en")


def test_the_store_tells_topics_and_proposals_of_printed_papers(store: SqlStore) -> None:
    first = issue([entry(1, summary={"topics": ("A", "B"), "proposed": ("c",)})], day=DAY)
    later = issue([entry(2, summary={"topics": ()})], day=DAY.replace(day=20))
    keep(store, first, later)

    everything = list(store.printed_topics())

    assert [(p.id, p.topics, p.proposed) for p in everything] == [
        (paper(1).id, ("A", "B"), ("c",)),
        (paper(2).id, (), ()),
    ]
    assert [p.id for p in store.printed_topics(since=date(2026, 6, 10))] == [paper(2).id]


def test_the_store_tells_keywords_of_papers_that_have_any(store: SqlStore) -> None:
    read(store, paper(1, keywords=("owls", "bees")), paper(2))
    read(store, paper(3, keywords=("elms",)), day=DAY.replace(day=20))

    assert [(k.id, k.words) for k in store.keywords()] == [(paper(1).id, ("owls", "bees")), (paper(3).id, ("elms",))]
    assert [k.words for k in store.keywords(since=date(2026, 6, 10))] == [("elms",)]


def test_an_issue_is_rewritten_once_and_only_if_it_changes(store: SqlStore) -> None:
    keep(store, issue([entry(1, summary={"topics": ("Diffusion models",)})], day=DAY))

    changed = store.rewrite_issue("daily", DAY, lambda one: rename_issue(one, NOISE))
    again = store.rewrite_issue("daily", DAY, lambda one: rename_issue(one, NOISE))

    stored = store.issue("daily", DAY)
    assert stored
    assert changed
    assert stored == changed[1]
    assert stored.entries[0].summary.topics == ("Noise",)
    assert again is None
    assert store.rewrite_issue("daily", DAY.replace(day=4), lambda one: one) is None


def test_every_kept_summary_is_rewritten_however_many_there_are(store: SqlStore) -> None:
    count = 1003  # more than two turns of 500
    store.save_summaries({key(n): summary(n, topics=("DDPM",) if n % 3 else ("Galaxies",)) for n in range(count)})

    changed = store.rewrite_summaries(lambda one: rename_summary(one, NOISE))

    found = store.summaries(map(key, range(count)))
    assert changed == 668
    assert [found[key(n)].topics for n in range(count)] == [
        ("Noise",) if n % 3 else ("Galaxies",) for n in range(count)
    ]
    assert store.rewrite_summaries(lambda one: rename_summary(one, NOISE)) == 0


def test_proposals_come_with_the_content_they_are_of(store: SqlStore) -> None:
    store.save_summaries({key(1): summary(1, proposed=("owls",)), key(2): summary(2)})

    assert list(store.proposals()) == [("c1", ("owls",))]


# -- the command


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Two days of papers on diffusion models, galaxies, and things."""
    desk = Desk(tmp_path)
    (tmp_path / "taxonomy.toml").write_text(SMALL, encoding="utf-8")
    for day, first in ((MONDAY, 1), (TUESDAY, 11)):
        titles = ("A DDPM", "Better DDPMs", "Galaxies", "DDPMs for the milky way", "The shape of bread")
        papers = [paper(first + n, title=f"{title} {first}", categories=()) for n, title in enumerate(titles)]
        desk.feed(day, [line(p, keywords=["DDPM", "gluten"] if p.id.endswith("1") else []) for p in papers])
        desk.run(day)
    return desk


def extend(desk: Desk, text: str) -> None:
    (desk.folder / "config.toml").write_text(CONFIG + text, encoding="utf-8")


def test_topics_are_counted_and_words_without_a_home_listed(desk: Desk) -> None:
    with desk.app() as app:
        found = survey(app.store, app.taxonomy, today=app.today())

    assert (found.papers, found.without, found.topics_per_paper) == (10, 2, 1.0)
    assert [(use.name, use.papers) for use in found.uses] == [("Diffusion models", 6), ("Galaxies", 4)]
    assert (found.words, found.words_with_home, found.mentions, found.mentions_with_home) == (2, 1, 4, 2)
    [folded], [homeless] = found.folded, found.homeless
    assert (folded.word, folded.topic, folded.papers) == ("DDPM", "Diffusion models", 2)
    assert (homeless.word, homeless.papers, homeless.said_by) == ("gluten", 2, ("source",))
    assert (homeless.example, homeless.example_id) == ("A DDPM 1", paper(1).id)
    assert homeless.nearest == "Diffusion models"


def test_words_that_a_model_proposed_count_once_a_paper_and_name_it(desk: Desk) -> None:
    with desk.app() as app:
        day = issue([entry(31, summary={"proposed": ("Bread", "gluten")})], day=date(2026, 6, 3))
        keep(app.store, day)
        one = day.entries[0]
        [printed] = app.store.printed_topics(since=day.date)
        app.store.save_summaries({replace(key(1), content=printed.content): one.summary, key(2): one.summary})
        found = {word.word: word for word in survey(app.store, app.taxonomy, today=app.today()).homeless}

    assert found["gluten"].papers == 4
    assert found["gluten"].said_by == ("model", "source")
    assert (found["Bread"].papers, found["Bread"].example_id) == (2, one.paper.id)


def test_only_the_last_days_are_counted_where_that_is_asked_for(desk: Desk) -> None:
    with desk.app() as app:
        assert survey(app.store, app.taxonomy, today=app.today(), days=1).papers == 5
        assert survey(app.store, app.taxonomy, today=app.today(), days=2).papers == 10


def test_the_list_is_for_people_and_for_programs(desk: Desk) -> None:
    words = digest("topics", "--limit", "1", cwd=desk.folder)
    document = json.loads(digest("topics", "--json", cwd=desk.folder).stdout)

    assert words.returncode == 0, words.stderr
    assert "10 printed papers, 1.0 topics each, 2 of them without any" in words.stdout
    assert "     6  Diffusion models  · Learning" in words.stdout
    assert "and 1 further topic" in words.stdout
    assert "gluten  (Diffusion models?)" in words.stdout
    assert max(map(len, words.stdout.splitlines())) <= 130
    assert document["uses"][0] == {"name": "Diffusion models", "field": "Learning", "papers": 6}
    assert document["homeless"][0]["word"] == "gluten"


def test_an_empty_store_has_no_topics(tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    done = digest("topics", cwd=desk.folder)

    assert (done.returncode, done.stdout) == (0, "Nothing is printed yet; `digest run` makes an issue.\n")


def test_days_without_an_issue_are_not_called_an_empty_store(desk: Desk) -> None:
    with desk.app() as app:
        found = survey(app.store, app.taxonomy, today=app.today(), limit=1, days=1)
    nothing = replace(found, papers=0, words=0)

    assert list(survey_lines(nothing, limit=1, days=7)) == ["Nothing was printed in the last 7 days."]
    assert list(survey_lines(nothing, limit=1, days=1)) == ["Nothing was printed today."]


def test_a_renamed_topic_is_renamed_in_old_issues_pages_and_summaries(desk: Desk) -> None:
    mails = {path.name: path.read_bytes() for path in desk.outbox}
    extend(desk, RENAME)

    done = digest("topics", "--apply", cwd=desk.folder)

    assert done.returncode == 0, done.stderr
    assert "Changed 6 entries in 2 issues, and 6 kept summaries" in done.stdout
    assert "     6  Diffusion models → Noise" in done.stdout
    entries = [e for s in desk.issue_json(MONDAY)["sections"] for e in s["entries"]]
    assert {topic for e in entries for topic in e["topics"]} == {"Noise", "Galaxies"}
    kept = [p for p in desk.site.rglob("*") if p.is_file() and "Diffusion models" in p.read_text(encoding="utf-8")]
    assert [str(p.relative_to(desk.site)) for p in kept] == ["topics/diffusion-models/index.html"]
    assert {path.name: path.read_bytes() for path in desk.outbox} == mails


def test_the_address_of_a_renamed_topic_leads_to_the_new_one(desk: Desk) -> None:
    extend(desk, RENAME)
    with desk.app() as app:
        apply_topics(app)

    page = desk.site / "topics" / "diffusion-models" / "index.html"
    [target] = _Refreshes.of(page.read_text(encoding="utf-8"))

    assert (page.parent / target).resolve() == (desk.site / "topics" / "noise" / "index.html").resolve()
    assert (page.parent / target).exists()


def test_a_topic_that_another_alias_takes_in_leads_there_too(desk: Desk) -> None:
    (desk.folder / "taxonomy.toml").write_text(
        SMALL.replace(
            '"Diffusion models" = { aliases = ["ddpm"] }', '"Noise" = { aliases = ["ddpm", "diffusion model"] }'
        ),
        encoding="utf-8",
    )
    with desk.app() as app:
        done = apply_topics(app)

    assert [(r.old, r.new, r.entries) for r in done.renamed] == [("Diffusion models", "Noise", 6)]
    page = (desk.site / "topics" / "diffusion-models" / "index.html").read_text(encoding="utf-8")
    assert _Refreshes.of(page) == ["../../topics/noise/index.html"]


def test_applying_again_changes_nothing(desk: Desk) -> None:
    extend(desk, RENAME)
    with desk.app() as app:
        apply_topics(app)
    before = tree(desk.site)

    done = json.loads(digest("topics", "--apply", "--json", cwd=desk.folder).stdout)

    assert done == {
        "issues": 0,
        "entries": 0,
        "summaries": 0,
        "renamed": [],
        "added": 0,
        "unknown": [],
        "pages": 0,
    }
    assert tree(desk.site) == before


def test_what_was_cut_off_half_way_is_finished_by_the_next(desk: Desk, tmp_path: Path) -> None:
    extend(desk, RENAME)
    whole = tmp_path / "whole"
    shutil.copytree(desk.folder, whole, ignore=shutil.ignore_patterns("whole"))
    other = Desk(whole, CONFIG + RENAME)
    with other.app() as app:
        apply_topics(app)

    with desk.app() as app:
        app.store.rewrite_issue("daily", MONDAY, lambda one: rename_issue(one, app.taxonomy))
    with desk.app() as app:
        done = apply_topics(app)

    assert (done.issues, done.entries) == (1, 3)
    assert tree(desk.site) == tree(other.site)


def test_an_archive_drawn_from_nothing_is_the_same_as_the_renamed_one(desk: Desk) -> None:
    extend(desk, RENAME)
    with desk.app() as app:
        apply_topics(app)
    before = tree(desk.site)

    shutil.rmtree(desk.site)
    with desk.app() as app:
        app.site.draw(["daily"])

    assert tree(desk.site) == before


def test_a_name_taken_back_is_what_it_was(desk: Desk) -> None:
    before = tree(desk.site)
    extend(desk, RENAME)
    with desk.app() as app:
        apply_topics(app)

    extend(desk, '\n[topics.Learning."Diffusion models"]\naliases = ["noise"]\n')
    with desk.app() as app:
        apply_topics(app)

    after = tree(desk.site)
    assert _Refreshes.of(after.pop("topics/noise/index.html").decode()) == ["../../topics/diffusion-models/index.html"]
    assert after == before


def test_the_next_run_keeps_the_old_address(desk: Desk) -> None:
    extend(desk, RENAME)
    with desk.app() as app:
        apply_topics(app)
    desk.feed(date(2026, 6, 3), [paper(41, title="One more DDPM", categories=())])

    desk.run(date(2026, 6, 3))

    assert (desk.site / "topics" / "diffusion-models" / "index.html").exists()
    assert "One more DDPM" in (desk.site / "topics" / "noise" / "index.html").read_text(encoding="utf-8")


def test_before_it_is_applied_a_new_name_is_only_in_new_issues(desk: Desk) -> None:
    extend(desk, RENAME)
    desk.feed(date(2026, 6, 3), [paper(41, title="One more DDPM", categories=())])
    before = desk.issue_json(MONDAY)

    desk.run(date(2026, 6, 3))

    assert desk.issue_json(MONDAY) == before
    page = (desk.site / "topics" / "diffusion-models" / "index.html").read_text(encoding="utf-8")
    assert _Refreshes.of(page) == []
    assert "A DDPM 1" in page


def test_a_topic_that_is_gone_stays_and_is_named(desk: Desk) -> None:
    (desk.folder / "taxonomy.toml").write_text(SMALL.replace('"Galaxies" =', '"Nebulae" ='), encoding="utf-8")

    done = digest("topics", "--apply", cwd=desk.folder)

    assert "Not in the taxonomy (any more): “Galaxies”" in done.stdout
    assert (desk.site / "topics" / "galaxies" / "index.html").exists()


def test_apply_and_days_do_not_go_together(desk: Desk) -> None:
    assert digest("topics", "--apply", "--days", "3", cwd=desk.folder).returncode == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            RENAME.replace("Diffusion models", "Difusion"),
            "config.toml: [topics.rename] “Difusion”: there is no such topic",
        ),
        ("\n[topics.Learning.Mixers]\nalias = []\n", "config.toml: [topics.Learning.Mixers] alias: unknown key"),
        ("\n[topic.Learning.Mixers]\n", "config.toml: topic: unknown key; did you mean topics?"),
    ],
)
def test_a_mistake_under_topics_is_a_misuse(desk: Desk, text: str, said: str) -> None:
    extend(desk, text)

    done = digest("run", "--date", "2026-06-03", cwd=desk.folder)

    assert done.returncode == 2
    assert said in done.stderr


def test_an_extract_is_made_anew_when_the_config_changes_the_topics(desk: Desk) -> None:
    with desk.app() as app:
        before = app.summarizer.prompt
    extend(desk, RENAME)
    with desk.app() as app:
        assert app.summarizer.prompt != before


class _Refreshes(HTMLParser):
    """Where a page sends its reader on to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "meta" and values.get("http-equiv") == "refresh":
            self.found.append((values.get("content") or "").partition("url=")[2])

    @classmethod
    def of(cls, html: str) -> list[str]:
        parser = cls()
        parser.feed(html)
        return parser.found
