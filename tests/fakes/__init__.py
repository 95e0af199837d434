"""Stand-ins for what the ports promise, in memory and without waiting; servers that listen are in `tests/servers`."""
