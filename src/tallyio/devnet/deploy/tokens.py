"""The world's tokens and price feeds."""

from pathlib import Path

from tallyio.core.units import Address
from tallyio.devnet import abi, solidity
from tallyio.devnet.accounts import Account
from tallyio.devnet.artifacts import Artifact, from_package, from_source
from tallyio.devnet.deploy.catalog import RESERVES, TOKENS
from tallyio.devnet.deploy.session import Session
from tallyio.devnet.packages import package
from tallyio.devnet.world import Feed, Token

CONTRACTS = Path(__file__).parents[1] / "contracts"
NO_ACCESS_CONTROL = "0x" + "00" * 20
UNLIMITED = 2**256 - 1


def own_contracts() -> dict[str, Artifact]:
    """The test contracts of the devnet itself."""
    sources = solidity.gather({file.name: file for file in sorted(CONTRACTS.glob("*.sol"))})
    return from_source("0.8.30", solidity.standard_input(sources, evm_version="shanghai"))


def feed_proxy() -> Artifact:
    """Chainlink's published proxy, as it stands in front of every aggregator."""
    name = "v0.6/EACAggregatorProxy.sol"
    sources = solidity.gather({name: package("chainlink-legacy") / "src" / name})
    return from_source("0.6.6", solidity.standard_input(sources, runs=1_000_000))["EACAggregatorProxy"]


def deploy_tokens(session: Session) -> dict[str, Token]:
    own = own_contracts()
    tokens = {}
    for plan in TOKENS:
        if plan.symbol == "WETH":
            address = session.create(from_package("uniswap-v2-periphery", "build/WETH9.json"))
        elif plan.transfer_fee_bps:
            arguments = abi.pack("(string,uint8,uint256)", plan.symbol, plan.decimals, plan.transfer_fee_bps)
            address = session.create(own["FeeToken"], arguments)
        else:
            kind = own["SilentToken" if plan.silent else "OpenToken"]
            address = session.create(kind, abi.pack("(string,uint8)", plan.symbol, plan.decimals))
        tokens[plan.symbol] = Token(
            plan.symbol, address, plan.decimals, plan.price_e8, plan.transfer_fee_bps, plan.silent
        )
    return tokens


def deploy_feeds(session: Session, reporter: Address) -> dict[str, Feed]:
    """One feed for each reserve of the lending market; ``reporter`` sets its answers."""
    aggregator_code, proxy_code = own_contracts()["PriceFeed"], feed_proxy()
    prices = {plan.symbol: plan.price_e8 for plan in TOKENS}
    feeds = {}
    for symbol in (reserve.symbol for reserve in RESERVES):
        arguments = abi.pack("(address,string,int256)", reporter, f"{symbol} / USD", prices[symbol])
        aggregator = session.create(aggregator_code, arguments)
        proxy = session.create(proxy_code, abi.pack("(address,address)", aggregator, NO_ACCESS_CONTROL))
        feeds[symbol] = Feed(proxy, aggregator)
    return feeds


def give(session: Session, token: Token, to: Account, amount: int) -> None:
    """Let ``to`` have more of a token: minted, or wrapped from its ether."""
    if token.symbol == "WETH":
        session.fund([to.address], amount + 10**6 * 10**18)
        session.send(to, token.address, abi.call("deposit()"), "wrap ether", value_wei=amount)
    else:
        session.send(to, token.address, abi.call("mint(address,uint256)", to.address, amount), f"mint {token.symbol}")


def approve(session: Session, token: Token, owner: Account, *spenders: Address) -> None:
    for spender in spenders:
        data = abi.call("approve(address,uint256)", spender, UNLIMITED)
        session.send(owner, token.address, data, f"approve {token.symbol}")
