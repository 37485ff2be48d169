"""Laws that hold for any words, on the compiled kernels."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tallyio.hot_path.check import arithmetic_cases as cases
from tallyio.hot_path.check.loops import Answer, Case, Row, answers_of

WORDS = st.one_of(
    st.integers(0, 2**256 - 1),
    st.builds(lambda k, off: (2**k + off) % 2**256, st.integers(0, 256), st.integers(-2, 2)),
    st.builds(lambda bits, k: bits >> k, st.integers(0, 2**256 - 1), st.integers(0, 255)),
)
DIVIDE, UP, WIDE, ROOT = cases.mul_div, cases.mul_div_up, cases.mul_wide, cases.isqrt


def _one(case: Case, row: Row, answers: int = 1) -> Answer:
    return answers_of(case, [row], answers)[0]


@settings(deadline=None, max_examples=500)
@given(WORDS, WORDS, WORDS)
def test_a_quotient_and_its_rounding_up_enclose_the_true_one(a: int, b: int, d: int) -> None:
    down, up = _one(DIVIDE, (a, b, d)), _one(UP, (a, b, d))
    if d == 0 or a * b // d >= 2**256:
        assert down is None
        assert up is None
        return
    assert down is not None
    assert 0 <= a * b - down[0] * d < d
    if up is not None:
        assert 0 <= up[0] * d - a * b < d
    else:
        assert down[0] == 2**256 - 1
        assert a * b % d


@settings(deadline=None, max_examples=500)
@given(WORDS, WORDS)
def test_a_wide_product_is_whole(a: int, b: int) -> None:
    answer = _one(WIDE, (a, b), 2)
    assert answer is not None
    assert (answer[0] << 256) + answer[1] == a * b


@settings(deadline=None, max_examples=500)
@given(WORDS)
def test_a_root_is_the_greatest_whose_square_is_not_above(a: int) -> None:
    answer = _one(ROOT, (a,))
    assert answer is not None
    assert answer[0] ** 2 <= a < (answer[0] + 1) ** 2
