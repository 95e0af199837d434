"""Interests, and what comes first."""
