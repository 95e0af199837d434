"""OPML, in which feed readers hand over their subscriptions → sources for config.toml.

    parse_opml()   bytes → the feeds in them, with the folders they were in
    as_config()    feeds → `[[source]]` tables as text, for a person to look through

Its elements are described at http://opml.org/spec2.opml. Readers differ in how they write the attributes' names, and
some put `feed:` before an address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from digest.core.errors import SourceError
from digest.core.text import one_line, strip_invisible, web_url
from digest.sources import guard
from digest.sources.addresses import is_own

if TYPE_CHECKING:
    from lxml.etree import _Element

_LONGEST_NAME: Final = 60
_ARXIV_FEED: Final = re.compile(r"/(?:rss|atom)/([A-Za-z.+-]+)/?")
_ARXIV_HOSTS: Final = frozenset({"rss.arxiv.org", "export.arxiv.org", "arxiv.org"})
"""The last two sent their readers to the first in 2024."""
_CATEGORY: Final = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")
_PREPRINT_FEED: Final = re.compile(r"https?://connect\.(biorxiv|medrxiv)\.org/\1_xml\.php")
_SUBJECTS: Final = re.compile(r"[a-z]+(?:[_ ][a-z]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A feed that somebody reads."""

    title: str
    """One line; the feed's host where it has none."""
    url: str
    """http or https, checked by `digest.core.text.web_url`."""
    folders: tuple[str, ...] = ()
    """Those it was in, the outermost first."""


def parse_opml(content: bytes, *, url: str) -> tuple[Outline, ...]:
    """The feeds in an OPML document, in its order, each once. What has no web address is left out.

    Raises:
        SourceError: It is no OPML, or there is no feed in it.
    """
    root = _tree(content, url)
    found: dict[tuple[str, ...], Outline] = {}
    others = 0
    # Not recursive: the folders may be nested as deep as the parser allows.
    to_do: list[tuple[_Element, tuple[str, ...]]] = [(root, ())]
    while to_do:
        element, folders = to_do.pop()
        attributes = _attributes(element)
        title = one_line(strip_invisible(attributes.get("title") or attributes.get("text") or ""))
        address = attributes.get("xmlurl", "")
        feed = _feed_address(address)
        if feed:
            outline = Outline(title=title or urlsplit(feed).hostname or feed, url=feed, folders=folders)
            found.setdefault(_key(feed), outline)
        elif address:
            others += 1
        inside = (*folders, title) if title and not address else folders
        to_do.extend((child, inside) for child in reversed(element) if isinstance(child.tag, str))
    if not found:
        if others:
            raise SourceError(f"is OPML, but none of its feeds ({others:,}) has an http or https address", url=url)
        raise SourceError("is OPML without a feed: no outline in it has an xmlUrl", url=url)
    return tuple(found.values())


def as_config(outlines: Iterable[Outline], *, taken_names: Iterable[str], known_urls: Iterable[str]) -> str:
    """TOML for config.toml: a `[[source]]` for each feed that is not there yet, a comment for each that is.

    Addresses of private networks become a comment too: a list that was passed on must not lead there.

    arXiv's feeds, bioRxiv's and medRxiv's, and Hugging Face's list become sources of their own kind, which know more
    than a feed does.

    Args:
        taken_names: Names of the sources that are there, from which the new ones must differ.
        known_urls: Their addresses.
    """
    names = _Names(taken_names)
    there = {_key(url) for url in known_urls}
    blocks: list[str] = []
    seen: set[str] = set()
    for outline in outlines:
        settings = _settings(outline.url)
        if is_own(urlsplit(outline.url).hostname or ""):
            # What stands in the config may be anywhere; what somebody else wrote may not.
            blocks.append(f"# On a private network, and so for you to add: {outline.title} ({outline.url})\n")
            continue
        if _key(outline.url) in there or settings in seen:
            blocks.append(f"# Already a source: {outline.title} ({outline.url})\n")
            continue
        seen.add(settings)
        name = names.given(outline.title)
        folder = f"# {' / '.join(outline.folders)}\n" if outline.folders else ""
        blocks.append(f"{folder}[[source]]\nname = {_quoted(name)}\n{settings}")
    return "\n".join(blocks)


def _tree(content: bytes, url: str) -> _Element:
    from lxml import etree

    # The guard has refused entities already; these options say it once more.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(guard.xml(content, url=url), parser)
    except etree.XMLSyntaxError as exc:
        raise guard.damaged(exc, url=url) from exc
    if _local(root) != "opml":
        raise SourceError(f"is no OPML but XML with the root <{_local(root)[:40]}>", url=url)
    return root


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _attributes(element: _Element) -> dict[str, str]:
    """Those of an outline, by name in lower case."""
    if _local(element) != "outline":
        return {}
    return {name.lower(): str(value) for name, value in element.attrib.items()}


def _feed_address(text: str) -> str | None:
    """`feed:https://a.org/x` and `feed://a.org/x` are web addresses in disguise."""
    text = text.strip()
    if text[:5].lower() == "feed:":
        rest = text[5:]
        text = f"http:{rest}" if rest.startswith("//") else rest
    return web_url(text)


def _key(url: str) -> tuple[str, ...]:
    """What addresses of the same feed share. Its parameters all count: they may name the feed."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f"{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    except ValueError:
        return (url,)
    return host, port, parts.path.rstrip("/"), parts.query


def _settings(url: str) -> str:
    """The lines of a table that say what to read."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host in _ARXIV_HOSTS:
        feed = _ARXIV_FEED.fullmatch(parts.path)
        categories = feed[1].split("+") if feed else []
        # Before 2024 the version of the format could be chosen.
        if categories and all(map(_CATEGORY.fullmatch, categories)) and not parse_qs(parts.query).keys() - {"version"}:
            return f'kind = "arxiv"\ncategories = {_quoted_list(categories)}\n'
        if host == "export.arxiv.org" and parts.path == "/api/query":
            return f'kind = "arxiv"\nurl = {_quoted(url)}\n'
    if host == "huggingface.co" and parts.path == "/api/daily_papers" and not parts.query:
        return 'kind = "huggingface"\n'
    preprints = _PREPRINT_FEED.match(url)
    if preprints:
        subjects = parse_qs(parts.query).get("subject", [""])[0].lower().split()
        if subjects and all(map(_SUBJECTS.fullmatch, subjects)):
            named = [subject.replace("_", " ") for subject in subjects if subject != "all"]
            return f'kind = "{preprints[1]}"\n' + (f"subjects = {_quoted_list(named)}\n" if named else "")
    return f'kind = "feed"\nurl = {_quoted(url)}\n'


class _Names:
    """Names of sources, no two alike but for capitals."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.casefold() for name in taken}
        self._last: dict[str, int] = {}
        """Title → the number given last, for lists with thousands of the same title."""

    def given(self, title: str) -> str:
        """A name for a source: its title, cut at a word, with a number if it is taken."""
        short = title if len(title) <= _LONGEST_NAME else title[:_LONGEST_NAME].rsplit(" ", 1)[0] + "…"
        name, number = short, self._last.get(short, 1)
        while name.casefold() in self._taken:
            number += 1
            name = f"{short} {number}"
        self._last[short] = number
        self._taken.add(name.casefold())
        return name


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own, but it forbids DEL, which JSON does not escape."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _quoted_list(words: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, words))}]"
