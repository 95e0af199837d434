"""A server of feeds on loopback that misbehaves as told, for tests and for trying the product by hand.

    with FlakyFeed(Rule("status", match="/a.rss*", status=503, what="seconds", seconds=9), seed=7) as server:
        … url = server.url("/a.rss") …
        server.journal.requests("/a.rss")

    papers    generated works with known ids        documents   wrong documents, each in one way
    formats   RSS, RDF, Atom, JSON Feed, arXiv's    replies     actions: a request → exactly what goes over the wire
    rules     which requests get which action       wire        HTTP/1.1 by hand        journal   what was seen
    names     answers of a DNS that changes its mind

The first rule that matches a request decides; without one it is answered well, with validators that are honoured. All
chance comes from the seed. A request is in the journal before a byte of its reply is on the wire, so that a client that
is killed cannot hide what the server accepted. It is also a proxy for http, so that requests to any host end here.
By hand: `python -m tests.servers.flaky_feed --help`.
"""

from __future__ import annotations

from tests.servers.flaky_feed.journal import Journal, Manners, manners
from tests.servers.flaky_feed.papers import Item, item, items
from tests.servers.flaky_feed.rules import Rule
from tests.servers.flaky_feed.server import FlakyFeed

__all__ = ["FlakyFeed", "Item", "Journal", "Manners", "Rule", "item", "items", "manners"]
