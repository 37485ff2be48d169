"""Curve's crypto pools as their factories announce them and as their contracts answer; what cannot be is refused."""

from collections.abc import Sequence

import pytest

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.pools import TRICRYPTO, TWOCRYPTO, Pool
from tallyio.core.units import Address, Hash32
from tallyio.devnet import abi
from tallyio.protocols.dex.crypto import CryptoSwap, CryptoTerms
from tallyio.protocols.dex.crypto_events import THREE_DEPLOYED, TWO_DEPLOYED
from tallyio.protocols.dex.deployments import Deployment
from tallyio.protocols.dex.family import Learned, Refused

FACTORY, POOL, OTHER = (Address("0x" + each * 20) for each in ("fa", "b0", "0e"))
COINS = tuple(Address(f"0x{k:040x}") for k in (7, 5, 6))


def announcement(family: str, coins: Sequence[str]) -> Log:
    n, middle = len(coins), [] if family == TWOCRYPTO else [OTHER]
    rest = [OTHER, bytes(32), *([[1] * n] if family == TWOCRYPTO else [1]), 1, 1, 1, 1, OTHER]
    types = "(address,string,string,address[2],address,bytes32,uint256[2],uint256,uint256,uint256,uint256,address)"
    if family == TRICRYPTO:
        types = (
            "(address,string,string,address,address[3],address,bytes32,uint256,uint256,uint256,uint256,uint256,address)"
        )
    data = abi.pack(types, POOL, "a pool", "with a name", *middle, list(coins), *rest)
    topic = TWO_DEPLOYED if family == TWOCRYPTO else THREE_DEPLOYED
    return Log(FACTORY, (topic,), data, 1, Hash32("0x"), Hash32("0x01"), 0, 0)


def deployment(family: str) -> Deployment:
    return Deployment("curve", family, FACTORY)


@pytest.mark.parametrize(("family", "n"), [(TWOCRYPTO, 2), (TRICRYPTO, 3)])
def test_a_pool_is_found_by_its_announcement(family: str, n: int) -> None:
    found = CryptoSwap(family).discover(announcement(family, COINS[:n]), deployment(family))
    assert found == Pool(POOL, family, "curve", COINS[:n], 0, terms=CryptoTerms())


@pytest.mark.parametrize("family", [TWOCRYPTO, TRICRYPTO])
def test_announcements_that_cannot_be(family: str) -> None:
    n = 2 if family == TWOCRYPTO else 3
    good = announcement(family, COINS[:n])
    cut = Log(FACTORY, good.topics, good.data[:100], 1, Hash32("0x"), Hash32("0x01"), 0, 0)
    for bad, why in ((cut, "in 100 bytes"), (announcement(family, COINS[:1] * n), "twice")):
        with pytest.raises(ChainDataError, match=why):
            CryptoSwap(family).discover(bad, deployment(family))


def answers(version: str, coins: Sequence[str]) -> list[bytes | None]:
    """Of a pool of two coins that keeps its average worth."""
    word = (1).to_bytes(32)
    held = [*(bytes.fromhex(coin[2:]).rjust(32, b"\0") for coin in coins), word, word]
    return [word, *held, abi.pack("(string)", version), word * 2, word, None, *[word] * 10, *[word] * 3]


@pytest.mark.parametrize(
    ("version", "coins", "why"),
    [("v2.1.0", COINS[:2], "version v2.1.0"), ("v2.0.0", COINS[1:], "its contract trades")],
)
def test_contracts_of_other_code_or_coins_are_refused(version: str, coins: Sequence[str], why: str) -> None:
    pool = Pool(POOL, TWOCRYPTO, "curve", COINS[:2], 0, terms=CryptoTerms())
    reading = CryptoSwap(TWOCRYPTO).read(pool)
    next(reading)
    with pytest.raises(StopIteration) as end:
        reading.send(answers(version, coins))
    assert isinstance(end.value.value, Refused)
    assert why in end.value.value.reason
    reading = CryptoSwap(TWOCRYPTO).read(pool)
    next(reading)
    with pytest.raises(StopIteration) as end:
        reading.send(answers("v2.0.0", COINS[:2]))
    assert isinstance(end.value.value, Learned)
