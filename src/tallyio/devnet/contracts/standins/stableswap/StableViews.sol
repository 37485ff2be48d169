// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StableMath} from "./StableMath.sol";

interface MetaPool {
    function BASE_POOL() external view returns (address);
}

interface StablePool {
    function N_COINS() external view returns (uint256);
    function A_precise() external view returns (uint256);
    function A() external view returns (uint256);
    function fee() external view returns (uint256);
    function offpeg_fee_multiplier() external view returns (uint256);
    function get_balances() external view returns (uint256[] memory);
    function stored_rates() external view returns (uint256[] memory);
    function totalSupply() external view returns (uint256);
}

/// @title Stand-in for the views contract of Curve's StableSwap-NG: it takes A without its fraction, as the real one.
contract StableViews {
    uint256 private constant ONE = 1e18;
    uint256 private constant FEE_UNIT = 1e10;

    /// @dev `xp` and `d` are the scaled balances and the invariant that a withdrawal leaves.
    struct Withdrawal {
        uint256 paid;
        uint256 fee;
        uint256[] xp;
        uint256 d;
    }

    struct Seen {
        uint256[] held;
        uint256[] rates;
        uint256[] xp;
        uint256 amp;
        uint256 fee;
        uint256 multiplier;
    }

    function get_dy(uint256 i, uint256 j, uint256 dx, address pool) public view returns (uint256) {
        Seen memory seen = _see(pool);
        return _sold(seen, i, j, dx * seen.rates[i] / ONE) * ONE / seen.rates[j];
    }

    /// @notice Between a meta pool's own coin, 0, and its base pool's coins, 1 and more.
    function get_dy_underlying(uint256 i, uint256 j, uint256 dx, address pool) external view returns (uint256 dy) {
        address base = MetaPool(pool).BASE_POOL();
        if (i > 0 && j > 0) return get_dy(i - 1, j - 1, dx, base);
        Seen memory seen = _see(pool);
        if (i > 0) {
            dy = calc_token_amount(_alone(base, i - 1, dx), true, base) * seen.rates[1] / ONE;
            return _sold(seen, 1, 0, dy) * ONE / seen.rates[0];
        }
        dy = _sold(seen, 0, 1, dx * seen.rates[0] / ONE) * ONE / seen.rates[1];
        return withdrawal(dy, j - 1, StablePool(base).A_precise(), base).paid;
    }

    function get_dx_underlying(uint256 i, uint256 j, uint256 dy, address pool) external view returns (uint256) {
        address base = MetaPool(pool).BASE_POOL();
        require(i == 0 || j == 0, "Not a Metapool Swap. Use Base pool.");
        if (i == 0) return get_dx(0, 1, calc_token_amount(_alone(base, j - 1, dy), false, base), pool);
        return withdrawal(get_dx(1, 0, dy, pool), i - 1, StablePool(base).A_precise(), base).paid;
    }

    function _alone(address base, uint256 i, uint256 amount) private view returns (uint256[] memory amounts) {
        amounts = new uint256[](StablePool(base).N_COINS());
        amounts[i] = amount;
    }

    /// @notice What `entered` of coin `i` gets of coin `j`, both scaled, the fee taken.
    function _sold(Seen memory seen, uint256 i, uint256 j, uint256 entered) private pure returns (uint256) {
        uint256 x = seen.xp[i] + entered;
        uint256 d = StableMath.invariant(seen.xp, seen.amp);
        uint256 y = StableMath.balanceAt(i, j, x, seen.xp, seen.amp, d);
        uint256 rate = _rate(seen, (seen.xp[i] + x) / 2, (seen.xp[j] + y) / 2);
        uint256 dy = seen.xp[j] - y - 1;
        return dy - rate * dy / FEE_UNIT;
    }

    function get_dx(uint256 i, uint256 j, uint256 dy, address pool) public view returns (uint256) {
        Seen memory seen = _see(pool);
        uint256[] memory xp = seen.xp;
        uint256 rate = StableMath.offPeg(xp[i], xp[j], seen.fee, seen.multiplier);
        uint256 y = xp[j] - (dy * seen.rates[j] / ONE + 1) * FEE_UNIT / (FEE_UNIT - rate);
        uint256 x = StableMath.balanceAt(j, i, y, xp, seen.amp, StableMath.invariant(xp, seen.amp));
        return (x - xp[i]) * ONE / seen.rates[i];
    }

    function dynamic_fee(uint256 i, uint256 j, address pool) external view returns (uint256) {
        Seen memory seen = _see(pool);
        return StableMath.offPeg(seen.xp[i], seen.xp[j], seen.fee, seen.multiplier);
    }

    function calc_token_amount(uint256[] memory amounts, bool deposit, address pool)
        public
        view
        returns (uint256)
    {
        Seen memory seen = _see(pool);
        uint256 d0 = StableMath.invariant(seen.xp, seen.amp);
        uint256[] memory moved = new uint256[](amounts.length);
        for (uint256 k; k < amounts.length; ++k) {
            moved[k] = deposit ? seen.held[k] + amounts[k] : seen.held[k] - amounts[k];
        }
        uint256 d1 = StableMath.invariant(_scaled(moved, seen.rates), seen.amp);
        uint256 supply = StablePool(pool).totalSupply();
        if (supply == 0) return d1;
        uint256[] memory fees = _fees(seen, moved, d0, d1);
        for (uint256 k; k < fees.length; ++k) moved[k] -= fees[k];
        uint256 d2 = StableMath.invariant(_scaled(moved, seen.rates), seen.amp);
        return (deposit ? d2 - d0 : d0 - d2) * supply / d0;
    }

    /// @notice The fees, in coins, of balances that went from `before` to `counted`.
    function deposit_fees(
        uint256[] memory before,
        uint256[] memory counted,
        uint256[] memory rates,
        uint256 d0,
        uint256 d1,
        address pool
    ) external view returns (uint256[] memory) {
        Seen memory seen;
        (seen.held, seen.rates) = (before, rates);
        (seen.fee, seen.multiplier) = (StablePool(pool).fee(), StablePool(pool).offpeg_fee_multiplier());
        return _fees(seen, counted, d0, d1);
    }

    function withdrawal(uint256 burned, uint256 i, uint256 amp, address pool)
        public
        view
        returns (Withdrawal memory done)
    {
        Seen memory seen = _see(pool);
        uint256 d0 = StableMath.invariant(seen.xp, amp);
        done.d = d0 - burned * d0 / StablePool(pool).totalSupply();
        uint256 kept = StableMath.solve(i, seen.xp, amp, done.d);
        uint256[] memory reduced = _reduced(seen, i, kept, d0, done.d);
        uint256 left = StableMath.solve(i, reduced, amp, done.d);
        done.paid = (reduced[i] - left - 1) * ONE / seen.rates[i];
        done.fee = (seen.xp[i] - kept) * ONE / seen.rates[i] - done.paid;
        done.xp = seen.xp;
        done.xp[i] = kept;
    }

    function _reduced(Seen memory seen, uint256 i, uint256 kept, uint256 d0, uint256 d1)
        private
        pure
        returns (uint256[] memory reduced)
    {
        uint256 n = seen.xp.length;
        seen.fee = seen.fee * n / (4 * (n - 1));
        reduced = new uint256[](n);
        for (uint256 k; k < n; ++k) {
            uint256 balance = seen.xp[k];
            uint256 share = balance * d1 / d0;
            uint256 expected = k == i ? share - kept : balance - share;
            uint256 rate = _rate(seen, k == i ? (balance + kept) / 2 : balance, (d0 + d1) / (2 * n));
            reduced[k] = balance - rate * expected / FEE_UNIT;
        }
    }

    function _fees(Seen memory seen, uint256[] memory counted, uint256 d0, uint256 d1)
        private
        pure
        returns (uint256[] memory fees)
    {
        uint256 n = counted.length;
        uint256 base = seen.fee * n / (4 * (n - 1));
        fees = new uint256[](n);
        for (uint256 k; k < n; ++k) {
            uint256 apart = StableMath.apart(d1 * seen.held[k] / d0, counted[k]);
            uint256 x = seen.rates[k] * (seen.held[k] + counted[k]) / ONE;
            fees[k] = StableMath.offPeg(x, (d0 + d1) / n, base, seen.multiplier) * apart / FEE_UNIT;
        }
    }

    function _rate(Seen memory seen, uint256 x, uint256 y) private pure returns (uint256) {
        return StableMath.offPeg(x, y, seen.fee, seen.multiplier);
    }

    function _see(address pool) private view returns (Seen memory seen) {
        StablePool at = StablePool(pool);
        (seen.held, seen.rates) = (at.get_balances(), at.stored_rates());
        seen.xp = _scaled(seen.held, seen.rates);
        seen.amp = at.A() * StableMath.A_UNIT;
        (seen.fee, seen.multiplier) = (at.fee(), at.offpeg_fee_multiplier());
    }

    function _scaled(uint256[] memory held, uint256[] memory rates) private pure returns (uint256[] memory xp) {
        xp = new uint256[](held.length);
        for (uint256 k; k < held.length; ++k) xp[k] = held[k] * rates[k] / ONE;
    }
}
