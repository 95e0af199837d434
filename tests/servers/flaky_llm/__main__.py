"""Serve until interrupted: `python -m tests.servers.flaky_llm --rule '{"action": "status", "status": 503}'`."""

from __future__ import annotations

import argparse
import json
import threading
from pathlib import Path

from tests.servers.flaky_llm.answers import CONTENT_FAULTS, ID_FAULTS, JSON_FAULTS
from tests.servers.flaky_llm.limits import Limiter
from tests.servers.flaky_llm.replies import ACTIONS
from tests.servers.flaky_llm.rules import from_json
from tests.servers.flaky_llm.server import FlakyLLM, Pause


def main() -> None:
    """Print where the server listens, and serve."""
    parser = argparse.ArgumentParser(
        description="An OpenAI-compatible server on loopback that misbehaves as told.",
        epilog=f"actions: {', '.join(ACTIONS)}. what, of json: {', '.join(JSON_FAULTS)}; of ids: "
        f"{', '.join(ID_FAULTS)}; of content: {', '.join(CONTENT_FAULTS)}.",
    )
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=float, default=0.0, metavar="SECONDS", help="before each answer")
    parser.add_argument("--per-token", type=float, default=0.0, metavar="SECONDS", help="for each token of it")
    parser.add_argument("--scatter", type=float, default=0.0, metavar="SIGMA", help="of the delay's logarithm")
    parser.add_argument("--rpm", type=int, metavar="N", help="requests per minute")
    parser.add_argument("--tpm", type=int, default=10_000_000, metavar="N", help="tokens per minute, with --rpm")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="append a JSON line for each request")
    parser.add_argument("--rule", action="append", default=[], help='as {"action": "ids", "what": "missing"}')
    options = parser.parse_args()
    limiter = Limiter(requests_per_minute=options.rpm, tokens_per_minute=options.tpm) if options.rpm else None
    server = FlakyLLM(
        *from_json(json.loads(rule) for rule in options.rule),
        seed=options.seed,
        port=options.port,
        pause=Pause(first_s=options.first, per_token_s=options.per_token, sigma=options.scatter),
        limiter=limiter,
        journal_path=options.journal,
    )
    with server:
        print(server.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
