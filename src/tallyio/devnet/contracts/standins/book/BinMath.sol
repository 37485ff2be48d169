// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in: prices, amounts and fees of Liquidity Book's bins, as the pairs of Trader Joe round them.
/// @dev Source: the Liquidity Book whitepaper. A bin's price is Y for X in Q128.128: (1 + step / 10,000)**(id - 2**23).
library BinMath {
    uint256 internal constant ONE = 1e18;
    uint256 internal constant MAX_FEE = 0.1e18;
    uint256 internal constant MAX_LIQUIDITY = 65251743116719673010965625540244653191619923014385985379600384103134737;

    error PowUnderflow();
    error Overflow();
    error FeeTooLarge();
    error BinHelper__MaxLiquidityPerBinExceeded();

    function price(uint256 id, uint256 step) internal pure returns (uint256 result) {
        result = 1 << 128;
        if (id == 1 << 23) return result;
        uint256 rest = id > 1 << 23 ? id - (1 << 23) : (1 << 23) - id;
        if (rest >= 0x100000) revert PowUnderflow();
        uint256 squared = type(uint256).max / ((1 << 128) + (step << 128) / 10_000);
        for (; rest > 0; rest >>= 1) {
            if (rest & 1 == 1) result = (result * squared) >> 128;
            squared = (squared * squared) >> 128;
        }
        if (result == 0) revert PowUnderflow();
        if (id > 1 << 23) result = type(uint256).max / result;
    }

    /// @notice x * y / 2**128 where that fits a word, rounded down or up.
    function scaled(uint256 x, uint256 y, bool up) internal pure returns (uint256 result) {
        unchecked {
            uint256 wrapped = mulmod(x, y, type(uint256).max);
            uint256 low = x * y;
            uint256 high = wrapped - low - (wrapped < low ? 1 : 0);
            if (high >> 128 != 0) revert Overflow();
            result = (high << 128) | (low >> 128);
            if (up && low << 128 != 0) ++result;
        }
    }

    /// @notice What a bin asks for `out`, without fee.
    function cost(uint256 out, uint256 price_, bool xForY) internal pure returns (uint256 amount) {
        amount = xForY ? ((out << 128) + price_ - 1) / price_ : scaled(out, price_, true);
        if (amount > type(uint128).max) revert Overflow();
    }

    /// @notice What a bin pays for `entered`, without fee.
    function worth(uint256 entered, uint256 price_, bool xForY) internal pure returns (uint256 amount) {
        amount = xForY ? scaled(entered, price_, false) : (entered << 128) / price_;
        if (amount > type(uint128).max) revert Overflow();
    }

    function feeOnTop(uint256 amount, uint256 rate) internal pure returns (uint256) {
        if (rate > MAX_FEE) revert FeeTooLarge();
        return (amount * rate + (ONE - rate) - 1) / (ONE - rate);
    }

    function feeInside(uint256 amount, uint256 rate) internal pure returns (uint256) {
        if (rate > MAX_FEE) revert FeeTooLarge();
        return (amount * rate + ONE - 1) / ONE;
    }

    function requireRoom(uint256 x, uint256 y, uint256 price_) internal pure {
        if (x > 0 && price_ > type(uint256).max / x) revert BinHelper__MaxLiquidityPerBinExceeded();
        uint256 held = price_ * x;
        uint256 other = y << 128;
        if (held > type(uint256).max - other || held + other > MAX_LIQUIDITY) {
            revert BinHelper__MaxLiquidityPerBinExceeded();
        }
    }
}

/// @title Stand-in: the ids of bins that hold something, in three levels of 256.
library BinTree {
    struct Tree {
        uint256 top;
        mapping(uint256 => uint256) middle;
        mapping(uint256 => uint256) leaves;
    }

    function add(Tree storage tree, uint256 id) internal {
        tree.leaves[id >> 8] |= 1 << (id & 255);
        tree.middle[id >> 16] |= 1 << ((id >> 8) & 255);
        tree.top |= 1 << (id >> 16);
    }

    function remove(Tree storage tree, uint256 id) internal {
        tree.leaves[id >> 8] &= ~(1 << (id & 255));
        if (tree.leaves[id >> 8] != 0) return;
        tree.middle[id >> 16] &= ~(1 << ((id >> 8) & 255));
        if (tree.middle[id >> 16] == 0) tree.top &= ~(1 << (id >> 16));
    }

    /// @notice The nearest id below or above.
    function next(Tree storage tree, uint256 id, bool below) internal view returns (bool found, uint256 near) {
        uint256 bits = _beyond(tree.leaves[id >> 8], id & 255, below);
        if (bits != 0) return (true, ((id >> 8) << 8) | _nearest(bits, below));
        bits = _beyond(tree.middle[id >> 16], (id >> 8) & 255, below);
        uint256 high = id >> 16;
        if (bits == 0) {
            bits = _beyond(tree.top, high, below);
            if (bits == 0) return (false, 0);
            high = _nearest(bits, below);
            bits = tree.middle[high];
        }
        high = (high << 8) | _nearest(bits, below);
        return (true, (high << 8) | _nearest(tree.leaves[high], below));
    }

    function _beyond(uint256 bits, uint256 place, bool below) private pure returns (uint256) {
        if (below) return bits & ((1 << place) - 1);
        return place == 255 ? 0 : (bits >> (place + 1)) << (place + 1);
    }

    function _nearest(uint256 bits, bool below) private pure returns (uint256 place) {
        if (!below) bits = bits & (~bits + 1);
        for (uint256 half = 128; half > 0; half >>= 1) {
            if (bits >> half != 0) {
                bits >>= half;
                place += half;
            }
        }
    }
}
