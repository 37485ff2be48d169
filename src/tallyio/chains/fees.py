"""Fees of the next block (EIP-1559: https://eips.ethereum.org/EIPS/eip-1559)."""


def next_base_fee(
    base_fee_wei: int, gas_used: int, gas_limit: int, *, elasticity: int = 2, max_change_denominator: int = 8
) -> int:
    """Base fee, in wei per gas, of the child of a block. Exact for every chain that keeps EIP-1559's rule.

    The defaults are Ethereum's; OP-stack chains, for example, use other values for both parameters.
    Raises ``ValueError`` when the gas target is not positive.
    """
    target = gas_limit // elasticity
    if target <= 0:
        raise ValueError(f"found a gas limit of {gas_limit}, expected at least the elasticity {elasticity}")
    if gas_used == target:
        return base_fee_wei
    if gas_used > target:
        return base_fee_wei + max(base_fee_wei * (gas_used - target) // target // max_change_denominator, 1)
    return base_fee_wei - base_fee_wei * (target - gas_used) // target // max_change_denominator


def effective_gas_price(base_fee_wei: int, max_fee_wei: int, priority_fee_wei: int) -> int:
    """What a transaction pays per gas in a block with this base fee, in wei."""
    return min(max_fee_wei, base_fee_wei + priority_fee_wei)
