"""A local chain with the published contracts of real protocols on it, and a market that moves."""
