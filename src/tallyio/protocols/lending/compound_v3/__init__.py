"""Compound v3 (Comet): one base asset lent against collaterals; absorption and the sale of what was absorbed."""
