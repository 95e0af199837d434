"""arXiv: its feeds, its API, its listings and OAI-PMH."""
