"""``tallyio``: the commands and their exit codes.

0 done, 1 failed, 2 wrong usage or config, 3 a chain or service out of reach, 4 refused by policy or risk.
Commands are loaded when they are called, so that ``--help`` stays quick.
"""

import errno
import os
import sys
import traceback
from pathlib import Path

from cyclopts import App, CycloptsError

from tallyio import __version__
from tallyio.core.errors import TallyError

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
TRACE = "TALLYIO_TRACE"
"""Environment variable that has a fault of ours shown with its trace."""

COMMANDS = (
    ("demo", "demo:demo", "The whole machine on an embedded chain; a tally at the end.", "demo --blocks 200 --seed 7"),
    ("run", "run:run", "The searcher on a configured chain; shadow unless asked twice.", "run --config ./config"),
    ("kill", "run:kill", "Stop a running searcher within a second; it stays stopped.", "kill --config ./config"),
    ("resume", "run:resume", "Let a stopped searcher start again.", "resume --config ./config"),
    ("doctor", "doctor:doctor", "Preflight: settings, chain, contracts, mirror.", "doctor --config ./config --verify"),
    ("deploy", "deploy:deploy", "Put the executor contract on the chain.", "deploy --config ./config --live"),
    ("withdraw", "deploy:withdraw", "Return the executor's funds to the owner.", "withdraw --config ./config --live"),
    ("report", "report:report", "The tally, the HTML page, and what was missed.", "report --config ./config --missed"),
    ("scan", "scan:scan", "One look: every cycle that pays now, sized exactly.", "scan --config ./config"),
    (
        "exposure",
        "exposure:exposure",
        "What a sandwich could take from a swap; local chains.",
        "exposure 0x02f8... --json",
    ),
    ("prices", "prices:prices", "The pools of a running searcher, from its shared memory.", "prices --config ./config"),
    (
        "backtest",
        "backtest:backtest",
        "Parameters over many archived blocks, with competition modelled.",
        "backtest ./archive --out ./backtest --config backtest.toml",
    ),
    ("inspect", "inspect:inspect", "What happened in a block, and who took what.", "inspect ./12914944.json.gz --json"),
    (
        "replay",
        "replay:replay",
        "Archived blocks through the searcher, beside who took what.",
        "replay ./archive --json",
    ),
    ("bench", "bench:bench", "Time the hot path on this machine against its goals.", "bench --only 'update.*'"),
    ("verify", "verify:verify", "Ask the models again what real contracts answered.", "verify answers.json.gz --json"),
    ("warmup", "bench:warmup", "Compile the hot path's kernels before they are needed.", "warmup"),
    (
        "archive import",
        "archive:import_",
        "Read real blocks from JSON files into an archive.",
        "archive import ./blocks --out ./archive",
    ),
    (
        "archive fetch",
        "archive:fetch",
        "Build an archive from a node.",
        "archive fetch --rpc http://127.0.0.1:8545 --blocks 100..120 --out ./archive",
    ),
    ("archive verify", "archive:verify", "Execute an archive against its headers.", "archive verify ./archive"),
    ("devnet up", "devnet:up", "Start the local chain in the background.", "devnet up --seed 7 --interval-ms 500"),
    ("devnet status", "devnet:status", "Say whether it runs, and where.", "devnet status --json"),
    ("devnet down", "devnet:down", "Stop it.", "devnet down"),
    ("devnet serve", "devnet:serve", "Run it in the foreground.", "devnet serve --seed 7 --rivals 3"),
    ("devnet config", "devnet:config", "Write a configuration directory for it.", "devnet config ./my-devnet"),
    ("devnet install", "devnet:install", "Fetch chain binary, contracts and compilers.", "devnet install"),
    ("wallet create", "wallet:create", "Make a new key.", "wallet create ./config/wallet/keystore.json"),
    (
        "wallet import",
        "wallet:import_",
        "Encrypt an existing key.",
        "wallet import ./keystore.json --key-file ./key.hex",
    ),
    ("wallet show", "wallet:show", "Show the address and its balance.", "wallet show --config ./config"),
    ("ledger verify", "ledger:verify", "Prove the ledger from the chain alone.", "ledger verify --config ./config"),
    (
        "ledger balances",
        "ledger:balances",
        "Balances per account and token.",
        "ledger balances --config ./config --json",
    ),
)
GROUPS = {
    "archive": "Real blocks on disk, executed again.",
    "devnet": "The local chain with real contracts, traffic and a block builder.",
    "wallet": "The encrypted key.",
    "ledger": "Every wei in and out.",
}


def build() -> App:
    """The command tree. Each command names its module by path and is imported when it is called."""
    app = App(
        name="tallyio",
        version=__version__,
        help="Finds trades that are certain to pay on EVM chains, proves each, lands it as a bundle, and accounts "
        "for every wei.",
    )
    groups = {name: App(name=name, help=text) for name, text in GROUPS.items()}
    for words, target, text, example in COMMANDS:
        group, _, name = words.rpartition(" ")
        parent = groups[group] if group else app
        parent.command(f"tallyio.cli.{target}", name=name, help=text, help_epilogue=f"Example: tallyio {example}")
    for group_app in groups.values():
        app.command(group_app)
    return app


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; errors become one line on stderr."""
    try:
        result = build()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as e:
        print(f"error: {e} Try 'tallyio --help'.", file=sys.stderr)
        return WRONG_USAGE
    except TallyError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the reader left; nothing more can be told to it
        return 0
    except OSError as e:
        print(f"error: {_operating_system(e)}", file=sys.stderr)
        return WRONG_USAGE
    except Exception as e:
        if os.environ.get(TRACE):
            raise
        print(f"error: {_unforeseen(e)}", file=sys.stderr)
        return FAILED
    return result if isinstance(result, int) else 0


def _operating_system(e: OSError) -> str:
    name = f"{e.filename}: " if e.filename else ""
    todo = "Free some space" if e.errno in (errno.ENOSPC, errno.EDQUOT) else "Check that path and its permissions"
    return f"{name}{e.strerror or type(e).__name__}. {todo}"


def _unforeseen(e: Exception) -> str:
    """Type and place of a fault of ours; not its text, which may hold what must not be shown."""
    places = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(e.__traceback__)]
    file, line = next((p for p in reversed(places) if "tallyio" in Path(p[0]).parts), places[-1])
    return (
        f"a fault of tallyio itself: {type(e).__name__} at {Path(file).name}:{line}. "
        f"Please report it with the trace that {TRACE}=1 shows"
    )


def main() -> None:
    sys.exit(run(sys.argv[1:]))
