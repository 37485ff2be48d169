"""Uniswap v4: all pools in one pool manager, named by their ids; native currency is the token of address zero.

A hook is known by its address: the flags in its last bits say what it is called for (v4 documentation, hooks). One that
is called around swaps may change them, so its pools are recognised and not traded. A pool of dynamic fee is read at
every block: its hook may set the fee without an event.
"""

from collections.abc import Sequence

import msgspec

from tallyio.chains.keccak import keccak256
from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V4, Pool, PoolState, Terms, V3State
from tallyio.core.units import PIPS, Address
from tallyio.hot_path.amm import v3
from tallyio.hot_path.amm.tick_math import MAX_TICK, MIN_TICK
from tallyio.hot_path.curve import Curve
from tallyio.protocols.dex.answers import answered, calldata
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families.concentrated import uniswap_v4_fee, uniswap_v4_step
from tallyio.protocols.dex.family import Family, Reading, SwapResult
from tallyio.protocols.dex.positions import with_position
from tallyio.protocols.dex.uniswap_v3 import filled, tick_word, ticks_obstacle, virtual_reserves
from tallyio.protocols.dex.words import address_word, signed, topic, unsigned, words

INITIALIZE = "0xdd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438"
"""``Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1, uint24 fee, int24 tickSpacing,
address hooks, uint160 sqrtPriceX96, int24 tick)``"""
MODIFY_LIQUIDITY = "0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec"
"""``ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 tickLower, int24 tickUpper,
int256 liquidityDelta, bytes32 salt)``"""
SWAP = "0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f"
"""``Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1, uint160 sqrtPriceX96,
uint128 liquidity, int24 tick, uint24 fee)``"""
PROTOCOL_FEE_UPDATED = "0xe9c42593e71f84403b84352cd168d693e2c9fcd1fdbcc3feb21d92b43e6696f9"
"""``ProtocolFeeUpdated(bytes32 indexed id, uint24 protocolFee)``"""
EXTSLOAD = bytes.fromhex("dbd035ff")
"""``extsload(bytes32[])``"""
DYNAMIC = 0x800000
"""The fee of a pool key that stands for a dynamic one."""
SWAP_FLAGS = 1 << 7 | 1 << 6 | 1 << 3 | 1 << 2
"""beforeSwap, afterSwap, and the returned deltas of both."""
_POOLS_SLOT, _LIQUIDITY, _TICKS, _BITMAP = 6, 3, 4, 5
"""Where the manager's storage keeps pools, and a pool its parts."""
_FEE_BITS, _FEE_MASK = 12, (1 << 12) - 1
_PRICE_MASK, _TICK_MASK = (1 << 160) - 1, (1 << 24) - 1
_HALF = 1 << 128
_INT128 = 1 << 127


class V4Terms(Terms, frozen=True):
    """``key_fee`` as the pool's key has it."""

    key_fee: int
    hooks: Address


class V4State(PoolState, frozen=True):
    """``protocol_fee`` holds both directions, 12 bits each, the low ones for sales of the first currency."""

    ticks: V3State
    lp_fee: int
    protocol_fee: int = 0

    def fee(self, zero_for_one: bool) -> int:
        """All that a swap pays, in pips."""
        protocol = self.protocol_fee & _FEE_MASK if zero_for_one else self.protocol_fee >> _FEE_BITS
        return uniswap_v4_fee(protocol, self.lp_fee)


class UniswapV4(Family):
    name = V4
    typical_gas = 64_000
    lends = True
    topics = frozenset({INITIALIZE, MODIFY_LIQUIDITY, SWAP, PROTOCOL_FEE_UPDATED})

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        if not log.topics or log.topics[0] != INITIALIZE:
            return None
        fee, spacing, hooks, _, _ = words(log, 4, 5)
        key_fee, tick_spacing = unsigned(fee, 24), signed(spacing, 24)
        currency0, currency1 = topic(log, 2), topic(log, 3)
        if currency0 >= currency1 or tick_spacing <= 0 or (key_fee > PIPS and key_fee != DYNAMIC):
            raise ChainDataError(f"the pool manager {log.address} announced a pool that Uniswap v4 cannot have")
        key = (currency0, currency1, key_fee, tick_spacing, hooks)
        if topic(log, 1) != int.from_bytes(keccak256(b"".join(each.to_bytes(32) for each in key))):
            raise ChainDataError(f"the pool manager {log.address} announced an id that is not its key's hash")
        return Pool(
            address=Address(f"0x{topic(log, 1):064x}"),
            family=V4,
            protocol=deployment.protocol,
            tokens=(address_word(currency0), address_word(currency1)),
            fee_pips=0 if key_fee == DYNAMIC else key_fee,
            tick_spacing=tick_spacing,
            home=log.address,
            terms=V4Terms(key_fee, address_word(hooks)),
        )

    def key(self, log: Log) -> Address | None:
        return Address(log.topics[1]) if len(log.topics) > 1 else None

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return terms_of(pool).key_fee == DYNAMIC

    def read(self, pool: Pool) -> Reading:
        base = _place(pool)
        (found,) = yield [_load(pool, [base, base + _LIQUIDITY])]
        slot0, liquidity = _loaded(pool, found, 2)
        price = slot0 & _PRICE_MASK
        if not price:
            return None
        first, last = (MIN_TICK // pool.tick_spacing) >> 8, (MAX_TICK // pool.tick_spacing) >> 8
        places = range(first, last + 1)
        (found,) = yield [_load(pool, [_mapped(place, base + _BITMAP) for place in places])]
        ticks = [
            ((place << 8) + bit) * pool.tick_spacing
            for place, bitmap in zip(places, _loaded(pool, found, len(places)), strict=True)
            if bitmap
            for bit in range(bitmap.bit_length())
            if bitmap >> bit & 1
        ]
        (found,) = yield [_load(pool, [_mapped(tick, base + _TICKS) for tick in ticks])]
        told = _loaded(pool, found, len(ticks))
        return V4State(
            V3State(
                sqrt_price_x96=price,
                tick=_signed(slot0 >> 160 & _TICK_MASK, 24),
                liquidity=liquidity % _HALF,
                tick_index=tuple(ticks),
                liquidity_net=tuple(_signed(word >> 128, 128) for word in told),
                liquidity_gross=tuple(word % _HALF for word in told),
            ),
            lp_fee=slot0 >> 208 & _TICK_MASK,
            protocol_fee=slot0 >> 184 & _TICK_MASK,
        )

    def refresh(self, pool: Pool, state: PoolState) -> Reading:
        own = _own(pool, state)
        (found,) = yield [_load(pool, [_place(pool)])]
        (slot0,) = _loaded(pool, found, 1)
        return msgspec.structs.replace(own, lp_fee=slot0 >> 208 & _TICK_MASK, protocol_fee=slot0 >> 184 & _TICK_MASK)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> V4State | None:
        own = None if state is None else _own(pool, state)
        for log in logs:
            if log.topics[0] == INITIALIZE:
                _, _, _, price, tick = words(log, 4, 5)
                own = V4State(V3State(unsigned(price, 160), tick_word(tick), 0), pool.fee_pips)
            elif own is None:
                raise ChainDataError(f"pool {pool.address} is not initialised, found an event {log.topics[0]} of it")
            else:
                own = _after(pool, own, log)
        return own

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
        own, zero_for_one = _own(pool, state), token_in == pool.token0
        if reason := self.obstacle(pool, state):
            raise ChainDataError(f"pool {pool.address}: {reason}")
        fee = own.fee(zero_for_one)
        if exact_out and fee >= PIPS:
            raise ChainDataError(f"pool {pool.address} takes all of an input as its fee")
        done = v3.swap(
            own.ticks, pool.tick_spacing, fee, zero_for_one, amount, exact_in=not exact_out, rule=uniswap_v4_step
        )
        amounts = filled(pool, amount, done.unfilled, done.amount_in, done.amount_out)
        if max(amounts) >= _INT128:
            raise ChainDataError(f"pool {pool.address} moves no more than {_INT128 - 1}, asked for {max(amounts)}")
        return SwapResult(*amounts, msgspec.structs.replace(own, ticks=v3.after(own.ticks, done)))

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> Curve:
        own, zero_for_one = _own(pool, state), token_in == pool.token0
        charged = msgspec.structs.replace(pool, fee_pips=min(own.fee(zero_for_one), PIPS))
        return Curve(charged, own.ticks, zero_for_one)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        return virtual_reserves(_own(pool, state).ticks)

    def obstacle(self, pool: Pool, state: PoolState) -> str:
        hooks = terms_of(pool).hooks
        if int(hooks, 16) & SWAP_FLAGS:
            return f"its hook {hooks} may change swaps"
        return ticks_obstacle(_own(pool, state).ticks)

    def detail(self, pool: Pool, token_in: Address, token_out: Address) -> tuple[int, ...]:
        """The manager, and the pool key's fee, tick spacing and hooks."""
        terms = terms_of(pool)
        return int(pool.home, 16), terms.key_fee, pool.tick_spacing, int(terms.hooks, 16)


def terms_of(pool: Pool) -> V4Terms:
    if not isinstance(pool.terms, V4Terms):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} lacks its key")
    return pool.terms


def _after(pool: Pool, own: V4State, log: Log) -> V4State:
    match log.topics[0]:
        case t if t == SWAP:
            amount0, amount1, price, liquidity, tick, fee = words(log, 3, 6)
            moved = signed(amount0, 128), signed(amount1, 128)
            ways = {moved[0] < 0 or moved[1] > 0} if any(moved) else {True, False}
            if unsigned(fee, 24) not in {own.fee(way) for way in ways}:
                raise ChainDataError(f"pool {pool.address} took a fee of {fee}, expected that which its events tell")
            ticks = msgspec.structs.replace(
                own.ticks,
                sqrt_price_x96=unsigned(price, 160),
                tick=tick_word(tick),
                liquidity=unsigned(liquidity, 128),
            )
            return msgspec.structs.replace(own, ticks=ticks)
        case t if t == MODIFY_LIQUIDITY:
            lower, upper, change, _ = words(log, 3, 4)
            ticks = with_position(own.ticks, tick_word(lower), tick_word(upper), signed(change, 256))
            return msgspec.structs.replace(own, ticks=ticks)
        case t if t == PROTOCOL_FEE_UPDATED:
            (fee,) = words(log, 2, 1)
            return msgspec.structs.replace(own, protocol_fee=unsigned(fee, 24))
    return own


def _own(pool: Pool, state: PoolState) -> V4State:
    if not isinstance(state, V4State):
        raise ChainDataError(f"pool {pool.address} of family {pool.family} does not match its state")
    return state


def _place(pool: Pool) -> int:
    """Where the manager's storage keeps the pool."""
    return _mapped(int(pool.address, 16), _POOLS_SLOT)


def _load(pool: Pool, slots: Sequence[int]) -> tuple[Address, bytes]:
    return pool.contract, calldata(EXTSLOAD, 32, len(slots), *slots)


def _loaded(pool: Pool, answer: bytes | None, count: int) -> list[int]:
    return answered(answer, count + 2, pool.contract)[2:]


def _mapped(key: int, slot: int) -> int:
    """The place of a mapping's value."""
    return int.from_bytes(keccak256((key % (1 << 256)).to_bytes(32) + (slot % (1 << 256)).to_bytes(32)))


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value
