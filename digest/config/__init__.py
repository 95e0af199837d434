"""config.toml as values."""
