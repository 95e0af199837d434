"""Write feeds of an edition's newest issues: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One issue as an item of a feed."""

    day: date
    title: str
    summary: str
    content: str
    """HTML that needs no style sheet and no other file."""
    topics: tuple[str, ...]
    url: str = ""
    """Its page; empty: the issue's own in the edition's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The feed of one edition: its newest issues."""

    edition: str
    title: str
    author: str
    language: str
    updated: date
    url: str | None
    """URL of the edition's folder, with a slash at the end. None: not known; links are relative then."""
    items: tuple[FeedItem, ...]
    """Newest first."""
    self_url: str = ""
    """Where the feed is, if it is not the edition's own in its folder; and then also `home_url`."""
    home_url: str = ""


def atom(feed: Feed) -> bytes:
    """Return *feed* as Atom."""
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    _text(root, "title", feed.title)
    _text(root, "id", feed_id(feed.url, feed.edition, None))
    _text(root, "updated", _midnight(feed.updated))
    _text(ET.SubElement(root, "author"), "name", feed.author)
    here, home = feed.self_url or f"{feed.url or ''}feed.xml", feed.home_url or f"{feed.url or ''}index.html"
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": here})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": home})
    for item in feed.items:
        entry = ET.SubElement(root, "entry")
        _text(entry, "title", item.title)
        _text(entry, "id", feed_id(feed.url, feed.edition, item.day))
        # The issue has a date and no hour; it never changes, so it was published when it was updated.
        _text(entry, "published", _midnight(item.day))
        _text(entry, "updated", _midnight(item.day))
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": _page(feed, item)})
        for topic in item.topics:
            ET.SubElement(entry, "category", {"term": _clean(topic)})
        _text(entry, "summary", item.summary)
        _text(entry, "content", item.content, type="html")
    ET.indent(root, " ")
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def json_feed(feed: Feed) -> bytes:
    """Return *feed* as JSON Feed."""
    top: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": feed.title}
    if feed.url:
        top |= {"home_page_url": f"{feed.url}index.html", "feed_url": f"{feed.url}feed.json"}
    top |= {"language": feed.language, "authors": [{"name": feed.author}]}
    top["items"] = [
        {
            "id": feed_id(feed.url, feed.edition, item.day),
            # Absolute by the standard; a feed that does not know its place leaves it away.
            **({"url": _page(feed, item)} if feed.url else {}),
            "title": item.title,
            "summary": item.summary,
            "content_html": item.content,
            "date_published": _midnight(item.day),
            "tags": list(item.topics),
        }
        for item in feed.items
    ]
    return (json.dumps(top, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def feed_id(url: str | None, edition: str, day: date | None) -> str:
    """Return the permanent id of an issue or feed: a tag URI (RFC 4151), or a UUID if *url* has no host."""
    name = edition + (f"/{day.isoformat()}" if day else "")
    host = urlsplit(url).hostname if url else None
    return f"tag:{host},2026:{name}" if host else uuid.uuid5(uuid.NAMESPACE_OID, f"research-digest/{name}").urn


def _page(feed: Feed, item: FeedItem) -> str:
    return item.url or f"{feed.url or ''}{item.day.isoformat()}/index.html"


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = _clean(text)


def _clean(text: str) -> str:
    """Return *text* without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)
