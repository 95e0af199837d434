"""Parse arXiv's XML, after the guard's checks, into a tree whose children are found by their local names."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from digest.core.errors import SourceError
from digest.sources import guard

if TYPE_CHECKING:
    from lxml.etree import _Element

_ROOTS: Final = ("rss", "rdf", "feed", "oai-pmh")


class Fields:
    """The children of an element by local name in lower case: `arxiv:DOI`, `pubDate` and `pubdate` alike.

    Copies of arXiv's feeds have lost their namespaces.
    """

    def __init__(self, element: _Element) -> None:
        self.element = element
        self._children: dict[str, list[_Element]] = {}
        for child in element:
            self._children.setdefault(local(child), []).append(child)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def all(self, name: str) -> list[_Element]:
        """Return all children called *name*, in order; empty if there are none."""
        return self._children.get(name, [])

    def first(self, name: str) -> Fields:
        """Return the fields of the first child called *name*, which must exist."""
        return Fields(self._children[name][0])

    def text(self, name: str) -> str:
        """Return the text of the first child called *name*; empty if there is none."""
        return text(self._children[name][0]) if name in self._children else ""


def tree(content: bytes, url: str) -> _Element:
    """The document's root.

    Raises:
        SourceError: It is no XML, or none of the kinds that arXiv gives.
    """
    from lxml import etree

    # The guard has refused entities already; these options say it once more.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(guard.xml(content, url=url), parser)
    except etree.XMLSyntaxError as exc:
        raise guard.damaged(exc, url=url) from exc
    if local(root) not in _ROOTS:
        raise SourceError(f"is no list of arXiv but XML with the root <{local(root)[:40]}>", url=url)
    return root


def local(element: _Element) -> str:
    """The tag in lower case without its namespace; empty for a comment."""
    # Comments and processing instructions have a function for a tag.
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def text(element: _Element) -> str:
    """All text below *element*."""
    return "".join(str(part) for part in element.itertext())


def month_of(number: str) -> str:
    """The month in which an id such as 2403.15527 was given: `202403`.

    arXiv gives it when it announces the paper, however long ago that was submitted.
    """
    digits = number.rpartition("/")[2][:4]
    return ("19" if digits >= "91" else "20") + digits


def is_of_the_month(number: str, day: date, *, slack_days: int = 28) -> bool:
    """Whether an id was given in the month of *day*, or in that of up to *slack_days* before."""
    return month_of(number) in {(day - timedelta(days=days)).strftime("%Y%m") for days in (0, slack_days)}
