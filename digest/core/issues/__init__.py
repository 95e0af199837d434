"""Issues: entries, sections, and the overview."""
