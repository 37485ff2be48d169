"""Trader Joe's Liquidity Book 2.0, 2.1 and 2.2: every bin of a pair is known, and swaps are walked through them.

Pairs with hooks are refused by name.
"""

from collections.abc import Callable, Generator, Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import LIQUIDITY_BOOK, Pool, PoolState, Terms
from tallyio.core.units import BPS, PIPS, UINT128_MAX, Address
from tallyio.protocols.dex import liquidity_book_events as events
from tallyio.protocols.dex import liquidity_book_first as first
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.exact_out import least_input
from tallyio.protocols.dex.families import liquidity_book
from tallyio.protocols.dex.families.liquidity_book import FIRST, LIMITED, FeeRules, LiquidityBook, Volatility
from tallyio.protocols.dex.family import Call, Family, Learned, Reading, Refused, SwapResult
from tallyio.protocols.dex.identity import other_names
from tallyio.protocols.dex.liquidity_book_curve import BookCurve
from tallyio.protocols.dex.words import address_word, topic, words

ACTIVE_ID, HOOKS = selector("getActiveId()"), selector("getLBHooksParameters()")
STATIC, VARIABLE = selector("getStaticFeeParameters()"), selector("getVariableFeeParameters()")
RESERVES, BIN = selector("getReserves()"), selector("getBin(uint24)")
TOKEN_X, TOKEN_Y = selector("getTokenX()"), selector("getTokenY()")
NEXT = selector("getNextNonEmptyBin(bool,uint24)")
UNLIMITED = "2.1"
WINDOW = 64
"""Bins on each side that are asked for at once."""
MOST_WINDOWS = 64
_IDS = 1 << 24
_PIPS_UNIT = liquidity_book.ONE // PIPS
GAS, GAS_BIN = 105_000, 22_000


class BookTerms(Terms, frozen=True):
    """``version`` is empty before the first reading."""

    bin_step: int
    version: str = ""


class LiquidityBookPairs(Family):
    """The state is a ``LiquidityBook`` whose protocol fees are not followed."""

    name = LIQUIDITY_BOOK
    topics = events.TOPICS | first.TOPICS | {events.CREATED}
    read_first = True
    typical_gas = GAS + GAS_BIN

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != events.CREATED:
            return None
        pair, _ = words(log, 4, 2)
        tokens, step = (address_word(topic(log, 1)), address_word(topic(log, 2))), topic(log, 3)
        if tokens[0] == tokens[1] or not 0 < step < BPS:
            raise ChainDataError(f"the factory {log.address} announced a pair with the bin step {step}")
        return Pool(address_word(pair), self.name, deployment.protocol, tokens, 0, terms=BookTerms(step))

    def read(self, pool: Pool) -> Reading:
        at, terms = pool.address, _terms(pool)
        told = yield [(at, name) for name in (ACTIVE_ID, STATIC, VARIABLE, RESERVES, HOOKS, TOKEN_X, TOKEN_Y)]
        if told[0] is None:
            return (yield from self._read_first(pool))
        if lie := other_names(pool, told[5:]):
            return lie
        hooks = told[4]
        version = UNLIMITED if hooks is None else LIMITED
        if hooks is not None and answered(hooks, 1, at)[0]:
            return Refused("a pair with hooks, whose doing is not known")
        (active,) = answered(told[0], 1, at)
        rules = FeeRules(*answered(told[1], 7, at))
        volatility = Volatility(*answered(told[2], 4, at))
        reserve_x, reserve_y = answered(told[3], 2, at)
        bins = yield from _bins(at, active, _next_bin)
        if isinstance(bins, Refused):
            return bins
        book = LiquidityBook(version, terms.bin_step, rules, active, volatility, bins, (reserve_x, reserve_y), (0, 0))
        return _learned(pool, book)

    def _read_first(self, pool: Pool) -> Reading:
        at, step = pool.address, _terms(pool).bin_step
        told, named, *tokens = yield [
            (at, name) for name in (first.RESERVES_AND_ID, first.PARAMETERS, first.TOKEN_X, first.TOKEN_Y)
        ]
        if lie := other_names(pool, tokens):
            return lie
        reserve_x, reserve_y, active = answered(told, 3, at)
        rules, volatility = first.parameters(named, at, step)
        bins = yield from _bins(at, active, first.next_bin, reverts=True)
        if isinstance(bins, Refused):
            return bins
        return _learned(
            pool, LiquidityBook(FIRST, step, rules, active, volatility, bins, (reserve_x, reserve_y), (0, 0))
        )

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        own = _own(pool, state)
        if own.version != FIRST:
            return (yield from self.read(pool))
        (told,) = yield [(pool.address, first.PARAMETERS)]
        rules, volatility = first.parameters(told, pool.address, own.bin_step)
        return msgspec.structs.replace(own, rules=rules, volatility=volatility)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        if state is None:
            return None
        own = _own(pool, state)
        if own.version == FIRST:
            return first.follow(own, logs, timestamp)
        return events.follow(own, logs, timestamp)

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return _own(pool, state).version == FIRST

    def swap(
        self,
        pool: Pool,
        state: PoolState,
        token_in: Address,
        token_out: Address,
        amount: int,
        timestamp: int,
        *,
        exact_out: bool = False,
    ) -> SwapResult:
        own, x_for_y = _own(pool, state), token_in == pool.tokens[0]
        if exact_out:
            guess, missing, _ = liquidity_book.amount_in(own, x_for_y, amount, timestamp)
            if missing:
                raise ChainDataError(f"the bins of {pool.address} lack {missing} of {amount}")

            def paid(spent: int) -> int:
                return liquidity_book.exchange(own, x_for_y, spent, timestamp)[0]

            amount = least_input(paid, amount, guess)
        if amount > UINT128_MAX:
            raise ChainDataError(f"{amount} is more than the pair {pool.address} counts")
        out, after, _ = liquidity_book.exchange(own, x_for_y, amount, timestamp)
        if not out:
            raise ChainDataError(f"pool {pool.address} pays nothing for {amount}")
        return SwapResult(amount, out, events.bare(after))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> BookCurve:
        return BookCurve(_own(pool, state), token_in == pool.tokens[0], timestamp)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return _own(pool, state).reserves

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """1 where X is sold for Y, else 0."""
        return (int(token_in == pool.tokens[0]),)


def _learned(pool: Pool, book: LiquidityBook) -> Learned:
    fee = liquidity_book.fee_rate(book.rules, book.bin_step, 0) // _PIPS_UNIT
    known = BookTerms(book.bin_step, book.version)
    return Learned(msgspec.structs.replace(pool, fee_pips=fee, terms=known), book)


def _next_bin(lower: bool, bin_id: int) -> bytes:
    return calldata(NEXT, int(lower), bin_id)


def _bins(
    at: Address, active: int, next_bin: Callable[[bool, int], bytes], *, reverts: bool = False
) -> Generator[list[Call], list[bytes | None], dict[int, tuple[int, int]] | Refused]:
    """Every bin that holds something: windows around the active one, and around what lies beyond them.

    ``next_bin`` makes the call for the nearest one below or above, which names none of them or ``reverts`` where there
    is none.
    """
    found: dict[int, tuple[int, int]] = {}
    low, high = active - WINDOW, active + WINDOW + 1
    windows = [(low, high)]
    for _ in range(MOST_WINDOWS):
        ids = [each for start, end in windows for each in range(max(start, 0), min(end, _IDS))]
        ends = next_bin(True, max(low, 0)), next_bin(False, min(high - 1, _IDS - 1))
        told = yield [(at, call) for call in (*(calldata(BIN, each) for each in ids), *ends)]
        for each, answer in zip(ids, told[:-2], strict=True):
            x, y = answered(answer, 2, at)
            if x or y:
                found[each] = x, y
        below, above = (_IDS if reverts and answer is None else answered(answer, 1, at)[0] for answer in told[-2:])
        windows = []
        if below < low:
            windows.append((below - 2 * WINDOW, below + 1))
            low = below - 2 * WINDOW
        if high <= above < _IDS:
            windows.append((above, above + 2 * WINDOW))
            high = above + 2 * WINDOW
        if not windows:
            return dict(sorted(found.items()))
    return Refused(f"bins farther apart than {MOST_WINDOWS} windows of them")


def _terms(pool: Pool) -> BookTerms:
    if not isinstance(pool.terms, BookTerms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} has not the terms of its family")
    return pool.terms


def _own(pool: Pool, state: PoolState) -> LiquidityBook:
    if not isinstance(state, LiquidityBook):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state
