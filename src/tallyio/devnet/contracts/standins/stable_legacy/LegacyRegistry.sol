// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in for Curve's registry of its first pools: it lists what its administrator says, whatever that is.
contract LegacyRegistry {
    event PoolAdded(address indexed pool, bytes rate_method_id);

    address public immutable admin;
    address[] public pool_list;

    constructor() {
        admin = msg.sender;
    }

    function pool_count() external view returns (uint256) {
        return pool_list.length;
    }

    function add_pool(address pool) external {
        require(msg.sender == admin);
        pool_list.push(pool);
        emit PoolAdded(pool, "");
    }
}
