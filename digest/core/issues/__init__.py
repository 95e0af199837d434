"""Entries, and the issue they make."""
