"""The market as the chain answers it at one block: to begin with, and for what no event announces.

``Read`` is injected: it makes all the calls at one block (a multicall, say) and answers (succeeded, returned bytes)
for each, in order.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from tallyio.core.errors import OutOfReachError
from tallyio.core.lending import AccountPosition, EModeCategory, LendingState, RateCurve, Reserve
from tallyio.core.units import ZERO_ADDRESS, Address
from tallyio.protocols.lending.aave_v3.abi import call, word_address, words

Calls = Sequence[tuple[Address, bytes]]
Read = Callable[[Calls, int], Awaitable[list[tuple[bool, bytes]]]]

_EMODE_IDS = range(1, 256)


async def read_market(read: Read, provider: Address, accounts: Iterable[Address], block: int) -> LendingState:
    """The whole market behind ``provider`` (PoolAddressesProvider) with the positions of ``accounts``.

    Raises ``OutOfReachError`` when one of the market's contracts does not answer as Aave v3.6 does.
    """
    names = ("getPool()", "getPoolConfigurator()", "getPriceOracle()", "getPriceOracleSentinel()")
    market, configurator, oracle, sentinel = (
        word_address(w[0]) for w in await ask(read, [(provider, call(n)) for n in names], 1, block)
    )
    state = LendingState(market, provider, configurator, oracle, sentinel)
    (premium,), assets = (
        (await ask(read, [(market, call("FLASHLOAN_PREMIUM_TOTAL()"))], 1, block))[0],
        await _reserve_list(read, market, block),
    )
    reserves = {asset: await read_reserve(read, state, asset, block) for asset in assets}
    emodes = await _read_emodes(read, market, block)
    state = msgspec.structs.replace(state, flash_premium_bps=premium, reserves=reserves, emodes=emodes)
    state = await read_prices(read, state, assets, block)
    treasuries = {r.treasury for r in reserves.values()}
    positions = await read_accounts(read, state, sorted({*accounts, *treasuries}), block)
    return await poll(read, msgspec.structs.replace(state, accounts=positions), block)


async def read_reserve(read: Read, state: LendingState, asset: Address, block: int) -> Reserve:
    """One reserve whole."""
    market = state.market
    data, (balance,), (deficit,), (grace,), (strategy,) = await ask_each(
        read,
        [
            (market, call("getReserveData(address)", asset), 15),
            (market, call("getVirtualUnderlyingBalance(address)", asset), 1),
            (market, call("getReserveDeficit(address)", asset), 1),
            (market, call("getLiquidationGracePeriod(address)", asset), 1),
            (market, call("RESERVE_INTEREST_RATE_STRATEGY()"), 1),
        ],
        block,
    )
    bits = data[0]
    a_token, debt_token = word_address(data[8]), word_address(data[10])
    curve, (supply,), (treasury,), (debt,) = await ask_each(
        read,
        [
            (word_address(strategy), call("getInterestRateDataBps(address)", asset), 4),
            (a_token, call("scaledTotalSupply()"), 1),
            (a_token, call("RESERVE_TREASURY_ADDRESS()"), 1),
            (debt_token, call("scaledTotalSupply()"), 1),
        ],
        block,
    )
    return Reserve(
        asset=asset,
        id=data[7],
        decimals=bits >> 48 & 0xFF,
        a_token=a_token,
        debt_token=debt_token,
        treasury=word_address(treasury),
        ltv_bps=bits & 0xFFFF,
        threshold_bps=bits >> 16 & 0xFFFF,
        bonus_bps=bits >> 32 & 0xFFFF,
        protocol_fee_bps=bits >> 152 & 0xFFFF,
        reserve_factor_bps=bits >> 64 & 0xFFFF,
        debt_ceiling=bits >> 212 & (1 << 40) - 1,
        active=bool(bits >> 56 & 1),
        frozen=bool(bits >> 57 & 1),
        paused=bool(bits >> 60 & 1),
        borrowing=bool(bits >> 58 & 1),
        flash_loans=bool(bits >> 63 & 1),
        grace_until=grace,
        liquidity_index=data[1],
        debt_index=data[3],
        liquidity_rate=data[2],
        debt_rate=data[4],
        updated_at=data[6],
        scaled_supply=supply,
        scaled_debt=debt,
        virtual_balance=balance,
        deficit=deficit,
        isolated_debt=data[14],
        curve=RateCurve(*curve),
    )


async def read_accounts(
    read: Read, state: LendingState, accounts: Sequence[Address], block: int
) -> dict[Address, AccountPosition]:
    """Scaled balances in every reserve, bitmap and e-mode of each account; accounts with nothing are left out."""
    reserves = tuple(state.reserves.values())
    calls: list[tuple[Address, bytes]] = []
    for account in accounts:
        calls.append((state.market, call("getUserConfiguration(address)", account)))
        calls.append((state.market, call("getUserEMode(address)", account)))
        scaled = call("scaledBalanceOf(address)", account)
        for reserve in reserves:
            calls += [(reserve.a_token, scaled), (reserve.debt_token, scaled)]
    answers = [w[0] for w in await ask(read, calls, 1, block)]
    size = 2 + 2 * len(reserves)
    found: dict[Address, AccountPosition] = {}
    for i, account in enumerate(accounts):
        bitmap, emode, *balances = answers[i * size : (i + 1) * size]
        supplied = {r.asset: b for r, b in zip(reserves, balances[::2], strict=True) if b}
        borrowed = {r.asset: b for r, b in zip(reserves, balances[1::2], strict=True) if b}
        if supplied or borrowed or bitmap or emode:
            found[account] = AccountPosition(supplied, borrowed, bitmap, emode)
    return found


async def read_prices(read: Read, state: LendingState, assets: Iterable[Address], block: int) -> LendingState:
    """Prices of ``assets`` and what moves them.

    Moved by events is a source that is a Chainlink proxy whose aggregator has the same answer, or such an aggregator
    itself (it has rounds). Anything else (capped, composed or delayed prices) is polled at every block.
    """
    assets = tuple(assets)
    prices = await ask(read, [(state.oracle, call("getAssetPrice(address)", a)) for a in assets], 1, block)
    sources = await ask(read, [(state.oracle, call("getSourceOfAsset(address)", a)) for a in assets], 1, block)
    feeds, polled = dict(state.feeds), set(state.polled) - set(assets)
    for asset, (price,), (source,) in zip(assets, prices, sources, strict=True):
        feeds.pop(asset, None)
        feed = await _aggregator(read, word_address(source), price, block)
        if feed is None:
            polled.add(asset)
        else:
            feeds[asset] = feed
    known = {**state.prices_e8, **{a: p[0] for a, p in zip(assets, prices, strict=True)}}
    return msgspec.structs.replace(state, prices_e8=known, feeds=feeds, polled=frozenset(polled))


async def poll(read: Read, state: LendingState, block: int) -> LendingState:
    """The state with the prices that no event announces, and the sentinel's word, as of ``block``."""
    assets = sorted(state.polled & set(state.reserves))
    calls = [(state.oracle, call("getAssetPrice(address)", asset)) for asset in assets]
    if state.sentinel != ZERO_ADDRESS:
        calls.append((state.sentinel, call("isLiquidationAllowed()")))
    if not calls:
        return state
    answers = [w[0] for w in await ask(read, calls, 1, block)]
    prices = {**state.prices_e8, **dict(zip(assets, answers, strict=False))}
    allows = bool(answers[-1]) if state.sentinel != ZERO_ADDRESS else True
    return msgspec.structs.replace(state, prices_e8=prices, sentinel_allows=allows)


async def _aggregator(read: Read, source: Address, price: int, block: int) -> Address | None:
    if source == ZERO_ADDRESS:
        return None
    (proxied, answer), (has_rounds, _) = await read(
        [(source, call("aggregator()")), (source, call("latestRound()"))], block
    )
    if proxied and len(answer) == 32:
        candidate = word_address(int.from_bytes(answer))
    elif has_rounds:
        candidate = source
    else:
        return None
    ((ok, answer),) = await read([(candidate, call("latestAnswer()"))], block)
    return candidate if ok and len(answer) == 32 and int.from_bytes(answer) == price else None


async def _reserve_list(read: Read, market: Address, block: int) -> list[Address]:
    ((ok, answer),) = await read([(market, call("getReservesList()"))], block)
    if not ok or len(answer) < 64:
        raise OutOfReachError(f"the contract {market} did not answer getReservesList()", todo=_TODO)
    _, count, *_ = words(answer, 2)
    return [word_address(w) for w in words(answer, 2 + count)[2:]]


async def _read_emodes(read: Read, market: Address, block: int) -> dict[int, EModeCategory]:
    calls = [(market, call("getEModeCategoryCollateralConfig(uint8)", i)) for i in _EMODE_IDS]
    configured = zip(_EMODE_IDS, await ask(read, calls, 3, block), strict=True)
    found: dict[int, EModeCategory] = {}
    for i, (ltv, threshold, bonus) in configured:
        if not threshold:
            continue
        names = ("Collateral", "Borrowable", "Ltvzero")
        calls = [(market, call(f"getEModeCategory{n}Bitmap(uint8)", i)) for n in names]
        bitmaps = [w[0] for w in await ask(read, calls, 1, block)]
        found[i] = EModeCategory(i, ltv, threshold, bonus, *bitmaps)
    return found


_TODO = "Check that the address is an Aave v3.6 PoolAddressesProvider of this chain"


class _Question(NamedTuple):
    to: Address
    data: bytes
    size: int


async def ask(read: Read, calls: Calls, size: int, block: int) -> list[list[int]]:
    """``size`` words of each answer. Raises ``OutOfReachError`` when a call fails or answers less."""
    return await ask_each(read, [(to, data, size) for to, data in calls], block)


async def ask_each(read: Read, calls: Sequence[tuple[Address, bytes, int]], block: int) -> list[list[int]]:
    questions = [_Question(*c) for c in calls]
    answers = await read([(q.to, q.data) for q in questions], block)
    found = []
    for question, (ok, answer) in zip(questions, answers, strict=True):
        if not ok or len(answer) < 32 * question.size:
            raise OutOfReachError(
                f"the contract {question.to} did not answer the call 0x{question.data[:4].hex()} at block {block}",
                todo=_TODO,
            )
        found.append(words(answer, question.size))
    return found
