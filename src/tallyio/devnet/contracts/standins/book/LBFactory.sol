// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LBPair} from "./LBPair.sol";

/// @title Stand-in for Trader Joe's Liquidity Book factory, 2.1 or (`limited`) 2.2: its interface and events.
contract LBFactory {
    event LBPairCreated(
        address indexed tokenX, address indexed tokenY, uint256 indexed binStep, address LBPair, uint256 pid
    );

    address public immutable owner;
    bool private immutable limited;
    address[] private pairs;
    mapping(address => mapping(address => mapping(uint256 => address))) private found;

    constructor(bool limited_) {
        (owner, limited) = (msg.sender, limited_);
    }

    function getNumberOfLBPairs() external view returns (uint256) {
        return pairs.length;
    }

    function getLBPairAtIndex(uint256 index) external view returns (address) {
        return pairs[index];
    }

    function getPair(address x, address y, uint256 step) external view returns (address) {
        return found[x][y][step];
    }

    function createLBPair(address x, address y, uint24 activeId, uint16 step) external returns (address pair) {
        require(x != y && found[x][y][step] == address(0), "exists");
        LBPair.Rules memory rules = LBPair.Rules(8000, 30, 600, 5000, 40_000, 1000, 300_000);
        pair = address(new LBPair(x, y, step, activeId, limited, rules));
        found[x][y][step] = pair;
        found[y][x][step] = pair;
        pairs.push(pair);
        emit LBPairCreated(x, y, step, pair, pairs.length - 1);
    }
}
