// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CryptoMath} from "./CryptoMath.sol";

/// @title Stand-in: CryptoSwap of two coins, a balance by Cardano's formula.
contract TwocryptoMath is CryptoMath(2, 4_000, 2e15) {
    struct Cubic {
        int256 a;
        int256 b;
        int256 c;
        int256 e;
        int256 delta0;
        int256 delta1;
    }

    function balance(uint256 ann, uint256 gamma, uint256[] memory xp, uint256 d, uint256 i)
        external
        view
        override
        returns (uint256 y, uint256 k0)
    {
        requireSafe(ann, gamma);
        require(d >= 1e17 && d <= 1e33, "unsafe values D");
        uint256 x = xp[1 - i];
        uint256 ratio = ONE * 2 * x / d;
        require(ratio >= 2e16 && ratio <= 2e20, "unsafe values x[i]");
        (bool found, int256 root) = _root(int256(ann), int256(gamma), int256(x), int256(d));
        if (found) {
            int256 whole = int256(d * d / x) * root / 4e18;
            require(whole >= 0 && root >= 0);
            (y, k0) = (uint256(whole), uint256(root));
        } else {
            uint256 limit = x / 1e14 > d / 1e14 ? x / 1e14 : d / 1e14;
            y = _newton(Sought(ann, gamma, d, x, ratio, limit > 100 ? limit : 100), d * d / (x * 4));
        }
        uint256 share = y * ONE / d;
        require(share >= 1e16 - 1 && share <= 1e20, "unsafe value for y");
    }

    function prices(uint256[] memory xp, uint256 d, uint256 ann, uint256 gamma)
        external
        pure
        override
        returns (uint256[] memory found)
    {
        (uint256 x, uint256 y) = (xp[0], xp[1]);
        uint256 k0 = 4 * x * y / d * 1e36 / d;
        uint256 shared = _shared(gamma, k0);
        uint256 weight = ann * gamma ** 2 / A_MULTIPLIER;
        found = new uint256[](1);
        found[0] = x * (shared + weight * y / d * k0 / 1e36) / y * ONE / (shared + weight * x / d * k0 / 1e36);
    }

    function mean(uint256[] memory x) public pure override returns (uint256) {
        return squareRoot(x[0] * x[1]);
    }

    function evenness(uint256[] memory xp) external pure override returns (uint256) {
        uint256 total = xp[0] + xp[1];
        return ONE * 4 * xp[0] / total * xp[1] / total;
    }

    function sharePrice(uint256 virtualPrice, uint256[] memory oracle) external pure override returns (uint256) {
        return 2 * virtualPrice * squareRoot(oracle[0] * ONE) / ONE;
    }

    function _start(uint256[] memory x, uint256 total, uint256 before) internal pure override returns (uint256) {
        if (before == 0) return 2 * squareRoot(x[0] * x[1]);
        uint256 near = squareRoot(4 * x[0] * x[1] / before * ONE);
        return near < total ? near : total;
    }

    function _evenAt(uint256[] memory x, uint256 d) internal pure override returns (uint256) {
        return ONE * 4 * x[0] / d * x[1] / d;
    }

    function _requireShare(uint256 share) internal pure override {
        require(share >= 1e16 && share <= 1e20, "unsafe values x[i]");
    }

    function _root(int256 ann, int256 gamma, int256 x, int256 d) private pure returns (bool, int256) {
        Cubic memory q;
        int256 weight = ann * gamma * gamma;
        q.a = 1e32;
        q.b = d * weight / 400_000_000 / x - 3e32 - 2 * gamma * 1e14;
        q.c = 3e32 + 4 * gamma * 1e14 + gamma * gamma / 1e4;
        q.c += 4 * weight / 400_000_000 * x / d - 4 * weight / 400_000_000;
        q.e = -((1e18 + gamma) ** 2 / 1e4);
        _deltas(q);
        uint256 least = size(q.delta0) < size(q.delta1) ? size(q.delta0) : size(q.delta1);
        int256 divider = int256(_scaleDown(least < 1e32 ? least : 1e32, 2));
        (q.a, q.b, q.c, q.e) = (q.a / divider, q.b / divider, q.c / divider, q.e / divider);
        _deltas(q);
        return _solved(q);
    }

    function _deltas(Cubic memory q) private pure {
        q.delta0 = 3 * q.a * q.c / q.b - q.b;
        q.delta1 = 3 * q.delta0 + q.b - 27 * q.a * q.a / q.b * q.e / q.b;
    }

    function _solved(Cubic memory q) private pure returns (bool, int256) {
        int256 under = q.delta1 ** 2 + 4 * q.delta0 ** 2 / q.b * q.delta0;
        if (under <= 0) return (false, 0);
        int256 square = int256(squareRoot(uint256(under)));
        int256 first = signedCubeRoot(q.b);
        int256 second = q.delta1 > 0 ? signedCubeRoot((q.delta1 + square) / 2) : -signedCubeRoot((square - q.delta1) / 2);
        int256 c1 = first * first / 1e18 * second / 1e18;
        return (true, (1e18 * c1 - 1e18 * q.b - 1e18 * q.b / c1 * q.delta0) / (3 * q.a));
    }
}
