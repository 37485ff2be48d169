// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in for Slipstream's factory: it announces pools that others made, and names no fee module.
contract CLFactory {
    event PoolCreated(address indexed token0, address indexed token1, int24 indexed tickSpacing, address pool);

    address public swapFeeModule;

    function announce(address a, address b, int24 spacing, address pool) external {
        emit PoolCreated(a, b, spacing, pool);
    }
}
