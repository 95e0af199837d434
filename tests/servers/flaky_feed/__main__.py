"""Serve until interrupted: `python -m tests.servers.flaky_feed --rule '{"action": "status", "status": 503}'`."""

from __future__ import annotations

import argparse
import json
import threading
from pathlib import Path

from tests.servers.flaky_feed.documents import DOCUMENTS
from tests.servers.flaky_feed.formats import FORMATS
from tests.servers.flaky_feed.replies import ACTIONS
from tests.servers.flaky_feed.rules import from_json
from tests.servers.flaky_feed.server import FlakyFeed


def main() -> None:
    """Print where the server listens, and serve."""
    parser = argparse.ArgumentParser(
        description="A server of feeds on loopback that misbehaves as told.",
        epilog=f"actions: {', '.join(ACTIONS)}. documents: {', '.join(DOCUMENTS)}. "
        f"addresses: /NAME.EXTENSION, where the extension is one of {', '.join(FORMATS)}.",
    )
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--papers", type=int, default=20, metavar="N", help="in each list")
    parser.add_argument("--tls", type=Path, metavar="FILE", help="speak https too; its CA is written to FILE")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="append a JSON line for each event")
    parser.add_argument("--rule", action="append", default=[], help='as {"action": "drip", "match": "/slow*"}')
    options = parser.parse_args()
    rules = from_json(json.loads(rule) for rule in options.rule)
    server = FlakyFeed(
        *rules,
        seed=options.seed,
        port=options.port,
        latency_s=options.latency,
        papers=options.papers,
        tls=options.tls is not None,
        journal_path=options.journal,
    )
    with server:
        if options.tls is not None and server.ca_pem is not None:
            options.tls.write_bytes(server.ca_pem)
        print(json.dumps({"url": server.url(), "control": server.control_url, "canary": server.canary_url}), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
