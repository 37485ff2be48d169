// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CryptoMath} from "./CryptoMath.sol";

/// @title Stand-in: CryptoSwap of three coins, a balance by Cardano's formula.
contract TricryptoMath is CryptoMath(3, 2_700, 5e16) {
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
        returns (uint256, uint256)
    {
        requireSafe(ann, gamma);
        require(d >= 1e17 && d <= 1e33, "unsafe values D");
        (uint256 x, uint256 y) = (xp[i == 0 ? 1 : 0], xp[i == 2 ? 1 : 2]);
        _requireOther(x * ONE / d);
        _requireOther(y * ONE / d);
        (bool found, int256 z, int256 root) = _root(int256(ann), int256(gamma), int256(x), int256(y), int256(d));
        if (found) {
            require(z >= 0 && root >= 0);
        } else {
            (z, root) = (int256(_byNewton(ann, gamma, x > y ? x : y, x > y ? y : x, d)), 0);
        }
        uint256 share = uint256(z) * ONE / d;
        require(share >= 1e16 - 1 && share <= 1e20, "Unsafe value for y");
        return (uint256(z), uint256(root));
    }

    function prices(uint256[] memory xp, uint256 d, uint256 ann, uint256 gamma)
        external
        pure
        override
        returns (uint256[] memory found)
    {
        uint256 k0 = 27 * xp[0] * xp[1] / d * xp[2] / d * 1e36 / d;
        uint256 shared = _shared(gamma, k0);
        uint256 weight = ann * gamma ** 2 / A_MULTIPLIER;
        uint256 below = shared + weight * xp[0] / d * k0 / 1e36;
        found = new uint256[](2);
        for (uint256 k = 1; k < 3; ++k) {
            found[k - 1] = xp[0] * (shared + weight * xp[k] / d * k0 / 1e36) / xp[k] * ONE / below;
        }
    }

    function mean(uint256[] memory x) public pure override returns (uint256) {
        return cubeRoot(x[0] * x[1] / ONE * x[2] / ONE);
    }

    function evenness(uint256[] memory xp) external pure override returns (uint256 even) {
        uint256 total = xp[0] + xp[1] + xp[2];
        even = ONE;
        for (uint256 k; k < 3; ++k) even = even * 3 * xp[k] / total;
    }

    function sharePrice(uint256 virtualPrice, uint256[] memory oracle) external pure override returns (uint256) {
        return 3 * virtualPrice * cubeRoot(oracle[0] * oracle[1]) / 1e24;
    }

    function _start(uint256[] memory x, uint256 total, uint256 before) internal pure override returns (uint256) {
        if (before == 0) return 3 * mean(x);
        if (total > 1e36) return cubeRoot(x[0] * x[1] / 1e36 * x[2] / before * 27 * 1e12);
        if (total > 1e24) return cubeRoot(x[0] * x[1] / 1e24 * x[2] / before * 27 * 1e6);
        return cubeRoot(x[0] * x[1] / ONE * x[2] / before * 27);
    }

    function _evenAt(uint256[] memory x, uint256 d) internal pure override returns (uint256) {
        return ONE * x[0] * 3 / d * x[1] * 3 / d * x[2] * 3 / d;
    }

    function _requireShare(uint256 share) internal pure override {
        require(share >= 1e16 - 1 && share <= 1e20, "Unsafe values x[i]");
    }

    function _requireOther(uint256 share) private pure {
        require(share >= 1e16 && share <= 1e20, "Unsafe values x[i]");
    }

    function _byNewton(uint256 ann, uint256 gamma, uint256 high, uint256 low, uint256 d)
        private
        view
        returns (uint256)
    {
        uint256 k0 = ONE * high * 3 / d * low * 3 / d;
        uint256 limit = high / 1e14 > d / 1e14 ? high / 1e14 : d / 1e14;
        Sought memory s = Sought(ann, gamma, d, high + low, k0, limit > 100 ? limit : 100);
        return _newton(s, d / 3 * d / (low * 3) * d / (high * 3));
    }

    function _root(int256 ann, int256 gamma, int256 x, int256 y, int256 d)
        private
        pure
        returns (bool found, int256 z, int256 share)
    {
        Cubic memory q;
        q.a = int256(1e36) / 27;
        q.b = int256(1e36) / 9 + 2e18 * gamma / 27 - d * d / x * gamma * gamma * ann / 729 / 10_000 / y;
        q.c = int256(1e36) / 9 + gamma * (gamma + 4e18) / 27 + gamma * gamma * (x + y - d) / d * ann / 27 / 10_000;
        q.e = (1e18 + gamma) ** 2 / 27;
        _scale(q);
        q.delta0 = 3 * q.a * q.c / q.b - q.b;
        q.delta1 = 9 * q.a * q.c / q.b - 2 * q.b - 27 * q.a * q.a / q.b * q.e / q.b;
        int256 root;
        (found, root) = _solved(q);
        if (found) (z, share) = (d * d / 27 / y * d / x * root / q.a, 1e18 * root / q.a);
    }

    function _scale(Cubic memory q) private pure {
        int256 divider = int256(_scaleDown(size(3 * q.a * q.c / q.b - q.b), 4));
        if (size(q.a) > size(q.b)) {
            int256 more = int256(size(q.a / q.b));
            (q.a, q.b, q.c, q.e) =
                (q.a * more / divider, q.b * more / divider, q.c * more / divider, q.e * more / divider);
        } else {
            int256 less = int256(size(q.b / q.a));
            (q.a, q.b, q.c, q.e) =
                (q.a / less / divider, q.b / less / divider, q.c / less / divider, q.e / less / divider);
        }
    }

    function _solved(Cubic memory q) private pure returns (bool, int256) {
        int256 under = q.delta1 ** 2 + 4 * q.delta0 ** 2 / q.b * q.delta0;
        if (under <= 0) return (false, 0);
        int256 square = int256(squareRoot(uint256(under)));
        int256 first = signedCubeRoot(q.b);
        int256 second = q.delta1 > 0 ? signedCubeRoot((q.delta1 + square) / 2) : -signedCubeRoot((square - q.delta1) / 2);
        int256 c1 = first * first / 1e18 * second / 1e18;
        return (true, (q.b + q.b * q.delta0 / c1 - c1) / 3);
    }
}
