"""An SMTP server on loopback that answers as told, with its own record of what it took.

    with FlakySmtp(Rule("DOT", Act(say=b"250 OK", then="hang up"), recipients={"ada@example.org"})) as server:
        … server.port …
        server.taken("ada@example.org")    how often it took a mail for her

    replies   forty and more replies, whole, half, odd and missing      server    the talk, over a bare socket

The first rule that fits decides; without one the answer is the usual one. What the server takes is in its record, and
in its journal, before a byte of the reply is on the wire: a client that is killed can't hide what was accepted. It can
have limits of its own (greylisting, quotas of domains, mails of one connection, size), drop by a header what it had
before, and tell at which point of a mail it is, so that a kill can be aimed. By hand, and as a process of its own:
`python -m tests.servers.flaky_smtp --help`.
"""

from __future__ import annotations

from tests.servers.flaky_smtp.replies import REPLIES
from tests.servers.flaky_smtp.server import Act, FlakySmtp, Point, Rule

__all__ = ["REPLIES", "Act", "FlakySmtp", "Point", "Rule"]
