"""Where the words of a record and of an intent lie. All words are uint64, "limbs" four of them, least first.

A record (``RECORD_WORDS``) tells one transaction; offsets count bytes from the start of the buffer that it lies in.
An intent (``INTENT_WORDS``) tells one swap of its call.
"""

# --- record -----------------------------------------------------------------------------------------------------------
TYPE = 0
CHAIN_ID = 1
"""0 for a legacy transaction without replay protection."""
NONCE = 2
MAX_FEE = 3
"""Wei per gas; the gas price for types 0 and 1, which is their ``TIP`` too."""
TIP = 4
GAS = 5
TO = 6
"""The address's 20 bytes, big-endian: 8, 8 and 4 of them in three words."""
FLAGS = 9
VALUE = 10
DATA_AT = 14
DATA_LENGTH = 15
SELECTOR = 16
CALL = 17
"""1 + the place in ``calls.CALLS``; 0 for a selector unknown."""
ACCESS_AT = 18
"""The access list's payload (without its own list header)."""
ACCESS_LENGTH = 19
ACCESS_ADDRESSES = 20
ACCESS_KEYS = 21
AUTHORIZATIONS_AT = 22
AUTHORIZATIONS_LENGTH = 23
AUTHORIZATIONS = 24
BLOB_FEE = 25
BLOB_HASHES_AT = 26
"""The first hash's string header; each hash takes 33 bytes."""
BLOB_HASHES = 27
PARITY = 28
R = 29
S = 33
SIGNED_AT = 37
"""The fields that are signed, as they lie in the input; the signing payload puts a list header of its own before."""
SIGNED_LENGTH = 38
BODY_AT = 39
"""The transaction's list with its header: what is hashed, after the type byte, to the transaction's hash."""
BODY_LENGTH = 40
BLOBS = 41
"""Blobs carried along (the form in which nodes pass blob transactions on); 0 in the form that blocks hold."""
CALL_CODE = 42
FIRST_INTENT = 43
INTENTS = 44
LEFT_OUT = 45
"""Inner calls, commands and swaps not looked at, or known but not told, because of a cap."""
UNKNOWN_CALLS = 46
UNKNOWN_COMMANDS = 47
SKIPPED = 48
"""Inner calls and commands known to move no pool (permits, transfers, wrapping)."""
CONDITIONS = 49
"""Conditions that may revert the call and that no intent tells (sweeps, balance checks, least amounts of several)."""
ROUTER = 50
"""1 + the place among the routers given; 0 where none were."""
CODE = 51
"""The envelope's code; the other words mean something only where it is 0."""
RECORD_WORDS = 56

CREATES = 1
PROTECTED = 2
"""EIP-155: the chain id is signed."""
NETWORK_FORM = 4
"""Came with its blobs."""

# --- intent -----------------------------------------------------------------------------------------------------------
EXACT_OUT = 0
FAMILY = 1
"""2 or 3, as in Uniswap v2 and v3."""
INTENT_CALL = 2
"""1 + the place in ``calls.CALLS`` of the function that says it; for a plan's swap, of the function with the plan."""
INTENT_FLAGS = 3
AMOUNT = 4
"""Limbs: the input, or the output where ``EXACT_OUT`` is 1."""
LIMIT = 8
"""Limbs: the least output, or the most input."""
SQRT_LIMIT = 12
"""Limbs: Q64.96, 0 for none."""
RECIPIENT = 16
HAS_DEADLINE = 19
DEADLINE = 20
"""Unix seconds; what lies beyond 64 bits is told as 2**64 - 1."""
PATH_AT = 21
PATH_KIND = 22
HOPS = 23
INTENT_WORDS = 24

PATH_ADDRESSES = 0
"""``HOPS + 1`` words of 32 bytes, each an address."""
PATH_PACKED = 1
"""Address, fee of 3 bytes, address, ...; from the output back where ``EXACT_OUT`` is 1."""
PATH_SINGLE = 2
"""Three words of 32 bytes: token in, token out, fee."""

AMOUNT_UNTOLD = 1
"""The amount is what the router will hold then: the call alone does not tell it."""
FROM_VALUE = 2
"""Paid with the transaction's value."""
FEE_ON_TRANSFER = 4
"""The function for tokens that take a fee when moved."""
ROUTER_PAYS = 8
"""A plan's swap paid from what the router holds, not by the sender."""
MAY_FAIL = 16
"""A plan's swap whose failure the plan permits."""
