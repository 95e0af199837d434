"""Serve until interrupted: `python -m tests.servers.flaky_smtp --rule DOT 'OK'`."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import get_args

from tests.servers.flaky_smtp import REPLIES, FlakySmtp, Rule
from tests.servers.flaky_smtp.server import Step


def main() -> None:
    """Print where the server listens, and what it took when it ends."""
    parser = argparse.ArgumentParser(
        description="An SMTP server on loopback that answers as told; no TLS, any login.",
        epilog=f"steps: {', '.join(get_args(Step))}. replies: {'; '.join(REPLIES)}.",
    )
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--rule", nargs=2, action="append", default=[], metavar=("STEP", "REPLY"))
    parser.add_argument("--offers", nargs="*", default=["PIPELINING", "AUTH PLAIN LOGIN"])
    parser.add_argument("--journal", type=Path, help="Append a line of JSON for each mail whose dot came.")
    parser.add_argument("--dedupe", default="", metavar="HEADER", help="Drop mails with a value that came before.")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="Before the reply to the final dot.")
    parser.add_argument("--greylist-s", type=float, default=0.0)
    parser.add_argument("--most-per-connection", type=int)
    parser.add_argument("--size", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for step, reply in options.rule:
        if step not in get_args(Step) or reply not in REPLIES:
            parser.error(f"there is no step {step!r} or no reply {reply!r}")
    rules = [Rule(step, REPLIES[reply]) for step, reply in options.rule]
    with FlakySmtp(
        rules,
        port=options.port,
        offers=tuple(options.offers),
        journal=options.journal,
        keeps_bodies=False,
        dedupe=options.dedupe,
        delay_s=options.delay_ms / 1000,
        greylist_s=options.greylist_s,
        most_per_connection=options.most_per_connection,
        size=options.size,
        seed=options.seed,
    ) as server:
        print(f"127.0.0.1:{server.port}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            for recipient, message_id in server.record:
                print(recipient, message_id)


if __name__ == "__main__":
    main()
