import re
from html.parser import HTMLParser

import msgspec

from tallyio.journal.records import JointPlan
from tallyio.reports.exhaustive import BlockTakeable
from tallyio.reports.html import Page, render
from tallyio.reports.missed import compare
from tallyio.reports.tally import tally

ETH = 10**18
GAS = 10**14


class Balance(HTMLParser):
    """Raises where a tag closes that is not open."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(run, blocks=(), **more):
    comparison = compare(blocks, run.records()) if blocks else None
    figures = {"detect": {"p50": 810.0, "p99": 3100.0}}
    found = tally(
        run.records(),
        version="1",
        seed=3,
        blocks=20,
        ledger_difference_wei=0,
        latency_us=figures,
        comparison=comparison,
    )
    return render(Page(more.get("title", "a run"), found, run.records(), comparison))


def test_page_is_whole_and_needs_no_network(run, item):
    for i in range(12):
        run.see(f"o{i}", 10 + i, "p q", "<script>alert(1)</script>" if i == 3 else "arbitrage")
        run.land(f"o{i}", 11 + i, ETH)
    blocks = [BlockTakeable(n, (item("p q", ETH - GAS), item("r s", ETH))) for n in range(10, 22)]
    text = page(run, blocks, title='1 & "2"')
    balance = Balance()
    balance.feed(text)
    assert balance.open == []
    assert not re.search(r"(src|href|url)\s*[=(]|@import|https?:", text)
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "1 &amp; &#34;2&#34;" in text
    assert text.count("<td>&nbsp;not found</td>") == 12
    assert "50.00 %" in text
    assert "prefers-color-scheme: dark" in text
    assert "Prediction against execution: simulation against chain" in text
    assert "<td>12/12</td>" in text.replace(' class="n"', "")
    assert text.count("<svg") == 4


def test_page_of_an_empty_run(run):
    text = page(run)
    assert "Nothing landed in this run." in text
    assert "The exhaustive check was not run." in text


def test_page_of_a_run_that_missed_nothing(run, item):
    run.see("a", 10, "p q")
    run.land("a", 11, ETH)
    assert "Everything that was takeable was taken." in page(run, [BlockTakeable(10, (item("p q", ETH - GAS),))])


def test_the_page_tells_what_planning_together_gained(run):
    run.see("o1", 10, "p q", "arbitrage")
    assert "Planned together" not in page(run)
    plans = JointPlan(11, ("a", "b"), 9 * ETH, 6 * ETH, 8 * ETH, 7 * ETH), JointPlan(12, ("c",), ETH, ETH, ETH, None)
    records = msgspec.structs.replace(run.records(), joint=plans)
    found = tally(records, version="1", seed=3, blocks=20, ledger_difference_wei=0, latency_us={}, comparison=None)
    text = render(Page("a run", found, records, None))
    assert "3 trades in 2 blocks" in text
    assert "1.000000 ETH in 1 blocks" in text
