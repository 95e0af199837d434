"""What a status other than 200 means, in a sentence for the person who configured the source."""

from __future__ import annotations

import re
from typing import Final

from digest.core.errors import NotYetError, SourceError
from digest.core.words.text import excerpt
from digest.sources import guard

LOOK: Final = "; open the address in a browser to see what it wants"
"""What to do where no key or password was sent that could be wrong."""
_KEY: Final = re.compile(r"\b(?:api|access)?[ _-]?(?:key|token)\b", re.IGNORECASE)


def of_key(error: SourceError, variable: str) -> SourceError:
    """The same error, if it is the key that was refused: with the variable that holds it."""
    said = str(error)
    # PubMed answers 400 to a key that it does not know.
    if isinstance(error, NotYetError):
        return error
    if error.status not in (401, 403) and not (error.status == 400 and _KEY.search(said)):
        return error
    return SourceError(
        f"{said.replace(LOOK, '')}; check the key in the variable {variable}, which this source's api_key_env names",
        url=error.url,
        status=error.status,
        retry_after_s=error.retry_after_s,
    )


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
        return f"refused to answer ({what}){LOOK}"
    if status == 429:
        return f"is asked too often ({what})"
    if status >= 500:
        return f"has trouble of its own ({what}); it is asked again later"
    return f"answered with {what}, not with a document"
