"""A model that does whatever anybody tells it, wherever the words stand."""

from __future__ import annotations

from collections.abc import Sequence

from tests.servers.flaky_llm.answers import dumped, good_items
from tests.servers.flaky_llm.reading import Block


def obey(blocks: Sequence[Block], *, system: str, user: str) -> str:
    """The text of an answer."""
    return dumped(good_items(blocks))
