"""Extractive summaries: sentences chosen from the abstract, without a model."""
