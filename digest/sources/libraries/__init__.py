"""Readers of files that other programs export: BibTeX, RIS, Zotero, OPML."""
