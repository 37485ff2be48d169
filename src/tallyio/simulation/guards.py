"""Where revm 8, the EVM inside pyrevm, differs from today's chains, and what is done about it.

Corrected: the calldata floor (EIP-7623), fees and the nonce of the sender.

Refused with ``InexactError``, because the answer could be wrong:

* executing BASEFEE (reads 0), BLOCKHASH (unknown to it), PREVRANDAO (unknown before the block), BLOBBASEFEE (outdated
  formula) or CLZ (unknown opcode), in code that was on the chain before the call or remains after it; init code that
  a call assembles by itself is not looked into;
* touching a precompile that it lacks (BLS12-381, P256VERIFY) or prices differently (MODEXP from Osaka on), an account
  with an EIP-7702 delegation, or a contract that the protocol writes at the start of a block (EIP-4788, EIP-2935).
"""

from collections.abc import Mapping

from tallyio.core.units import Address
from tallyio.simulation.opcodes import BASEFEE, BLOBBASEFEE, CLZ, PREVRANDAO
from tallyio.simulation.records import BlockEnv, CallTx, InexactError
from tallyio.simulation.state import Account

_DELEGATED = bytes.fromhex("ef0100")
_SYSTEM = {
    Address("0x000f3df6d732807ef1319fb7b8bb8522d0beac02"): "the beacon roots contract (EIP-4788)",
    Address("0x0000f90827f1c53a10cb7a02335b175320002935"): "the block hash contract (EIP-2935)",
}
_PRAGUE = {Address(f"0x{number:040x}"): "a BLS12-381 precompile (EIP-2537)" for number in range(0x0B, 0x12)}
_OSAKA = {
    Address(f"0x{0x05:040x}"): "the modular exponentiation precompile (EIP-7883)",
    Address(f"0x{0x100:040x}"): "the P256VERIFY precompile (EIP-7951)",
}


def watched_opcodes(env: BlockEnv) -> frozenset[int]:
    """Opcodes whose execution would make a run inexact under ``env``."""
    watched = {CLZ} if env.rules == "osaka" else set()
    watched |= {BASEFEE} if env.base_fee_wei else set()
    watched |= {PREVRANDAO} if env.prevrandao is None else set()
    watched |= {BLOBBASEFEE} if env.excess_blob_gas else set()
    return frozenset(watched)


def check_surroundings(env: BlockEnv, touched: Mapping[Address, Account]) -> None:
    """Raises ``InexactError`` when one of the touched accounts behaves otherwise on the chain."""
    refused = dict(_SYSTEM)
    if env.rules != "cancun":
        refused |= _PRAGUE
    if env.rules == "osaka":
        refused |= _OSAKA
    for address, account in touched.items():
        if address in refused:
            raise InexactError(f"the call touches {refused[address]} at {address}")
        if account.code.startswith(_DELEGATED):
            raise InexactError(f"the call touches {address}, which delegates its code (EIP-7702)")


def intrinsic_gas(tx: CallTx) -> int:
    """Gas before the first instruction (Yellow Paper, section 6; EIP-2028, 2930, 3860)."""
    zeros = tx.data.count(0)
    gas = 21_000 + 4 * zeros + 16 * (len(tx.data) - zeros)
    gas += sum(2_400 + 1_900 * len(keys) for _, keys in tx.access_list)
    if tx.to is None:
        gas += 32_000 + 2 * ((len(tx.data) + 31) // 32)
    return gas


def floor_gas(tx: CallTx, env: BlockEnv) -> int:
    """The least that a transaction pays for its calldata since Prague (EIP-7623)."""
    if env.rules == "cancun":
        return 0
    zeros = tx.data.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(tx.data) - zeros))
