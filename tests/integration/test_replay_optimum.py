"""The size of a proposal over constant-product pairs, against every whole number around it.

The recorded blocks hold one cycle of pairs alone, at rest. So prices are moved here: a recorded block's tokens and
pairs are kept, their reserves are drawn from a seed, and pairs that close more cycles are put where their factory
would. The judge of a size is the pair's own formula, of what was gained the contracts.
"""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tallyio.archive.importing import import_files
from tallyio.archive.records import ArchivedBlock, PreAccount
from tallyio.archive.store import path_of, read_block
from tallyio.backtest.exchanges import Exchanges, exchanges_of
from tallyio.backtest.known_pools import KnownPools, known_pools
from tallyio.backtest.records import Proposal, Replayed
from tallyio.backtest.replay import replay
from tallyio.chains.keccak import keccak256
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.trade import SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.simulation.block_execution import BlockExecution
from tallyio.simulation.receipts import receipts_root

BLOCK = 17034869
AROUND = 1_000
MAPPINGS = 24
USDT = Address("0xdac17f958d2ee523a2206206994597c13d831ec7")
TOKEN0, TOKEN1, RESERVES, UNLOCKED = 6, 7, 8, 12
"""Slots of a pair (``UniswapV2Pair``)."""


@pytest.fixture(scope="module")
def block(shared_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> ArchivedBlock:
    out = tmp_path_factory.mktemp("archive")
    import_files([shared_folder("mainnet-blocks") / f"{BLOCK}.json.gz"], out)
    return read_block(path_of(out, BLOCK))


@pytest.fixture(scope="module")
def pairs_only() -> Exchanges:
    known = exchanges_of(1)
    return replace(known, factories=tuple(each for each in known.factories if each.deployment.family == V2))


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 12))])
def test_the_gain_over_pairs_is_the_greatest_that_whole_numbers_give(
    block: ArchivedBlock, pairs_only: Exchanges, seed: int
) -> None:
    replayed = replay(_moved(block, pairs_only, random.Random(seed)), None, pairs_only)
    over_pairs = [each for each in replayed.proposals if _over_pairs(each, replayed)]
    paid = [each for each in over_pairs if not each.paid.reason]  # of some tokens a part is lost on the way: a revert
    assert {len(each.opportunity.pools) for each in paid} == {2, 3, 4}
    for each in paid:
        assert each.paid.gross_wei == each.opportunity.gross_wei
        assert 0 <= _greatest(each, replayed) - each.paid.gross_wei <= 1


def _over_pairs(each: Proposal, replayed: Replayed) -> bool:
    states = [replayed.known.states[pool] for pool in each.opportunity.pools]
    return all(isinstance(state, V2State) for state in states) and not each.opportunity.route.outer


def _greatest(each: Proposal, replayed: Replayed) -> int:
    """Of all gains whose amount of one of the path's tokens lies around ours: the least input for it, the most that it
    gives. The coarsest token decides, so each is tried."""
    steps = [step for step in each.opportunity.route.steps if isinstance(step, SwapStep)]
    pairs = [_reserves(step, replayed) for step in steps]
    amounts = [step.amount_in for step in steps]
    best = 0
    for place, amount in enumerate(amounts):
        for tried in range(max(1, amount - AROUND), amount + AROUND + 1):
            sold = tried
            for pair in reversed(pairs[:place]):
                sold = _least_in(sold, *pair)
            bought = tried
            for pair in pairs[place:]:
                bought = _out(bought, *pair)
            best = max(best, bought - sold)
    return best


def _reserves(step: SwapStep, replayed: Replayed) -> tuple[int, int, int]:
    state, pool = replayed.known.states[step.pool], replayed.known.pools[step.pool]
    assert isinstance(state, V2State)
    first = step.token_in == pool.tokens[0]
    held = (state.reserve0, state.reserve1) if first else (state.reserve1, state.reserve0)
    return (*held, 1_000_000 - pool.fee_pips)


def _out(sold: int, held_in: int, held_out: int, kept: int) -> int:
    return sold * kept * held_out // (held_in * 1_000_000 + sold * kept)


def _least_in(bought: int, held_in: int, held_out: int, kept: int) -> int:
    least = held_in * bought * 1_000_000 // ((held_out - bought) * kept)
    while _out(least, held_in, held_out, kept) < bought:
        least += 1
    return least


def _moved(block: ArchivedBlock, exchanges: Exchanges, drawn: random.Random) -> ArchivedBlock:
    """The block's state before its first transaction, with other prices and more pairs, and no transaction."""
    assert block.header is not None
    assert block.pre_state is not None
    known = known_pools(BlockExecution(block), exchanges)
    accounts = dict(block.pre_state.accounts)
    for pool in known.pools.values():
        held = _balances(accounts, pool)
        if held is not None:
            state = known.states[pool.address]
            assert isinstance(state, V2State)
            factor = drawn.randrange(900, 1100)
            _put(accounts, pool, held, V2State(state.reserve0 * factor // 1000, state.reserve1 * 1000 // factor))
    _close(accounts, known, exchanges, drawn)
    _blank(accounts, [*known.pools, *(accounts.keys() - block.pre_state.accounts.keys())])
    header = replace(block.header, receipts_root=Hash32("0x" + receipts_root([]).hex()))
    return replace(block, transactions=(), header=header, pre_state=replace(block.pre_state, accounts=accounts))


def _close(accounts: dict[Address, PreAccount], known: KnownPools, exchanges: Exchanges, drawn: random.Random) -> None:
    """A pair between USDT and each token that has one with wrapped ether: cycles of three."""
    first = exchanges.factories[0]
    to_usdt = next(p for p in known.pools.values() if set(p.tokens) == {USDT, exchanges.weth})
    for pool in list(known.pools.values()):
        token = next((each for each in pool.tokens if each != exchanges.weth), USDT)
        if token == USDT or exchanges.weth not in pool.tokens:
            continue
        token0, token1 = sorted((token, USDT), key=lambda each: int(each, 16))
        at = first.pair(token0, token1)
        assert at is not None
        slots = {_balance_slot(accounts, token, pool.address), _balance_slot(accounts, USDT, to_usdt.address)}
        if None in slots or at in known.pools:
            continue
        weth = _held(known, pool, exchanges.weth)
        dollars = weth * _held(known, to_usdt, USDT) // _held(known, to_usdt, exchanges.weth)
        amounts = {token: _held(known, pool, token), USDT: dollars * drawn.randrange(900, 1100) // 1000}
        slots_of_pair = {TOKEN0: int(token0, 16), TOKEN1: int(token1, 16), 9: 0, 10: 0, 11: 0, UNLOCKED: 1}
        accounts[at] = replace(accounts[pool.address], slots=slots_of_pair)
        for each, example in ((token, pool.address), (USDT, to_usdt.address)):
            index = _balance_slot(accounts, each, example)
            assert index is not None
            _set(accounts, each, _slot_of(at, index), amounts[each])
        _set(accounts, at, RESERVES, _packed(V2State(amounts[token0], amounts[token1])))


def _blank(accounts: dict[Address, PreAccount], holders: list[Address]) -> None:
    """What tokens may keep of a holder beside its balance (such as bans), or of one that they never met, is nothing."""
    for at in [USDT, *accounts]:
        if accounts[at].code_hash in {accounts[each].code_hash for each in holders} or not accounts[at].slots:
            continue
        blank = {_slot_of(holder, index): 0 for holder in holders for index in range(MAPPINGS)}
        accounts[at] = replace(accounts[at], slots=blank | accounts[at].slots)


def _balances(accounts: dict[Address, PreAccount], pool: Pool) -> list[int] | None:
    """The slots in which the pair's two tokens hold its balances."""
    found = [_balance_slot(accounts, token, pool.address) for token in pool.tokens]
    return None if None in found else [_slot_of(pool.address, index) for index in found if index is not None]


def _balance_slot(accounts: dict[Address, PreAccount], token: Address, holder: Address) -> int | None:
    """Which mapping of the token holds balances; None where its layout is another, or it keeps shares."""
    reserves = accounts[holder].slots.get(RESERVES, 0)
    held = {reserves & (1 << 112) - 1, reserves >> 112 & (1 << 112) - 1} - {0}
    slots = accounts[token].slots
    return next((index for index in range(256) if slots.get(_slot_of(holder, index)) in held), None)


def _slot_of(holder: Address, index: int) -> int:
    return int.from_bytes(keccak256(int(holder, 16).to_bytes(32) + index.to_bytes(32)))


def _held(known: KnownPools, pool: Pool, token: Address) -> int:
    state = known.states[pool.address]
    assert isinstance(state, V2State)
    return state.reserve0 if token == pool.tokens[0] else state.reserve1


def _put(accounts: dict[Address, PreAccount], pool: Pool, slots: list[int], state: V2State) -> None:
    _set(accounts, pool.address, RESERVES, _packed(state))
    for token, slot, amount in zip(pool.tokens, slots, (state.reserve0, state.reserve1), strict=True):
        _set(accounts, token, slot, amount)


def _set(accounts: dict[Address, PreAccount], at: Address, slot: int, value: int) -> None:
    accounts[at] = replace(accounts[at], slots=accounts[at].slots | {slot: value})


def _packed(state: V2State) -> int:
    return state.reserve0 | state.reserve1 << 112 | 1 << 224
