"""The store, whole: each part in a file of its own, and all of them on one database."""

from __future__ import annotations

from digest.store.changes import Changes
from digest.store.deliveries import Deliveries
from digest.store.feedback import Feedback
from digest.store.handovers import Jobs
from digest.store.inquiries import Inquiries
from digest.store.interests import Interests
from digest.store.issues import Issues
from digest.store.joins import Joins
from digest.store.ledger import Ledger
from digest.store.politeness import Politeness
from digest.store.readings import Readings
from digest.store.search import Search
from digest.store.summaries import Summaries
from digest.store.topics import Topics


class SqlStore(
    Readings,
    Summaries,
    Ledger,
    Jobs,
    Issues,
    Changes,
    Deliveries,
    Inquiries,
    Search,
    Feedback,
    Interests,
    Topics,
    Joins,
    Politeness,
):
    """What is known and what is done, in SQLite or Postgres. Every method that writes is one transaction.

    Who uses it declares which of its methods, in a Protocol of its own.
    """
