"""Who writes summaries: the extract, a model, a provider's Batch API; and the budget."""
