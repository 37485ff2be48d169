"""Steps between a token and its wrapped form, as pools of two tokens without a fee.

Native currency and its wrapper, ERC-4626 vaults that hold their assets themselves, staked ether and its wrapper. None
has a factory: the deployment names the wrapper itself. Amounts are the contracts' own, to the wei.
"""

from collections.abc import Sequence

import msgspec

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import ERC4626, WRAPPED_NATIVE, WRAPPED_STAKED, Pool, PoolState
from tallyio.core.units import UINT128_MAX, ZERO_ADDRESS, Address
from tallyio.hot_path.curve import FixedRate
from tallyio.protocols.dex.answers import answered, calldata, selector
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.families import wrapped
from tallyio.protocols.dex.families.words import SwapRefusedError
from tallyio.protocols.dex.families.wrapped import StakedRate, VaultShares
from tallyio.protocols.dex.family import Family, Learned, Reading, Refused, SwapResult

NATIVE = ZERO_ADDRESS
"""The chain's own currency as a token of pools, as Uniswap v4 names it."""
GAS_NATIVE, GAS_VAULT, GAS_STAKED = 35_000, 75_000, 70_000
_LENDS_ON = "it does not hold its assets itself: what they grow by, and what can be had, is not known"
_MAX_OFFSET = 18
_PROBE = 10**6
"""Previews are asked of this many times what there is: there a single virtual share makes a difference."""


class OneForOne(PoolState, frozen=True):
    """Nothing moves it: whoever has the wrapper's token has its currency."""


class _Wrapper(Family):
    """``Pool.tokens`` are what is wrapped, and the wrapper, whose address is the pool's."""

    topics: frozenset[str] = frozenset()
    read_first = True
    typical_gas = GAS_VAULT

    def discover(self, log: Log, deployment: Deployment) -> Pool | None:
        return None

    def standing(self, deployment: Deployment) -> Pool | None:
        """Known whole once it was read."""
        home = deployment.factory
        return Pool(home, self.name, deployment.protocol, (NATIVE, home), 0)

    def advance(self, pool: Pool, state: PoolState | None, logs: Sequence[Log], timestamp: int) -> PoolState | None:
        return None

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return True

    def curve(self, pool: Pool, state: PoolState, token_in: Address, token_out: Address, timestamp: int) -> FixedRate:
        """At the rate of the most that can be exchanged."""
        most = self._most(pool, state, self._wraps(pool, token_in, token_out))
        if not most:
            raise ChainDataError(f"{pool.address} has nothing to exchange")
        out = self.swap(pool, state, token_in, token_out, most, timestamp).amount_out
        return FixedRate(out / most, float(most))

    def _most(self, pool: Pool, state: PoolState, wraps: bool) -> int:
        return self.holdings(pool, state)[not wraps]

    def _wraps(self, pool: Pool, token_in: Address, token_out: Address) -> bool:
        if (token_in, token_out) not in (pool.tokens, pool.tokens[::-1]):
            raise ChainDataError(f"{pool.address} does not exchange {token_in} for {token_out}")
        return token_in == pool.tokens[0]


class WrappedNative(_Wrapper):
    """WETH9 and its kind: one for one."""

    name = WRAPPED_NATIVE
    typical_gas = GAS_NATIVE

    def read(self, pool: Pool) -> Reading:
        (answer,) = yield [(pool.address, _TOTAL_SUPPLY)]
        answered(answer, 1, pool.address)
        return OneForOne()

    def polled(self, pool: Pool, state: PoolState) -> bool:
        return False

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
        self._wraps(pool, token_in, token_out)
        if amount <= 0:
            raise ChainDataError(f"{pool.address} wraps no {amount}")
        return SwapResult(amount, amount, state)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        if not isinstance(state, OneForOne):
            raise ChainDataError(f"{pool.address} of family {pool.family} does not match its state")
        return UINT128_MAX, UINT128_MAX


_TOTAL_SUPPLY, _TOTAL_ASSETS, _ASSET = selector("totalSupply()"), selector("totalAssets()"), selector("asset()")
_BALANCE, _MAX_DEPOSIT, _MAX_MINT = (selector(f"{n}(address)") for n in ("balanceOf", "maxDeposit", "maxMint"))
_PREVIEWS = tuple(selector(f"preview{n}(uint256)") for n in ("Deposit", "Mint", "Withdraw", "Redeem"))


class SavingsVaults(_Wrapper):
    """ERC-4626 vaults whose shares are worth what they hold, as OpenZeppelin's, and simpler ones without virtual
    shares. Which it is, its previews tell, at every reading anew: while a share is worth one asset they may be alike.
    One that rounds otherwise, takes a fee or lends its assets on is refused.
    """

    name = ERC4626

    def read(self, pool: Pool) -> Reading:
        vault, own = pool.address, int(pool.address, 16)
        answers = yield [
            (vault, _ASSET),
            (vault, _TOTAL_ASSETS),
            (vault, _TOTAL_SUPPLY),
            (vault, calldata(_MAX_DEPOSIT, own)),
            (vault, calldata(_MAX_MINT, own)),
        ]
        asset, assets, shares, max_deposit, max_mint = (answered(answer, 1, vault)[0] for answer in answers)
        token = Address(f"0x{asset:040x}")
        probes = assets * _PROBE + 123_457, shares * _PROBE + 123_457
        amounts = (probes[0], probes[1], probes[0], probes[1])
        calls = [(vault, calldata(preview, amount)) for preview, amount in zip(_PREVIEWS, amounts, strict=True)]
        held, *previews = yield [(token, calldata(_BALANCE, own)), *calls]
        if answered(held, 1, token)[0] != assets:
            return Refused(_LENDS_ON)
        said = tuple(answered(answer, 1, vault)[0] for answer in previews)
        for virtual in ((0, 0), *((10**offset, 1) for offset in range(_MAX_OFFSET + 1))):
            state = VaultShares(assets, shares, *virtual, max_deposit, max_mint)
            if _previews(state, *probes) == said:
                return Learned(msgspec.structs.replace(pool, tokens=(token, vault)), state)
        return Refused("its previews are of no rounding known here, or take a fee")

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
        enters = self._wraps(pool, token_in, token_out)
        found, after = wrapped.exchange_shares(_own(pool, state), enters, amount, exact_out=exact_out)
        spent, bought = (found, amount) if exact_out else (amount, found)
        if not spent or not bought:
            raise ChainDataError(f"the vault {pool.address} pays {bought} for {spent}")
        return SwapResult(spent, bought, after)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        own = _own(pool, state)
        return own.assets, own.shares

    def _most(self, pool: Pool, state: PoolState, wraps: bool) -> int:
        own = _own(pool, state)
        return min(own.assets, own.max_deposit) if wraps else own.shares


class WrappedStaked(_Wrapper):
    """Wrapped staked ether, of which one is one share of the rebasing token.

    The rebasing token moves in whole shares: what arrives from unwrapping is told for a receiver that had none of it.
    Only exact input is offered.
    """

    name = WRAPPED_STAKED
    typical_gas = GAS_STAKED

    def read(self, pool: Pool) -> Reading:
        (answer,) = yield [(pool.address, selector("stETH()"))]
        (word,) = answered(answer, 1, pool.address)
        staked = Address(f"0x{word:040x}")
        calls = [(staked, selector(f"{name}()")) for name in ("getTotalPooledEther", "getTotalShares")]
        ether, shares = (answered(each, 1, staked)[0] for each in (yield calls))
        if not ether or not shares:
            return Refused("nothing is staked")
        return Learned(msgspec.structs.replace(pool, tokens=(staked, pool.address)), StakedRate(ether, shares))

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
        if not isinstance(state, StakedRate):
            raise ChainDataError(f"{pool.address} of family {pool.family} does not match its state")
        if exact_out:
            raise SwapRefusedError(f"{pool.address} takes exact input only")
        rule = wrapped.wrap_staked if self._wraps(pool, token_in, token_out) else wrapped.unwrap_staked
        found = rule(state, amount)
        if not found:
            raise ChainDataError(f"{pool.address} pays nothing for {amount}")
        return SwapResult(amount, found, state)

    def holdings(self, pool: Pool, state: PoolState) -> tuple[int, ...]:
        if not isinstance(state, StakedRate):
            raise ChainDataError(f"{pool.address} of family {pool.family} does not match its state")
        return state.ether, state.shares


def _previews(state: VaultShares, assets: int, shares: int) -> tuple[int, int, int, int] | None:
    try:
        return (
            state.shares_for(assets, up=False),
            state.assets_for(shares, up=True),
            state.shares_for(assets, up=True),
            state.assets_for(shares, up=False),
        )
    except SwapRefusedError:
        return None


def _own(pool: Pool, state: PoolState) -> VaultShares:
    if not isinstance(state, VaultShares):
        raise ChainDataError(f"the vault {pool.address} of family {pool.family} does not match its state")
    return state
