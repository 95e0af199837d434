"""What an item of a list is: its kind, the journal it appeared in, and the paper that it is about."""
