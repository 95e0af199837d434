"""Write the files of the archive's search: cards of papers, which topic pages list too, and the index of words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial

from digest.core.models import Entry, Issue
from digest.publish import catalogue
from digest.publish.catalogue import Card, IssueKey, Manifest, Note, Words
from digest.publish.folder import Folder

_FORMERLY = re.compile(r"\d{4}-\d\d\.js")
"""A month's cards, as version 0.1 wrote them."""


def stood_in(notes: Mapping[IssueKey, Note]) -> dict[str, list[IssueKey]]:
    """Return the issues that printed each paper, by the paper's slug, the earliest first."""
    stood: dict[str, list[IssueKey]] = {}
    for key in sorted(notes):
        for name in notes[key].papers:
            stood.setdefault(name, []).append(key)
    return stood


class SearchFiles:
    """The files in `search/` except its page; their format is in `digest.publish.catalogue`."""

    def __init__(
        self,
        folder: Folder,
        old: Manifest,
        new: Manifest,
        issue: Callable[[IssueKey], Issue],
        *,
        words: Callable[[IssueKey], Sequence[Words]],
        is_fresh: bool,
    ) -> None:
        """Args:
        words: Gives the words of an issue's entries, in their order.
        old: The manifest of the last drawing.
        new: The manifest being made, with its notes; days and letters are added by `plan` and its functions.
        is_fresh: Whether the files of the last drawing are still valid.
        """
        self._folder, self._old, self._new, self._issue, self._is_fresh = folder, old, new, issue, is_fresh
        self._words = words
        self._stood = stood_in(new.notes)
        self._read: dict[str, Mapping[str, Card]] = {}

    def plan(self, changed: set[IssueKey]) -> dict[str, Callable[[], None]]:
        """Return, for the folder of each month with a changed day, what writes its cards and words.

        A paper is listed under the day that printed it first, so a change may also touch another issue's day.
        """
        days = {key.day for key in changed}
        known = (self._old.notes, self._new.notes)
        touched = {name for key in changed for notes in known if key in notes for name in notes[key].papers}
        for stood in (stood_in(self._old.notes), self._stood):
            days |= {stood[name][0].day for name in touched if name in stood}
        for name in self._folder.names("search"):
            if _FORMERLY.fullmatch(name):
                self._folder.remove(f"search/{name}")
        months, plan = {f"{day:%Y-%m}" for day in days}, dict[str, Callable[[], None]]()
        for month in sorted({key.month for key in self._new.notes} | {day[:7] for day in self._old.days}):
            if month in months:
                plan[f"search/{month}"] = partial(self._draw_month, month, days)
            else:
                self._new.days |= {day: sha for day, sha in self._old.days.items() if day[:7] == month}
                if month in self._old.letters:
                    self._new.letters[month] = self._old.letters[month]
        return plan

    def _draw_month(self, month: str, days: Collection[date]) -> None:
        old = self._old.letters.get(month, "") if self._is_fresh else ""
        words = {letter: catalogue.read_words(self._folder.read(f"search/{month}/{letter}.js")) for letter in old}
        index = {letter: lines for letter, lines in words.items() if lines is not None}
        is_whole = self._is_fresh and len(index) == len(words)
        printed = {key.day for key, note in self._new.notes.items() if note.entries and key.month == month}
        for day in sorted(printed | {date.fromisoformat(d) for d in self._old.days if d[:7] == month}):
            iso, path = day.isoformat(), f"search/{month}/{day:%d}.js"
            if is_whole and day not in days and iso in self._old.days:
                self._new.days[iso] = self._old.days[iso]
                continue
            entries = self._first_printed(day) if day in printed else []
            for lines in index.values():
                lines.pop(iso, None)
            for letter, line in catalogue.index([words for _, _, words in entries]).items():
                index.setdefault(letter, {})[iso] = line
            if entries:
                content = catalogue.write_cards(iso, [catalogue.card(entry, issue) for entry, issue, _ in entries])
                self._folder.write(path, content)
                self._new.days[iso] = catalogue.short_hash(content)
            else:
                self._folder.remove(path)
        for letter in sorted(index.keys() | set(self._old.letters.get(month, ""))):
            if index.get(letter):
                self._folder.write(f"search/{month}/{letter}.js", catalogue.write_words(letter, index[letter]))
            else:
                self._folder.remove(f"search/{month}/{letter}.js")
        if letters := "".join(sorted(letter for letter, lines in index.items() if lines)):
            self._new.letters[month] = letters

    def _first_printed(self, day: date) -> list[tuple[Entry, Issue, Words]]:
        """The entries whose papers were printed on *day* for the first time, each once, with their words."""
        keys = sorted(key for key, note in self._new.notes.items() if key.day == day and note.entries)
        return [
            (entry, self._issue(key), words)
            for key in keys
            for name, entry, words in zip(
                self._new.notes[key].papers, self._issue(key).entries, self._words(key), strict=True
            )
            if self._stood[name][0] == key
        ]

    def cards(self, day: str) -> Mapping[str, Card]:
        """Return the cards of a day by the papers' slugs; made anew if the file is not the one that was written."""
        if day not in self._read:
            self._read[day] = self._read_cards(day)
        return self._read[day]

    def _read_cards(self, day: str) -> dict[str, Card]:
        path = f"search/{day[:7]}/{day[8:]}.js"
        cards = catalogue.read_cards(self._folder.read(path), day, sha=self._new.days.get(day))
        if cards is None:
            cards = tuple(
                catalogue.card(entry, issue) for entry, issue, _ in self._first_printed(date.fromisoformat(day))
            )
            self._folder.write(path, catalogue.write_cards(day, cards))
        return {card.paper: card for card in cards}
