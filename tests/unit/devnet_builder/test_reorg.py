"""What a rival's branch makes of the public transactions."""

from random import Random

from tallyio.chains.signed import SignedTransaction, decode
from tallyio.core.units import Address
from tallyio.devnet.accounts import from_key, sign
from tallyio.devnet.builder.reorg import depth, reshuffled

TO = Address("0x" + "11" * 20)


def some(count: int) -> list[SignedTransaction]:
    return [decode(sign(from_key((i // 2 + 1).to_bytes(32)), 31337, i % 2, TO, gas=21_000)[0]) for i in range(count)]


def test_depth_is_one_or_two_and_never_more_than_there_is() -> None:
    assert {depth(Random(seed), 9) for seed in range(20)} == {1, 2}
    assert {depth(Random(seed), 1) for seed in range(20)} == {1}
    assert depth(Random(1), 0) == 0


def test_the_same_seed_shuffles_alike_and_whole_senders_wait() -> None:
    transactions = some(20)
    chosen, priority = reshuffled(Random(3), transactions)
    again, same = reshuffled(Random(3), transactions)
    assert chosen == again
    assert [priority(tx) for tx in chosen] == [same(tx) for tx in chosen]
    assert 0 < len(chosen) < 20
    assert {tx.sender for tx in chosen}.isdisjoint({tx.sender for tx in transactions if tx not in chosen})
    assert sorted(chosen, key=priority) != chosen
