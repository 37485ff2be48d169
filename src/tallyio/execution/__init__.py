"""From a decision to what lands: calldata, bundles, relays, outcomes."""
