"""The whole world, in order."""

from tallyio.core.clock import seeded
from tallyio.devnet import abi, accounts
from tallyio.devnet.accounts import Account
from tallyio.devnet.anvil import BASE_FEE_WEI, Anvil
from tallyio.devnet.deploy import catalog
from tallyio.devnet.deploy.aave import deploy_aave
from tallyio.devnet.deploy.balancer import deploy_balancer
from tallyio.devnet.deploy.compile import compile_all
from tallyio.devnet.deploy.exchanges import (
    MULTICALL3,
    PERMIT2,
    Exchanges,
    deploy_exchanges,
    place_singletons,
)
from tallyio.devnet.deploy.loans import draw_loan, opening_calls, supply_call
from tallyio.devnet.deploy.pools import Seeder
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.tokens import approve, deploy_feeds, deploy_tokens, give, own_contracts
from tallyio.devnet.venues import balancer_v2, wrapping
from tallyio.devnet.venues.all import deploy_venues
from tallyio.devnet.venues.venue import Builder
from tallyio.devnet.world import AaveMarket, Sizes, Token, World

PROVIDER_USD = 2_000_000_000
TRADER_USD = 500_000_000
SUPPLIER_USD = 60_000_000
VAULT_USD = 20_000_000
"""What each trader has in the vault."""


def build_world(anvil: Anvil, seed: int, sizes: Sizes) -> World:
    """Deploy everything on a fresh ``anvil`` that mines only when told to.

    The same seed and sizes give the same addresses, amounts and block times. Raises ``BugError`` with the name of
    the transaction that failed.
    """

    def of(role: str, count: int = 1) -> list[Account]:
        return [accounts.account(seed, role, i) for i in range(count)]

    compile_all()
    session = Session(anvil.rpc, anvil.chain_id, of("deployer")[0])
    (oracle,), (supplier,) = of("oracle"), of("supplier")
    traders, providers = of("trader", sizes.traders), of("provider", sizes.providers)
    borrowers = of("borrower", sizes.borrowers)
    idle = of("newcomer", sizes.newcomers) + of("searcher", sizes.searchers)
    session.fund(a.address for a in (oracle, supplier, *traders, *providers, *borrowers, *idle))

    place_singletons(session)
    tokens = deploy_tokens(session)
    exchanges = deploy_exchanges(session, tokens["WETH"].address)
    feeds = deploy_feeds(session, oracle.address)
    session.settle()
    aave = deploy_aave(session, tokens, feeds)
    _hand_out(session, tokens, exchanges, aave, traders, providers, supplier)
    session.settle()

    seeder = Seeder(session, tokens, exchanges, providers, seed)
    plans = catalog.pools(sizes.pools)
    pools = [seeder.create(plan) for plan in plans]
    session.settle()
    balancer = deploy_balancer(session, tokens, providers[0])
    session.settle()
    swapper = session.create(own_contracts()["Swapper"], abi.pack("(address)", tokens["WETH"].address))
    holders = dict.fromkeys((*traders, providers[0]), VAULT_USD)
    tokens[wrapping.SHARES] = wrapping.deploy_vault(session, tokens[wrapping.ASSET], providers[0], holders)
    for trader in traders:
        for token in tokens.values():
            approve(session, token, trader, swapper)
    venues = deploy_venues(Builder(session, tokens, providers[0], swapper))
    session.settle()
    random = seeded(seed, "borrowers")
    for borrower in borrowers:
        loan = draw_loan(random)
        for call in opening_calls(aave, tokens, borrower.address, loan, lambda s, value: tokens[s].amount(value)):
            session.send(borrower, call.to, call.data, call.label, value_wei=call.value_wei)
    session.settle()
    end = session.finish(BASE_FEE_WEI)
    return World(
        chain_id=anvil.chain_id,
        seed=seed,
        sizes=sizes,
        start_block=1,
        end_block=end,
        weth=tokens["WETH"].address,
        multicall3=MULTICALL3,
        permit2=PERMIT2,
        tokens=tokens,
        factories=exchanges.factories,
        v3=exchanges.v3,
        aave=aave,
        balancer=balancer,
        feeds=feeds,
        pools=tuple(pools),
        venues=(*venues, balancer_v2.venue_of(balancer, tokens), *wrapping.venues_of(tokens)),
        swapper=swapper,
        odd_pools={pool.address: plan.odd for pool, plan in zip(pools, plans, strict=True) if plan.odd},
    )


def _hand_out(
    session: Session,
    tokens: dict[str, Token],
    exchanges: Exchanges,
    aave: AaveMarket,
    traders: list[Account],
    providers: list[Account],
    supplier: Account,
) -> None:
    """Balances and allowances of everyone who acts; liquidity of the lending market."""
    v2_routers = [factory.routers[0] for factory in exchanges.factories if factory.fee_pips]
    for token in tokens.values():
        for provider in providers:
            give(session, token, provider, token.amount(PROVIDER_USD * catalog.USD))
            approve(session, token, provider, exchanges.v3.manager, *v2_routers)
        for trader in traders:
            give(session, token, trader, token.amount(TRADER_USD * catalog.USD))
            approve(session, token, trader, exchanges.v3.router, exchanges.v3.router02, *v2_routers)
        if token.symbol in aave.reserves:
            amount = token.amount(SUPPLIER_USD * catalog.USD)
            give(session, token, supplier, amount)
            approve(session, token, supplier, aave.pool)
            session.send(supplier, aave.pool, supply_call(token, amount, supplier.address), f"supply {token.symbol}")
