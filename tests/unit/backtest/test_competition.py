"""Who bids against an offer, and what becomes of it."""

from itertools import permutations
from typing import Any

import pytest

from tallyio.backtest.competition.base import RivalBid
from tallyio.backtest.competition.contest import Fate, settle
from tallyio.backtest.competition.inclusion import Inclusion
from tallyio.backtest.competition.nobody import Nobody
from tallyio.backtest.competition.recorded import Recorded
from tallyio.backtest.competition.sampled import Sampled, recorded_shares

ALWAYS = Inclusion(1, 10_000, 10_000)


def sampled(seed: int = 1, shares: tuple[int, ...] = (), **change: Any) -> Sampled:
    given: dict[str, Any] = {"rivals": 1, "least": 1, "alpha": 8.0, "beta": 2.0}
    return Sampled(seed, shares, **{**given, **change})


def fates(block: Any, offers: list[Any], rivals: Any = None, inclusion: Inclusion = ALWAYS) -> list[Fate]:
    return [each.fate for each in settle(block, offers, rivals or Nobody(), inclusion)]


def test_the_recorded_rival_is_who_shares_most_pools_at_or_behind_us(block, offer, taken) -> None:
    ours = offer(position=3, pools="abc")
    before, undone = taken(position=2, pools="abc", paid=999), taken(position=4, pools="abc", paid=998, reverted=True)
    less, first, second = (
        taken(position=3, pools="a", paid=1),
        taken(position=6, pools="bc", paid=2),
        taken(position=7, pools="bc", paid=3),
    )
    for order in permutations((before, undone, less, first, second)):
        assert Recorded().strongest(block(100, *order), ours) == RivalBid(2, first.transaction)
    assert Recorded().strongest(block(100, before, undone, taken(pools="de")), ours) is None


@pytest.mark.parametrize(
    ("gross", "paid", "bids"), [(900, 150, 150), (900, 0, 0), (900, None, 900), (None, None, 1_000)]
)
def test_a_payment_that_is_not_shown_is_thought_to_be_all_there_was(block, offer, taken, gross, paid, bids) -> None:
    found = Recorded().strongest(block(100, taken(gross=gross, paid=paid)), offer(gross=1_000))
    assert found is not None
    assert found.wei == bids


def test_the_higher_payment_wins_and_an_equal_one_does_not(block, offer, taken) -> None:
    at = block(100, taken(paid=200))
    for bid, fate in ((199, Fate.OUTBID), (200, Fate.OUTBID), (201, Fate.WON)):
        [found] = settle(at, [offer(bid=bid)], Recorded(), ALWAYS)
        assert found.fate is fate
        assert found.earned_wei == (1_000 - 100 - bid if fate is Fate.WON else 0)


def test_each_fate_by_its_cause(block, offer) -> None:
    at = block()
    assert fates(at, [offer(unknown=True, approved=False)]) == [Fate.UNKNOWN]
    assert fates(at, [offer(approved=False)]) == [Fate.DENIED]
    assert fates(at, [offer(position=3)], inclusion=Inclusion(1, 10_000, 0)) == [Fate.UNSEEN]
    assert fates(at, [offer(position=0)], inclusion=Inclusion(1, 10_000, 0)) == [Fate.WON]
    assert fates(at, [offer()], inclusion=Inclusion(1, 0, 10_000)) == [Fate.NOT_INCLUDED]
    assert fates(at, [offer()]) == [Fate.WON]


def test_a_pool_is_used_once_and_the_better_offer_has_it(block, offer) -> None:
    small, large, apart = offer(1, "ab", gross=500), offer(4, "bc"), offer(2, "de", gross=400)
    denied = offer(0, "cx", gross=9_000, approved=False)
    for order in permutations((small, large, apart, denied)):
        found = dict(zip((each.id for each in order), fates(block(), list(order)), strict=True))
        expected = {small.id: Fate.CONFLICTING, large.id: Fate.WON, apart.id: Fate.WON, denied.id: Fate.DENIED}
        assert found == expected


def test_what_one_rival_took_is_counted_once(block, offer, taken) -> None:
    """Two offers over no common pool, each over half of what one transaction took."""
    at = block(100, taken(pools="abcd", paid=1))
    assert fates(at, [offer(1, "ab"), offer(1, "cd", gross=2_000)], Recorded()) == [Fate.CONFLICTING, Fate.WON]


def test_shares_are_those_of_takers_that_gained_and_whose_payment_is_known(block, taken) -> None:
    said = [taken(gross=1_000, paid=900), taken(gross=3, paid=1), taken(gross=100, paid=150)]
    silent = [taken(gross=0), taken(gross=-5), taken(gross=None), taken(paid=None), taken(reverted=True)]
    assert recorded_shares([block(1, *said), block(2, *silent)]) == (333_333, 900_000, 1_500_000)


def test_a_drawn_bid_is_the_same_whoever_asks_when(block, offer) -> None:
    one, other = offer(3, "ab"), offer(3, "cd")
    alone = sampled().strongest(block(100), one)
    model = sampled()
    model.strongest(block(99), other)
    assert model.strongest(block(100), offer(3, "ba", gross=1_000, bid=7)) == alone
    numbers = range(200)
    drawn = [sampled().strongest(block(number), one) for number in numbers]
    assert drawn != [sampled(seed=2).strongest(block(number), one) for number in numbers]
    assert drawn != [sampled().strongest(block(number), other) for number in numbers]


def test_the_strongest_of_many_rivals_bids_more(block, offer) -> None:
    def mean(rivals: int, shares: tuple[int, ...], least: int) -> float:
        model = sampled(shares=shares, rivals=rivals, least=least)
        return sum(model.strongest(block(n), offer(gross=10**6)).wei for n in range(2_000)) / 2_000 / 10**6

    assert mean(1, (100_000, 300_000), 2) == pytest.approx(0.2, abs=0.01)
    assert mean(9, (100_000, 300_000), 2) == pytest.approx(0.3 - 0.2 / 2**9, abs=0.005)
    assert mean(1, (100_000, 300_000), 3) == pytest.approx(8 / 10, abs=0.01)
    assert mean(3, (), 1) > 0.83


def test_inclusion_comes_as_often_as_said_and_hangs_on_the_seed() -> None:
    for share in (0, 2_500, 9_000, 10_000):
        reached = [Inclusion(5, share, share).reached(1, number) for number in range(4_000)]
        seen = [Inclusion(5, share, share).seen(1, number, 1) for number in range(4_000)]
        assert sum(reached) / 4_000 == pytest.approx(share / 10_000, abs=0.025)
        assert sum(seen) / 4_000 == pytest.approx(share / 10_000, abs=0.025)
    assert [Inclusion(5, 5_000, 0).reached(1, n) for n in range(64)] != [
        Inclusion(6, 5_000, 0).reached(1, n) for n in range(64)
    ]


def test_every_model_says_what_it_takes_for_granted() -> None:
    for model in (Nobody(), Recorded(), sampled(shares=(1, 2)), sampled(least=5)):
        assert all(text.endswith(".") for text in model.assumptions())
    assert "2 shares" in sampled(shares=(1, 2)).assumptions()[0]
    assert "Beta(8, 2)" in sampled(least=5).assumptions()[0]
