// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StableSwapNG} from "./StableSwapNG.sol";
import {StableViews} from "./StableViews.sol";

/// @title Stand-in for Curve's StableSwap-NG factory: plain pools, its interface and events.
contract StableFactory {
    event PlainPoolDeployed(address[] coins, uint256 A, uint256 fee, address deployer);

    address public immutable admin;
    StableViews public immutable views_implementation;
    address[] public pool_list;
    mapping(address => address[]) private coins_of;
    mapping(address => uint8[]) private kinds_of;
    mapping(address => mapping(address => address[])) private markets;

    constructor() {
        admin = msg.sender;
        views_implementation = new StableViews();
    }

    function deploy_plain_pool(
        string memory,
        string memory,
        address[] memory coins,
        uint256 amp,
        uint256 fee,
        uint256 multiplier,
        uint256 window,
        uint256,
        uint8[] memory kinds,
        bytes4[] memory methods,
        address[] memory oracles
    ) external returns (address pool) {
        return _deploy(StableSwapNG.Setting(coins, amp, fee, multiplier, window, kinds, methods, oracles));
    }

    function pool_count() external view returns (uint256) {
        return pool_list.length;
    }

    function get_coins(address pool) external view returns (address[] memory) {
        return coins_of[pool];
    }

    function get_pool_asset_types(address pool) external view returns (uint8[] memory) {
        return kinds_of[pool];
    }

    function find_pool_for_coins(address from, address to, uint256 i) external view returns (address) {
        address[] storage found = markets[from][to];
        return i < found.length ? found[i] : address(0);
    }

    function _deploy(StableSwapNG.Setting memory setting) private returns (address pool) {
        pool = address(new StableSwapNG(setting, views_implementation));
        _list(pool, setting);
        emit PlainPoolDeployed(setting.coins, setting.amp, setting.fee, msg.sender);
    }

    function _list(address pool, StableSwapNG.Setting memory setting) private {
        address[] memory coins = setting.coins;
        pool_list.push(pool);
        coins_of[pool] = coins;
        kinds_of[pool] = setting.kinds;
        for (uint256 a; a < coins.length; ++a) {
            for (uint256 b; b < coins.length; ++b) {
                if (a != b) markets[coins[a]][coins[b]].push(pool);
            }
        }
    }
}
