"""The best amounts: one cycle over any mix of exchanges, and several that share pools."""
