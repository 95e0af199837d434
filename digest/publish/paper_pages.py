"""What stands on a paper's own page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from digest.core.models import Entry, Issue
from digest.core.words.language import language_of
from digest.publish import phrasing
from digest.publish.alike import alike
from digest.publish.catalogue import IssueKey, Words
from digest.publish.entry_views import EntryView, Word, entry_view, foreign, on_one_line, paper_facts, paper_links
from digest.publish.formulas import to_mathml, to_unicode
from digest.publish.headlines import lead_entries
from digest.publish.links import Links
from digest.publish.marking import is_marked, marked
from digest.publish.slugs import slug

_NAMED_AUTHORS: Final = 20
"""Authors that are named at once; a longer list is folded."""
_SIMILAR: Final = 3
_ARXIV: Final = "https://arxiv.org/abs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The papers around one in its issue."""

    before: Entry | None
    after: Entry | None
    similar: tuple[Entry, ...]
    """Those of the same issue that are most like it."""


def around(issue: Issue, words: Sequence[Words]) -> dict[str, Around]:
    """Return the papers around each paper of *issue*, by its slug, in the order in which its page shows them.

    Args:
        words: The words of its entries, in their order.
    """
    leads = lead_entries(issue) if issue.leads else []
    led = {entry.paper.id for entry in leads}
    entries = [*leads, *(entry for entry in issue.entries if entry.paper.id not in led)]
    by_id = {entry.paper.id: title | text for entry, (title, text) in zip(issue.entries, words, strict=True)}
    similar = alike([by_id[entry.paper.id] for entry in entries], at_most=_SIMILAR)
    row = [None, *entries, None]
    return {
        slug(entry.paper.id): Around(
            before=row[n], after=row[n + 2], similar=tuple(entries[other] for other in similar[n])
        )
        for n, entry in enumerate(entries)
    }


def paper_values(
    entry: Entry, near: Around, *, stood: Sequence[IssueKey], names: Mapping[str, str], links: Links
) -> dict[str, Any]:
    """Return what the template of a paper's page shows.

    Args:
        near: The papers around it in the issue that it is drawn from.
        stood: The issues that printed it, the newest first.
        names: The titles of their editions.
    """
    paper, summary = entry.paper, entry.summary
    view = entry_view(entry, links=links, say=to_mathml)
    is_extract = summary.client == "extractive"
    abstract = marked(paper.abstract, (summary.tldr, *summary.points) if is_extract and summary.tldr else ())
    return {
        "authors": phrasing.some_authors(paper.authors, most=_NAMED_AUTHORS),
        "all_authors": ", ".join(paper.authors),
        "entry": view,
        "plain_title": to_unicode(paper.title),
        "topics": [Word(text=name, url=links.topic(name)) for name in summary.topics],
        # A sentence that is marked in the abstract is not printed twice.
        "is_marked": is_marked(abstract),
        "abstract": [
            [(to_mathml(sentence, paper.italics), chosen) for sentence, chosen in paragraph] for paragraph in abstract
        ],
        "abstract_language": foreign(language_of(paper.abstract) or paper.language),
        "facts": paper_facts(paper),
        "links": list(_links(entry, view)),
        "issues": [
            Word(text=f"{names[key.edition]}, {phrasing.long_day(key.day)}", url=links.issue(key.edition, key.day))
            for key in stood
        ],
        "similar": [_word(other, links) for other in near.similar],
        "before": _word(near.before, links) if near.before else None,
        "after": _word(near.after, links) if near.after else None,
    }


def _links(entry: Entry, view: EntryView) -> Iterable[Word]:
    """Yield the links to a paper: its PDF first, and where it lies by the name of the place."""
    found = paper_links(entry.paper)
    places = {fact.url: fact.text for fact in view.facts if fact.url}
    is_on_arxiv = view.url.startswith(_ARXIV)
    if is_on_arxiv and not any(link.text == "PDF" for link in found):
        yield Word(text="PDF", url=view.url.replace("/abs/", "/pdf/", 1))
    yield from (link for link in found if link.text == "PDF")
    for link in found:
        if link.url == view.url and link.text != "PDF":
            yield Word(text="arXiv" if is_on_arxiv else places.get(link.url, link.text), url=link.url)
        elif link.text != "PDF":
            yield link


def _word(entry: Entry, links: Links) -> Word:
    return Word(text=on_one_line(to_mathml)(entry.paper.title, entry.paper.italics), url=links.paper(entry.paper.id))
