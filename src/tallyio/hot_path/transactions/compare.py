"""One input, decoded by the kernels and by their twin: what differs."""

from tallyio.hot_path.transactions.codes import CALL_CODES, Code
from tallyio.hot_path.transactions.decoded import Decoder
from tallyio.hot_path.transactions.reference import Recognised, RefusedError, fields_of


def difference(decoder: Decoder, raw: bytes) -> str:
    """Empty where both agree on whether ``raw`` is a transaction, on every field, and on its swaps and counts."""
    found = decoder.decode(raw)
    try:
        fields = fields_of(raw)
    except RefusedError as e:
        return "" if isinstance(found, Code) else f"taken, but the reference refuses: {e}"
    if isinstance(found, Code):
        return f"refused with {found.name}, which the reference takes"
    ours = {
        "type": found.type,
        "chain_id": found.chain_id,
        "nonce": found.nonce,
        "tip": found.priority_fee_wei,
        "cap": found.max_fee_wei,
        "gas": found.gas_limit,
        "to": found.to or b"",
        "value": found.value_wei,
        "data": raw[found.data],
        "signature": found.signature,
    }
    for name, value in ours.items():
        if value != fields[name]:
            return f"{name} is {value!r}, the reference says {fields[name]!r}"
    if len(fields["data"]) < 4 or not fields["to"]:
        return "" if found.call is Code.NO_CALL else f"a call ({found.call.name}) in a transaction without one"
    try:
        call = Recognised(fields["data"], fields["value"])
    except RefusedError as e:
        refused = found.call >= CALL_CODES and not found.intents
        known = (Code.UNKNOWN_SELECTOR, Code.PARTLY_UNKNOWN, Code.LEFT_OUT)
        return "" if refused and found.call not in known else f"{found.call.name}, but the reference refuses: {e}"
    if found.call is not call.code:
        return f"{found.call.name}, the reference says {call.code.name}"
    counts = (found.left_out, found.unknown, found.conditions)
    if counts != (call.left_out, call.unknown, call.conditions):
        return f"counts {counts}, the reference says {(call.left_out, call.unknown, call.conditions)}"
    for mine, theirs in zip(found.intents, call.intents, strict=True):
        if mine != theirs:
            return f"{mine}, the reference says {theirs}"
    return ""
