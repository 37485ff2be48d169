"""``e**x`` of 18-decimal fixed point, as the fixed-point libraries of contracts round it.

Source: Remco Bloemen, "Exponential of a 18-decimal fixed-point number": range reduction by powers of two, then a
(6, 7)-term rational approximation in Q96.
"""

from tallyio.protocols.dex.families.words import require

_ZERO_FROM = -42_139_678_854_452_767_551
_TOO_LARGE = 135_305_999_368_893_231_589
_LN2 = 54_916_777_467_707_473_351_141_471_128
_NUMERATOR = (
    1_346_386_616_545_796_478_920_950_773_328,
    57_155_421_227_552_351_082_224_309_758_442,
    -94_201_549_194_550_492_254_356_042_504_812,
    28_719_021_644_029_726_153_956_944_680_412_240,
    4_385_272_521_454_847_904_659_076_985_693_276,
)
_DENOMINATOR = (
    50_020_603_652_535_783_019_961_831_881_945,
    -533_845_033_583_426_703_283_633_433_725_380,
    3_604_857_256_930_695_427_073_651_918_689_429,
    -14_423_608_567_350_463_180_887_372_962_807_573,
    26_449_188_498_355_588_339_934_803_723_976_023,
)
_DENOMINATOR_START = -2_855_989_394_907_223_263_936_484_059_900
_SCALE = 3_822_833_074_963_236_453_042_738_258_902_158_003_155_416_615_667


def exp_wad(x: int) -> int:
    """``e**(x / 1e18) * 1e18``; raises ``SwapRefusedError`` where the result leaves its word."""
    if x <= _ZERO_FROM:
        return 0
    require(x < _TOO_LARGE, "wad_exp overflow")
    scaled = abs(x << 78) // 5**18
    x = -scaled if x < 0 else scaled
    shifted = abs(x << 96) // _LN2
    k = ((-shifted if x < 0 else shifted) + (1 << 95)) >> 96
    x -= k * _LN2
    y = x + _NUMERATOR[0]
    y = (y * x >> 96) + _NUMERATOR[1]
    p = y + x + _NUMERATOR[2]
    p = (p * y >> 96) + _NUMERATOR[3]
    p = p * x + (_NUMERATOR[4] << 96)
    q = x + _DENOMINATOR_START
    for term in _DENOMINATOR:
        q = (q * x >> 96) + term
    return p // q * _SCALE >> (195 - k)
