"""Steps that are no pools: the native currency's wrapper, and OpenZeppelin's vault, which grew before trading began."""

from tallyio.core.pools import ERC4626, WRAPPED_NATIVE
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.devnet.accounts import Account
from tallyio.devnet.deploy.catalog import USD
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.deploy.tokens import approve
from tallyio.devnet.deploy.wrapped import wrapped_contracts
from tallyio.devnet.venues.venue import Order, Sale
from tallyio.devnet.world import Token, Venue, VenuePool

ASSET, SHARES = "DAI", "SDAI"
GROWTH_PERCENT = 5
DEPOSIT = "deposit(uint256,address)"


def deploy_vault(session: Session, dai: Token, provider: Account, holders: dict[Account, int]) -> Token:
    """A vault over ``dai`` whose shares have grown; ``holders`` get shares of so many dollars, from ``provider``."""
    code = wrapped_contracts()["SavingsVault"]
    vault = session.create(code, abi.pack("(address,uint8)", dai.address, 0))
    approve(session, dai, provider, vault)
    for holder, value_usd in holders.items():
        data = abi.call(DEPOSIT, dai.amount(value_usd * USD), holder.address)
        session.send(provider, vault, data, "deposit into the vault")
    grown = dai.amount(sum(holders.values()) * USD) * GROWTH_PERCENT // 100
    session.send(provider, dai.address, abi.call("transfer(address,uint256)", vault, grown), "let the vault grow")
    return Token(SHARES, vault, dai.decimals, dai.price_e8 * (100 + GROWTH_PERCENT) // 100)


def venues_of(tokens: dict[str, Token]) -> tuple[Venue, ...]:
    vault, asset = tokens[SHARES].address, tokens[ASSET].address
    return (
        Venue(WRAPPED_NATIVE, WRAPPED_NATIVE, tokens["WETH"].address, ()),
        Venue(ERC4626, ERC4626, vault, (VenuePool(vault, (asset, vault)),)),
    )


def sell(order: Order) -> Sale:
    vault: Address = order.pool.address
    if order.token_in != vault:
        return Sale(vault, abi.call(DEPOSIT, order.amount, order.swapper))
    return Sale(vault, abi.call("redeem(uint256,address,address)", order.amount, order.swapper, order.swapper))
