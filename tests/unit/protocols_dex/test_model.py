import pytest

from tallyio.core.errors import ChainDataError
from tallyio.core.pools import V2, V3, Pool, V2State, V3State
from tallyio.core.units import UINT112_MAX, Address
from tallyio.protocols.dex.model import swap

A, B = Address("0x" + "01" * 20), Address("0x" + "02" * 20)
PAIR = Pool(Address("0x" + "0a" * 20), V2, "uni2", (A, B), 3000)
POOL = Pool(Address("0x" + "0b" * 20), V3, "uni3", (A, B), 3000, 60)
NOW = 1_700_000_000
RESERVES = V2State(10**21, 2 * 10**21)
RANGE = V3State(2**96, 0, 10**21, (-600, 600), (10**21, -(10**21)), (10**21, 10**21))


def test_a_swap_on_a_pair_moves_its_reserves() -> None:
    done = swap(PAIR, RESERVES, A, B, 10**18, NOW)
    assert done.state == V2State(10**21 + 10**18, 2 * 10**21 - done.amount_out)
    back = swap(PAIR, RESERVES, B, A, 10**18, NOW)
    assert back.state == V2State(10**21 - back.amount_out, 2 * 10**21 + 10**18)


@pytest.mark.parametrize(("pool", "state"), [(PAIR, RESERVES), (POOL, RANGE)])
@pytest.mark.parametrize("token", [A, B])
def test_an_exact_output_costs_what_an_exact_input_needs(pool: Pool, state: V2State | V3State, token: Address) -> None:
    wanted = swap(pool, state, token, pool.other(token), 10**18, NOW).amount_out
    done = swap(pool, state, token, pool.other(token), wanted, NOW, exact_out=True)
    assert done.amount_out == wanted
    assert abs(done.amount_in - 10**18) <= 1


@pytest.mark.parametrize(
    ("pool", "state", "amount", "exact_out"),
    [
        (PAIR, V2State(0, 0), 1, False),
        (PAIR, V2State(UINT112_MAX, 5), 1, False),
        (PAIR, RESERVES, 3 * 10**21, True),
        (POOL, RANGE, 10**24, False),
        (POOL, RANGE, 10**24, True),
        (POOL, RANGE, 1, False),
        (POOL, V3State(2**96, 0, 0), 10**18, False),
        (POOL, V3State(0, 0, 0), 10**18, False),
        (PAIR, RANGE, 10**18, False),
        (POOL, RESERVES, 10**18, False),
    ],
)
def test_what_a_pool_cannot_fill_whole_is_refused(
    pool: Pool, state: V2State | V3State, amount: int, exact_out: bool
) -> None:
    with pytest.raises(ChainDataError):
        swap(pool, state, A, B, amount, NOW, exact_out=exact_out)


def test_a_token_that_the_pool_does_not_trade_is_refused() -> None:
    with pytest.raises(ChainDataError, match="does not trade"):
        swap(PAIR, RESERVES, Address("0x" + "03" * 20), B, 1, NOW)
