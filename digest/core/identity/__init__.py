"""Ids, and when two records are one work."""
