"""Files that other programs export: BibTeX, RIS, Zotero, OPML."""
