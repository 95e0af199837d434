"""`digest serve`: forms, signed links and the archive over HTTP; requests → the same use cases as commands."""
