"""The day's new research papers in one mail: fetched, de-duplicated, ranked, summarized, checked and archived."""

__version__ = "0.2.0"
