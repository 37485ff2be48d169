// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CamelotPair} from "./CamelotPair.sol";

/// @title Stand-in for Camelot's factory: its interface and events.
contract CamelotFactory {
    event PairCreated(address indexed token0, address indexed token1, address pair, uint256 length);
    event OwnerFeeShareUpdated(uint256 prevOwnerFeeShare, uint256 ownerFeeShare);
    event ReferrerFeeShareUpdated(address referrer, uint256 prevReferrerFeeShare, uint256 referrerFeeShare);
    event FeeToTransferred(address indexed prevFeeTo, address indexed newFeeTo);

    struct Parameters {
        address token0;
        address token1;
    }

    Parameters public parameters;
    address public immutable owner;
    uint256 public ownerFeeShare = 50_000;
    address public feeTo;
    mapping(address => uint256) public referrersFeeShare;
    address[] public allPairs;
    mapping(address => mapping(address => address)) public getPair;

    constructor(address feeTo_) {
        owner = msg.sender;
        feeTo = feeTo_;
    }

    function allPairsLength() external view returns (uint256) {
        return allPairs.length;
    }

    function createPair(address a, address b) external returns (address pair) {
        require(a != b && a != address(0) && b != address(0), "CamelotFactory: IDENTICAL_ADDRESSES");
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        require(getPair[token0][token1] == address(0), "CamelotFactory: PAIR_EXISTS");
        parameters = Parameters(token0, token1);
        pair = address(new CamelotPair{salt: keccak256(abi.encodePacked(token0, token1))}());
        getPair[token0][token1] = pair;
        getPair[token1][token0] = pair;
        allPairs.push(pair);
        emit PairCreated(token0, token1, pair, allPairs.length);
    }

    function setOwnerFeeShare(uint256 share) external {
        require(msg.sender == owner && share > 0 && share <= 100_000, "CamelotFactory: ownerFeeShare");
        emit OwnerFeeShareUpdated(ownerFeeShare, share);
        ownerFeeShare = share;
    }

    function setReferrerFeeShare(address referrer, uint256 share) external {
        require(msg.sender == owner && share <= 20_000, "CamelotFactory: referrerFeeShare");
        emit ReferrerFeeShareUpdated(referrer, referrersFeeShare[referrer], share);
        referrersFeeShare[referrer] = share;
    }

    function setFeeTo(address to) external {
        require(msg.sender == owner, "CamelotFactory: caller is not the owner");
        emit FeeToTransferred(feeTo, to);
        feeTo = to;
    }
}
