"""The store, whole: each part in a file of its own, and all of them on one database."""

from __future__ import annotations

from digest.store.books import Books
from digest.store.changes import Changes
from digest.store.deliveries import Deliveries
from digest.store.feedback import Feedback
from digest.store.issues import Issues
from digest.store.jobs import Jobs
from digest.store.joins import Joins
from digest.store.look import Look
from digest.store.readings import Readings
from digest.store.search import Search
from digest.store.summaries import Summaries
from digest.store.topics import Topics
from digest.store.wishes import Wishes


class SqlStore(
    Readings, Summaries, Books, Jobs, Issues, Changes, Deliveries, Look, Search, Feedback, Wishes, Topics, Joins
):
    """What is known and what is done (`digest.core.ports.Store`), in SQLite or Postgres."""
