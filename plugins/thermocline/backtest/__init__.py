"""How good the screening is, measured on the company's own past."""
