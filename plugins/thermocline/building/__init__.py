"""Building: one dbt build turns `raw` into the published tables, for one day.

Enters: `raw`, `config`, the day to screen. Leaves: a frozen candidate.
The `build` task calls `build`; it holds the home's writer lock.
"""
