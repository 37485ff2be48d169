"""What to see in the market: one pure method a strategy, `evaluate(event, view) -> list[Opportunity]`."""
