"""Random Liquidity Book pairs and swaps, as ``states`` makes those of Curve and Solidly."""

from random import Random

from tallyio.protocols.dex.compiled import rows
from tallyio.protocols.dex.compiled.states import NOW, Asked, tokens, traded
from tallyio.protocols.dex.families import liquidity_book
from tallyio.protocols.dex.families.liquidity_book import FeeRules, LiquidityBook, Volatility


def book_state(random: Random, calm: bool) -> LiquidityBook:
    step, active, x, y = random.choice((1, 10, 25, 100)), liquidity_book.MIDDLE + random.randint(-300, 300), 0, 0
    bins: dict[int, tuple[int, int]] = {}
    for number in sorted(random.sample(range(active - 30, active + 31), 24)):
        x, y = (tokens(random, 18, 1, 5) if sign * (number - active) >= 0 else 0 for sign in (1, -1))
        bins[number] = (x, y) if calm or random.random() < 0.9 else (x // 10**15, y // 10**17)
    rules = FeeRules(random.choice((5000, 8000, 20_000)), 30, 600, 5000, random.randint(0, 120_000), 2000, 300_000)
    quiet = random.choice((0, 40, 1000))
    return LiquidityBook(
        version=random.choice(("2.1", liquidity_book.LIMITED)),
        bin_step=step,
        rules=rules,
        active_id=active,
        volatility=Volatility(
            random.randint(0, 300_000), random.randint(0, 50_000), active + random.randint(-4, 4), NOW - quiet
        ),
        bins=bins,
        reserves=(2**120, 2**120),
        kept_fees=(0, 0),
    )


def liquidity_book_asked(random: Random, calm: bool = False) -> Asked:
    book = book_state(random, calm)
    side = random.randrange(2)
    total = sum(held[1 - side] for held in book.bins.values()) + 1
    dx = traded(random, total, calm)
    row = rows.liquidity_book_row(book, NOW)
    return Asked(row, side, 1 - side, dx, lambda: liquidity_book.exchange(book, side == 0, dx, NOW)[0])
