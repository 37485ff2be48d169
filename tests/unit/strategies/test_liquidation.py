"""The liquidation strategy on small markets of constant-product pools."""

from random import Random

import msgspec
import pytest
from msgspec.structs import replace

from tallyio.core.chain import BlockRef, FeedStatus, NewBlock
from tallyio.core.lending import AccountPosition, LendingState, Reserve
from tallyio.core.pools import V2, Pool, V2State
from tallyio.core.trade import FlashLoan, LiquidateStep, SwapStep
from tallyio.core.units import ZERO_ADDRESS, Address, Hash32
from tallyio.market.market import Market
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.flash_loans.offer import Offer
from tallyio.strategies.greedy import greedy, net_of
from tallyio.strategies.liquidation import Liquidation, LiquidationSettings
from tallyio.strategies.liquidation_ceiling import Ceiling
from tallyio.strategies.liquidation_ways import Kind, Pairs, Ways

WETH, USDC, LINK, DAI = (Address("0x" + digit * 40) for digit in "1234")
DECIMALS = {WETH: 18, USDC: 6, LINK: 18, DAI: 18}
PRICES = {WETH: 2_000, USDC: 1, LINK: 10, DAI: 1}
LENDING, BOB, ANN, TREASURY = (Address("0x" + digit * 40) for digit in "abcd")
HEAD = BlockRef(100, Hash32("0x64"), Hash32("0x63"), 1_000)
EVENT = NewBlock(HEAD, 10**9, 0, 30_000_000, ZERO_ADDRESS, ())


def pool(number: int, a: Address, b: Address, usd: int = 10_000_000) -> tuple[Pool, V2State]:
    """``usd`` dollars of each token."""
    a, b = sorted((a, b))
    address = Address(f"0x{0xF0 + number:040x}")
    reserves = (usd * 10 ** DECIMALS[t] // PRICES[t] for t in (a, b))
    return Pool(address, V2, "uniswap_v2", (a, b), 3000), V2State(*reserves)


POOLS = [pool(0, WETH, USDC), pool(1, WETH, LINK), pool(2, LINK, USDC), pool(3, WETH, DAI), pool(4, USDC, DAI)]


def reserve(number: int, asset: Address) -> Reserve:
    return Reserve(
        asset=asset, id=number, decimals=DECIMALS[asset], a_token=asset, debt_token=asset, treasury=TREASURY,
        threshold_bps=8000, bonus_bps=10700, protocol_fee_bps=1000, scaled_debt=10**30, virtual_balance=10**30,
        flash_loans=True, updated_at=1_000,
    )  # fmt: skip


RESERVES = {asset: reserve(i, asset) for i, asset in enumerate(DECIMALS)}


def position(collateral: Address, debt: Address, usd: int, health: float) -> AccountPosition:
    held = usd * 10 ** DECIMALS[collateral] // PRICES[collateral]
    owed = int(usd * 0.8 / health) * 10 ** DECIMALS[debt] // PRICES[debt]
    bitmap = 2 << 2 * RESERVES[collateral].id | 1 << 2 * RESERVES[debt].id
    return AccountPosition({collateral: held}, {debt: owed}, bitmap)


def view(accounts: dict[Address, AccountPosition], pools: list[tuple[Pool, V2State]] | None = None) -> MarketView:
    pools = POOLS if pools is None else pools
    market = Market(DexRegistry(()), WETH)
    market.start(HEAD, [p for p, _ in pools], {p.address: s for p, s in pools})
    lending = LendingState(
        LENDING, reserves=RESERVES, accounts=accounts, flash_premium_bps=5,
        prices_e8={asset: price * 10**8 for asset, price in PRICES.items()},
    )  # fmt: skip
    return market.view(next_base_fee_wei=10**9, next_timestamp=1_012, lending={LENDING: lending})


def evaluate(seen: MarketView, **settings: int) -> list[object]:
    return Liquidation(LiquidationSettings(**settings)).evaluate(EVENT, seen)


def test_healthy_accounts_are_left_alone() -> None:
    assert evaluate(view({BOB: position(WETH, USDC, 50_000, 1.01)})) == []


def test_only_new_blocks_are_evaluated() -> None:
    seen = view({BOB: position(WETH, USDC, 50_000, 0.9)})
    assert Liquidation(LiquidationSettings()).evaluate(FeedStatus(True, ""), seen) == []


def test_collateral_in_wrapped_ether_needs_one_swap() -> None:
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, view({BOB: position(WETH, USDC, 50_000, 0.9)}))
    route = found.route
    assert isinstance(route.funding, SwapStep)
    assert (route.funding.token_in, route.funding.token_out, route.outer) == (WETH, USDC, ())
    (liquidation,) = route.inner
    assert isinstance(liquidation, LiquidateStep)
    assert found.gross_wei == liquidation.collateral_received - route.funding.amount_in
    assert route.funding.amount_out == liquidation.debt_to_cover
    assert (found.borrower, found.pools, found.target_block) == (BOB, (route.funding.pool,), 101)


def test_debt_in_wrapped_ether_is_the_gain_itself() -> None:
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, view({BOB: position(LINK, WETH, 50_000, 0.9)}))
    funding, (liquidation, *_) = found.route.funding, found.route.inner
    assert isinstance(funding, SwapStep)
    assert isinstance(liquidation, LiquidateStep)
    assert (funding.token_out, found.route.outer) == (WETH, ())
    assert found.gross_wei == funding.amount_out - liquidation.debt_to_cover


def test_another_pair_sells_its_collateral_through_wrapped_ether() -> None:
    pools = [pool(0, WETH, DAI), pool(1, WETH, LINK)]
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, view({BOB: position(LINK, DAI, 50_000, 0.9)}, pools))
    funding = found.route.funding
    assert isinstance(funding, SwapStep)
    assert (funding.token_in, funding.token_out) == (WETH, DAI)
    assert [type(step) for step in found.route.inner] == [LiquidateStep, SwapStep]


def test_the_rest_is_sold_at_the_end_where_the_way_avoids_wrapped_ether() -> None:
    pools = [pool(0, LINK, DAI), pool(1, WETH, LINK)]
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, view({BOB: position(LINK, DAI, 50_000, 0.9)}, pools))
    funding, (sale,) = found.route.funding, found.route.outer
    assert isinstance(funding, SwapStep)
    assert isinstance(sale, SwapStep)
    assert (funding.token_in, funding.token_out, sale.token_in, sale.token_out) == (LINK, DAI, LINK, WETH)
    assert found.gross_wei == sale.amount_out


def test_one_asset_on_both_sides_takes_a_flash_loan() -> None:
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, view({BOB: position(USDC, USDC, 50_000, 0.9)}))
    assert isinstance(found.route.funding, FlashLoan)
    assert found.route.funding.premium == -(-found.route.funding.amount * 5 // 10_000)


def test_one_asset_on_both_sides_takes_the_cheapest_loans() -> None:
    dear = view({BOB: position(USDC, USDC, 50_000, 0.9)})
    (paid,) = Liquidation(LiquidationSettings()).evaluate(EVENT, dear)
    assert isinstance(paid.route.funding, FlashLoan)
    whole, market = paid.route.funding.amount, paid.route.funding.market
    lenders = {USDC: (Offer("morpho", BOB, USDC, whole - 10**9), Offer("balancer_v2", LINK, USDC, 10**9))}
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, replace(dear, offers=lenders))
    loans = (found.route.funding, *found.route.loans)
    assert {loan.source for loan in loans if isinstance(loan, FlashLoan)} == {"morpho", "balancer_v2"}
    assert found.gross_wei > paid.gross_wei
    dry = {market: replace(dear.lending[market], reserves={**dear.lending[market].reserves})}
    reserve = dry[market].reserves[USDC]
    dry[market] = replace(dry[market], reserves={**dry[market].reserves, USDC: replace(reserve, flash_loans=False)})
    assert Liquidation(LiquidationSettings()).evaluate(EVENT, replace(dear, lending=dry)) == []
    (free,) = Liquidation(LiquidationSettings()).evaluate(EVENT, replace(dear, lending=dry, offers=lenders))
    assert free.gross_wei == found.gross_wei


def test_nothing_is_promised_without_a_way() -> None:
    assert evaluate(view({BOB: position(LINK, DAI, 50_000, 0.9)}, [pool(0, WETH, USDC)])) == []


def test_shallow_pools_take_a_part_and_deep_ones_all() -> None:
    accounts = {BOB: position(LINK, WETH, 1_000_000, 0.94)}
    owed = accounts[BOB].borrowed[WETH]
    paid = []
    for usd in (4_000_000, 1_000_000_000):
        (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, view(accounts, [pool(0, WETH, LINK, usd)]))
        (liquidation,) = found.route.inner
        assert isinstance(liquidation, LiquidateStep)
        paid.append(liquidation.debt_to_cover)
    assert paid[0] < owed * 9 // 10
    assert paid[1] == owed


def test_an_inner_amount_beats_its_neighbours() -> None:
    """A tenth of a percent more or less earns less."""
    accounts = {BOB: position(LINK, WETH, 1_000_000, 0.94)}
    seen = view(accounts, [pool(0, WETH, LINK, 4_000_000)])
    (found,) = Liquidation(LiquidationSettings()).evaluate(EVENT, seen)
    (liquidation,) = found.route.inner
    assert isinstance(liquidation, LiquidateStep)
    ways = Ways(seen, Pairs(seen.graph), {})
    ((_, way),) = [item for item in ways.between(LINK, WETH, 1e18, 2e20) if item[1].kind is Kind.ALL]
    rate = liquidation.collateral_received / liquidation.debt_to_cover

    def gain(share: float) -> float:
        paid = liquidation.debt_to_cover * share
        return ways.value(way, LINK, WETH, paid, paid * rate)

    assert gain(1.0) == pytest.approx(found.gross_wei, rel=1e-9)
    assert gain(1.0) > max(gain(0.999), gain(1.001))


def test_what_does_not_pay_for_its_gas_is_left() -> None:
    accounts = {BOB: position(WETH, USDC, 50, 0.9)}
    assert evaluate(view(accounts), min_profit_wei=0)
    dear = msgspec.structs.replace(view(accounts), next_base_fee_wei=10**12)
    assert evaluate(dear, min_profit_wei=0) == []


def test_at_most_keep_accounts_and_the_best_of_them() -> None:
    random = Random(5)
    accounts = {
        Address(f"0x{i:040x}"): position(
            *random.sample(list(DECIMALS), 2), random.randrange(2_000, 90_000), random.uniform(0.8, 1.02)
        )
        for i in range(1, 30)
    }
    seen = view(accounts)
    everything = Liquidation(LiquidationSettings(keep=100)).evaluate(EVENT, seen)
    few = Liquidation(LiquidationSettings(keep=3)).evaluate(EVENT, seen)
    assert few == everything[:3]
    assert len({o.borrower for o in everything}) == len(everything) > 10
    nets = [net_of(seen)(o) for o in everything]
    assert nets == sorted(nets, reverse=True)
    again = Liquidation(LiquidationSettings(keep=100))
    again.evaluate(EVENT, view({BOB: position(LINK, DAI, 50_000, 0.9)}))
    assert again.evaluate(EVENT, seen) == everything


def test_ceilings_hold() -> None:
    """No way gains more than the ceiling of its amounts."""
    random = Random(6)
    seen = view({})
    pairs = Pairs(seen.graph)
    ways, ceiling = Ways(seen, pairs, {}), Ceiling(seen, pairs)
    for _ in range(300):
        collateral, debt = random.sample(list(DECIMALS), 2)
        usd = 10 ** random.uniform(2, 7)
        paid = usd * 10 ** DECIMALS[debt] / PRICES[debt]
        received = usd * random.uniform(1, 1.1) * 10 ** DECIMALS[collateral] / PRICES[collateral]
        most = ceiling.gain(collateral, debt, paid, received)
        for value, way in ways.between(collateral, debt, paid, received):
            assert value <= most + abs(most) * 1e-9, way


def test_greedy_empties_the_market_and_ends() -> None:
    accounts = {BOB: position(LINK, USDC, 80_000, 0.97), ANN: position(WETH, DAI, 30_000, 0.9)}
    chosen, after = greedy(EVENT, view(accounts), [Liquidation(LiquidationSettings())])
    assert {o.borrower for o in chosen} == {BOB, ANN}
    assert Liquidation(LiquidationSettings()).evaluate(EVENT, after) == []
