"""What a status other than 200 means, in a sentence for the person who configured the source."""

from __future__ import annotations

import re

from digest.core.errors import SourceError
from digest.core.text import excerpt
from digest.sources import guard


def words(content: bytes) -> str:
    """What the server itself says of the error, in one line; empty where it says nothing."""
    if not content:
        return ""
    try:
        text = guard.decoded(content)
        if text.lstrip().startswith("{"):
            value = guard.json(content)
            found = value.get("error") or value.get("message") if isinstance(value, dict) else None
            return excerpt(found) if isinstance(found, str) else ""
    except SourceError:
        return ""
    summary = re.search(r"<entry>.*?<title>Error</title>.*?<summary[^>]*>([^<]{1,300})", text, re.DOTALL)
    return excerpt(summary[1]) if summary else guard.page_title(text)


def said(status: int, of_server: str) -> str:
    """`403: “Just a moment…”`."""
    return f"{status}: “{of_server}”" if of_server else str(status)


def sentence(status: int, of_server: str) -> str:
    """What happened and what to do."""
    what = said(status, of_server)
    if status == 404:
        return f"is not there ({what}); check the address of this source"
    if status == 407:
        return f"did not pass the proxy ({what}); write [network] proxy as http://user:password@host:port"
    if status == 410:
        return f"is gone for good ({what}); take this source out of the config"
    if status in (401, 403):
        return f"refused to answer ({what}); open the address in a browser to see what it wants"
    if status == 429:
        return f"is asked too often ({what})"
    if status >= 500:
        return f"has trouble of its own ({what}); it is asked again later"
    return f"answered with {what}, not with a document"
