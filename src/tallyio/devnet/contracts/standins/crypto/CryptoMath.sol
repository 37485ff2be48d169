// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in: what CryptoSwap's invariants of two and of three coins share, as Curve's NG pools round them.
/// @dev Source: M. Egorov, "Automatic market-making with dynamic peg" (2021). Balances are scaled to 18 decimals and by
/// the price scale into coin 0; `ann` is A times N**N times 10,000, gamma is 1e18.
abstract contract CryptoMath {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant A_MULTIPLIER = 10_000;
    uint256 private constant LEAST_GAMMA = 1e10;

    uint256 public immutable N;
    uint256 private immutable LEAST_A;
    uint256 private immutable MOST_A;
    uint256 private immutable MOST_GAMMA;

    error NotConverged();

    constructor(uint256 n, uint256 leastA, uint256 mostGamma) {
        (N, LEAST_A, MOST_A, MOST_GAMMA) = (n, leastA, n ** n * A_MULTIPLIER * 1000, mostGamma);
    }

    /// @notice The geometric mean.
    function mean(uint256[] memory x) public pure virtual returns (uint256);

    /// @notice 1e18 where the balances are equal, towards 0 where they are not.
    function evenness(uint256[] memory xp) external pure virtual returns (uint256);

    /// @notice A share's price in coin 0, by the average prices.
    function sharePrice(uint256 virtualPrice, uint256[] memory oracle) external pure virtual returns (uint256);

    /// @notice Marginal prices of the scaled coins 1.. in coin 0, at their places less one.
    function prices(uint256[] memory xp, uint256 d, uint256 ann, uint256 gamma)
        external
        pure
        virtual
        returns (uint256[] memory);

    /// @notice Balance `i` where the curve holds `d` and the others, and K0 there (0 where it was not found).
    function balance(uint256 ann, uint256 gamma, uint256[] memory xp, uint256 d, uint256 i)
        external
        view
        virtual
        returns (uint256 y, uint256 k0);

    /// @notice D of the balances; `before` is the K0 that `balance` found, for a nearer start.
    function invariant(uint256 ann, uint256 gamma, uint256[] memory xp, uint256 before)
        external
        view
        returns (uint256 d)
    {
        requireSafe(ann, gamma);
        uint256[] memory x = _sorted(xp);
        require(x[0] > 0 && x[0] < type(uint256).max / ONE * N ** N, "unsafe balances");
        uint256 total;
        for (uint256 k; k < x.length; ++k) total += x[k];
        d = _start(x, total, before);
        for (uint256 step; step < 255; ++step) {
            uint256 last = d;
            require(d > 0);
            d = _step(d, total, _evenAt(x, d), ann, gamma);
            if (apart(d, last) * 1e14 < (d > 1e16 ? d : 1e16)) {
                for (uint256 k; k < x.length; ++k) _requireShare(x[k] * ONE / d);
                return d;
            }
        }
        revert NotConverged();
    }

    /// @notice How far the average prices are from the price scale (1e18).
    function distance(uint256[] memory oracles, uint256[] memory scales) external pure returns (uint256) {
        uint256 square;
        for (uint256 k; k < oracles.length; ++k) square += apart(oracles[k] * ONE / scales[k], ONE) ** 2;
        return squareRoot(square);
    }

    function requireSafe(uint256 ann, uint256 gamma) public view {
        require(ann >= LEAST_A && ann <= MOST_A, "unsafe values A");
        require(gamma >= LEAST_GAMMA && gamma <= MOST_GAMMA, "unsafe values gamma");
    }

    /// @dev What D is first taken for.
    function _start(uint256[] memory x, uint256 total, uint256 before) internal pure virtual returns (uint256);

    /// @dev K0 at `d`, the balances falling.
    function _evenAt(uint256[] memory x, uint256 d) internal pure virtual returns (uint256);

    function _requireShare(uint256 share) internal pure virtual;

    function _step(uint256 d, uint256 total, uint256 k0, uint256 ann, uint256 gamma) private view returns (uint256) {
        uint256 far = apart(gamma + ONE, k0) + 1;
        uint256 mul1 = ONE * d / gamma * far / gamma * far * A_MULTIPLIER / ann;
        uint256 mul2 = 2 * ONE * N * k0 / far;
        uint256 slope = total + total * mul2 / ONE + mul1 * N / k0 - mul2 * d / ONE;
        uint256 plus = d * (slope + total) / slope;
        uint256 minus = d * d / slope;
        uint256 part = d * (mul1 / slope) / ONE;
        if (k0 < ONE) minus += part * (ONE - k0) / k0;
        else minus -= part * (k0 - ONE) / k0;
        return plus > minus ? plus - minus : (minus - plus) / 2;
    }

    struct Sought {
        uint256 ann;
        uint256 gamma;
        uint256 d;
        uint256 others;
        uint256 k0;
        uint256 limit;
    }

    /// @dev A balance by Newton's method from `y`; `s.others` is the sum of the others, `s.k0` what they make of K0.
    function _newton(Sought memory s, uint256 y) internal view returns (uint256) {
        for (uint256 step; step < 255; ++step) {
            uint256 before = y;
            bool stepped;
            (y, stepped) = _nearer(s, before);
            uint256 parts = y / 1e14;
            if (stepped && apart(y, before) < (s.limit > parts ? s.limit : parts)) return y;
        }
        revert NotConverged();
    }

    function _nearer(Sought memory s, uint256 y) private view returns (uint256, bool) {
        uint256 k0 = s.k0 * y * N / s.d;
        uint256 far = apart(s.gamma + ONE, k0) + 1;
        uint256 mul1 = ONE * s.d / s.gamma * far / s.gamma * far * A_MULTIPLIER / s.ann;
        uint256 mul2 = ONE + 2 * ONE * k0 / far;
        uint256 total = s.others + y;
        uint256 slope = ONE * y + total * mul2 + mul1;
        if (slope < s.d * mul2) return (y / 2, false);
        slope -= s.d * mul2;
        uint256 steep = slope / y;
        uint256 minus = mul1 / steep;
        uint256 plus = (slope + ONE * s.d) / steep + minus * ONE / k0;
        minus += ONE * total / steep;
        return (plus < minus ? y / 2 : plus - minus, true);
    }

    /// @dev What a cubic's terms are divided by, for products of a word.
    function _scaleDown(uint256 size, uint256 step) internal pure returns (uint256) {
        for (uint256 power = 48; power > 23; power -= step) {
            if (size > 10 ** power) return 10 ** (power - 18);
        }
        return size > 1e20 ? 100 : 1;
    }

    /// @dev The part of the marginal prices that all coins share; `k0` in 1e36.
    function _shared(uint256 gamma, uint256 k0) internal pure returns (uint256) {
        uint256 square = k0 * k0 / 1e36;
        return 2 * k0 * k0 / 1e36 * k0 / 1e36 + (gamma + ONE) ** 2 - square * (2 * gamma + 3 * ONE) / ONE;
    }

    /// @dev The cube root of `x` (1e18), seven Newton steps from a power of two.
    function cubeRoot(uint256 x) public pure returns (uint256) {
        uint256 free = 115792089237316195423570985008687907853269;
        if (x == 0) return 0;
        if (x >= free * ONE) return _cubeRoot(x) * 1e12;
        if (x >= free) return _cubeRoot(x * ONE) * 1e6;
        return _cubeRoot(x * 1e36);
    }

    function _cubeRoot(uint256 x) private pure returns (uint256 root) {
        uint256 bits = _bits(x);
        root = (1 << bits / 3) * 1260 ** (bits % 3) / 1000 ** (bits % 3);
        for (uint256 step; step < 7; ++step) root = (2 * root + x / (root * root)) / 3;
    }

    function signedCubeRoot(int256 x) internal pure returns (int256) {
        return x < 0 ? -int256(cubeRoot(uint256(-x))) : int256(cubeRoot(uint256(x)));
    }

    function squareRoot(uint256 x) public pure returns (uint256 y) {
        if (x == 0) return 0;
        y = 1 << (_bits(x) / 2 + 1);
        for (uint256 next = (y + x / y) / 2; next < y; next = (y + x / y) / 2) y = next;
    }

    function _bits(uint256 x) private pure returns (uint256 count) {
        for (uint256 shift = 128; shift > 0; shift /= 2) {
            if (x >> shift == 0) continue;
            x >>= shift;
            count += shift;
        }
    }

    function _sorted(uint256[] memory xp) internal pure returns (uint256[] memory x) {
        x = new uint256[](xp.length);
        for (uint256 k; k < xp.length; ++k) {
            uint256 at = k;
            for (; at > 0 && x[at - 1] < xp[k]; --at) x[at] = x[at - 1];
            x[at] = xp[k];
        }
    }

    function apart(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : b - a;
    }

    function size(int256 x) internal pure returns (uint256) {
        return uint256(x < 0 ? -x : x);
    }
}
