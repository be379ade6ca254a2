"""The gate: Great Expectations over a frozen candidate. It fails closed.

Enters: a candidate and the suites of `expectations/`. Leaves: a verdict beside it, failing records, pages
in the home's site.
The `audit` task calls `audit`; `publishing` accepts no candidate without its verdict.
"""
