// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in: the curve x³y + xy³ of Solidly's stable pools, balances in 18 decimals, each product rounded down.
library SolidlyCurve {
    uint256 private constant ONE = 1e18;

    error NoBalance();

    function held(uint256 x, uint256 y) internal pure returns (uint256) {
        return ((x * y) / ONE) * ((x * x) / ONE + (y * y) / ONE) / ONE;
    }

    function slope(uint256 x, uint256 y) internal pure returns (uint256) {
        return 3 * x * ((y * y) / ONE) / ONE + ((x * x) / ONE) * x / ONE;
    }

    /// @notice The balance beside `x` at which the curve holds `k`, by Newton's method from `y`.
    /// @param scaled Whether the last test scales the balances once more by the tokens' units, as Aerodrome's does.
    function balance(uint256 x, uint256 k, uint256 y, bool scaled, uint256 unitX, uint256 unitY)
        internal
        pure
        returns (uint256)
    {
        for (uint256 i; i < 255; ++i) {
            uint256 found = held(x, y);
            if (found < k) {
                uint256 step = ((k - found) * ONE) / slope(x, y);
                if (step == 0) {
                    uint256 above = scaled ? held(x * ONE / unitX, (y + 1) * ONE / unitY) : held(x, y + 1);
                    if (above > k) return y + 1;
                    step = 1;
                }
                y += step;
            } else {
                uint256 step = ((found - k) * ONE) / slope(x, y);
                if (step == 0) {
                    if (found == k || held(x, y - 1) < k) return y;
                    step = 1;
                }
                y -= step;
            }
        }
        revert NoBalance();
    }

    /// @notice The same as Camelot finds it: until a step of at most one, and modulo 2**256.
    function wrapped(uint256 x, uint256 k, uint256 y) internal pure returns (uint256) {
        unchecked {
            uint256 cube = ((x * x) / ONE) * x / ONE;
            for (uint256 i; i < 255; ++i) {
                uint256 before = y;
                uint256 square = y * y / ONE;
                uint256 found = x * (square * y / ONE) / ONE + cube * y / ONE;
                uint256 steep = 3 * x * square / ONE + cube;
                y = found < k ? y + (k - found) * ONE / steep : y - (found - k) * ONE / steep;
                if ((y > before ? y - before : before - y) <= 1) break;
            }
        }
        return y;
    }
}
