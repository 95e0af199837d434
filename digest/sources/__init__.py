"""Sources of papers: a file for each kind of source, and in `door` the only way to the network."""
