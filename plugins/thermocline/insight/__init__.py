"""Answers about accounts: why one is hot or cold, and what differs between two publications.

Enters: publications. Leaves: explanations and differences, as values and as text for a terminal.
`command` calls it.
"""
