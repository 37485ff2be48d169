"""TallyIO: finds trades that are certain to pay on EVM chains, proves them, lands them, accounts for them."""

__version__ = "0.1.0"
