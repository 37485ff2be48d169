// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coins} from "../Shares.sol";
import {BinMath, BinTree} from "./BinMath.sol";

/// @title Stand-in for a pair of Trader Joe's Liquidity Book 2.0: its interface, events and arithmetic of swaps.
/// @dev Code of our own. Fees stay beside the bins. Deposits into the active bin pay no composition fee; there are no
/// withdrawals, claims of fees, loans nor oracle, and terms stay as they were set.
contract FirstPair is Coins {
    using BinTree for BinTree.Tree;

    event Swap(
        address indexed sender,
        address indexed recipient,
        uint256 indexed id,
        bool swapForY,
        uint256 amountIn,
        uint256 amountOut,
        uint256 volatilityAccumulated,
        uint256 fees
    );
    event DepositedToBin(
        address indexed sender, address indexed recipient, uint256 indexed id, uint256 amountX, uint256 amountY
    );

    error LBPair__InsufficientAmounts();
    error LBPair__CompositionFactorFlawed(uint256 id);
    error TreeMath__ErrorDepthSearch();

    struct Rules {
        uint16 baseFactor;
        uint16 filterPeriod;
        uint16 decayPeriod;
        uint16 reductionFactor;
        uint24 variableFeeControl;
        uint16 protocolShare;
        uint24 maxVolatilityAccumulated;
    }

    struct Volatility {
        uint256 accumulated;
        uint256 ref;
        uint256 indexRef;
        uint256 time;
    }

    struct Bin {
        uint128 x;
        uint128 y;
    }

    struct Taken {
        uint256 net;
        uint256 paid;
        uint256 fee;
    }

    address public immutable factory;
    address public immutable tokenX;
    address public immutable tokenY;
    uint256 private immutable binStep;

    Rules private rules;
    Volatility private volatility;
    uint256 private activeId;
    uint256 private reserveX;
    uint256 private reserveY;
    uint256 private feesX;
    uint256 private feesY;
    mapping(uint256 => Bin) private bins;
    BinTree.Tree private tree;

    constructor(address x, address y, uint256 step, uint256 id, Rules memory rules_) {
        (factory, tokenX, tokenY, binStep) = (msg.sender, x, y, step);
        (activeId, rules) = (id, rules_);
    }

    function getReservesAndId() external view returns (uint256, uint256, uint256) {
        return (reserveX, reserveY, activeId);
    }

    /// @return The totals of both tokens.
    function getGlobalFees() external view returns (uint128, uint128) {
        return (uint128(feesX), uint128(feesY));
    }

    function getBin(uint24 id) external view returns (uint256, uint256) {
        return (bins[id].x, bins[id].y);
    }

    function findFirstNonEmptyBinId(uint24 id, bool swapForY) external view returns (uint24) {
        return uint24(_next(id, swapForY));
    }

    function feeParameters() external view returns (uint256[12] memory all) {
        Rules memory r = rules;
        Volatility memory v = volatility;
        (all[0], all[1], all[2], all[3]) = (binStep, r.baseFactor, r.filterPeriod, r.decayPeriod);
        (all[4], all[5], all[6]) = (r.reductionFactor, r.variableFeeControl, r.protocolShare);
        all[7] = r.maxVolatilityAccumulated;
        (all[8], all[9], all[10], all[11]) = (v.accumulated, v.ref, v.indexRef, v.time);
    }

    function swap(bool forY, address to) external returns (uint256 outX, uint256 outY) {
        uint256 left = forY ? _ours(tokenX) - reserveX - feesX : _ours(tokenY) - reserveY - feesY;
        if (left == 0) revert LBPair__InsufficientAmounts();
        Volatility memory v = _started();
        (uint256 id, uint256 out) = (activeId, 0);
        while (true) {
            if ((forY ? bins[id].y : bins[id].x) > 0) {
                _crossed(v, id);
                Taken memory taken = _taken(id, left, forY, _rate(v.accumulated));
                _move(id, taken, forY);
                emit Swap(msg.sender, to, id, forY, taken.net, taken.paid, v.accumulated, taken.fee);
                left -= taken.net + taken.fee;
                out += taken.paid;
            }
            if (left == 0) break;
            id = _next(id, forY);
        }
        (activeId, volatility) = (id, v);
        if (out > 0) _pay(forY ? tokenY : tokenX, to, out);
        return forY ? (uint256(0), out) : (out, uint256(0));
    }

    /// @param partsX Each bin's part of X (1e18).
    /// @dev What the parts leave over stays unaccounted: it is the next trader's.
    function mint(uint256[] calldata ids, uint256[] calldata partsX, uint256[] calldata partsY, address to) external {
        uint256 receivedX = _ours(tokenX) - reserveX - feesX;
        uint256 receivedY = _ours(tokenY) - reserveY - feesY;
        for (uint256 k; k < ids.length; ++k) {
            _deposit(to, ids[k], receivedX * partsX[k] / 1e18, receivedY * partsY[k] / 1e18);
        }
    }

    function _deposit(address to, uint256 id, uint256 x, uint256 y) private {
        if ((id < activeId && x > 0) || (id > activeId && y > 0)) revert LBPair__CompositionFactorFlawed(id);
        BinMath.price(id, binStep);
        require(x + y > 0, "no shares");
        tree.add(id);
        _put(id, bins[id].x + x, bins[id].y + y);
        (reserveX, reserveY) = (reserveX + x, reserveY + y);
        emit DepositedToBin(msg.sender, to, id, x, y);
    }

    function _next(uint256 id, bool below) private view returns (uint256 near) {
        bool found;
        (found, near) = tree.next(id, below);
        if (!found) revert TreeMath__ErrorDepthSearch();
    }

    function _started() private view returns (Volatility memory v) {
        v = volatility;
        uint256 quiet = block.timestamp - v.time;
        if (quiet >= rules.filterPeriod || v.time == 0) {
            v.indexRef = activeId;
            v.ref = quiet < rules.decayPeriod ? v.accumulated * rules.reductionFactor / 10_000 : 0;
        }
        v.time = block.timestamp;
    }

    function _crossed(Volatility memory v, uint256 id) private view {
        uint256 moved = v.ref + (id > v.indexRef ? id - v.indexRef : v.indexRef - id) * 10_000;
        v.accumulated = moved < rules.maxVolatilityAccumulated ? moved : rules.maxVolatilityAccumulated;
    }

    function _rate(uint256 accumulated) private view returns (uint256 rate) {
        uint256 moved = accumulated * binStep;
        rate = uint256(rules.baseFactor) * binStep * 1e10;
        if (rules.variableFeeControl != 0) rate += (moved * moved * rules.variableFeeControl + 99) / 100;
    }

    /// @dev The fee of all of the bin is counted in 128 bits, also where only a part of the bin is bought.
    function _taken(uint256 id, uint256 left, bool forY, uint256 rate) private view returns (Taken memory taken) {
        uint256 price = BinMath.price(id, binStep);
        uint256 held = forY ? bins[id].y : bins[id].x;
        uint256 most;
        if (forY) most = (held << 128) / price + ((held << 128) % price == 0 ? 0 : 1);
        else most = BinMath.scaled(held, price, true);
        taken.fee = BinMath.feeOnTop(most, rate);
        require(taken.fee <= type(uint128).max);
        if (left >= most + taken.fee) {
            (taken.net, taken.paid) = (most, held);
        } else {
            taken.fee = BinMath.feeInside(left, rate);
            taken.net = left - taken.fee;
            require(taken.net <= type(uint112).max);
            uint256 paid = BinMath.worth(taken.net, price, forY);
            taken.paid = paid < held ? paid : held;
        }
    }

    function _move(uint256 id, Taken memory taken, bool forY) private {
        Bin memory bin = bins[id];
        if (forY) {
            _put(id, bin.x + taken.net, bin.y - taken.paid);
            (reserveX, reserveY, feesX) = (reserveX + taken.net, reserveY - taken.paid, feesX + taken.fee);
        } else {
            _put(id, bin.x - taken.paid, bin.y + taken.net);
            (reserveX, reserveY, feesY) = (reserveX - taken.paid, reserveY + taken.net, feesY + taken.fee);
        }
        require(feesX <= type(uint128).max && feesY <= type(uint128).max);
    }

    function _put(uint256 id, uint256 x, uint256 y) private {
        require(x <= type(uint112).max && y <= type(uint112).max);
        bins[id] = Bin(uint128(x), uint128(y));
    }
}
