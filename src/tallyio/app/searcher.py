"""A searcher put together from a configuration directory: the parts, and what runs beside the pipeline."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack, suppress

import aiohttp
import structlog

from tallyio.app.chain_check import check_chain
from tallyio.app.executor import find_executor
from tallyio.app.hot_path import placed, shared_market
from tallyio.app.monitor import Monitor
from tallyio.app.relay_identity import identity_key
from tallyio.app.strategies import build_strategies
from tallyio.chains import reads
from tallyio.chains.feed import WebSocketFeed
from tallyio.chains.multicall import aggregate
from tallyio.chains.rpc import Rpc
from tallyio.config.directory import ConfigDirectory
from tallyio.config.settings import ChainSettings
from tallyio.core.clock import SystemClock
from tallyio.core.errors import RefusedError
from tallyio.core.units import Address
from tallyio.engine import kill_switch
from tallyio.engine.accuracy import Accuracy
from tallyio.engine.beside import LongLook
from tallyio.engine.books import FINAL_DEPTH, Books
from tallyio.engine.chain_reader import RpcChainReader
from tallyio.engine.dispatch import Dispatcher
from tallyio.engine.holders import holders
from tallyio.engine.mirror import Mirror
from tallyio.engine.observer import Observer, Watch
from tallyio.engine.pipeline import Pipeline
from tallyio.engine.planner import Planner
from tallyio.engine.prover import ForkGround
from tallyio.engine.reconcile import Reconciler
from tallyio.engine.restart import restore_tracker
from tallyio.engine.trade_maker import TradeMaker
from tallyio.execution.artifact import executor_errors
from tallyio.execution.identity import IdentityKey
from tallyio.execution.relays import FlashbotsRelay
from tallyio.hot_path import warm
from tallyio.journal.entries import Scope
from tallyio.journal.log import FILE_NAME, Journal
from tallyio.journal.projections import breaker_state
from tallyio.market.loans import LoanBook
from tallyio.market.market import Market
from tallyio.monitoring.live_model import LiveModel
from tallyio.monitoring.server import Health, MonitoringServer
from tallyio.protocols.dex.deployments import Deployment, Router, RouterKind
from tallyio.protocols.dex.registry import DexRegistry
from tallyio.protocols.dex.routers import prepare_calls
from tallyio.protocols.flash_loans.lenders import Lender, lenders_among
from tallyio.risk.breaker import restored
from tallyio.risk.limits import Limits
from tallyio.strategies.detection import Detection, prepare
from tallyio.strategies.long_cycles import LongCycles
from tallyio.wallet import keystore
from tallyio.wallet.nonces import NonceBook
from tallyio.wallet.passwords import read_password
from tallyio.wallet.policy import ExecutorPolicy
from tallyio.wallet.signer import KeystoreSigner

log = structlog.get_logger()

MAX_FEE_WEI = 10**12
"""The signer's cap in wei per gas: 1000 gwei."""


class Searcher:
    """``async with Searcher(directory, live=...) as searcher: await searcher.run()``."""

    def __init__(self, directory: ConfigDirectory, *, live: bool, observers: Sequence[Observer] = ()) -> None:
        self.directory = directory
        self.chain: ChainSettings = directory.chain
        self.live = ask_twice(directory, live)
        self.clock = SystemClock()
        mode = "live" if self.live else "shadow"
        self.model = LiveModel(directory.settings.chain, mode, self.clock.monotonic_ns())
        self.monitor = Monitor(self.clock, self.model)
        self.watch = Watch(self.clock, (self.monitor, *observers))
        self.health = Health()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Searcher":
        try:
            await self._build()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def run(self) -> None:
        """Until stopped by ``stop``, by the kill switch, or by an error."""
        watching = asyncio.create_task(kill_switch.watch(self.directory.data_dir, self._on_halt))
        running = asyncio.create_task(self.pipeline.run())
        ended = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not self._ended.is_set():
                return await running
            await self._stand_down(running)
            if standing := kill_switch.read(self.directory.data_dir):
                raise RefusedError(f"stopped by {standing.who}: {standing.why}", todo="Lift it with `tallyio resume`")
        finally:
            for task in (watching, running, ended):
                task.cancel()
            await asyncio.gather(watching, running, ended, return_exceptions=True)

    def stop(self) -> None:
        """After the block at hand."""
        self.pipeline.stop()

    def cancel(self) -> None:
        """At once; what relays still hold is withdrawn."""
        self._ended.set()

    async def _stand_down(self, running: "asyncio.Task[None]") -> None:
        """Nothing more is sent; what relays still hold is withdrawn as far as half a second allows."""
        self.planner.maker.halted = True
        running.cancel()
        if self.pipeline.slot:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self.dispatcher.cancel(self.pipeline.slot)

    def _refresh_metrics(self) -> None:
        breaker = self.books.breaker
        self.monitor.metrics.breaker(breaker.open)
        self.monitor.metrics.ledger_difference(self.books.difference_wei)
        self.health.set(not breaker.open and self.model.feed_good, breaker.reason or self.model.feed)

    def _on_halt(self, halted: bool) -> None:
        if halted:
            self._ended.set()

    async def _build(self) -> None:
        settings, chain = self.directory.settings, self.chain
        self.directory.limits(Limits)  # every file is read before anything is asked for
        build_strategies(self.directory, DexRegistry([]))
        self._ended = asyncio.Event()
        data_dir = self.directory.data_dir
        if standing := kill_switch.read(data_dir):
            raise RefusedError(f"an operator stopped this searcher: {standing.why}", todo="Lift it: tallyio resume")
        self._stack.enter_context(placed(settings.hot_path))
        self.rpc = await self._stack.enter_async_context(Rpc(chain.http_url))
        await check_chain(self.rpc, chain)
        signer = self._unlock()
        self.executor = await find_executor(self.rpc, self.directory, signer.address)
        signer = signer.with_policy(self._policy(self.executor, self.directory.limits(Limits)))
        self.journal = Journal.open(data_dir / FILE_NAME)
        self._stack.callback(self.journal.close)
        await asyncio.to_thread(self._prepare)  # before the head is read: blocks of a minute's compiling are not missed
        await self._assemble(signer)
        self.server = MonitoringServer(
            self.monitor.metrics, self.health, settings.metrics.port, before=self._refresh_metrics
        )
        await self._stack.enter_async_context(self.server)
        self.health.set(True)
        log.info("searcher ready", metrics=f"http://127.0.0.1:{self.server.port}/metrics", live=self.live)

    def _prepare(self) -> None:
        """The kernels of the first block and the first pending transaction: neither has a second to spare for them."""
        prepare()
        if "backrun" in self.directory.settings.strategies:
            prepare_calls()
        if self.directory.settings.hot_path.shared_pools:
            warm.warm("shared")

    async def _assemble(self, signer: KeystoreSigner) -> None:
        settings, chain, limits = self.directory.settings, self.chain, self.directory.limits(Limits)
        self.mirror = build_mirror(self.directory, self.rpc)
        if writer := self._stack.enter_context(shared_market(self.directory)):
            self.mirror.market.publish_to(writer)
        scope = Scope(owner=signer.address, executor=self.executor, weth=chain.weth, tokens=frozenset(chain.tokens))
        reconciler = Reconciler(self.journal, RpcChainReader(self.rpc, chain.multicall3), scope)
        recovery = await reconciler.recover()
        next_nonce = await reads.nonce(self.rpc, signer.address, recovery.head.hash)
        nonces = NonceBook.restore(self.journal, signer.address, chain_nonce=next_nonce, head=recovery.head.number)
        built = build_strategies(self.directory, self.mirror.market.registry)
        maker = TradeMaker(
            victim_effect=built.victim_effect,
            limits=limits,
            ground=self._ground(signer.address),
            signer=signer,
            nonces=nonces,
            executor=self.executor,
            chain_id=chain.chain_id,
            journal=self.journal,
            watch=self.watch,
        )
        self.planner = Planner(
            strategies=built.strategies,
            maker=maker,
            priority_fee_wei=chain.priority_fee_wei,
            together=built.together,
            joint_ms=min(settings.joint_ms, settings.plan_ms // 2),
        )
        self.dispatcher = Dispatcher(await self._relays(), self.journal, self.watch, live=self.live)
        tracker = restore_tracker(self.journal, reconciler.ledger, self.executor, recovery.head, FINAL_DEPTH)
        self.books = Books(
            rpc=self.rpc,
            owner=signer.address,
            journal=self.journal,
            tracker=tracker,
            reconciler=reconciler,
            nonces=nonces,
            limits=limits.breaker,
            state=restored(breaker_state(self.journal)),
            accuracy=Accuracy(self.journal, limits.margin),
            watch=self.watch,
        )
        self.pipeline = Pipeline(
            feed=WebSocketFeed(self.rpc, chain.ws_url, chain.start_block, pending="backrun" in settings.strategies),
            mirror=self.mirror,
            planner=self.planner,
            dispatcher=self.dispatcher,
            books=self.books,
            watch=self.watch,
            live_from=recovery.head.number,
            verify_every_blocks=settings.verify_every_blocks,
            plan_ms=settings.plan_ms,
            alternatives=settings.alternatives,
            beside=self._beside(built.detection),
        )

    def _beside(self, detection: Detection) -> LongLook | None:
        told = self.directory.settings
        if told.long_hops <= told.max_hops or not {"arbitrage", "backrun"} & set(told.strategies):
            return None
        return LongLook(LongCycles(told.max_hops, told.long_hops), detection)

    def _ground(self, owner: Address) -> ForkGround:
        ground = ForkGround(self.chain.http_url, self.chain.chain_id, owner, executor_errors())
        self._stack.callback(ground.close)
        return ground

    async def _relays(self) -> list[FlashbotsRelay]:
        """The identity at relays is a key of this session: it carries reputation, never money."""
        session = await self._stack.enter_async_context(aiohttp.ClientSession())
        identity = IdentityKey(identity_key(self.directory.data_dir))
        return [
            FlashbotsRelay(relay.url, identity, session, name=relay.name, timeout_s=relay.timeout_ms / 1000)
            for relay in self.chain.relays
        ]

    def _unlock(self) -> KeystoreSigner:
        return unlock(self.directory)

    def _policy(self, executor: Address, limits: Limits) -> ExecutorPolicy:
        return ExecutorPolicy(
            chain_id=self.chain.chain_id,
            executor=executor,
            max_fee_wei=MAX_FEE_WEI,
            max_gas=limits.max_gas_per_trade * 2,
        )


def build_mirror(directory: ConfigDirectory, rpc: Rpc) -> Mirror:
    chain = directory.chain
    registry = DexRegistry(
        [Deployment(d.name, d.family, d.factory, d.fee_pips) for d in chain.dexes],
        [Router(r.address, RouterKind(r.kind), r.v2, r.v3) for r in chain.routers],
    )
    market = Market(
        registry,
        chain.weth,
        untradable_tokens=chain.untradable_tokens,
        prove=True,
        max_hops=directory.settings.max_hops,
        cycles=directory.settings.cycles,
    )

    async def read(calls: Sequence[tuple[Address, bytes]], block: int) -> list[tuple[bool, bytes]]:
        return await aggregate(rpc, chain.multicall3, calls, block)

    async def holding(tokens: Iterable[Address], block: int) -> set[Address]:
        return await holders(rpc, tokens, chain.start_block, block)

    lenders = [*lenders_among(registry.deployments), *(Lender(each.source, each.address) for each in chain.lenders)]
    loans = LoanBook(lenders, (chain.weth, *chain.tokens))
    return Mirror(market, [m.provider for m in chain.lending], read, holding, chain.block_seconds, loans)


def ask_twice(directory: ConfigDirectory, live: bool) -> bool:
    """Whether to send: only when config and command both say live; the command alone is a mistake worth naming."""
    if live and directory.settings.mode != "live":
        raise RefusedError(
            f"{directory.root / 'tallyio.toml'}: mode is '{directory.settings.mode}', the command says --live",
            todo='Write mode = "live" there if you mean it',
        )
    return live


def unlock(directory: ConfigDirectory) -> KeystoreSigner:
    """The wallet's key under a policy that signs nothing yet. Raises ``OperatorError`` for a wrong password."""
    wallet = directory.settings.wallet
    file = directory.resolve(wallet.password_file) if wallet.password_file else None
    password = read_password(file=file, variable=wallet.password_env)
    nothing = ExecutorPolicy(chain_id=directory.chain.chain_id, executor=directory.chain.weth, max_fee_wei=0, max_gas=0)
    return keystore.unlock(directory.resolve(wallet.keystore), password, nothing)
