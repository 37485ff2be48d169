"""Lock-free memory that several processes share: atomic words, records, rings, counters, pools, and their segments."""
