"""Proof of what was published: verification, evidence packs, column lineage, OpenLineage events.

Enters: ledger, candidates and targets as they are stored. Leaves: findings, a pack, events.
`command` and `orchestration` call it; it changes nothing that is published.
"""
