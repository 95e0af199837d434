"""Values and decisions: nothing here reads the world, and there are no clocks and no settings."""
