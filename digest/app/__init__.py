"""The composition root: builds adapters, stages and use cases from the config."""
