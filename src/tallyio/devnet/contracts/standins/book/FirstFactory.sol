// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {FirstPair} from "./FirstPair.sol";

/// @title Stand-in for the factory of Trader Joe's Liquidity Book 2.0: it makes pairs and announces them.
contract FirstFactory {
    event LBPairCreated(
        address indexed tokenX, address indexed tokenY, uint256 indexed binStep, address LBPair, uint256 pid
    );

    address[] private pairs;

    function createLBPair(address x, address y, uint24 activeId, uint16 step) external returns (address pair) {
        FirstPair.Rules memory rules = FirstPair.Rules(8000, 30, 600, 5000, 40_000, 1000, 300_000);
        pair = address(new FirstPair(x, y, step, activeId, rules));
        pairs.push(pair);
        emit LBPairCreated(x, y, step, pair, pairs.length - 1);
    }
}
