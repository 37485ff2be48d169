// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in: StableSwap's invariant and its solutions, as Curve's NG pools round them.
/// @dev Source: M. Egorov, "StableSwap" (2019). Balances are scaled to 18 decimals, amplifications are times 100.
library StableMath {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant FEE_UNIT = 1e10;
    uint256 internal constant A_UNIT = 100;

    error NotConverged();

    function invariant(uint256[] memory xp, uint256 amp) internal pure returns (uint256 d) {
        uint256 n = xp.length;
        uint256 total;
        for (uint256 k; k < n; ++k) total += xp[k];
        if (total == 0) return 0;
        d = total;
        uint256 ann = amp * n;
        for (uint256 step; step < 255; ++step) {
            uint256 product = d;
            for (uint256 k; k < n; ++k) product = product * d / xp[k];
            product /= n ** n;
            uint256 before = d;
            d = (ann * total / A_UNIT + product * n) * d / ((ann - A_UNIT) * d / A_UNIT + (n + 1) * product);
            if (apart(d, before) <= 1) return d;
        }
        revert NotConverged();
    }

    /// @notice Coin `j`'s balance where coin `i`'s is `x`.
    function balanceAt(uint256 i, uint256 j, uint256 x, uint256[] memory xp, uint256 amp, uint256 d)
        internal
        pure
        returns (uint256)
    {
        uint256 kept = xp[i];
        xp[i] = x;
        uint256 y = solve(j, xp, amp, d);
        xp[i] = kept;
        return y;
    }

    /// @notice Coin `j`'s balance where the invariant is `d` and the others are as in `xp`.
    function solve(uint256 j, uint256[] memory xp, uint256 amp, uint256 d) internal pure returns (uint256 y) {
        uint256 n = xp.length;
        uint256 ann = amp * n;
        uint256 c = d;
        uint256 b;
        for (uint256 k; k < n; ++k) {
            if (k == j) continue;
            b += xp[k];
            c = c * d / (xp[k] * n);
        }
        c = c * d * A_UNIT / (ann * n);
        b += d * A_UNIT / ann;
        y = d;
        for (uint256 step; step < 255; ++step) {
            uint256 before = y;
            y = (y * y + c) / (2 * y + b - d);
            if (apart(y, before) <= 1) return y;
        }
        revert NotConverged();
    }

    /// @notice The fee between balances `x` and `y`: higher where they differ.
    function offPeg(uint256 x, uint256 y, uint256 fee, uint256 multiplier) internal pure returns (uint256) {
        if (multiplier <= FEE_UNIT) return fee;
        uint256 even = (multiplier - FEE_UNIT) * 4 * x * y / ((x + y) ** 2);
        return multiplier * fee / (even + FEE_UNIT);
    }

    /// @notice Marginal prices of coins 1.. in coin 0, at their places less one.
    function prices(uint256[] memory xp, uint256 amp, uint256 d) internal pure returns (uint256[] memory found) {
        uint256 n = xp.length;
        found = new uint256[](n - 1);
        uint256 product = d / n ** n;
        for (uint256 k; k < n; ++k) product = product * d / xp[k];
        uint256 first = amp * n * xp[0] / A_UNIT;
        for (uint256 k = 1; k < n; ++k) {
            found[k - 1] = ONE * (first + product * xp[0] / xp[k]) / (first + product);
        }
    }

    /// @notice A moving average that was `ema` at `since`, the value being `last` from then on.
    function average(uint256 last, uint256 ema, uint256 window, uint256 since) internal view returns (uint256) {
        if (since >= block.timestamp) return ema;
        uint256 weight = exponential(-int256((block.timestamp - since) * ONE / window));
        return (last * (ONE - weight) + ema * weight) / ONE;
    }

    function apart(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : b - a;
    }

    /// @notice e**x in 18 decimals: powers of two taken off, then a rational approximation in Q96 (R. Bloemen).
    function exponential(int256 x) internal pure returns (uint256) {
        if (x <= -42139678854452767551) return 0;
        require(x < 135305999368893231589, "wad_exp overflow");
        unchecked {
            x = (x << 78) / int256(5 ** 18);
            int256 k = ((x << 96) / 54916777467707473351141471128 + int256(1 << 95)) >> 96;
            x -= k * 54916777467707473351141471128;
            int256 y = x + 1346386616545796478920950773328;
            y = (y * x >> 96) + 57155421227552351082224309758442;
            int256 p = y + x - 94201549194550492254356042504812;
            p = (p * y >> 96) + 28719021644029726153956944680412240;
            p = p * x + (4385272521454847904659076985693276 << 96);
            int256 q = x - 2855989394907223263936484059900;
            q = (q * x >> 96) + 50020603652535783019961831881945;
            q = (q * x >> 96) - 533845033583426703283633433725380;
            q = (q * x >> 96) + 3604857256930695427073651918689429;
            q = (q * x >> 96) - 14423608567350463180887372962807573;
            q = (q * x >> 96) + 26449188498355588339934803723976023;
            uint256 scaled = uint256(p / q) * 3822833074963236453042738258902158003155416615667;
            return scaled >> uint256(195 - k);
        }
    }
}
