"""What happened in a block: swaps, cyclic arbitrages, liquidations, backruns, sandwiches, and who was paid."""
