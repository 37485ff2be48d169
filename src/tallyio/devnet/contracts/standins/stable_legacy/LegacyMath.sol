// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in: StableSwap's invariant and its solutions, as Curve's first pools round them.
/// @dev Source: M. Egorov, "StableSwap" (2019). Balances are scaled to 18 decimals; amplifications are A times `unit`.
library LegacyMath {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant FEE_UNIT = 1e10;

    function invariant(uint256[] memory xp, uint256 amp, uint256 unit) internal pure returns (uint256 d) {
        uint256 n = xp.length;
        uint256 total;
        for (uint256 k; k < n; ++k) total += xp[k];
        if (total == 0) return 0;
        d = total;
        uint256 ann = amp * n;
        for (uint256 step; step < 255; ++step) {
            uint256 product = d;
            for (uint256 k; k < n; ++k) product = product * d / (xp[k] * n);
            uint256 before = d;
            d = (ann * total / unit + product * n) * d / ((ann - unit) * d / unit + (n + 1) * product);
            if (apart(d, before) <= 1) return d;
        }
        require(unit == 1); // the first pool takes what it has
    }

    /// @notice Coin `j`'s balance where coin `i`'s is `x` and the invariant is that of `xp`.
    function balanceAt(uint256 i, uint256 j, uint256 x, uint256[] memory xp, uint256 amp, uint256 unit)
        internal
        pure
        returns (uint256 y)
    {
        require(i != j && i < xp.length && j < xp.length);
        uint256 d = invariant(xp, amp, unit);
        uint256 kept = xp[i];
        xp[i] = x;
        y = solve(j, xp, amp, unit, d);
        xp[i] = kept;
    }

    /// @notice Coin `j`'s balance where the invariant is `d` and the others are as in `xp`.
    function solve(uint256 j, uint256[] memory xp, uint256 amp, uint256 unit, uint256 d)
        internal
        pure
        returns (uint256 y)
    {
        uint256 n = xp.length;
        uint256 ann = amp * n;
        uint256 c = d;
        uint256 b;
        for (uint256 k; k < n; ++k) {
            if (k == j) continue;
            b += xp[k];
            c = c * d / (xp[k] * n);
        }
        c = c * d * unit / (ann * n);
        b += d * unit / ann;
        y = d;
        for (uint256 step; step < 255; ++step) {
            uint256 before = y;
            y = (y * y + c) / (2 * y + b - d);
            if (apart(y, before) <= 1) return y;
        }
        require(unit == 1);
    }

    function scaled(uint256[] memory held, uint256[] memory rates) internal pure returns (uint256[] memory xp) {
        xp = new uint256[](held.length);
        for (uint256 k; k < held.length; ++k) xp[k] = held[k] * rates[k] / ONE;
    }

    function apart(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : b - a;
    }
}
