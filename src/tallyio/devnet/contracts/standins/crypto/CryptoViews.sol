// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CryptoMath} from "./CryptoMath.sol";

interface SeenPool {
    function MATH() external view returns (CryptoMath);
    function a_gamma() external view returns (uint256 ann, uint256 gamma);
    function balances(uint256 k) external view returns (uint256);
    function presentD() external view returns (uint256);
    function scaledOf(uint256[] memory held) external view returns (uint256[] memory);
    function unitOf(uint256 k) external view returns (uint256);
    function scaleOf(uint256 k) external view returns (uint256);
    function precisionOf(uint256 k) external view returns (uint256);
    function fee_calc(uint256[] memory xp) external view returns (uint256);
    function out_fee() external view returns (uint256);
    function totalSupply() external view returns (uint256);
}

/// @title Stand-in for the views contracts of Curve's crypto pools: quotes for the pool that asks.
contract CryptoViews {
    uint256 private constant ONE = 1e18;
    uint256 private constant FEE_UNIT = 1e10;

    function get_dy(uint256 i, uint256 j, uint256 dx) external view returns (uint256 dy) {
        SeenPool pool = SeenPool(msg.sender);
        require(i != j && dx > 0);
        uint256[] memory held = _held(pool);
        held[i] += dx;
        uint256[] memory xp = pool.scaledOf(held);
        (uint256 y,) = _solve(pool, xp, pool.presentD(), j);
        dy = _unscaled(pool, xp[j] - y - 1, j);
        xp[j] = y;
        dy -= pool.fee_calc(xp) * dy / FEE_UNIT;
    }

    /// @notice About what coin `i` must pay: the fee is approached in five rounds.
    function get_dx(uint256 i, uint256 j, uint256 dy) external view returns (uint256 dx) {
        SeenPool pool = SeenPool(msg.sender);
        require(i != j && dy > 0);
        uint256[] memory held = _held(pool);
        (uint256 d, uint256 whole, uint256 wanted) = (pool.presentD(), held[j], dy);
        for (uint256 round; round < 5; ++round) {
            held[j] = whole - wanted;
            uint256[] memory xp = pool.scaledOf(held);
            (uint256 x,) = _solve(pool, xp, d, i);
            dx = _unscaled(pool, x - xp[i], i);
            xp[i] = x;
            wanted = dy + pool.fee_calc(xp) * wanted / FEE_UNIT + 1;
        }
    }

    function calc_token_amount(uint256[] memory amounts, bool deposit) external view returns (uint256 made) {
        SeenPool pool = SeenPool(msg.sender);
        uint256[] memory held = _held(pool);
        for (uint256 k; k < held.length; ++k) held[k] = deposit ? held[k] + amounts[k] : held[k] - amounts[k];
        uint256[] memory xp = pool.scaledOf(held);
        (uint256 ann, uint256 gamma) = pool.a_gamma();
        uint256 supply = pool.totalSupply();
        made = supply * pool.MATH().invariant(ann, gamma, xp, 0) / pool.presentD();
        made = deposit ? made - supply : supply - made;
        made -= token_fee(pool.scaledOf(amounts), xp) * made / FEE_UNIT + 1;
    }

    /// @dev What a withdrawal pays, D and the scaled balances that it leaves, and about its fee.
    struct Withdrawal {
        uint256 paid;
        uint256 d;
        uint256 cut;
        uint256[] xp;
    }

    /// @notice What coin `i` pays for shares.
    function withdrawal(uint256 burned, uint256 i) external view returns (Withdrawal memory w) {
        SeenPool pool = SeenPool(msg.sender);
        uint256 supply = pool.totalSupply();
        require(burned <= supply);
        w.xp = pool.scaledOf(_held(pool));
        w.d = pool.presentD();
        uint256 part = burned * w.d / supply;
        uint256 less = w.xp[i] * w.xp.length * burned / supply;
        uint256 cut = _rate(pool, w.xp, i, less) * part / (2 * FEE_UNIT) + 1;
        w.cut = w.xp.length * cut * pool.balances(i) / w.d;
        w.d -= part - cut;
        (uint256 y,) = _solve(pool, w.xp, w.d, i);
        w.paid = (w.xp[i] - y) * ONE / pool.unitOf(i);
        w.xp[i] = y;
    }

    /// @notice The fee (1e10) of a deposit of scaled amounts that leaves `xp`.
    function token_fee(uint256[] memory amounts, uint256[] memory xp) public view returns (uint256) {
        uint256 n = amounts.length;
        uint256 total;
        uint256 uneven;
        for (uint256 k; k < n; ++k) total += amounts[k];
        for (uint256 k; k < n; ++k) {
            uint256 even = total / n;
            uneven += amounts[k] > even ? amounts[k] - even : even - amounts[k];
        }
        return SeenPool(msg.sender).fee_calc(xp) * n / (4 * (n - 1)) * uneven / total + 1e5;
    }

    function _rate(SeenPool pool, uint256[] memory xp, uint256 i, uint256 less) private view returns (uint256) {
        if (less >= xp[i]) return pool.out_fee();
        uint256[] memory rough = new uint256[](xp.length);
        for (uint256 k; k < xp.length; ++k) rough[k] = k == i ? xp[k] - less : xp[k];
        return pool.fee_calc(rough);
    }

    function _solve(SeenPool pool, uint256[] memory xp, uint256 d, uint256 i)
        private
        view
        returns (uint256 y, uint256 k0)
    {
        (uint256 ann, uint256 gamma) = pool.a_gamma();
        return pool.MATH().balance(ann, gamma, xp, d, i);
    }

    function _held(SeenPool pool) private view returns (uint256[] memory held) {
        held = new uint256[](pool.MATH().N());
        for (uint256 k; k < held.length; ++k) held[k] = pool.balances(k);
    }

    function _unscaled(SeenPool pool, uint256 amount, uint256 k) private view returns (uint256) {
        return (k > 0 ? amount * ONE / pool.scaleOf(k) : amount) / pool.precisionOf(k);
    }
}
