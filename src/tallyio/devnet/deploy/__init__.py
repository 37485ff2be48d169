"""Sets up the devnet's world on a fresh node: contracts, pools, the lending market and its borrowers."""
