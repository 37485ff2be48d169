"""A pool's ticks as arrays, after every change those of the newest state."""

from random import Random

from tallyio.hot_path.state.positions import Positions


def test_arrays_follow_every_change() -> None:
    random, positions = Random(1), Positions()
    nets: dict[int, int] = {}
    for _ in range(400):
        for _ in range(random.choice((1, 2, 2, 7))):
            tick = random.randrange(-400, 400)
            nets[tick] = nets.get(tick, 0) + random.choice((-1, 1)) * random.getrandbits(100)
            if random.random() < 0.3:
                del nets[random.choice(list(nets))]
        if random.random() < 0.01:
            nets = {tick + 1: net for tick, net in nets.items()}
        ticks = tuple(sorted(nets))
        positions.follow(ticks, tuple(nets[tick] for tick in ticks))
        assert positions.ticks.tolist() == list(ticks)
        found = [int(low) | int(high) << 64 for low, high in positions.nets]
        assert found == [nets[tick] % 2**128 for tick in ticks]


def test_no_ticks_at_all() -> None:
    positions = Positions()
    positions.follow((), ())
    assert positions.ticks.size == positions.nets.size == 0
    positions.follow((1, 2), (5, -5))
    positions.follow((), ())
    assert positions.ticks.size == positions.nets.size == 0
