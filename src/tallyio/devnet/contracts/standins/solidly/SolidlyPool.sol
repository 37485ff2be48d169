// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin, Shares} from "../Shares.sol";
import {SolidlyCurve} from "./SolidlyCurve.sol";

interface PoolMaker {
    function parameters() external view returns (address token0, address token1, bool stable, bool scaled);
    function getFee(address pool, bool stable) external view returns (uint256);
    function isPaused() external view returns (bool);
}

interface Callee {
    function hook(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
}

/// @title Where a pool's fees go.
contract SolidlyFees {}

/// @title Stand-in for a pool of Aerodrome or Velodrome: its interface, events and arithmetic; code of our own.
/// @dev Fees are counted per share (`index0`, `index1`) but cannot be claimed here.
contract SolidlyPool is Shares {
    event Fees(address indexed sender, uint256 amount0, uint256 amount1);
    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Burn(address indexed sender, address indexed to, uint256 amount0, uint256 amount1);
    event Swap(
        address indexed sender,
        address indexed to,
        uint256 amount0In,
        uint256 amount1In,
        uint256 amount0Out,
        uint256 amount1Out
    );
    event Sync(uint256 reserve0, uint256 reserve1);

    error InsufficientOutputAmount();
    error InsufficientLiquidity();
    error InsufficientInputAmount();
    error InsufficientLiquidityMinted();
    error InvalidTo();
    error IsPaused();
    error DepositsNotEqual();
    error K();

    uint256 private constant ONE = 1e18;
    uint256 private constant LOCKED = 1000;

    address public immutable factory;
    address public immutable token0;
    address public immutable token1;
    bool public immutable stable;
    address public immutable poolFees;
    uint256 private immutable unit0;
    uint256 private immutable unit1;
    bool private immutable scaled;

    uint256 public reserve0;
    uint256 public reserve1;
    uint256 public blockTimestampLast;
    uint256 public reserve0CumulativeLast;
    uint256 public reserve1CumulativeLast;
    uint256 public index0;
    uint256 public index1;

    constructor() {
        factory = msg.sender;
        (token0, token1, stable, scaled) = PoolMaker(msg.sender).parameters();
        unit0 = 10 ** Coin(token0).decimals();
        unit1 = 10 ** Coin(token1).decimals();
        poolFees = address(new SolidlyFees());
    }

    function getReserves() external view returns (uint256, uint256, uint256) {
        return (reserve0, reserve1, blockTimestampLast);
    }

    function metadata() external view returns (uint256, uint256, uint256, uint256, bool, address, address) {
        return (unit0, unit1, reserve0, reserve1, stable, token0, token1);
    }

    function tokens() external view returns (address, address) {
        return (token0, token1);
    }

    function getK() external view returns (uint256) {
        return _k(reserve0, reserve1);
    }

    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256) {
        amountIn -= amountIn * PoolMaker(factory).getFee(address(this), stable) / 10_000;
        bool first = tokenIn == token0;
        (uint256 held, uint256 wanted) = first ? (reserve0, reserve1) : (reserve1, reserve0);
        if (!stable) return amountIn * wanted / (held + amountIn);
        uint256 k = _k(reserve0, reserve1);
        (uint256 unitIn, uint256 unitOut) = first ? (unit0, unit1) : (unit1, unit0);
        uint256 x = amountIn * ONE / unitIn + held * ONE / unitIn;
        uint256 y = wanted * ONE / unitOut;
        return (y - SolidlyCurve.balance(x, k, y, scaled, unitIn, unitOut)) * unitOut / ONE;
    }

    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external {
        if (PoolMaker(factory).isPaused()) revert IsPaused();
        if (amount0Out == 0 && amount1Out == 0) revert InsufficientOutputAmount();
        if (amount0Out >= reserve0 || amount1Out >= reserve1) revert InsufficientLiquidity();
        if (to == token0 || to == token1) revert InvalidTo();
        if (amount0Out > 0) _pay(token0, to, amount0Out);
        if (amount1Out > 0) _pay(token1, to, amount1Out);
        if (data.length > 0) Callee(to).hook(msg.sender, amount0Out, amount1Out, data);
        (uint256 in0, uint256 in1) = _entered(amount0Out, amount1Out);
        if (in0 == 0 && in1 == 0) revert InsufficientInputAmount();
        _takeFees(in0, in1);
        (uint256 balance0, uint256 balance1) = (_ours(token0), _ours(token1));
        if (_k(balance0, balance1) < _k(reserve0, reserve1)) revert K();
        _update(balance0, balance1);
        emit Swap(msg.sender, to, in0, in1, amount0Out, amount1Out);
    }

    function mint(address to) external returns (uint256 made) {
        (uint256 balance0, uint256 balance1) = (_ours(token0), _ours(token1));
        (uint256 amount0, uint256 amount1) = (balance0 - reserve0, balance1 - reserve1);
        if (totalSupply == 0) {
            made = _root(amount0 * amount1) - LOCKED;
            _makeShares(address(1), LOCKED);
            if (stable && amount0 * ONE / unit0 != amount1 * ONE / unit1) revert DepositsNotEqual();
        } else {
            (uint256 a, uint256 b) = (amount0 * totalSupply / reserve0, amount1 * totalSupply / reserve1);
            made = a < b ? a : b;
        }
        if (made == 0) revert InsufficientLiquidityMinted();
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
        emit Burn(msg.sender, to, amount0, amount1);
    }

    function skim(address to) external {
        _pay(token0, to, _ours(token0) - reserve0);
        _pay(token1, to, _ours(token1) - reserve1);
    }

    function sync() external {
        _update(_ours(token0), _ours(token1));
    }

    function _k(uint256 a, uint256 b) private view returns (uint256) {
        return stable ? SolidlyCurve.held(a * ONE / unit0, b * ONE / unit1) : a * b;
    }

    function _entered(uint256 amount0Out, uint256 amount1Out) private view returns (uint256 in0, uint256 in1) {
        (uint256 left0, uint256 left1) = (reserve0 - amount0Out, reserve1 - amount1Out);
        (uint256 balance0, uint256 balance1) = (_ours(token0), _ours(token1));
        if (balance0 > left0) in0 = balance0 - left0;
        if (balance1 > left1) in1 = balance1 - left1;
    }

    function _takeFees(uint256 in0, uint256 in1) private {
        uint256 rate = PoolMaker(factory).getFee(address(this), stable);
        uint256 fee0 = in0 * rate / 10_000;
        uint256 fee1 = in1 * rate / 10_000;
        if (fee0 > 0) {
            _pay(token0, poolFees, fee0);
            index0 += fee0 * ONE / totalSupply;
            emit Fees(msg.sender, fee0, 0);
        }
        if (fee1 > 0) {
            _pay(token1, poolFees, fee1);
            index1 += fee1 * ONE / totalSupply;
            emit Fees(msg.sender, 0, fee1);
        }
    }

    function _update(uint256 balance0, uint256 balance1) private {
        uint256 gone = block.timestamp - blockTimestampLast;
        if (gone > 0 && reserve0 != 0 && reserve1 != 0) {
            reserve0CumulativeLast += reserve0 * gone;
            reserve1CumulativeLast += reserve1 * gone;
        }
        (reserve0, reserve1, blockTimestampLast) = (balance0, balance1, block.timestamp);
        emit Sync(balance0, balance1);
    }
}
