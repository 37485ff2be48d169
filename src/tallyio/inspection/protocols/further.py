"""Exchanges whose call or event tells all by itself, one entry each.

Uniswap v1, DODO, Mooniswap (1inch), KyberSwap, Liquidity Book, Maverick, StableSwap forks (Saddle).
"""

from tallyio.core.units import Address
from tallyio.inspection.abi import account, as_account, selector, topic, word
from tallyio.inspection.activity import NATIVE, Action, Unread
from tallyio.inspection.protocols.flow import by_flow, swap_between
from tallyio.inspection.reading import CallReader, Event, EventReader, Reading


def v1_event(buys_token: bool) -> EventReader:
    """``TokenPurchase(buyer, ethSold, tokensBought)``, ``EthPurchase(buyer, tokensSold, ethBought)``, all indexed."""

    def read(event: Event, reading: Reading) -> list[Action]:
        amounts = (int(event.topics[2], 16), int(event.topics[3], 16))
        moved = (
            reading.exact(amounts[1], event.order, by=event.address)
            if buys_token
            else reading.exact(amounts[0], event.order, to=event.address)
        )
        if moved is None:
            return [Unread(event.place, "uniswap_v1", event.address, "token unknown")]
        tokens = (NATIVE, moved.token) if buys_token else (moved.token, NATIVE)
        return swap_between(event, reading, "uniswap_v1", *amounts, tokens=tokens)

    return read


def named_event(protocol: str, token_in: int, token_out: int, amount_in: int, amount_out: int) -> EventReader:
    """An event whose data names tokens and amounts, at these words."""

    def read(event: Event, reading: Reading) -> list[Action]:
        tokens = (account(event.data, token_in), account(event.data, token_out))
        return swap_between(
            event, reading, protocol, word(event.data, amount_in), word(event.data, amount_out), tokens=tokens
        )

    return read


def mooniswap_event(event: Event, reading: Reading) -> list[Action]:
    """``Swapped(sender, receiver, srcToken, dstToken, amount, result, ...)``, three indexed; 0 is the coin."""
    tokens = (_coin(as_account(int(event.topics[3], 16))), _coin(account(event.data, 0)))
    return swap_between(event, reading, "mooniswap", word(event.data, 1), word(event.data, 2), tokens=tokens)


def _coin(token: Address) -> Address:
    return NATIVE if not int(token, 16) else token


def packed_event(event: Event, reading: Reading) -> list[Action]:
    """Liquidity Book's ``Swap(sender, to, id, amountsIn, amountsOut, ...)``: two amounts of 128 bits in a word."""
    taken, given = word(event.data, 1), word(event.data, 2)
    amounts_in = (taken & (2**128 - 1), taken >> 128)
    amounts_out = (given & (2**128 - 1), given >> 128)
    return swap_between(event, reading, "liquidity_book", max(amounts_in), max(amounts_out))


def first_book_event(event: Event, reading: Reading) -> list[Action]:
    """Liquidity Book 2.0's ``Swap(sender, recipient, id, swapForY, amountIn, amountOut, volatility, fees)``: the fees
    come on top; three indexed."""
    taken = word(event.data, 1) + word(event.data, 4)
    return swap_between(event, reading, "liquidity_book", taken, word(event.data, 2))


def stated_event(protocol: str, amount_in: int, amount_out: int) -> EventReader:
    """An event that states the amounts, at these words, and leaves the tokens to the transfers."""

    def read(event: Event, reading: Reading) -> list[Action]:
        return swap_between(event, reading, protocol, word(event.data, amount_in), word(event.data, amount_out))

    return read


V1_BUYS = (
    "ethToTokenSwapInput(uint256,uint256)",
    "ethToTokenTransferInput(uint256,uint256,address)",
    "ethToTokenSwapOutput(uint256,uint256)",
    "ethToTokenTransferOutput(uint256,uint256,address)",
    "tokenToEthSwapInput(uint256,uint256,uint256)",
    "tokenToEthTransferInput(uint256,uint256,uint256,address)",
    "tokenToEthSwapOutput(uint256,uint256,uint256)",
    "tokenToEthTransferOutput(uint256,uint256,uint256,address)",
)
CALLS: dict[bytes, CallReader] = {
    **{selector(s): by_flow("uniswap_v1") for s in V1_BUYS},
    selector("buyBaseToken(uint256,uint256,bytes)"): by_flow("dodo"),
    selector("sellBaseToken(uint256,uint256,bytes)"): by_flow("dodo"),
    selector("swap(address,address,uint256,uint256,address)"): by_flow("mooniswap"),
    selector("swap(uint8,uint8,uint256,uint256,uint256)"): by_flow("saddle"),
}
EVENTS: dict[str, EventReader] = {
    topic("TokenPurchase(address,uint256,uint256)"): v1_event(True),
    topic("EthPurchase(address,uint256,uint256)"): v1_event(False),
    topic("DODOSwap(address,address,uint256,uint256,address,address)"): named_event("dodo", 0, 1, 2, 3),
    topic("Swapped(address,address,address,address,uint256,uint256,uint256,uint256,uint256,address)"): mooniswap_event,
    topic("Swap(address,address,uint24,bytes32,bytes32,uint24,bytes32,bytes32)"): packed_event,
    topic("Swap(address,address,uint256,bool,uint256,uint256,uint256,uint256)"): first_book_event,
    topic("PoolSwap(address,address,(uint256,bool,bool,int32),uint256,uint256)"): stated_event("maverick_v2", 6, 7),
    topic("Swap(address,address,bool,bool,uint256,uint256,int32)"): stated_event("maverick_v1", 4, 5),
    topic("TokenSwap(address,uint256,uint256,uint128,uint128)"): stated_event("saddle", 0, 1),
}
