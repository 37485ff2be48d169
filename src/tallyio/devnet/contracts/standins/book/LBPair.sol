// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coins} from "../Shares.sol";
import {BinMath, BinTree} from "./BinMath.sol";

interface PairMaker {
    function owner() external view returns (address);
}

/// @title Stand-in for Trader Joe's Liquidity Book pair, 2.1 and 2.2: its interface, events and arithmetic of swaps.
/// @dev Code of our own. Deposits into the active bin pay no composition fee; there are no hooks, loans nor oracle.
contract LBPair is Coins {
    using BinTree for BinTree.Tree;

    event Swap(
        address indexed sender,
        address indexed to,
        uint24 id,
        bytes32 amountsIn,
        bytes32 amountsOut,
        uint24 volatilityAccumulator,
        bytes32 totalFees,
        bytes32 protocolFees
    );
    event DepositedToBins(address indexed sender, address indexed to, uint256[] ids, bytes32[] amounts);
    event WithdrawnFromBins(address indexed sender, address indexed to, uint256[] ids, bytes32[] amounts);
    event StaticFeeParametersSet(
        address indexed sender,
        uint16 baseFactor,
        uint16 filterPeriod,
        uint16 decayPeriod,
        uint16 reductionFactor,
        uint24 variableFeeControl,
        uint16 protocolShare,
        uint24 maxVolatilityAccumulator
    );

    error LBPair__InsufficientAmountIn();
    error LBPair__InsufficientAmountOut();
    error LBPair__OutOfLiquidity();
    error LBPair__CompositionFactorFlawed(uint24 id);

    struct Rules {
        uint16 baseFactor;
        uint16 filterPeriod;
        uint16 decayPeriod;
        uint16 reductionFactor;
        uint24 variableFeeControl;
        uint16 protocolShare;
        uint24 maxVolatilityAccumulator;
    }

    struct Volatility {
        uint256 accumulator;
        uint256 ref;
        uint256 idReference;
        uint256 updated;
    }

    struct Bin {
        uint128 x;
        uint128 y;
    }

    struct Walk {
        bool forY;
        uint256 id;
        uint256 left;
        uint256 out;
        uint256 fees;
        uint256 kept;
        Volatility volatility;
    }

    struct Step {
        uint256 price;
        uint256 taken;
        uint256 paid;
        uint256 fee;
        uint256 kept;
    }

    address public immutable factory;
    address private immutable tokenX;
    address private immutable tokenY;
    uint16 private immutable binStep;
    bool private immutable limited;

    Rules private rules;
    Volatility private volatility;
    uint256 private activeId;
    uint256 private reserveX;
    uint256 private reserveY;
    uint256 private feesX;
    uint256 private feesY;
    mapping(uint256 => Bin) private bins;
    BinTree.Tree private tree;
    mapping(uint256 => uint256) public totalSupply;
    mapping(address => mapping(uint256 => uint256)) private shares;

    constructor(address x, address y, uint16 step, uint24 id, bool limited_, Rules memory rules_) {
        (factory, tokenX, tokenY, binStep, limited) = (msg.sender, x, y, step, limited_);
        (activeId, rules) = (id, rules_);
    }

    function getTokenX() external view returns (address) {
        return tokenX;
    }

    function getTokenY() external view returns (address) {
        return tokenY;
    }

    function getBinStep() external view returns (uint16) {
        return binStep;
    }

    function getActiveId() external view returns (uint24) {
        return uint24(activeId);
    }

    function getReserves() external view returns (uint128, uint128) {
        return (uint128(reserveX), uint128(reserveY));
    }

    function getProtocolFees() external view returns (uint128, uint128) {
        return (uint128(feesX), uint128(feesY));
    }

    function getBin(uint24 id) external view returns (uint128, uint128) {
        return (bins[id].x, bins[id].y);
    }

    function getNextNonEmptyBin(bool swapForY, uint24 id) external view returns (uint24) {
        (bool found, uint256 near) = tree.next(id, swapForY);
        return found ? uint24(near) : swapForY ? type(uint24).max : 0;
    }

    function getStaticFeeParameters() external view returns (uint16, uint16, uint16, uint16, uint24, uint16, uint24) {
        Rules memory r = rules;
        return (
            r.baseFactor,
            r.filterPeriod,
            r.decayPeriod,
            r.reductionFactor,
            r.variableFeeControl,
            r.protocolShare,
            r.maxVolatilityAccumulator
        );
    }

    function getVariableFeeParameters() external view returns (uint24, uint24, uint24, uint40) {
        Volatility memory v = volatility;
        return (uint24(v.accumulator), uint24(v.ref), uint24(v.idReference), uint40(v.updated));
    }

    /// @dev A pair of 2.1 has no such function.
    function getLBHooksParameters() external view returns (bytes32) {
        require(limited);
        return bytes32(0);
    }

    function getPriceFromId(uint24 id) external view returns (uint256) {
        return BinMath.price(id, binStep);
    }

    function balanceOf(address owner, uint256 id) external view returns (uint256) {
        return shares[owner][id];
    }

    function getSwapOut(uint128 amountIn, bool swapForY) external view returns (uint128, uint128, uint128) {
        Walk memory walk = _start(amountIn, swapForY);
        bool more = true;
        while (more) {
            (Step memory step, bool visited) = _step(walk);
            if (visited) _count(walk, step);
            more = walk.left > 0 && _on(walk);
        }
        return (uint128(walk.left), uint128(walk.out), uint128(walk.fees));
    }

    function getSwapIn(uint128 amountOut, bool swapForY) external view returns (uint128, uint128, uint128) {
        Walk memory walk = _start(amountOut, swapForY);
        bool more = true;
        while (more) {
            uint256 held = swapForY ? bins[walk.id].y : bins[walk.id].x;
            if (held > 0) {
                _cross(walk);
                uint256 paid = held < walk.left ? held : walk.left;
                uint256 net = BinMath.cost(paid, BinMath.price(walk.id, binStep), swapForY);
                uint256 fee = BinMath.feeOnTop(net, _rate(walk.volatility.accumulator));
                walk.left -= paid;
                walk.out += net + fee;
                walk.fees += fee;
            }
            more = walk.left > 0 && _on(walk);
        }
        return (uint128(walk.out), uint128(walk.left), uint128(walk.fees));
    }

    function swap(bool swapForY, address to) external returns (bytes32) {
        uint256 entered = swapForY
            ? _ours(tokenX) - reserveX - feesX
            : _ours(tokenY) - reserveY - feesY;
        if (entered == 0) revert LBPair__InsufficientAmountIn();
        Walk memory walk = _start(entered, swapForY);
        while (true) {
            (Step memory step, bool visited) = _step(walk);
            if (visited && step.taken > 0) {
                _move(walk, step, to);
                _count(walk, step);
            }
            if (walk.left == 0) break;
            if (!_on(walk)) revert LBPair__OutOfLiquidity();
        }
        if (walk.out == 0) revert LBPair__InsufficientAmountOut();
        (activeId, volatility) = (walk.id, walk.volatility);
        if (swapForY) {
            (reserveX, reserveY) = (reserveX + entered - walk.kept, reserveY - walk.out);
            feesX += walk.kept;
            require(feesX <= type(uint128).max);
            _pay(tokenY, to, walk.out);
            return bytes32(walk.out << 128);
        }
        (reserveX, reserveY) = (reserveX - walk.out, reserveY + entered - walk.kept);
        feesY += walk.kept;
        require(feesY <= type(uint128).max);
        _pay(tokenX, to, walk.out);
        return bytes32(walk.out);
    }

    /// @param configs Each bin's part of X (1e18, from bit 88), of Y (from bit 24), and its id.
    /// @dev What the shares leave over goes to `rest`: what stays unaccounted is the next trader's.
    function mint(address to, bytes32[] calldata configs, address rest)
        external
        returns (bytes32 received, bytes32 left, uint256[] memory made)
    {
        uint256 receivedX = _ours(tokenX) - reserveX - feesX;
        uint256 receivedY = _ours(tokenY) - reserveY - feesY;
        uint256[] memory ids = new uint256[](configs.length);
        bytes32[] memory amounts = new bytes32[](configs.length);
        made = new uint256[](configs.length);
        for (uint256 k; k < configs.length; ++k) {
            ids[k] = uint24(uint256(configs[k]));
            (made[k], amounts[k]) = _provide(to, uint256(configs[k]), receivedX, receivedY);
        }
        emit DepositedToBins(msg.sender, to, ids, amounts);
        received = bytes32(receivedX | (receivedY << 128));
        left = _handBack(rest);
    }

    function burn(address from, address to, uint256[] calldata ids, uint256[] calldata burned)
        external
        returns (bytes32[] memory amounts)
    {
        require(from == msg.sender);
        amounts = new bytes32[](ids.length);
        for (uint256 k; k < ids.length; ++k) amounts[k] = _withdraw(to, ids[k], burned[k]);
        emit WithdrawnFromBins(msg.sender, to, ids, amounts);
    }

    function setStaticFeeParameters(
        uint16 baseFactor,
        uint16 filterPeriod,
        uint16 decayPeriod,
        uint16 reductionFactor,
        uint24 variableFeeControl,
        uint16 protocolShare,
        uint24 most
    ) external {
        require(msg.sender == PairMaker(factory).owner());
        rules = Rules(baseFactor, filterPeriod, decayPeriod, reductionFactor, variableFeeControl, protocolShare, most);
        emit StaticFeeParametersSet(
            msg.sender, baseFactor, filterPeriod, decayPeriod, reductionFactor, variableFeeControl, protocolShare, most
        );
    }

    function _start(uint256 amount, bool forY) private view returns (Walk memory walk) {
        (walk.forY, walk.id, walk.left, walk.volatility) = (forY, activeId, amount, volatility);
        Volatility memory v = walk.volatility;
        uint256 quiet = block.timestamp - v.updated;
        if (quiet >= rules.filterPeriod) {
            v.idReference = walk.id;
            v.ref = quiet < rules.decayPeriod ? v.accumulator * rules.reductionFactor / 10_000 : 0;
        }
        v.updated = block.timestamp;
    }

    function _cross(Walk memory walk) private view {
        Volatility memory v = walk.volatility;
        uint256 crossed = walk.id > v.idReference ? walk.id - v.idReference : v.idReference - walk.id;
        uint256 moved = v.ref + crossed * 10_000;
        v.accumulator = moved < rules.maxVolatilityAccumulator ? moved : rules.maxVolatilityAccumulator;
    }

    function _rate(uint256 accumulator) private view returns (uint256 rate) {
        uint256 moved = accumulator * binStep;
        rate = uint256(rules.baseFactor) * binStep * 1e10;
        if (rules.variableFeeControl != 0) rate += (moved * moved * rules.variableFeeControl + 99) / 100;
        require(rate <= type(uint128).max);
    }

    function _on(Walk memory walk) private view returns (bool found) {
        uint256 near;
        (found, near) = tree.next(walk.id, walk.forY);
        if (found) walk.id = near;
    }

    function _step(Walk memory walk) private view returns (Step memory step, bool visited) {
        Bin memory bin = bins[walk.id];
        uint256 held = walk.forY ? bin.y : bin.x;
        if (held == 0) return (step, false);
        _cross(walk);
        step.price = BinMath.price(walk.id, binStep);
        uint256 rate = _rate(walk.volatility.accumulator);
        uint256 most = BinMath.cost(held, step.price, walk.forY);
        step.fee = BinMath.feeOnTop(most, rate);
        if (walk.left >= most + step.fee) {
            (step.taken, step.paid) = (most + step.fee, held);
        } else {
            step.fee = BinMath.feeInside(walk.left, rate);
            uint256 paid = BinMath.worth(walk.left - step.fee, step.price, walk.forY);
            (step.taken, step.paid) = (walk.left, paid < held ? paid : held);
        }
        if (limited) {
            if (walk.forY) BinMath.requireRoom(bin.x + step.taken, bin.y - step.paid, step.price);
            else BinMath.requireRoom(bin.x - step.paid, bin.y + step.taken, step.price);
        }
        step.kept = step.fee * rules.protocolShare / 10_000;
        return (step, true);
    }

    function _count(Walk memory walk, Step memory step) private pure {
        walk.left -= step.taken;
        walk.out += step.paid;
        walk.fees += step.fee;
        walk.kept += step.kept;
    }

    function _move(Walk memory walk, Step memory step, address to) private {
        Bin storage bin = bins[walk.id];
        uint256 entered = step.taken - step.kept;
        uint256 shift = walk.forY ? 0 : 128;
        if (walk.forY) _put(walk.id, bin.x + entered, bin.y - step.paid);
        else _put(walk.id, bin.x - step.paid, bin.y + entered);
        emit Swap(
            msg.sender,
            to,
            uint24(walk.id),
            bytes32(step.taken << shift),
            bytes32(step.paid << (128 - shift)),
            uint24(walk.volatility.accumulator),
            bytes32(step.fee << shift),
            bytes32(step.kept << shift)
        );
    }

    function _put(uint256 id, uint256 x, uint256 y) private {
        require(x <= type(uint128).max && y <= type(uint128).max);
        bins[id] = Bin(uint128(x), uint128(y));
    }

    function _provide(address to, uint256 config, uint256 receivedX, uint256 receivedY)
        private
        returns (uint256, bytes32)
    {
        uint256 x = receivedX * uint64(config >> 88) / 1e18;
        uint256 y = receivedY * uint64(config >> 24) / 1e18;
        return (_deposit(to, uint24(config), x, y), bytes32(x | (y << 128)));
    }

    function _deposit(address to, uint256 id, uint256 x, uint256 y) private returns (uint256 made) {
        if ((id < activeId && x > 0) || (id > activeId && y > 0)) revert LBPair__CompositionFactorFlawed(uint24(id));
        uint256 price = BinMath.price(id, binStep);
        Bin memory bin = bins[id];
        uint256 held = BinMath.scaled(bin.x, price, false) + bin.y;
        made = BinMath.scaled(x, price, false) + y;
        if (totalSupply[id] > 0) made = made * totalSupply[id] / held;
        require(made > 0, "no shares");
        if (totalSupply[id] == 0) tree.add(id);
        totalSupply[id] += made;
        shares[to][id] += made;
        _put(id, bin.x + x, bin.y + y);
        if (limited) BinMath.requireRoom(bin.x + x, bin.y + y, price);
        (reserveX, reserveY) = (reserveX + x, reserveY + y);
    }

    function _withdraw(address to, uint256 id, uint256 burned) private returns (bytes32) {
        Bin memory bin = bins[id];
        uint256 x = burned * bin.x / totalSupply[id];
        uint256 y = burned * bin.y / totalSupply[id];
        shares[msg.sender][id] -= burned;
        totalSupply[id] -= burned;
        if (totalSupply[id] == 0) tree.remove(id);
        _put(id, bin.x - x, bin.y - y);
        (reserveX, reserveY) = (reserveX - x, reserveY - y);
        if (x > 0) _pay(tokenX, to, x);
        if (y > 0) _pay(tokenY, to, y);
        return bytes32(x | (y << 128));
    }

    function _handBack(address to) private returns (bytes32) {
        uint256 x = _ours(tokenX) - reserveX - feesX;
        uint256 y = _ours(tokenY) - reserveY - feesY;
        if (x > 0) _pay(tokenX, to, x);
        if (y > 0) _pay(tokenY, to, y);
        return bytes32(x | (y << 128));
    }
}
