"""Records of small runs, built by hand so that every expected figure can be worked out on paper."""

from collections.abc import Callable

import pytest

from tallyio.core.chain import BlockRef
from tallyio.core.trade import Bundle, Decision, Opportunity, Outcome, Proof, Route, Submission, SwapStep
from tallyio.core.units import Address, Hash32
from tallyio.reports.exhaustive import BlockTakeable, Takeable
from tallyio.reports.records import RunRecords

GAS = 10**14


def hash_of(name: object) -> Hash32:
    return Hash32("0x" + f"{name}".encode().hex().rjust(64, "0"))


def address_of(name: str) -> Address:
    return Address("0x" + name.encode().hex().rjust(40, "0"))


def block_of(number: int) -> BlockRef:
    return BlockRef(number, hash_of(f"b{number}"), hash_of(f"b{number - 1}"), 1_700_000_000 + number)


@pytest.fixture
def item() -> Callable[..., Takeable]:
    """A takeable opportunity: ``item("p q", 5 * 10**17)`` or ``item("p", 10**17, borrower="bob")``."""

    def make(pools: str, net_wei: int, borrower: str | None = None) -> Takeable:
        return Takeable(
            kind="liquidation" if borrower else "arbitrage",
            pools=tuple(address_of(p) for p in pools.split()),
            token=address_of("weth"),
            amount=10**18,
            gross_wei=net_wei + GAS,
            gas_wei=GAS,
            net_wei=net_wei,
            borrower=address_of(borrower) if borrower else None,
        )

    return make


class RunBuilder:
    """Writes the records of a run step by step, as the pipeline would."""

    def __init__(self) -> None:
        self.opportunities: list[Opportunity] = []
        self.decisions: list[Decision] = []
        self.proofs: list[Proof] = []
        self.bundles: list[Bundle] = []
        self.submissions: list[Submission] = []
        self.outcomes: list[Outcome] = []
        self.takeable: list[BlockTakeable] = []

    def see(self, name: str, block: int, pools: str, strategy: str = "arbitrage", borrower: str | None = None) -> str:
        step = SwapStep(address_of("p"), "uniswap_v2", address_of("a"), address_of("b"), 1, 1, 3000)
        self.opportunities.append(
            Opportunity(
                id=name,
                strategy=strategy,
                state_block=block_of(block),
                target_block=block + 1,
                route=Route(step, (step,)),
                gross_wei=10**18,
                gas_estimate=300_000,
                pools=tuple(address_of(p) for p in pools.split()),
                borrower=address_of(borrower) if borrower else None,
            )
        )
        return name

    def decide(self, name: str, reason: str = "") -> None:
        self.decisions.append(Decision(name, not reason, reason, 0, 0))

    def prove(self, name: str, success: bool = True) -> None:
        self.proofs.append(Proof(name, success, 300_000, 10**18, 10**18, "" if success else "K", block_of(1)))

    def send(self, name: str, bundle: str, status: str = "accepted") -> None:
        self.bundles.append(Bundle(bundle, 1, (b"",), (hash_of(name),), (name,), (0,), (0,)))
        self.submissions.append(Submission(bundle, "relay", status))

    def settle(
        self, name: str, bundle: str, status: str, block: int, gross: int = 0, bid: int = 0, predicted: int = 0
    ) -> None:
        spent = GAS if status in ("landed", "reverted") else 0
        ref = block_of(block) if status in ("landed", "reverted", "reorged") else None
        self.outcomes.append(
            Outcome(bundle, name, hash_of(name), status, ref, 300_000 if spent else 0, spent, gross, bid, predicted)
        )

    def land(self, name: str, block: int, gross: int, bid: int = 0, predicted: int = 0) -> None:
        self.decide(name)
        self.prove(name)
        self.send(name, f"bundle-{name}")
        self.settle(name, f"bundle-{name}", "landed", block, gross, bid, predicted)

    def records(self) -> RunRecords:
        lists = self.opportunities, self.decisions, self.proofs, self.bundles, self.submissions, self.outcomes
        return RunRecords(*(tuple(part) for part in lists))  # type: ignore[arg-type]


@pytest.fixture
def run() -> RunBuilder:
    return RunBuilder()
