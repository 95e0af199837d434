"""Batches, prompts, answers and the checks of them, and what they cost."""
