"""Retention: what is removed when it has grown old enough, and the record of it.

Enters: a home and the company's retention. Leaves: fewer files, and ledger entries of kind `pruned`.
The DAG `prune_home` and `thermocline prune` call it.
"""
