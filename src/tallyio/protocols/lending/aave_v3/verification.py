"""A mirrored market against the chain at one block, number by number."""

from collections.abc import Iterator

import msgspec

from tallyio.core.chain import BlockRef
from tallyio.core.lending import LendingState
from tallyio.core.units import Address
from tallyio.protocols.lending.aave_v3 import reader
from tallyio.protocols.lending.aave_v3.abi import call
from tallyio.protocols.lending.aave_v3.health import Indices, account_health
from tallyio.protocols.lending.aave_v3.reader import Read, ask


class Difference(msgspec.Struct, frozen=True):
    """``what`` names the number, for example ``account 0x.. supplied 0x..``."""

    what: str
    mirrored: str
    on_chain: str


async def compare(read: Read, state: LendingState, block: BlockRef) -> list[Difference]:
    """Reserves, e-modes, prices, every account's balances, flags and health, and that no holder is missing."""
    chain = await reader.read_market(read, state.provider, state.accounts, block.number)
    found = list(_differences(state, chain))
    found += _missing_holders(state)
    found += await _compare_answers(read, state, block)
    return found


def _differences(state: LendingState, chain: LendingState) -> Iterator[Difference]:
    for name in ("market", "configurator", "oracle", "sentinel", "sentinel_allows", "flash_premium_bps"):
        yield from _differs(name, getattr(state, name), getattr(chain, name))
    for kind in ("reserves", "emodes"):
        ours, theirs = getattr(state, kind), getattr(chain, kind)
        for key in sorted({*ours, *theirs}):
            mine, real = ours.get(key), theirs.get(key)
            if mine is None or real is None:
                yield Difference(f"{kind} {key}", repr(mine), repr(real))
                continue
            for field in mine.__struct_fields__:
                yield from _differs(f"{kind} {key} {field}", getattr(mine, field), getattr(real, field))
    for asset in sorted(chain.reserves):
        yield from _differs(f"price {asset}", state.prices_e8.get(asset), chain.prices_e8[asset])
        yield from _differs(f"feed {asset}", state.feeds.get(asset), chain.feeds.get(asset))
    for account in sorted({*state.accounts, *chain.accounts}):
        position, real = state.accounts.get(account), chain.accounts.get(account)
        if position is None or real is None:
            if position is not None and (position.supplied or position.borrowed or position.bitmap or position.emode):
                yield Difference(f"account {account}", repr(position), "nothing")
            elif real is not None:
                yield Difference(f"account {account}", "nothing", repr(real))
            continue
        for field in position.__struct_fields__:
            yield from _differs(f"account {account} {field}", getattr(position, field), getattr(real, field))


def _differs(what: str, mirrored: object, on_chain: object) -> Iterator[Difference]:
    if mirrored != on_chain:
        yield Difference(what, repr(mirrored), repr(on_chain))


def _missing_holders(state: LendingState) -> Iterator[Difference]:
    """All balances of a token add up to its supply, or somebody is not in the mirror."""
    supplied: dict[Address, int] = dict.fromkeys(state.reserves, 0)
    borrowed: dict[Address, int] = dict.fromkeys(state.reserves, 0)
    for position in state.accounts.values():
        for total, balances in ((supplied, position.supplied), (borrowed, position.borrowed)):
            for asset, scaled in balances.items():
                total[asset] = total.get(asset, 0) + scaled
    for asset, reserve in sorted(state.reserves.items()):
        yield from _differs(f"all aTokens of {asset}", supplied[asset], reserve.scaled_supply)
        yield from _differs(f"all debt of {asset}", borrowed[asset], reserve.scaled_debt)


async def _compare_answers(read: Read, state: LendingState, block: BlockRef) -> list[Difference]:
    """Normalised indices and account data, which the chain computes and we compute."""
    indices = Indices(state, block.timestamp)
    found: list[Difference] = []
    names = ("getReserveNormalizedIncome(address)", "getReserveNormalizedVariableDebt(address)")
    calls = [(state.market, call(name, asset)) for asset in state.reserves for name in names]
    answers = iter(await ask(read, calls, 1, block.number))
    for asset in state.reserves:
        for name, mirrored in zip(("income index", "debt index"), indices.of(asset), strict=True):
            found += _differs(f"{name} {asset}", mirrored, next(answers)[0])
    calls = [(state.market, call("getUserAccountData(address)", account)) for account in state.accounts]
    for (account, position), answer in zip(
        state.accounts.items(), await ask(read, calls, 6, block.number), strict=True
    ):
        health = account_health(state, position, block.timestamp, indices)
        ours = (health.collateral_e8, health.debt_e8, health.threshold_bps, health.ltv_bps, health.factor_wad)
        theirs = (answer[0], answer[1], answer[3], answer[4], answer[5])
        found += _differs(f"account {account} data", ours, theirs)
    return found
