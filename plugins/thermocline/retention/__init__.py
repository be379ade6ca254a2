"""Retention: what is removed when it has grown old enough, and the record of it."""
