"""`SqlStore`, the whole store: its parts, each in a file of its own, on one database."""

from __future__ import annotations

from digest.store.attempts import Attempts
from digest.store.bounces import Bounces
from digest.store.changes import Changes
from digest.store.deliveries import Deliveries
from digest.store.feedback import Feedback
from digest.store.handovers import Handovers
from digest.store.inquiries import Inquiries
from digest.store.interests import Interests
from digest.store.issues import Issues
from digest.store.joins import Joins
from digest.store.ledger import Ledger
from digest.store.notices import Notices
from digest.store.people import People
from digest.store.picks import PersonalIssues
from digest.store.politeness import Politeness
from digest.store.readings import Readings
from digest.store.received import Received
from digest.store.search import Search
from digest.store.subscribers import Subscribers
from digest.store.summaries import Summaries
from digest.store.topics import Topics


class SqlStore(
    Readings,
    Summaries,
    Ledger,
    Handovers,
    Issues,
    Changes,
    Deliveries,
    Received,
    Inquiries,
    Search,
    Feedback,
    Interests,
    Topics,
    Joins,
    Politeness,
    Subscribers,
    People,
    PersonalIssues,
    Attempts,
    Notices,
    Bounces,
):
    """The store in SQLite or Postgres. Every method that writes is one transaction. Threads can share it.

    A consumer declares the methods that it uses in a Protocol of its own.
    """
