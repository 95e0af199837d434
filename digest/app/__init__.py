"""The composition root: what the config asks for, put together."""
