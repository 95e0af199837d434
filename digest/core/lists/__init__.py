"""The lists that sources bring out: calendars, freshness, and bounds on the papers in them."""
