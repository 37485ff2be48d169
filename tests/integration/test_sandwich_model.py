"""The model contracts that measure exposure: at home on local chains alone, and out of the live path's reach."""

import subprocess
import sys
from typing import Any

import pytest

from tallyio.chains.keccak import keccak256
from tallyio.core.clock import seeded
from tallyio.core.errors import RefusedError
from tallyio.core.units import Address
from tallyio.devnet import abi
from tallyio.execution.artifact import errors_of
from tallyio.execution.deploy import creation_data
from tallyio.reports.exposure import LOCAL_CHAINS
from tallyio.reports.sandwich_bench import BACK, FRONT, model_creation, sandwich_artifact
from tallyio.simulation.revert import Errors
from tallyio.wallet.policy import DeploymentPolicy, ExecutorPolicy
from tallyio.wallet.transaction import UnsignedTransaction

WETH, OWNER, STRANGER = (Address("0x" + byte * 20) for byte in ("ee", "11", "22"))
EXECUTOR = Address("0x" + "ec" * 20)
CALLS = [abi.call(f"{name}(bytes)", b"") for name in ("front", "back")]
GWEI = 10**9


def chain(chain_id: int) -> Any:
    import pyrevm

    revm: Any = pyrevm
    evm = revm.EVM(env=revm.Env(cfg=revm.CfgEnv(chain_id=chain_id)))
    evm.set_balance(OWNER, 10**30)
    return evm


def refusal(evm: Any, to: str, data: bytes, sender: Address = OWNER) -> str:
    with pytest.raises(RuntimeError) as refused:
        evm.message_call(sender, to, data)
    raw = str(refused.value).rsplit("output: 0x", 1)[1].rstrip(" })")
    return Errors(errors_of(sandwich_artifact())).explain(bytes.fromhex(raw))


def some_chains() -> set[int]:
    """Those that people use, the neighbours of the local ones, and many more."""
    random = seeded(3, "chain ids")
    near = {each + step for each in LOCAL_CHAINS for step in (-1, 1)}
    drawn = {random.randrange(1, 1 << random.randrange(2, 64)) for _ in range(100)}
    return {1, 10, 56, 100, 137, 250, 324, 8453, 42161, 43114, 59144, 534352, 11155111} | near | drawn


def test_they_are_made_on_local_chains_alone() -> None:
    for chain_id in LOCAL_CHAINS:
        assert chain(chain_id).deploy(OWNER, model_creation(WETH))
    for chain_id in some_chains() - LOCAL_CHAINS:
        with pytest.raises(RuntimeError, match=keccak256(b"NotLocal(uint256)")[:4].hex()):
            chain(chain_id).deploy(OWNER, model_creation(WETH))


def test_they_know_the_chains_that_the_report_knows() -> None:
    evm = chain(31337)
    model = evm.deploy(OWNER, model_creation(WETH))
    (known,) = abi.unpack("(uint256[2])", bytes(evm.message_call(OWNER, model, abi.call("localChains()"))))
    assert set(known) == LOCAL_CHAINS


@pytest.mark.parametrize("call", CALLS)
def test_their_code_refuses_to_run_where_a_copy_of_it_lies(call: bytes) -> None:
    import pyrevm

    local = chain(31337)
    model = local.deploy(OWNER, model_creation(WETH))
    code = bytes(local.basic(model).code)
    assert local.message_call(OWNER, model, call) is not None
    public = chain(1)
    public.insert_account_info(model, pyrevm.AccountInfo(code=code))
    assert refusal(public, model, call) == "NotLocal(chainId=1)"


@pytest.mark.parametrize("call", CALLS)
def test_strangers_get_nothing_out_of_them(call: bytes) -> None:
    evm = chain(31337)
    model = evm.deploy(OWNER, model_creation(WETH))
    assert "NotOwner" in refusal(evm, model, call, STRANGER)


def transaction(to: Address | None, data: bytes) -> UnsignedTransaction:
    return UnsignedTransaction(
        chain_id=31337,
        nonce=0,
        to=to,
        value_wei=0,
        data=data,
        gas_limit=1_000_000,
        max_fee_wei=GWEI,
        priority_fee_wei=0,
    )


def test_the_wallet_signs_no_call_of_theirs() -> None:
    policy = ExecutorPolicy(chain_id=31337, executor=EXECUTOR, max_fee_wei=GWEI, max_gas=1_000_000)
    assert {call[:4] for call in CALLS} == {FRONT, BACK}
    for call in CALLS:
        with pytest.raises(RefusedError, match="the function"):
            policy.check(transaction(EXECUTOR, call))
        with pytest.raises(RefusedError, match="a call of"):
            policy.check(transaction(Address("0x" + "5a" * 20), call))


def test_the_wallet_signs_no_creation_of_theirs() -> None:
    creation = model_creation(WETH)
    calls = ExecutorPolicy(chain_id=31337, executor=EXECUTOR, max_fee_wei=GWEI, max_gas=1_000_000)
    with pytest.raises(RefusedError, match="a contract creation"):
        calls.check(transaction(None, creation))
    creations = DeploymentPolicy(chain_id=31337, creation_data=creation_data(WETH), max_fee_wei=GWEI, max_gas=1_000_000)
    creations.check(transaction(None, creation_data(WETH)))
    with pytest.raises(RefusedError, match="creation code"):
        creations.check(transaction(None, creation))


def test_what_trades_live_does_not_load_them() -> None:
    loaded = (
        "import sys, tallyio.app.searcher, tallyio.app.run, tallyio.app.deploy; "
        "print([name for name in sys.modules if 'sandwich' in name or name == 'tallyio.reports.exposure'])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
