"""Slugs: names of files and anchors made from titles and ids, only of `a-z`, `0-9` and `-`."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

MAX_SLUG = 80
_HASH = 10
_ARXIV = re.compile(r"arxiv:(\d{4})\.(\d{4,5})")
_HASHED = re.compile(rf"-[0-9a-f]{{{_HASH}}}$")

RESERVED = frozenset({"papers", "search", "topics"})
"""Folders of the archive that no edition can have."""


def slug(text: str) -> str:
    """Return the slug of *text*, `[a-z0-9-]{1,80}`; different texts have different slugs.

    Readable if no information is lost (`arxiv:2603.01234` → `arxiv-2603-01234`), else with a hash.
    """
    if match := _ARXIV.fullmatch(text):
        return f"arxiv-{match[1]}-{match[2]}"
    plain = _plain(text)
    is_itself = plain == text and not plain.startswith("arxiv-")
    return plain if is_itself and _is_free(plain) else _hashed(plain, text)


@lru_cache(maxsize=4096)
def topic_slug(name: str) -> str:
    """Return the slug of a topic. Case, commas and hyphens make no difference, as in the taxonomy."""
    plain = _plain(name)
    is_itself = plain == re.sub(",? ", "-", name.lower())
    return plain if is_itself and _is_free(plain) else _hashed(plain, name)


def edition_slug(name: str) -> str:
    """Return the slug of an edition's folder, different from the archive's own folders."""
    return _hashed(name, name) if name in RESERVED else slug(name)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _is_free(plain: str) -> bool:
    """Whether *plain* is a valid slug, and does not look like one with a hash."""
    return 0 < len(plain) <= MAX_SLUG and not _HASHED.search(plain)


def _hashed(plain: str, text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{plain[: MAX_SLUG - _HASH - 1].strip('-')}-{digest}".strip("-")
