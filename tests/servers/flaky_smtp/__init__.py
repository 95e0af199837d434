"""An SMTP server on loopback that answers as told, with its own record of what it took.

    with FlakySmtp(Rule("DOT", Act(say=b"250 OK", then="hang up"), recipients={"ada@example.org"})) as server:
        … server.port …
        server.taken("ada@example.org")    how often it took a mail for her

    replies   forty and more replies, whole, half, odd and missing      server    the talk, over a bare socket

The first rule that fits decides; without one the answer is the usual one. What the server takes is in its record before
a byte of the reply is on the wire. By hand: `python -m tests.servers.flaky_smtp --help`.
"""

from __future__ import annotations

from tests.servers.flaky_smtp.replies import REPLIES
from tests.servers.flaky_smtp.server import Act, FlakySmtp, Rule

__all__ = ["REPLIES", "Act", "FlakySmtp", "Rule"]
