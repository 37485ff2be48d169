// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin, Shares} from "../Shares.sol";
import {SolidlyCurve} from "./SolidlyCurve.sol";

interface PairMaker {
    function parameters() external view returns (address token0, address token1);
    function owner() external view returns (address);
    function feeTo() external view returns (address);
    function ownerFeeShare() external view returns (uint256);
    function referrersFeeShare(address referrer) external view returns (uint256);
}

interface Callee {
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title Stand-in for a pair of Camelot: its interface, events and arithmetic; code of our own.
contract CamelotPair is Shares {
    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
    event Swap(
        address indexed sender,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out,
        address indexed to
    );
    event Sync(uint112 reserve0, uint112 reserve1);
    event FeePercentUpdated(uint16 token0FeePercent, uint16 token1FeePercent);
    event SetStableSwap(bool prevStableSwap, bool stableSwap);

    uint256 private constant ONE = 1e18;
    uint256 public constant FEE_DENOMINATOR = 100_000;
    uint256 public constant MAX_FEE_PERCENT = 2000;
    uint256 public constant MINIMUM_LIQUIDITY = 1000;

    address public immutable factory;
    address public immutable token0;
    address public immutable token1;
    uint256 public immutable precisionMultiplier0;
    uint256 public immutable precisionMultiplier1;

    uint256 private reserve0;
    uint256 private reserve1;
    uint256 public token0FeePercent = 300;
    uint256 public token1FeePercent = 300;
    bool public stableSwap;

    constructor() {
        factory = msg.sender;
        (token0, token1) = PairMaker(msg.sender).parameters();
        precisionMultiplier0 = 10 ** Coin(token0).decimals();
        precisionMultiplier1 = 10 ** Coin(token1).decimals();
    }

    function getReserves() external view returns (uint112, uint112, uint16, uint16) {
        return (uint112(reserve0), uint112(reserve1), uint16(token0FeePercent), uint16(token1FeePercent));
    }

    function setFeePercent(uint16 fee0, uint16 fee1) external {
        require(msg.sender == PairMaker(factory).owner(), "CamelotPair: only factory's feeAmountOwner");
        require(fee0 > 0 && fee1 > 0 && fee0 <= MAX_FEE_PERCENT && fee1 <= MAX_FEE_PERCENT, "CamelotPair: feePercent");
        (token0FeePercent, token1FeePercent) = (fee0, fee1);
        emit FeePercentUpdated(fee0, fee1);
    }

    function setStableSwap(bool stable) external {
        require(msg.sender == PairMaker(factory).owner(), "CamelotPair: only factory's setStableOwner");
        emit SetStableSwap(stableSwap, stable);
        stableSwap = stable;
    }

    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256) {
        bool first = tokenIn == token0;
        uint256 rate = first ? token0FeePercent : token1FeePercent;
        (uint256 held, uint256 wanted) = first ? (reserve0, reserve1) : (reserve1, reserve0);
        if (!stableSwap) {
            uint256 net = amountIn * (FEE_DENOMINATOR - rate);
            return net * wanted / (held * FEE_DENOMINATOR + net);
        }
        amountIn -= amountIn * rate / FEE_DENOMINATOR;
        uint256 k = _k(reserve0, reserve1);
        (uint256 unitIn, uint256 unitOut) = first
            ? (precisionMultiplier0, precisionMultiplier1)
            : (precisionMultiplier1, precisionMultiplier0);
        unchecked {
            uint256 y = wanted * ONE / unitOut;
            uint256 x = amountIn * ONE / unitIn + held * ONE / unitIn;
            return (y - SolidlyCurve.wrapped(x, k, y)) * unitOut / ONE;
        }
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external {
        _swap(amount0Out, amount1Out, to, data, address(0));
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data, address referrer) external {
        _swap(amount0Out, amount1Out, to, data, referrer);
    }

    function mint(address to) external returns (uint256 made) {
        (uint256 balance0, uint256 balance1) = (_ours(token0), _ours(token1));
        (uint256 amount0, uint256 amount1) = (balance0 - reserve0, balance1 - reserve1);
        if (totalSupply == 0) {
            made = _root(amount0 * amount1) - MINIMUM_LIQUIDITY;
            _makeShares(address(0), MINIMUM_LIQUIDITY);
        } else {
            (uint256 a, uint256 b) = (amount0 * totalSupply / reserve0, amount1 * totalSupply / reserve1);
            made = a < b ? a : b;
        }
        require(made > 0, "CamelotPair: INSUFFICIENT_LIQUIDITY_MINTED");
        _makeShares(to, made);
        _update(balance0, balance1);
        emit Mint(msg.sender, amount0, amount1);
    }

    function burn(address to) external returns (uint256 amount0, uint256 amount1) {
        uint256 shares = balanceOf[address(this)];
        amount0 = shares * _ours(token0) / totalSupply;
        amount1 = shares * _ours(token1) / totalSupply;
        _burnShares(address(this), shares);
        _pay(token0, to, amount0);
        _pay(token1, to, amount1);
        _update(_ours(token0), _ours(token1));
        emit Burn(msg.sender, amount0, amount1, to);
    }

    function sync() external {
        _update(_ours(token0), _ours(token1));
    }

    function _swap(uint256 out0, uint256 out1, address to, bytes calldata data, address referrer) private {
        require(out0 > 0 || out1 > 0, "CamelotPair: INSUFFICIENT_OUTPUT_AMOUNT");
        require(out0 < reserve0 && out1 < reserve1, "CamelotPair: INSUFFICIENT_LIQUIDITY");
        require(to != token0 && to != token1, "CamelotPair: INVALID_TO");
        if (out0 > 0) _pay(token0, to, out0);
        if (out1 > 0) _pay(token1, to, out1);
        if (data.length > 0) Callee(to).uniswapV2Call(msg.sender, out0, out1, data);
        (uint256 in0, uint256 in1) = _settle(out0, out1, referrer);
        emit Swap(msg.sender, in0, in1, out0, out1, to);
    }

    function _settle(uint256 out0, uint256 out1, address referrer) private returns (uint256 in0, uint256 in1) {
        in0 = _entered(token0, reserve0 - out0);
        in1 = _entered(token1, reserve1 - out1);
        require(in0 > 0 || in1 > 0, "CamelotPair: INSUFFICIENT_INPUT_AMOUNT");
        uint256 rest0 = _payFees(token0, in0, token0FeePercent, referrer);
        uint256 rest1 = _payFees(token1, in1, token1FeePercent, referrer);
        (uint256 balance0, uint256 balance1) = (_ours(token0), _ours(token1));
        require(_k(balance0 - rest0, balance1 - rest1) >= _k(reserve0, reserve1), "CamelotPair: K");
        _update(balance0, balance1);
    }

    /// @dev Pays the referrer's and the owner's part; the answer is the part of the fee that stays.
    function _payFees(address token, uint256 entered, uint256 rate, address referrer) private returns (uint256 rest) {
        if (entered == 0) return 0;
        rest = entered * rate / FEE_DENOMINATOR;
        uint256 share = referrer == address(0) ? 0 : PairMaker(factory).referrersFeeShare(referrer);
        if (share > 0) {
            uint256 given = entered * share * rate / (FEE_DENOMINATOR ** 2);
            rest -= given;
            if (given > 0) _pay(token, referrer, given);
        }
        address feeTo = PairMaker(factory).feeTo();
        if (stableSwap && feeTo != address(0)) {
            uint256 kept = entered * (FEE_DENOMINATOR - share) * PairMaker(factory).ownerFeeShare() * rate;
            kept /= FEE_DENOMINATOR ** 3;
            rest -= kept;
            if (kept > 0) _pay(token, feeTo, kept);
        }
    }

    function _entered(address token, uint256 left) private view returns (uint256) {
        uint256 balance = _ours(token);
        return balance > left ? balance - left : 0;
    }

    function _k(uint256 a, uint256 b) private view returns (uint256) {
        return stableSwap
            ? SolidlyCurve.held(a * ONE / precisionMultiplier0, b * ONE / precisionMultiplier1)
            : a * b;
    }

    function _update(uint256 balance0, uint256 balance1) private {
        require(balance0 <= type(uint112).max && balance1 <= type(uint112).max, "CamelotPair: OVERFLOW");
        (reserve0, reserve1) = (balance0, balance1);
        emit Sync(uint112(balance0), uint112(balance1));
    }
}
