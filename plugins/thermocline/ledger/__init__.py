"""The ledger: what was published, from what and by which rules, each entry bound to the one before.

Enters: entries and records of builds. Leaves: `ledger.jsonl`, content-addressed `records/`.
`publishing` alone appends; every stage may read.
"""
