"""OPML, in which feed readers hand over their subscriptions → sources for config.toml.

    parse_opml()   bytes → the feeds in them, with the folders they were in
    as_config()    feeds → `[[source]]` tables as text, for a person to look through

Its elements are described at http://opml.org/spec2.opml. Readers differ in how they write the attributes' names, and
some put `feed:` before an address. Many write no XML but something like it: with a bare `&`, a `<` or a `"` within a
title, entities of HTML, or without an end. What can be read of it is; what cannot is named.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from digest.core.errors import SourceError
from digest.core.private import without_password
from digest.core.words.text import excerpt, one_line, strip_invisible, web_url
from digest.sources import guard
from digest.sources.door.addresses import is_own

if TYPE_CHECKING:
    from lxml.etree import _Element

_LONGEST_NAME: Final = 60
_ARXIV_FEED: Final = re.compile(r"/(?:rss|atom)/([A-Za-z.+-]+)/?")
_ARXIV_HOSTS: Final = frozenset({"rss.arxiv.org", "export.arxiv.org", "arxiv.org"})
"""The last two sent their readers to the first in 2024."""
_CATEGORY: Final = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?")
_PREPRINT_FEED: Final = re.compile(r"https?://connect\.(biorxiv|medrxiv)\.org/\1_xml\.php")
_SUBJECTS: Final = re.compile(r"[a-z]+(?:[_ ][a-z]+)*")
_FEED_TYPES: Final = frozenset({"rss", "atom", "rdf"})
"""Of outlines that some readers give a plain `url`; a `link` or an `include` is no feed."""
_MOST_NAMED: Final = 20
_AMPERSAND: Final = re.compile(
    r"&(?!#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,30};)?"
)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG: Final = re.compile(r"<outline\b", re.IGNORECASE)
_LONGEST_VALUE: Final = 4000
_ATTRIBUTE: Final = re.compile(
    # A quotation mark ends a value where the next attribute follows, or the end of the tag.
    rf"""(\s+[\w:.-]+\s*=\s*)(["'])(.{{0,{_LONGEST_VALUE}}}?)\2(?=\s+[\w:.-]+\s*=\s*["']|\s*/?>)""",
    re.DOTALL,
)
_ADDRESS: Final = re.compile(
    rf"""\bxmlUrl\s*=\s*(?:(["'])(?P<quoted>.{{0,{_LONGEST_VALUE}}}?)\1|(?P<bare>[^\s"'<>]{{1,{_LONGEST_VALUE}}}))""",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A subscription: a feed with its title and folders."""

    title: str
    """One line; the feed's host where it has none."""
    url: str
    """http or https, checked by `digest.core.words.text.web_url`."""
    folders: tuple[str, ...] = ()
    """Those it was in, the outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriptions:
    """The feeds of an OPML document, with remarks on what could not be read."""

    feeds: tuple[Outline, ...]
    """In its order, each once."""
    remarks: tuple[str, ...] = ()
    """Subscriptions that could not be imported, and why, a sentence each."""


def parse_opml(content: bytes, *, url: str) -> Subscriptions:
    """Return the feeds in an OPML document, without those that are commented out.

    Raises:
        SourceError: It is no OPML, or there is no feed in it.
    """
    root, damage, lost = _tree(content, url)
    found: dict[tuple[str, ...], Outline] = {}
    dropped: list[str] = []
    for title, address, folders in _subscriptions(root):
        feed = _feed_address(address)
        if feed:
            outline = Outline(title=title or urlsplit(feed).hostname or feed, url=feed, folders=folders)
            found.setdefault(_key(feed), outline)
        else:
            dropped.append(_named(title, address))
    if not found and damage:
        raise damage
    if not found and dropped:
        raise SourceError(
            f"is OPML, but none of its feeds ({len(dropped):,}) has an http or https address: "
            f"{'; '.join(dropped[:3])}{'; …' if dropped[3:] else ''}",
            url=url,
        )
    if not found:
        raise SourceError("is OPML without a feed: no outline in it has an xmlUrl", url=url)
    remarks = [f"not added: {named}" for named in dropped]
    if damage:
        read = "; not read of it: " + ", ".join(lost[:_MOST_NAMED]) if lost else "; the feeds in it were read"
        remarks.append(f"the list {damage}{read}")
    if len(remarks) > _MOST_NAMED:
        remarks[_MOST_NAMED:] = [f"not added: {len(remarks) - _MOST_NAMED:,} more"]
    return Subscriptions(feeds=tuple(found.values()), remarks=tuple(remarks))


def _subscriptions(root: _Element) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(title, address as it is written, folders) of each outline that should be a feed."""
    # Not recursive: the folders may be nested as deep as the parser allows.
    to_do: list[tuple[_Element, tuple[str, ...]]] = [(root, ())]
    while to_do:
        element, folders = to_do.pop()
        attributes = _attributes(element)
        if attributes.get("iscomment", "").strip().lower() == "true":
            continue  # and all that is in it
        title = one_line(strip_invisible(attributes.get("title") or attributes.get("text") or ""))
        is_feed = attributes.get("type", "").strip().lower() in _FEED_TYPES
        address = attributes.get("xmlurl") or (attributes.get("url", "") if is_feed else "")
        if address or (is_feed and "xmlurl" in attributes):
            yield title, address.strip(), folders
        inside = (*folders, title) if title and not address else folders
        to_do.extend((child, inside) for child in reversed(element) if isinstance(child.tag, str))


def _named(title: str, address: str) -> str:
    """Name a subscription that cannot be imported for a message, without the password that its URL may hold."""
    shown = without_password(address)
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)", address)
    if not address:
        why = "has no address"
    elif shown != address:
        why = "holds a password, so it is for you to add"
    elif scheme and scheme[0].lower() not in ("http", "https"):
        why = f"begins with {scheme[0].lower()}: and not with http or https"
    else:
        why = "is no web address"
    shown = excerpt(one_line(strip_invisible(shown)))
    parts = (f"“{excerpt(title)}”" if title else "", f"({shown})" if title and shown else shown)
    return f"{' '.join(filter(None, parts))} {why}"


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
        blocks.append(f"{folder}[[source]]\nname = {quoted(name)}\n{settings}")
    return "\n".join(blocks)


def _tree(content: bytes, url: str) -> tuple[_Element, SourceError | None, list[str]]:
    """Return the document's tree, the parser's error if there was one, and the addresses that the tree lacks."""
    from lxml import etree

    checked = guard.xml(content, url=url)
    damage = None
    try:
        root = _parsed(checked)
    except etree.XMLSyntaxError as exc:
        mended = _mended(checked.decode("utf-8"))
        try:
            root = _parsed(mended.encode("utf-8"))
        except etree.XMLSyntaxError:
            damage = guard.damaged(exc, url=url)
            try:
                root = _parsed(mended.encode("utf-8"), recover=True)
            except etree.XMLSyntaxError:
                raise damage from exc
            if root is None:
                raise damage from exc
    if _local(root) != "opml":
        raise damage or SourceError(f"is no OPML but XML with the root <{_local(root)[:40]}>", url=url)
    return root, damage, _lost(mended, root) if damage else []


def _parsed(content: bytes, *, recover: bool = False) -> _Element:
    from lxml import etree

    # The guard has refused entities already; these options say it once more.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, recover=recover)
    return etree.fromstring(content, parser)


def _mended(text: str) -> str:
    """Repair usual faults of feed readers' exports: a bare `&`, an entity of HTML, a `<` or a `"` within a value."""
    text = _AMPERSAND.sub(_entity, text)
    parts, done = [], 0
    for tag in _TAG.finditer(text):
        at = tag.end()
        while at >= done and (attribute := _ATTRIBUTE.match(text, at)):
            before, quotation, value = attribute.groups()
            kept = value.replace("<", "&lt;").replace(quotation, "&quot;" if quotation == '"' else "&apos;")
            # A prefix that nothing declares; these attributes are the reader's own.
            name = before if before.lstrip().lower().startswith("xmlns") else before.replace(":", "-")
            parts += [text[done:at], name, quotation, kept, quotation]
            at = done = attribute.end()
    return "".join((*parts, text[done:]))


def _entity(reference: re.Match[str]) -> str:
    """What a `&` that XML does not understand stands for: a letter, or itself."""
    letters = html.unescape(reference[0]) if reference[1] else "&"
    known = reference[1] is not None and letters != reference[0] and "&" not in letters and "<" not in letters
    return letters if known else f"&amp;{reference[1] or ''}"


def _lost(text: str, root: _Element) -> list[str]:
    """The addresses in *text* that were lost when its damage was read past, fit for a message."""
    written = (found["quoted"] or found["bare"] or "" for found in _ADDRESS.finditer(_COMMENT.sub("", text)))
    there = {html.unescape(address).strip() for address in written}
    read = {_attributes(element).get("xmlurl", "").strip() for element in root.iter() if isinstance(element.tag, str)}
    return [excerpt(one_line(strip_invisible(without_password(one)))) for one in sorted(there - read - {""})]


def _local(element: _Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _attributes(element: _Element) -> dict[str, str]:
    """Return the attributes of an outline, by name in lower case."""
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
    """Return a key that is equal for URLs of the same feed. All parameters count, as they may name the feed."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        port = f"{parts.port}" if parts.port and parts.port not in (80, 443) else ""
    except ValueError:
        return (url,)
    return host, port, parts.path.rstrip("/"), parts.query


def _settings(url: str) -> str:
    """Return the lines of a `[[source]]` table with kind and address."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host in _ARXIV_HOSTS:
        feed = _ARXIV_FEED.fullmatch(parts.path)
        categories = feed[1].split("+") if feed else []
        # Before 2024 the version of the format could be chosen.
        if categories and all(map(_CATEGORY.fullmatch, categories)) and not parse_qs(parts.query).keys() - {"version"}:
            return f'kind = "arxiv"\ncategories = {quoted_list(categories)}\n'
        if host == "export.arxiv.org" and parts.path == "/api/query":
            return f'kind = "arxiv"\nurl = {quoted(url)}\n'
    if host == "huggingface.co" and parts.path == "/api/daily_papers" and not parts.query:
        return 'kind = "huggingface"\n'
    preprints = _PREPRINT_FEED.match(url)
    if preprints:
        subjects = parse_qs(parts.query).get("subject", [""])[0].lower().split()
        if subjects and all(map(_SUBJECTS.fullmatch, subjects)):
            named = [subject.replace("_", " ") for subject in subjects if subject != "all"]
            return f'kind = "{preprints[1]}"\n' + (f"subjects = {quoted_list(named)}\n" if named else "")
    return f'kind = "feed"\nurl = {quoted(url)}\n'


class _Names:
    """Gives names to sources, different in more than capitals."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.casefold() for name in taken}
        self._last: dict[str, int] = {}
        """Title → the number given last, for lists with thousands of the same title."""

    def given(self, title: str) -> str:
        """Return a name for a source: its title, cut at a word, with a number if that name is taken."""
        short = title if len(title) <= _LONGEST_NAME else title[:_LONGEST_NAME].rsplit(" ", 1)[0] + "…"
        name, number = short, self._last.get(short, 1)
        while name.casefold() in self._taken:
            number += 1
            name = f"{short} {number}"
        self._last[short] = number
        self._taken.add(name.casefold())
        return name


def quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among its own, but it forbids DEL, which JSON does not escape."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def quoted_list(words: Iterable[str]) -> str:
    """A list of basic strings of TOML, on one line."""
    return f"[{', '.join(map(quoted, words))}]"
