"""What runs the searcher: the pipeline, the kill switch, and the ledger's agreement with the chain."""
