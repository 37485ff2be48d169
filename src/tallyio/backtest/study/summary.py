"""The result as one JSON object."""

from typing import Any

import msgspec

from tallyio import __version__
from tallyio.backtest.study.errors import errors_of
from tallyio.backtest.study.evaluation import Study
from tallyio.backtest.study.identity import Identity
from tallyio.backtest.study.losses import losses_of
from tallyio.backtest.study.settings import BacktestSettings
from tallyio.backtest.study.warnings import warnings
from tallyio.reports.why_lost import losses


def summary(study: Study, settings: BacktestSettings, identity: Identity, output: str) -> dict[str, Any]:
    """``output`` is the hash of the tables' content. Nothing here depends on when, where or how fast it was made."""
    choice = study.choice
    return {
        "version": __version__,
        "output_hash": output,
        "inputs": msgspec.to_builtins(identity),
        "chain_id": study.blocks[0].chain_id,
        "first_block": study.blocks[0].number,
        "last_block": study.blocks[-1].number,
        "blocks": len(study.blocks),
        "refused": {str(block.number): block.refused for block in study.refused},
        "training_blocks": study.training,
        "test_blocks": len(study.blocks) - study.training,
        "model": settings.model,
        "seed": settings.seed,
        "parameter_sets": len(study.sets),
        "chosen": {"number": choice.chosen, **msgspec.structs.asdict(study.chosen)},
        "train_wei": choice.train_wei[choice.chosen],
        "test_wei": choice.test_wei[choice.chosen],
        "bound_wei": sum(block[choice.chosen] for block in study.bounds),
        "test_rank": choice.test_rank,
        "kept": choice.kept,
        "overfitting": msgspec.to_builtins(study.overfitting),
        "fates": {fate: msgspec.structs.asdict(loss) for fate, loss in study.fates(choice.chosen).items()},
        "lost": {why: msgspec.structs.asdict(loss) for why, loss in losses(losses_of(study, choice.chosen)).items()},
        "validation": msgspec.to_builtins(errors_of(study, choice.chosen)),
        "warnings": list(warnings(study)),
        "assumptions": list(study.assumptions),
    }
