"""Exports as bytes: places that hold them, packings, encodings and formats.

Input: a location (any fsspec URL) or a landed copy. Output: entries, tables of texts, records with their
numbers.
`mapping`, `landing` and `loading` call it; it knows no vendor and no canonical table.
"""
