"""What a lending market's logs say."""

import pytest

from tallyio.core.chain import Log
from tallyio.core.errors import ChainDataError
from tallyio.core.lending import LendingState, Reserve
from tallyio.core.units import Address, Hash32
from tallyio.protocols.lending.aave_v3.abi import call, event, keccak
from tallyio.protocols.lending.aave_v3.events import CONFIGURATOR, POOL, TOKEN, decode_log, directory

POOL_ADDRESS, USER = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
ASSET, A_TOKEN, DEBT_TOKEN = (Address("0x" + digit * 40) for digit in "345")
STATE = LendingState(
    POOL_ADDRESS,
    reserves={ASSET: Reserve(asset=ASSET, id=0, decimals=18, a_token=A_TOKEN, debt_token=DEBT_TOKEN)},
)
SHAPES = {shape.name: shape for table in (POOL, TOKEN, CONFIGURATOR) for shape in table.values()}


def word(value: int | str) -> str:
    return f"0x{int(value, 16) if isinstance(value, str) else value:064x}"


def log(at: Address, name: str, topics: tuple[int | str, ...], *data: int | str) -> Log:
    body = b"".join(bytes.fromhex(word(d)[2:]) for d in data)
    signature = (SHAPES[name].topic, *map(word, topics))
    return Log(at, signature, body, 1, Hash32("0x01"), Hash32("0x02"), 0, 7)


def test_topics_are_the_published_ones() -> None:
    """Known from any block explorer."""
    assert SHAPES["LiquidationCall"].topic == "0xe413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286"
    assert SHAPES["ReserveDataUpdated"].topic == "0x804c9b842b2748a22bb64b345453a3de7ca54a6ca45ce00d415894979e22897a"
    assert SHAPES["Mint"].topic == "0x458f5fa412d0f69b08dd84872b0215675cc67bc1d5b6fd93300a1c3878b86196"
    assert call("transfer(address,uint256)", USER, 5)[:4].hex() == "a9059cbb"
    assert keccak("").hex().startswith("c5d2460186f7233c")


def test_a_withdrawal() -> None:
    entry = log(POOL_ADDRESS, "Withdraw", (ASSET, USER, USER), 10**18)
    change = decode_log(entry, POOL_ADDRESS, directory(STATE))
    assert change is not None
    assert (change.market, change.name) == (POOL_ADDRESS, "Withdraw")
    assert change.fields == {"reserve": ASSET, "user": USER, "to": USER, "amount": 10**18}


def test_a_token_says_which_side_and_asset_it_is() -> None:
    entry = log(DEBT_TOKEN, "Mint", (USER, USER), 5, 0, 10**27)
    change = decode_log(entry, POOL_ADDRESS, directory(STATE))
    assert change is not None
    assert (change.fields["reserve"], change.fields["side"]) == (ASSET, "borrowed")


def test_other_contracts_and_other_events_say_nothing() -> None:
    assert decode_log(log(USER, "Withdraw", (ASSET, USER, USER), 1), POOL_ADDRESS, directory(STATE)) is None
    assert decode_log(log(POOL_ADDRESS, "Mint", (USER, USER), 5, 0, 1), POOL_ADDRESS, directory(STATE)) is None


@pytest.mark.parametrize(
    "entry",
    [
        log(POOL_ADDRESS, "Withdraw", (ASSET, USER), 1),
        log(POOL_ADDRESS, "Withdraw", (ASSET, USER, USER)),
        log(POOL_ADDRESS, "Withdraw", (1 << 200, USER, USER), 1),
        log(POOL_ADDRESS, "Repay", (ASSET, USER, USER), 1, 256),
        log(POOL_ADDRESS, "UserEModeSet", (USER,), 300),
    ],
)
def test_a_log_of_another_shape_is_refused(entry: Log) -> None:
    with pytest.raises(ChainDataError, match="log 7"):
        decode_log(entry, POOL_ADDRESS, directory(STATE))


def test_dynamic_bytes_are_read_whole_or_refused() -> None:
    shape = event("E(bytes data)")
    from tallyio.protocols.lending.aave_v3.abi import decode

    def entry(*data: int) -> Log:
        return Log(USER, (shape.topic,), b"".join(d.to_bytes(32) for d in data), 1, Hash32("0x"), Hash32("0x"), 0, 0)

    assert decode(shape, entry(32, 32, 9)) == {"data": (9).to_bytes(32).hex()}
    with pytest.raises(ChainDataError):
        decode(shape, entry(32, 64, 9))
