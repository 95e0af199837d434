"""Clients of language models: OpenAI and whatever speaks like it, its Batch API, and recordings of answers."""
