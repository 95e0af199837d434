"""What answers at addresses, without a network."""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.core.errors import SourceError
from digest.core.models import Document


@dataclass
class FakeNet:
    """Gets texts by a part of their address; at all others there is HTTP 404."""

    pages: dict[str, str | SourceError] = field(default_factory=dict)
    """By a part of the address."""
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> Document:
        self.asked.append(url)
        found = next((page for part, page in self.pages.items() if part in url), SourceError("HTTP 404", url=url))
        if isinstance(found, SourceError):
            raise found
        return Document(url=url, content=found.encode())
