"""The taxonomy, and which topics a paper has."""
