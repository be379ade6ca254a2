"""Loading: landed files become typed rows of schema `raw`, each with its file and record.

Enters: landed copies and mappings. Leaves: `raw` tables, quarantine, and the proof that no row and no cent
was lost.
`building` calls `load`; `sources check` runs the same code and keeps nothing.
"""
