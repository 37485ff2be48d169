// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StableSwapNG} from "./StableSwapNG.sol";
import {StableMetaMaker} from "./StableMetaMaker.sol";
import {StableViews} from "./StableViews.sol";

/// @title Stand-in for Curve's StableSwap-NG factory: plain and meta pools, its interface and events.
contract StableFactory {
    event PlainPoolDeployed(address[] coins, uint256 A, uint256 fee, address deployer);

    event MetaPoolDeployed(address coin, address base_pool, uint256 A, uint256 fee, address deployer);

    address public immutable admin;
    StableMetaMaker public metapool_implementation;
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

    function set_metapool_implementation(StableMetaMaker maker) external {
        require(msg.sender == admin);
        metapool_implementation = maker;
    }

    /// @dev Over plain pools of this factory, whose shares are the pools themselves.
    function deploy_metapool(
        address base,
        string memory,
        string memory,
        address coin,
        uint256 amp,
        uint256 fee,
        uint256 multiplier,
        uint256 window,
        uint256,
        uint8 kind,
        bytes4 method,
        address oracle
    ) external returns (address pool) {
        require(coins_of[base].length > 0);
        StableSwapNG.Setting memory setting;
        (setting.amp, setting.fee, setting.multiplier, setting.window) = (amp, fee, multiplier, window);
        (setting.coins, setting.kinds) = (new address[](2), new uint8[](2));
        (setting.methods, setting.oracles) = (new bytes4[](2), new address[](2));
        (setting.coins[0], setting.coins[1]) = (coin, base);
        (setting.kinds[0], setting.methods[0], setting.oracles[0]) = (kind, method, oracle);
        pool = metapool_implementation.make(setting, views_implementation);
        _list(pool, setting);
        emit MetaPoolDeployed(coin, base, amp, fee, msg.sender);
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
