"""The store: papers, readings, summaries, issues and deliveries, in SQLite or Postgres.

SqlStore (sql.py)  =  readings + summaries + ledger + handovers + issues + changes + deliveries
                          └──────────┴────────┴─────────┴─── papers ────────┴─────────┘
                      + inquiries + search + feedback + interests, which read papers too
                      + politeness + subscribers + people + picks
                                               leases, database  ◄  migrations, tables
"""

from digest.store.feedback import Mark
from digest.store.inquiries import Alias, Decision, LastReading, Listing, Status, Vote
from digest.store.sql import SqlStore

__all__ = ["Alias", "Decision", "LastReading", "Listing", "Mark", "SqlStore", "Status", "Vote"]
