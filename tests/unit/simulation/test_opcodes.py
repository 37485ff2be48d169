from hypothesis import given
from hypothesis import strategies as st

from tallyio.simulation.opcodes import BASEFEE, CLZ, GASPRICE, PREVRANDAO, poisoned, reachable


def code(text: str) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


def test_instructions_are_told_from_push_data() -> None:
    assert reachable(code("60 48 48 61 4848 00")) == {BASEFEE: (2,)}
    assert reachable(code("7f" + "48" * 32 + "44")) == {PREVRANDAO: (33,)}
    assert reachable(code("7f 4848")) == {}


def test_what_follows_a_stop_runs_only_from_a_jumpdest_on() -> None:
    assert reachable(code("00 48")) == {}
    assert reachable(code("fe 48 5b 48")) == {BASEFEE: (3,)}
    assert reachable(code("56 48 60 5b 48")) == {}  # that 5b is data
    assert reachable(code("57 48")) == {BASEFEE: (1,)}  # a conditional jump falls through


def test_poison_ends_the_frame_and_nothing_else_changes() -> None:
    assert poisoned(code("48 3a 1e 60 48"), frozenset({BASEFEE, CLZ})) == code("fe 3a 5b 60 48")
    assert poisoned(code("48 3a"), frozenset({GASPRICE})) == code("48 fe")


@given(st.binary(max_size=300))
def test_poisoned_code_can_execute_no_watched_opcode(raw: bytes) -> None:
    watched = frozenset({BASEFEE, PREVRANDAO})
    changed = poisoned(raw, watched)
    assert len(changed) == len(raw)
    assert not reachable(changed).keys() & watched
