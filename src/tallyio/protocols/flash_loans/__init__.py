"""Who lends within a transaction: fee and amount now, and the cheapest of them for a token and an amount.

One module a source. Each ``read`` yields rounds of view calls, is sent their answers (``None`` where the contract
reverts), and returns an offer, or the reason why nothing is lent.
"""
