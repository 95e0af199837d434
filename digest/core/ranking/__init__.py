"""Ranking: interests and profiles, relevance, scores with reasons, and the choice of an issue's papers."""
