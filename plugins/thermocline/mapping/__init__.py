"""The mapping language: what a vendor's export looks like, and what becomes of its columns.

Enters: the shipped `mappings/*.yml` and a home's own. Leaves: checked mappings, the canonical tables,
recognised headers.
`landing` asks it what a file is, `loading` what becomes of its cells.
"""
