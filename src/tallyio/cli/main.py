"""``tallyio``: the commands and their exit codes.

0 done, 1 failed, 2 wrong usage or config, 3 a chain or service out of reach, 4 refused by policy or risk.
Commands are loaded when they are called, so that ``--help`` stays quick.
"""

import sys

from cyclopts import App, CycloptsError

from tallyio import __version__
from tallyio.core.errors import TallyError

WRONG_USAGE = 2
INTERRUPTED = 130

app = App(
    name="tallyio",
    version=__version__,
    help="Finds trades that are certain to pay on EVM chains, proves each, lands it as a bundle, accounts for every wei.",
    help_epilogue="Example: tallyio demo --blocks 60",
)
app.command("tallyio.cli.demo:demo", name="demo", help="The whole machine on an embedded chain; a tally at the end.")
app.command("tallyio.cli.run:run", name="run", help="The searcher on a configured chain; shadow unless asked twice.")
app.command("tallyio.cli.run:kill", name="kill", help="Stop a running searcher within a second; it stays stopped.")
app.command("tallyio.cli.run:resume", name="resume", help="Let a stopped searcher start again.")
app.command("tallyio.cli.doctor:doctor", name="doctor", help="Preflight: settings, chain, contracts; --verify the mirror.")
app.command("tallyio.cli.deploy:deploy", name="deploy", help="Put the executor contract on the configured chain.")
app.command("tallyio.cli.deploy:withdraw", name="withdraw", help="Bring the executor's funds back to the owner.")
app.command("tallyio.cli.report:report", name="report", help="The tally and the HTML page; --missed what was left.")

devnet = App(name="devnet", help="The local chain with real contracts, traffic and a block builder.")
devnet.command("tallyio.cli.devnet:up", name="up", help="Start it in the background.")
devnet.command("tallyio.cli.devnet:status", name="status", help="Say whether it runs, and where.")
devnet.command("tallyio.cli.devnet:down", name="down", help="Stop it.")
devnet.command("tallyio.cli.devnet:serve", name="serve", help="Run it in the foreground.")
devnet.command("tallyio.cli.devnet:install", name="install", help="Fetch the chain binary, contracts and compilers.")
app.command(devnet)

wallet = App(name="wallet", help="The encrypted key.")
wallet.command("tallyio.cli.wallet:create", name="create", help="Make a new key.")
wallet.command("tallyio.cli.wallet:import_", name="import", help="Encrypt an existing key.")
wallet.command("tallyio.cli.wallet:show", name="show", help="Show the address and its balance.")
app.command(wallet)

ledger = App(name="ledger", help="Every wei in and out.")
ledger.command("tallyio.cli.ledger:verify", name="verify", help="Prove the ledger from the chain alone.")
ledger.command("tallyio.cli.ledger:balances", name="balances", help="Balances per account and token.")
app.command(ledger)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code; errors become one line on stderr."""
    try:
        result = app(arguments, exit_on_error=False, print_error=False)
    except CycloptsError as e:
        print(f"error: {e} Try 'tallyio --help'.", file=sys.stderr)
        return WRONG_USAGE
    except TallyError as e:
        print(f"error: {e}", file=sys.stderr)
        return e.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def main() -> None:
    sys.exit(run(sys.argv[1:]))
