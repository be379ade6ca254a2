"""Publishing: the only way from a candidate to what readers see.

Enters: a candidate with its verdict. Leaves: the tables of every target, switched all at once, and ledger
entries.
The `publish` task, `rollback` and `approve` call it; everyone reads publications through `publication`.
"""
