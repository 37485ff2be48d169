"""A transaction of a block, from its signed bytes to what the machine takes."""

from tallyio.chains.signed import decode_any
from tallyio.simulation.evm.authorization import Authorization
from tallyio.simulation.evm.execute import Message


def message_of(raw: bytes) -> Message:
    """The message that ``raw`` signs, with its sender. Raises ``ChainDataError`` where ``raw`` is no transaction."""
    found = decode_any(raw)
    return Message(
        sender=int(found.sender, 16),
        to=None if found.to is None else int(found.to, 16),
        data=found.data,
        value_wei=found.value_wei,
        gas_limit=found.gas_limit,
        max_fee_wei=found.max_fee_wei,
        priority_fee_wei=found.priority_fee_wei,
        nonce=found.nonce,
        access_list=tuple((int(at, 16), tuple(map(int.from_bytes, keys))) for at, keys in found.access_list),
        max_blob_fee_wei=found.max_blob_fee_wei,
        blob_hashes=tuple(map(int.from_bytes, found.blob_hashes)),
        authorizations=tuple(
            Authorization(each.chain_id, int(each.address, 16), each.nonce, each.parity, each.r, each.s)
            for each in found.authorizations
        ),
    )
