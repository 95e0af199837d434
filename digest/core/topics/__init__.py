"""Topics: the taxonomy, and the assignment of topics to papers."""
