"""Exchanges. Forks of one family differ by data alone: a ``Deployment`` names the fork's factory and fee."""
