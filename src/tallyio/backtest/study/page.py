"""A backtest's page."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from tallyio.backtest.competition.contest import Fate
from tallyio.backtest.study.errors import errors_of
from tallyio.backtest.study.evaluation import Study
from tallyio.backtest.study.losses import losses_of
from tallyio.backtest.study.settings import Parameters
from tallyio.reports import validation_table
from tallyio.reports.amounts import ether, percent
from tallyio.reports.charts import bar_chart, empty, line_chart
from tallyio.reports.sections import Section, Tile, points, render, table
from tallyio.reports.templating import short
from tallyio.reports.validation import Distribution
from tallyio.reports.why_lost import losses

MOST_SETS = 24
"""Parameter sets in a chart, best first; the table has them all."""
MOST_ROWS = 500


def page(study: Study, found: dict[str, Any]) -> str:
    """One self-contained HTML file. ``found`` is the run's ``summary``."""
    title = f"Backtest · chain {found['chain_id']} · blocks {found['first_block']:,} to {found['last_block']:,}"
    subtitle = (
        f"TallyIO {found['version']} · model {found['model']} · seed {found['seed']} · "
        f"{len(study.sets)} parameter sets · output {found['output_hash']}"
    )
    sections = [
        *_warnings(found["warnings"]),
        _profit(study),
        _by_set(study),
        _fates(study),
        _lost(study),
        _overfitting(study),
        *_errors(study),
        _sets(study),
        _offers(study),
        Section("What is taken for granted", points(study.assumptions)),
        *_refused(study),
    ]
    return render(title, subtitle, _tiles(study), sections)


def _tiles(study: Study) -> list[Tile]:
    choice, checked = study.choice, study.overfitting
    train, test = choice.train_wei[choice.chosen], choice.test_wei[choice.chosen]
    won = study.fates(choice.chosen).get(Fate.WON)
    blocks = f"{study.training:,} + {len(study.blocks) - study.training:,}"
    chance = "not checked" if checked is None else percent(checked.probability)
    return [
        Tile(ether(test), "ETH earned in the test by the chosen set", "good" if test > 0 else "loss"),
        Tile(ether(train), "ETH earned in training"),
        Tile("not known" if choice.kept is None else percent(choice.kept), "of training's profit a block kept in test"),
        Tile(chance, "probability of overfitting", "" if checked is None or checked.probability < 0.5 else "loss"),
        Tile(f"{won.count if won else 0:,}", "offers won"),
        Tile(blocks, "blocks for training and test"),
    ]


def _warnings(texts: Sequence[str]) -> list[Section]:
    return [Section("Before anything here is believed", points(texts))] if texts else []


def _profit(study: Study) -> Section:
    chosen = study.choice.chosen
    numbers = [block.number for block in study.blocks]
    profit = list(accumulate(row[chosen] for row in study.profits))
    bound = list(accumulate(row[chosen] for row in study.bounds))
    chart = line_chart(
        [numbers[0] - 1, *numbers], [("bound", "muted", [0, *bound]), ("profit", "one", [0, *profit])], _axis
    )
    tested = f" Blocks from {numbers[study.training]:,} on are the test." if study.training < len(numbers) else ""
    return Section(
        "Profit over blocks",
        chart,
        f"Cumulative, in ETH after gas and bids, of the chosen set ({_name(study.chosen)}).{tested}",
        (("one", "profit"), ("muted", "if nobody bid against us and every block had our bundles")),
    )


def _by_set(study: Study) -> Section:
    choice = study.choice
    best = sorted(range(len(study.sets)), key=lambda i: (-choice.train_wei[i], i))[:MOST_SETS]
    tested = len(study.blocks) - study.training
    bars = []
    for i in best:
        mark = " ✓" if i == choice.chosen else ""
        train, test = choice.train_wei[i] // study.training, choice.test_wei[i] // tested if tested else 0
        bars.append((f"{_name(study.sets[i])}{mark}", train, f"train {ether(train, 9)}"))
        bars.append(("", test, f"test {ether(test, 9)}"))
    return Section(
        "Train and test by parameter set",
        bar_chart(bars),
        f"ETH a block; the best {len(best)} of {len(study.sets)} sets in training, the chosen one marked. Basis points "
        "bid, least profit, hops, opportunities kept.",
        wide=False,
    )


def _fates(study: Study) -> Section:
    found = study.fates(study.choice.chosen)
    bars = [(str(fate), loss.wei, f"{ether(loss.wei)} ETH · {loss.count}") for fate, loss in found.items()]
    note = "Every proposal of the chosen set by what became of it, with what it (would have) left after gas and bid."
    return Section("What became of our offers", bar_chart(bars, "two"), note, wide=False)


def _lost(study: Study) -> Section:
    reasons = losses(losses_of(study, study.choice.chosen))
    bars = [(str(why), loss.wei, f"{ether(loss.wei)} ETH · {loss.count}") for why, loss in reasons.items()]
    chart = bar_chart(bars, "two") if bars else empty("Nothing was taken that we did not take in full")
    note = "What others really took in these blocks and the chosen set did not, by reason: value after gas."
    return Section("Lost by reason", chart, note, wide=False)


def _errors(study: Study) -> list[Section]:
    found = errors_of(study, study.choice.chosen)
    if found.all.profit_wei is None or found.all.gas is None:
        return []
    head = validation_table.COLUMNS
    numbers = [place for place in range(len(head)) if place not in (0, 2)]
    note = "What happened less what was predicted, of the chosen set's offers whose run succeeded."
    return [
        Section("Errors of profit", bar_chart(_percentiles(found.all.profit_wei, _ether)), note, wide=False),
        Section("Errors of gas", bar_chart(_percentiles(found.all.gas, _gas), "two"), note, wide=False),
        Section("Prediction against execution", table(head, validation_table.rows(found), numbers=numbers), note),
    ]


def _percentiles(of: Distribution, said: Callable[[int], str]) -> list[tuple[str, int, str]]:
    return [(name, getattr(of, name), said(getattr(of, name))) for name in ("p5", "p50", "p95", "p99", "worst")]


def _ether(wei: int) -> str:
    return f"{ether(wei, 9)} ETH"


def _gas(units: int) -> str:
    return f"{units:,} gas"


def _overfitting(study: Study) -> Section:
    title, found = "Overfitting", study.overfitting
    if found is None:
        return Section(title, empty("Needs two parameter sets and four blocks"), wide=False)
    slope = "not known" if found.slope is None else f"{found.slope:.3f}"
    body = table(
        ("figure", "value"),
        [
            ("probability: the best of one half is below the median of the other", percent(found.probability)),
            ("the best of one half earns nothing or loses in the other", percent(found.loss)),
            ("slope from one half's best to its profit in the other", slope),
            ("parts · ways to take half of them", f"{found.parts} · {found.splits:,}"),
            ("rank of the chosen set in the test", f"{study.choice.test_rank} of {len(study.sets)}"),
        ],
        numbers=(1,),
    )
    note = "Combinatorially symmetric cross-validation over all blocks (Bailey, Borwein, López de Prado, Zhu 2017)."
    return Section(title, body, note, wide=False)


def _sets(study: Study) -> Section:
    choice = study.choice
    head = ("", "bid bps", "least profit wei", "hops", "kept", "train ETH", "test ETH", "upper bound ETH", "won")
    rows = []
    for i in sorted(range(len(study.sets)), key=lambda i: (-choice.train_wei[i], i)):
        parameters, won = study.sets[i], study.fates(i).get(Fate.WON)
        limits = (parameters.bid_share_bps, parameters.min_profit_wei, parameters.max_hops, parameters.keep)
        earned = (choice.train_wei[i], choice.test_wei[i], sum(row[i] for row in study.bounds))
        mark = "chosen" if i == choice.chosen else ""
        rows.append((mark, *map(str, limits), *map(ether, earned), str(won.count if won else 0)))
    return Section("All parameter sets", table(head, rows, numbers=range(1, len(head))))


def _offers(study: Study) -> Section:
    head = (
        "block",
        "at",
        "pools",
        "predicted ETH",
        "gross ETH",
        "gas ETH",
        "bid ETH",
        "rival paid ETH",
        "fate",
        "gate",
    )
    rows = [
        (
            str(block.number),
            str(each.offer.position),
            " ".join(short(pool, 4) for pool in each.offer.pools),
            ether(each.offer.predicted_wei),
            ether(each.offer.gross_wei),
            ether(each.offer.gas_wei),
            ether(each.offer.bid_wei),
            ether(each.rival.wei) if each.rival else "",
            str(each.fate),
            each.offer.reason,
        )
        for block, settled in zip(study.blocks, study.settled, strict=True)
        for each in settled[study.choice.chosen]
    ]
    shown = f"the first {MOST_ROWS} of {len(rows):,}; " if len(rows) > MOST_ROWS else ""
    body = table(head, rows[:MOST_ROWS], numbers=(0, 1, 3, 4, 5, 6, 7)) if rows else empty("Nothing was proposed")
    return Section("Offers of the chosen set", body, f"{shown}proposals.parquet has those of every set.")


def _refused(study: Study) -> list[Section]:
    rows = [(str(block.number), block.refused) for block in study.refused[:MOST_ROWS]]
    title = f"Blocks that could not be replayed: {len(study.refused):,}"
    return [Section(title, table(("block", "reason"), rows, numbers=(0,)))] if rows else []


def _name(parameters: Parameters) -> str:
    least = ether(parameters.min_profit_wei, 9).rstrip("0").rstrip(".")
    return f"{parameters.bid_share_bps} · {least} · {parameters.max_hops} · {parameters.keep}"


def _axis(wei: int) -> str:
    """As few decimals as the amount needs."""
    return ether(wei, 9).rstrip("0").rstrip(".")
