"""Subscribers: who gets which edition how often, with which interests, and the signed links in their mails."""
