"""An Ethereum Virtual Machine for whole blocks: every rule since Istanbul, state that knows what it does not hold."""
