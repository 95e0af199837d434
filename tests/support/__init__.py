"""Builders of what tests run and read: papers in stores, issues, whole configurations, doors, screens."""
