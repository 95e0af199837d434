"""Where papers come from: a file for each kind of source, and the one way to the network."""
