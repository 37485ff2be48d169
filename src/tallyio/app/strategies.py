"""The strategies that a configuration asks for."""

from typing import NamedTuple

from tallyio.config.directory import ConfigDirectory
from tallyio.core.chain import PendingTransaction
from tallyio.core.errors import ConfigError
from tallyio.engine.trade_maker import VictimEffect
from tallyio.market.view import MarketView
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.strategies.arbitrage import Arbitrage, ArbitrageSettings
from tallyio.strategies.backrun import Backrun
from tallyio.strategies.base import Strategy
from tallyio.strategies.detection import Detection
from tallyio.strategies.liquidation import Liquidation, LiquidationSettings
from tallyio.strategies.together import Together

KNOWN = ("arbitrage", "liquidation", "backrun")


class Built(NamedTuple):
    """``victim_effect``: how a pending transaction's effect is told; ``together`` is there beside arbitrage alone.
    ``detection`` is what the searches for cycles share."""

    strategies: list[Strategy]
    victim_effect: VictimEffect
    together: Together | None
    detection: Detection


def build_strategies(directory: ConfigDirectory, registry: DexRegistry) -> Built:
    """One object a name, each with its own TOML."""
    together = None
    built: list[Strategy] = []
    detection = Detection()
    victims = Backrun(registry, ArbitrageSettings())
    for name in directory.settings.strategies:
        match name:
            case "arbitrage":
                settings = directory.strategy(name, ArbitrageSettings)
                built.append(Arbitrage(settings, detection))
                together = Together(settings, detection)
            case "liquidation":
                built.append(Liquidation(directory.strategy(name, LiquidationSettings)))
            case "backrun":
                victims = Backrun(registry, directory.strategy(name, ArbitrageSettings), detection)
                built.append(victims)
            case _:
                raise ConfigError(
                    f"{directory.root / 'tallyio.toml'}: unknown strategy '{name}'", todo=f"Known: {', '.join(KNOWN)}"
                )

    def effect(victim: PendingTransaction, view: MarketView) -> MarketView | None:
        left = victims.after_victim(victim, view)
        return left[0] if left else None

    return Built(built, effect, together, detection)
