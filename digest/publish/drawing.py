"""Draw the pages of the archive that are out of date, and decide which these are; used by `digest.publish.site`."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from itertools import groupby, islice
from typing import Any, Protocol

from digest.core.errors import NotFoundError
from digest.core.models import Issue
from digest.core.words.text import clipped, one_line, strip_invisible
from digest.publish import catalogue, entry_views, feeds, phrasing, shares, views
from digest.publish.catalogue import Card, IssueKey, Manifest, Note
from digest.publish.finding import SearchFiles, stood_in
from digest.publish.folder import Folder
from digest.publish.formulas import to_mathml, to_unicode
from digest.publish.front_page import day_values, edition_values, rising_values, weekday
from digest.publish.headlines import subject
from digest.publish.issue_json import issue_json
from digest.publish.kept import find_kept, kept_issue
from digest.publish.links import Links, issue_path, paper_path, topic_path
from digest.publish.months import WEEKDAYS
from digest.publish.paper_pages import around, paper_values
from digest.publish.render import Templates
from digest.publish.sign_up_form import SignUpForm
from digest.publish.slugs import edition_slug, slug, topic_slug
from digest.publish.topic_pages import fields_values, most_used, related, topic_values

FEED_ISSUES = 14
FEED_ENTRIES = 50
"""Entries of each issue in a feed; feed readers fetch the whole file every hour, so it stays small."""
_DESCRIPTION = 300
"""Most characters of a page's description; search engines show fewer."""
_SEARCH = "search/index.html"
_START_PAPERS, _START_TOPICS = 10, 12
"""Newest papers and most used topics on the page of the search."""
_ASSETS = ("style.css", "keys.js", "search.js")
_FORMS = "forms.css"


class Issues(Protocol):
    """The part of the store that the archive is drawn from."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]: ...


class Drawing:
    """One comparison of the archive with the store, and the pages that it draws."""

    def __init__(
        self,
        *,
        folder: Folder,
        templates: Templates,
        store: Issues,
        title: str,
        titles: Mapping[str, str],
        base_url: str | None,
        form: SignUpForm | None,
        former: Collection[str],
        current: Callable[[str], str | None],
        field_of: Callable[[str], str],
        old: Manifest,
        drawn_with: str,
        recheck: bool,
        accept: Collection[str],
    ) -> None:
        self._folder = folder
        self._templates = templates
        self._title = title
        self._titles = titles
        self._base_url = base_url
        self._form = form
        self._former = former
        self._current = current
        self._field_of = field_of
        self._old = old
        self._is_fresh = old.drawn_with == drawn_with
        self._recheck = recheck
        self._new = Manifest(drawn_with=drawn_with)
        self.due: set[str] = set()
        """Paths of the plan that are known to be out of date; of the others that shows when they are drawn."""
        self._issue = lru_cache(maxsize=64)(lambda key: self._known(store, key))
        self._words = lru_cache(maxsize=32)(lambda key: [catalogue.words_of(e) for e in self._issue(key).entries])
        self._around = lru_cache(maxsize=4)(lambda key: around(self._issue(key), self._words(key)))
        self._names = lru_cache(maxsize=None)(folder.names)
        stored = {IssueKey(day, edition): n for edition, day, n in store.issue_dates()}
        self._kept = {
            key: replace(note, accepted=note.accepted or key.edition in accept)
            for key, note in find_kept(folder, old.notes, stored).items()
        }
        """Issues that only the archive has."""
        self._dates = {key: n for key, n in stored.items() if key not in self._kept}
        """Issue of the store → number of its entries."""
        self._all = self._dates | {key: note.entries for key, note in self._kept.items()}
        self._by_edition = {
            edition: sorted(key for key in self._all if key.edition == edition)
            for edition in sorted({key.edition for key in self._all})
        }

    def draw(self, editions: Sequence[str], paths: Collection[str] | None) -> Manifest:
        """Draw those of *paths* that are out of date, None for all, and return the new manifest."""
        plan = self.plan(editions)
        wanted = plan.keys() if paths is None else set(paths)
        if _SEARCH in wanted:  # its page tells what lies there
            wanted |= self._months
        for path, draw in plan.items():
            if path in wanted:
                draw()
        # The manifest lists what the months have, so a drawing that completes it has to have drawn the months itself.
        left = self.due - wanted
        if not left:
            return self._new
        pages = {path for path in self._planned if path not in left and path not in self._months}
        return replace(self._old, ahead=(self._state, tuple(sorted(pages))))

    def plan(self, editions: Sequence[str]) -> dict[str, Callable[[], None]]:
        """Return a function that draws it for each path out of date, in the order of drawing. Nothing is drawn yet."""
        changed = self._compare()
        self._stood = stood_in(self._new.notes)
        self._found = SearchFiles(
            self._folder, self._old, self._new, self._issue, words=self._words, is_fresh=self._is_fresh
        )
        months: dict[str, Callable[[], None]] = self._found.plan(changed)
        topics, looked_at = self._plan_topics(changed)
        pages = {
            **self._plan_issues(changed),
            **self._plan_papers(changed),
            **topics,
            **self._plan_editions(changed),
        }
        self._months, self._planned = months.keys(), frozenset(pages)
        self._state = catalogue.short_hash(catalogue.write_manifest(self._new))
        state, done = self._old.ahead
        for path in done if state == self._state else ():
            pages.pop(path, None)
        self.due = {*months, *pages}
        return {
            **self._plan_assets(),
            **months,
            **pages,
            **looked_at,
            "index.html": partial(self._draw_front, editions),
            _SEARCH: self._draw_search,
        }

    def _plan_assets(self) -> dict[str, Callable[[], None]]:
        names = (*_ASSETS, _FORMS) if self._form else _ASSETS
        return {name: partial(self._draw_asset, name) for name in names}

    def _draw_asset(self, name: str) -> None:
        self._folder.write(name, self._templates.file(name))

    def _draw_search(self) -> None:
        self._page(
            _SEARCH,
            "search.html",
            months=" ".join(f"{month}:{self._new.letters[month]}" for month in sorted(self._new.letters, reverse=True)),
            total=len(self._stood),
            newest=self._newest(Links(root=_root(_SEARCH))),
            topics=most_used(self._topics, _START_TOPICS),
            description=f"Search the titles, abstracts, summaries, authors and topics of {self._title}.",
            editions=json.dumps({name: self._name(name) for name in self._by_edition}, ensure_ascii=False),
        )

    def _newest(self, links: Links) -> list[entry_views.Word]:
        """Return the newest papers with links to their pages, as the newest issues have them."""
        newest = (
            paper
            for day in reversed(self._days)
            for key in self._days[day]
            for paper in self._new.notes[key].papers
            if self._stood[paper][0] == key
        )
        cards = [self._card(paper) for paper in islice(newest, _START_PAPERS)]
        return [entry_views.Word(text=card.title, url=links.to(paper_path(card.paper))) for card in cards]

    def _card(self, paper: str) -> Card:
        return self._found.cards(self._stood[paper][0].day.isoformat())[paper]

    # -- what changed

    def _compare(self) -> set[IssueKey]:
        """Return the issues that are new, changed or gone, and make the notes of all issues."""
        old = self._old.notes
        # An issue with papers is a fact. An empty one may yet be replaced, so those are looked at again.
        known = {key for key, n in self._dates.items() if n and key in old and old[key].entries == n}
        if not self._is_fresh or self._recheck:
            known = set()
        for key in sorted(self._dates):
            self._new.notes[key] = old[key] if key in known else catalogue.note(self._issue(key))
        changed = {key for key in self._dates if not self._is_fresh or self._new.notes[key] != old.get(key)}
        changed |= old.keys() - self._all.keys()
        # A page that somebody removed is drawn again with its issue.
        changed |= {key for key, note in self._new.notes.items() if not self._is_there(key, note)}
        self._new.notes.update(self._kept)
        # These are not drawn, but the lists that they stand on are.
        return changed | (set() if self._is_fresh else self._kept.keys())

    def _is_there(self, key: IssueKey, note: Note) -> bool:
        return (
            (not note.papers or self._has_search(key))
            and key.day.isoformat() in self._names(edition_slug(key.edition))
            and self._names("papers").issuperset(note.papers)
            and self._names("topics").issuperset(topic_slug(topic) for topic, _ in note.topics)
        )

    def _has_search(self, key: IssueKey) -> bool:
        there = self._names(f"search/{key.month}")
        letters = self._old.letters.get(key.month, "")
        is_first = key.day.isoformat() in self._old.days
        return (f"{key.day:%d}.js" in there or not is_first) and there.issuperset(f"{one}.js" for one in letters)

    def _name(self, edition: str) -> str:
        """Return the title of an edition: as configured, else that of its newest issue, else its name."""
        if edition in self._titles:
            return self._titles[edition]
        keys = self._by_edition.get(edition)
        title = self._issue(keys[-1]).title if keys else self._title
        return edition if title == self._title else title

    def _known(self, store: Issues, key: IssueKey) -> Issue:
        if key in self._kept:
            return kept_issue(self._folder, key)
        issue = store.issue(key.edition, key.day)
        if issue is None:
            raise NotFoundError(f"the issue {key.edition}/{key.day.isoformat()} is listed in the store, but not there")
        return issue

    def _notes(self, changed: set[IssueKey]) -> Iterator[Note]:
        """Yield the old and new notes of *changed* issues."""
        for key in sorted(changed):
            yield from (notes[key] for notes in (self._old.notes, self._new.notes) if key in notes)

    # -- pages

    def _plan_issues(self, changed: set[IssueKey]) -> dict[str, Callable[[], None]]:
        stood_between = _neighbours(self._old.notes)
        return {
            issue_path(key.edition, key.day): partial(self._draw_issue, key, between)
            for key, between in sorted(_neighbours(self._new.notes).items())
            if key in self._dates and (key in changed or between != stood_between.get(key))
        }

    def _draw_issue(self, key: IssueKey, between: tuple[IssueKey | None, IssueKey | None]) -> None:
        issue = self._issue(key)
        path = issue_path(key.edition, key.day)
        view = views.issue_view(issue, links=Links(root=_root(path)), say=to_mathml)
        self._page(
            path,
            "issue.html",
            issue=view,
            chosen=_chosen(view.count, view.left_out_count),
            anchors={section.anchor for section in view.sections},
            edition=self._name(key.edition),
            folder=edition_slug(key.edition),
            before=_next_door(between[0]),
            after=_next_door(between[1]),
            plain_title=f"{issue.title}, {phrasing.long_day(key.day)}",
            description=_in_short(issue.overview or issue.why_empty or ""),
            form=self._form.of(key.edition) if self._form else None,
        )
        content = json.dumps(issue_json(issue), ensure_ascii=False, indent=1) + "\n"
        self._folder.write(path.replace("index.html", "issue.json"), content.encode("utf-8", "replace"))

    def _plan_papers(self, changed: set[IssueKey]) -> dict[str, Callable[[], None]]:
        # The newest first.
        stood = {name: keys[::-1] for name, keys in self._stood.items()}
        touched = {name for note in self._notes(changed) for name in (*note.papers, *(c[0] for c in note.corrections))}
        corrections: dict[str, list[entry_views.Word]] = {}
        for _, note in sorted(self._new.notes.items()):
            for name, what, title, url in note.corrections:
                text = title if what in title.lower() else f"{what}: {title}"
                corrections.setdefault(name, []).append(entry_views.Word(text=text, url=url))
        plan: dict[str, Callable[[], None]] = {}
        for name in sorted(touched - stood.keys()):
            plan[paper_path(name)] = partial(self._folder.remove, paper_path(name))
        stored = {name: [key for key in stood[name] if key in self._dates] for name in touched & stood.keys()}
        drawn_from = {name: keys[0] for name, keys in stored.items() if keys}
        # By issue, so that each is read once.
        for name in sorted(drawn_from, key=lambda name: (drawn_from[name], name)):
            about = tuple(dict.fromkeys(corrections.get(name, ())))
            plan[paper_path(name)] = partial(self._draw_paper_of, drawn_from[name], name, stood[name], about)
        return plan

    def _draw_paper_of(
        self, key: IssueKey, name: str, stood: Sequence[IssueKey], about: Sequence[entry_views.Word]
    ) -> None:
        entry = next(entry for entry in self._issue(key).entries if slug(entry.paper.id) == name)
        path = paper_path(name)
        near = self._around(key)[slug(entry.paper.id)]
        names = {at.edition: self._name(at.edition) for at in stood}
        self._page(
            path,
            "paper.html",
            **paper_values(entry, near, stood=stood, names=names, links=Links(root=_root(path))),
            about=about,
            description=_in_short(entry.summary.tldr or entry.paper.title),
        )

    def _plan_topics(
        self, changed: set[IssueKey]
    ) -> tuple[dict[str, Callable[[], None]], dict[str, Callable[[], None]]]:
        """Return what draws the pages of changed topics, and what draws topic pages that every run checks."""
        touched = {topic_slug(topic): topic for note in self._notes(changed) for topic, _ in note.topics}
        former = {topic_slug(topic): topic for topic in self._former}
        papers: dict[str, set[str]] = {}
        names: dict[str, str] = {}
        self._having: dict[str, list[IssueKey]] = {}
        for key, note in sorted(self._new.notes.items()):
            for topic, places in note.topics:
                name = topic_slug(topic)
                papers.setdefault(name, set()).update(note.papers[n] for n in places)
                names[name] = topic
                self._having.setdefault(name, []).append(key)
        self._days = shares.days_of(self._new.notes)
        touched |= {name: names[name] for name in papers if self._shows_one_of({key.day for key in changed}, name)}
        plan: dict[str, Callable[[], None]] = {}
        looked_at: dict[str, Callable[[], None]] = {}
        for name, topic in sorted((touched | former).items()):
            if name not in papers:
                of = plan if name in touched else looked_at
                of[topic_path(name)] = partial(self._draw_moved, name, topic, among=papers)
        for name in sorted(touched.keys() & papers.keys()):
            plan[topic_path(name)] = partial(self._draw_topic, name, names[name], papers[name])
        self._topics = [(names[name], name, len(of)) for name, of in sorted(papers.items())]
        looked_at["topics/index.html"] = self._draw_all_topics
        return plan, looked_at

    def _shows_one_of(self, days: Collection[date], name: str) -> bool:
        """Return whether one of *days* is among those whose shares the page of a topic shows."""
        shown = self._window(name)
        return bool(shown) and any(shown[0] <= day <= shown[-1] for day in days)

    def _window(self, name: str) -> Sequence[date]:
        return shares.window(tuple(self._days), self._having[name][-1].day)

    def _draw_all_topics(self) -> None:
        self._page(
            "topics/index.html",
            "topics.html",
            description=f"All topics of {self._title}, and how many papers each has.",
            fields=fields_values(self._topics, self._field_of),
        )

    def _draw_topic(self, name: str, topic: str, papers: Collection[str]) -> None:
        """Draw the page of a topic: its newest papers, each once, under the issue that printed it first."""
        path = topic_path(name)
        # As the cards have them: a day's papers in the order of its editions and their issues.
        newest = sorted(papers, key=lambda paper: (-self._stood[paper][0].day.toordinal(), self._place(paper)))
        values = topic_values(
            newest,
            stood=self._stood,
            card_of=self._card,
            shown=shares.shares(name, self._window(name), self._days, self._new.notes),
            topic=topic,
            related=related(name, self._having[name], self._new.notes),
            name_of=self._name,
            links=Links(root=_root(path)),
        )
        said = f"{phrasing.count(len(newest), 'paper')} on {topic} in {self._title}, the newest first."
        self._page(path, "topic.html", **values, description=said)

    def _place(self, paper: str) -> tuple[IssueKey, int]:
        key = self._stood[paper][0]
        return key, self._new.notes[key].papers.index(paper)

    def _draw_moved(self, name: str, topic: str, *, among: Container[str]) -> None:
        """Draw a page that leads from a former topic to its present name, or remove the page if there is none."""
        path, now = topic_path(name), self._current(topic)
        if now is None or topic_slug(now) not in among:
            self._folder.remove(path)
            return
        moved = f"{topic} is called {now} now."
        url = Links(root=_root(path)).topic(now)
        self._page(path, "moved.html", former=topic, topic=now, url=url, description=moved)

    def _plan_editions(self, changed: set[IssueKey]) -> dict[str, Callable[[], None]]:
        names = sorted({key.edition for key in changed})
        return {f"{edition_slug(name)}/index.html": partial(self._draw_edition, name) for name in names}

    def _draw_edition(self, edition: str) -> None:
        keys = self._by_edition.get(edition, [])
        folder = edition_slug(edition)
        if not keys:
            for name in ("index.html", "feed.xml", "feed.json"):
                self._folder.remove(f"{folder}/{name}")
            return
        links = Links(root="../")
        months = [
            (f"{group[0].day:%B} {group[0].day.year}", [day_values(key, self._new.notes[key], links) for key in group])
            for group in (list(keys) for _, keys in groupby(reversed(keys), key=lambda key: key.month))
        ]
        papers = sum(self._all[key] for key in keys)
        self._page(
            f"{folder}/index.html",
            "edition.html",
            edition=self._name(edition),
            folder=folder,
            months=months,
            description=f"All issues of {self._name(edition)}, by month.",
            total=f"{phrasing.count(papers, 'paper')} in {phrasing.count(len(keys), 'issue')}",
        )
        stored = [key for key in keys if key in self._dates]
        if not stored:
            return  # the existing feeds are better than empty ones
        feed = self._feed(edition, stored)
        self._folder.write(f"{folder}/feed.xml", feeds.atom(feed))
        self._folder.write(f"{folder}/feed.json", feeds.json_feed(feed))

    def _feed(self, edition: str, keys: Sequence[IssueKey]) -> feeds.Feed:
        url = f"{self._base_url}{edition_slug(edition)}/" if self._base_url else None
        newest = [key for key in reversed(keys) if self._dates[key]][:FEED_ISSUES]
        items = []
        for key in newest:
            issue = self._issue(key)
            # Cut before it is put into words, which is what takes the time.
            view = views.issue_view(_first(issue, FEED_ENTRIES), links=Links(root=self._base_url))
            view = replace(view, more=len(issue.entries) - view.count)
            items.append(
                feeds.FeedItem(
                    day=key.day,
                    title=subject(issue),
                    summary=view.overview,
                    content=self._templates.html("feed_item.html", issue=view),
                    topics=tuple(section.topic for section in issue.sections),
                )
            )
        return feeds.Feed(
            edition=edition,
            title=f"{self._title}: {self._name(edition)}",
            author=self._title,
            language=self._issue(keys[-1]).language,
            updated=(newest or keys[-1:])[0].day,
            url=url,
            items=tuple(items),
        )

    def _draw_front(self, editions: Sequence[str]) -> None:
        names = [*dict.fromkeys(editions), *(name for name in self._by_edition if name not in editions)]
        description = f"{self._title}: new research papers, summarized. The newest issues, and all before them."
        self._page(
            "index.html",
            "index.html",
            editions=[self._front(edition) for edition in names],
            rising=rising_values(self._new.notes, Links(root="")),
            weekdays=WEEKDAYS,
            description=description,
            form=self._form,
        )

    def _front(self, edition: str) -> dict[str, Any]:
        """Return an edition for the front page, with its newest issue that has papers."""
        keys = self._by_edition.get(edition, [])[::-1]
        full = next((key for key in keys if self._dates.get(key)), None)
        return edition_values(
            keys,
            self._new.notes,
            self._issue(full) if full else None,
            name=self._name(edition),
            folder=edition_slug(edition),
            links=Links(root=""),
        )

    def _page(
        self, path: str, template: str, *, description: str, form: SignUpForm | None = None, **values: Any
    ) -> None:
        html = self._templates.html(
            template, **values, description=description, form=form, root=_root(path), site_title=self._title
        )
        self._folder.write(path, html.encode("utf-8", "replace"))


def _first(issue: Issue, entries: int) -> Issue:
    """*issue* with its first *entries* entries, of which the leads are the first."""
    sections = []
    led = set(issue.leads)
    entries = max(entries - len(led), 0)
    for section in issue.sections:
        rest = [entry for entry in section.entries if entry.paper.id not in led][:entries]
        entries -= len(rest)
        left = {entry.paper.id for entry in rest} | led
        kept = tuple(entry for entry in section.entries if entry.paper.id in left)
        if kept:
            sections.append(replace(section, entries=kept))
    return replace(issue, sections=tuple(sections))


def _chosen(printed: int, left_out: int) -> str:
    """Return how many papers were printed of how many: `30 of 229`; how many alone if none was left out."""
    return f"{printed:,} of {printed + left_out:,}" if left_out else phrasing.count(printed, "paper")


def _in_short(text: str) -> str:
    """Shorten *text* to a page's description, which search engines and messengers show."""
    return clipped(one_line(strip_invisible(to_unicode(text))), _DESCRIPTION)


def _root(path: str) -> str:
    return "../" * path.count("/")


def _neighbours(keys: Iterable[IssueKey]) -> dict[IssueKey, tuple[IssueKey | None, IssueKey | None]]:
    """Each issue → the ones before and after it in its edition."""
    found: dict[IssueKey, tuple[IssueKey | None, IssueKey | None]] = {}
    for _, group in groupby(sorted(keys, key=lambda key: (key.edition, key.day)), key=lambda key: key.edition):
        row = [None, *group, None]
        found.update({key: (row[n], row[n + 2]) for n, key in enumerate(row[1:-1]) if key})
    return found


def _next_door(key: IssueKey | None) -> entry_views.Word | None:
    """The link from one issue to the next: they lie in folders beside each other."""
    return entry_views.Word(text=weekday(key.day), url=f"../{key.day.isoformat()}/index.html") if key else None
