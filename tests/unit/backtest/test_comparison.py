"""Ours beside theirs: which proposal belongs to which taker, and what is said of the two."""

from typing import Any

from msgspec.structs import replace

from tallyio.backtest.comparison import compare
from tallyio.backtest.known_pools import KnownPools
from tallyio.backtest.own_bundle import EXECUTOR, OWNER, OwnSlots, Paid
from tallyio.backtest.records import Proposal, Replayed, Taken
from tallyio.chains.keccak import keccak256
from tallyio.core.chain import BlockRef
from tallyio.core.pools import V2, Pool
from tallyio.core.trade import Decision, Opportunity, Route, SwapStep
from tallyio.core.units import Address, Hash32

WETH, COIN, P, Q, R, TAKER = (Address("0x" + f"{i:02x}" * 20) for i in range(1, 7))
TAKEN = Taken(
    kind="arbitrage", transaction=Hash32("0x1"), position=5, taker=TAKER, tokens=(WETH, COIN), pools=(P, Q),
    protocols=("v2", "v2"), amounts_in=(10, 20), profit={WETH: 100}, gross_wei=100, net_wei=50, gas_wei=3,
    to_proposer_wei=4, reverted=False,
)  # fmt: skip


def proposal(position: int, gross: int, *pools: Address, sold: int = 10, **more: Any) -> Proposal:
    steps = [SwapStep(at, V2, WETH if not i else COIN, COIN, sold, 1, 3000) for i, at in enumerate(pools)]
    head = BlockRef(6, Hash32("0x6"), Hash32("0x5"), 1)
    found = Opportunity("o", "arbitrage", head, 7, Route(steps[0], tuple(steps[1:])), gross, 1, pools)
    paid = more.get("paid", Paid(gross, 1, 1))
    return Proposal(position, found, paid, more.get("decision", Decision("o", True, "", 0, 0)))


def block(proposals: list[Proposal], *taken: Taken, left: dict[Address, str] | None = None) -> Replayed:
    known = KnownPools({at: Pool(at, V2, "uniswap_v2", (WETH, COIN), 3000) for at in (P, Q)}, {}, left or {})
    return Replayed(7, known, proposals, 0, Hash32("0x0"), list(taken))


def verdicts(*arguments: Any, **more: Any) -> list[tuple[str, str]]:
    return [(row.verdict, row.why) for row in compare(block(*arguments, **more), 3)]


def test_the_same_pools_are_compared_by_gross() -> None:
    assert verdicts([proposal(5, 101, P, Q, sold=11)], TAKEN) == [
        ("more", f"the same pools, into {P[:10]} we send 11, they 10")
    ]
    assert verdicts([proposal(5, 100, P, Q)], TAKEN) == [("equal", "the same pools, the same size")]
    assert verdicts([proposal(3, 99, P, Q)], TAKEN) == [
        ("less", "the same pools, the same size; seen 2 transactions before them")
    ]


def test_just_their_pools_come_before_a_dearer_path_and_what_came_later_is_another() -> None:
    same, dearer, later = proposal(4, 90, P, Q), proposal(4, 500, P, R), proposal(6, 900, P, Q)
    rows = compare(block([dearer, same, later], TAKEN), 3)
    assert [(row.ours, row.verdict) for row in rows] == [(same, "less"), (dearer, "untaken"), (later, "untaken")]


def test_what_would_not_have_been_ours_is_none_with_its_reason() -> None:
    failed = proposal(5, 100, P, Q, paid=Paid(0, 9, 9, "LOCKED"))
    assert verdicts([failed], TAKEN) == [("none", "our transaction fails: LOCKED")]
    denied = proposal(5, 100, P, Q, decision=Decision("o", False, "below_minimum", 0, 0, "3 wei remain"))
    assert verdicts([denied], TAKEN) == [("none", "the gate denies it: below_minimum, 3 wei remain")]


def test_what_was_not_seen_is_none_with_what_is_known_of_it() -> None:
    assert verdicts([], TAKEN) == [("none", "no gain was seen over its pools")]
    strange = replace(TAKEN, pools=(P, R))
    assert verdicts([], strange, left={R: "protocol unknown"}) == [("none", f"not known: {R[:10]} protocol unknown")]
    assert verdicts([], strange) == [("none", f"not known: {R[:10]} pool unknown")]
    assert verdicts([], replace(TAKEN, pools=(P, Q, P, Q))) == [("none", "a path of 4 swaps, at most 3 are searched")]
    assert verdicts([], replace(TAKEN, kind="liquidation")) == [("none", "liquidations are not replayed")]


def test_what_was_undone_was_not_taken_and_what_has_no_price_is_untold() -> None:
    assert verdicts([], replace(TAKEN, reverted=True)) == []
    [(verdict, _)] = verdicts([proposal(5, 100, P, Q)], replace(TAKEN, gross_wei=None))
    assert verdict == "untold"


def test_slots_made_of_our_addresses_are_known_whatever_the_layout() -> None:
    own = OwnSlots()

    def hashed(*words: int) -> int:
        data = b"".join(word.to_bytes(32) for word in words)
        word = int.from_bytes(keccak256(data))
        own.hashed[word] = data
        return word

    executor, owner, stranger = int(EXECUTOR, 16), int(OWNER, 16), int(TAKER, 16)
    assert own.holds(hashed(executor, 3))
    assert own.holds(hashed(3, executor))
    assert own.holds(hashed(owner, 1) + 2)
    assert own.holds(hashed(stranger, hashed(executor, 1)))
    assert not own.holds(hashed(stranger, 3))
    assert not own.holds(hashed(stranger, hashed(stranger, 3)))
    assert not own.holds(int.from_bytes(keccak256(b"not hashed by the code")))
