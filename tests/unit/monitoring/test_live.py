import io

import pytest
from rich.console import Console

from tallyio.monitoring.live import LiveView, draw
from tallyio.monitoring.live_model import SENT, LiveModel, Seen, Sent

ETH = 10**18


@pytest.fixture
def model() -> LiveModel:
    found = LiveModel(chain="devnet 31337", mode="live", started_ns=0, now_ns=3_723 * 10**9)
    found.feed, found.feed_good = "connected", True
    for number in range(100, 110):
        found.new_block(number, 10**9)
        found.saw(Seen(number, "arbitrage", "WETH>USDC>WETH", ETH // 50, "approved", True))
        found.sent_off(Sent(number + 1, f"arbitrage #{number}", SENT))
        if number < 108:
            found.settled(Sent(number + 1, f"arbitrage #{number}", "landed", ETH // 60), "arbitrage")
    found.saw(Seen(109, "liquidation", "bob DAI/WETH", ETH, "block gas budget", False))
    found.settled(Sent(109, "arbitrage #108", "dropped"), "arbitrage")
    found.latency_us = {"decode": {"p50": 40.0, "p99": 120.0}, "detect": {"p50": 800.0, "p99": 2500.0}}
    found.rival("rival 1")
    return found


def text_of(model: LiveModel, width: int = 130, height: int = 40) -> str:
    console = Console(record=True, width=width, height=height, file=io.StringIO())
    console.print(draw(model))
    return console.export_text()


def test_screen_shows_what_the_searcher_does(model):
    text = text_of(model)
    for part in (
        *("devnet 31337", "block 109", "1.000 gwei", "mode live", "up 1:02:03", "0.133333 ETH", "seen 11"),
        *("submitted 10", "landed 8", "WETH>USDC>WETH", "block gas budget", "landed", "dropped", "sent"),
        *("decode", "2,500", "feed connected", "equals the chain", "breaker closed", "rival 1 1"),
    ):
        assert part in text, part


def test_newest_comes_first_and_old_rows_give_way(model):
    text = text_of(model, height=24)
    assert text.index("bob DAI/WETH") < text.index("WETH>USDC>WETH")
    assert len(text.splitlines()) <= 24


@pytest.mark.parametrize(("width", "height"), [(40, 12), (80, 24), (200, 60)])
def test_any_terminal_size_is_drawn(model, width, height):
    lines = text_of(model, width, height).splitlines()
    assert max(map(len, lines)) <= width


def test_trouble_is_shown(model):
    model.feed, model.feed_good, model.breaker, model.ledger_difference_wei = "lost, retry 3", False, "loss limit", -7
    text = text_of(model)
    assert "lost, retry 3" in text
    assert "breaker loss limit" in text
    assert "-7 wei off" in text


def test_an_outcome_takes_the_place_of_what_was_sent(model):
    assert [row.status for row in model.sent].count(SENT) == 1
    assert model.profit_wei == 8 * (ETH // 60) == model.profit_by_strategy["arbitrage"]


def test_without_a_terminal_one_line_a_block_is_printed(model):
    out = io.StringIO()
    with LiveView(model, Console(file=out, force_terminal=False)) as view:
        view.refresh()
        view.refresh()
        model.new_block(110, 10**9)
        view.refresh()
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("block 109 seen 11 submitted 10 landed 8 profit 0.133333 ETH")


def test_a_terminal_is_left_as_it_was(model):
    out = io.StringIO()
    with LiveView(model, Console(file=out, force_terminal=True, width=100, height=30)) as view:
        view.refresh()
    assert "\x1b[?1049h" in out.getvalue()
    assert out.getvalue().rstrip().endswith(("\x1b[?1049l", "\x1b[?25h"))
