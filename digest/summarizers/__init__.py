"""Summarizers: extracts, a model, handovers to a provider's Batch API; and the budget for requests."""
