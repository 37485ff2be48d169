"""Raw transactions read in place: envelope, router call, swaps, and what they do to the pools."""
