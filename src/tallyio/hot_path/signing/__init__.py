"""EIP-1559 transactions built and signed in one pass, on libsecp256k1."""
