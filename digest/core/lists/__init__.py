"""Lists of sources: their calendars, how fresh they are, and the measure of what is in them."""
