"""How good the screening is, measured on the company's own past; scorecards calibrated on it.

Enters: a copy of the warehouse's invoices and degrees. Leaves: rows of `screening_backtest`, a page, a
proposed scorecard.
`command` calls it.
"""
