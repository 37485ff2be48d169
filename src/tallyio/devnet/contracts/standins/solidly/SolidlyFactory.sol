// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SolidlyPool} from "./SolidlyPool.sol";

/// @title Stand-in for the pool factory of Aerodrome (`scaled`) or Velodrome: its interface and events.
contract SolidlyFactory {
    event PoolCreated(
        address indexed token0, address indexed token1, bool indexed stable, address pool, uint256 length
    );
    event SetCustomFee(address indexed pool, uint256 fee);
    event SetPauseState(bool state);

    struct Parameters {
        address token0;
        address token1;
        bool stable;
        bool scaled;
    }

    uint256 private constant ZERO_FEE_INDICATOR = 420;
    uint256 private constant MAX_FEE = 300;

    Parameters public parameters;
    address public immutable feeManager;
    bool private immutable scaled;
    bool public isPaused;
    uint256 public stableFee = 5;
    uint256 public volatileFee = 30;
    mapping(address => uint256) public customFee;
    mapping(address => bool) public isPool;
    address[] public allPools;
    mapping(address => mapping(address => mapping(bool => address))) public getPool;

    constructor(bool scaled_) {
        scaled = scaled_;
        feeManager = msg.sender;
    }

    function allPoolsLength() external view returns (uint256) {
        return allPools.length;
    }

    function getFee(address pool, bool stable) external view returns (uint256) {
        uint256 fee = customFee[pool];
        if (fee == ZERO_FEE_INDICATOR) return 0;
        return fee != 0 ? fee : stable ? stableFee : volatileFee;
    }

    function createPool(address a, address b, bool stable) external returns (address pool) {
        require(a != b && a != address(0) && b != address(0), "tokens");
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        require(getPool[token0][token1][stable] == address(0), "exists");
        parameters = Parameters(token0, token1, stable, scaled);
        pool = address(new SolidlyPool{salt: keccak256(abi.encodePacked(token0, token1, stable))}());
        getPool[token0][token1][stable] = pool;
        getPool[token1][token0][stable] = pool;
        allPools.push(pool);
        isPool[pool] = true;
        emit PoolCreated(token0, token1, stable, pool, allPools.length);
    }

    function setFee(bool stable, uint256 fee) external {
        require(msg.sender == feeManager && fee != 0 && fee <= MAX_FEE, "fee");
        if (stable) stableFee = fee;
        else volatileFee = fee;
    }

    function setCustomFee(address pool, uint256 fee) external {
        require(msg.sender == feeManager && isPool[pool] && (fee <= MAX_FEE || fee == ZERO_FEE_INDICATOR), "fee");
        customFee[pool] = fee;
        emit SetCustomFee(pool, fee);
    }

    function setPauseState(bool state) external {
        require(msg.sender == feeManager, "pauser");
        isPaused = state;
        emit SetPauseState(state);
    }
}
