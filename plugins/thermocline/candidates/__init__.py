"""Candidates: what a build wants to publish, frozen under the hash of its content.

Enters: the reporting tables of the warehouse. Leaves: immutable Parquet files, their hashes, and facts of
the build.
`building` freezes, `gate` judges, `publishing` reads; a candidate doesn't know what is published.
"""
