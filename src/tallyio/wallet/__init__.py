"""Keys, what may be signed with them, and nonces."""
