"""Exports as bytes: places that hold them, packings, encodings and formats.

Enters: a location (any fsspec URL) or a landed copy. Leaves: entries, tables of texts, records with their
numbers.
`mapping`, `landing` and `loading` call it; it knows no vendor and no canonical table.
"""
