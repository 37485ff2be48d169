// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A price aggregator with the interface of Chainlink's, answered by its owner.
/// @notice It emits AnswerUpdated and NewRound as the real aggregators do; a proxy in front of it emits nothing.
contract PriceFeed {
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt);

    error NotOwner();
    error NoAnswer();

    address public immutable owner;
    uint8 public constant decimals = 8;
    uint256 public constant version = 4;
    string public description;
    uint256 public latestRound;
    mapping(uint256 => int256) public getAnswer;
    mapping(uint256 => uint256) public getTimestamp;

    constructor(address owner_, string memory description_, int256 answer) {
        owner = owner_;
        description = description_;
        _answer(answer);
    }

    /// @param answer the price with 8 decimals
    function setAnswer(int256 answer) external {
        if (msg.sender != owner) revert NotOwner();
        _answer(answer);
    }

    function latestAnswer() external view returns (int256) {
        return getAnswer[latestRound];
    }

    function latestTimestamp() external view returns (uint256) {
        return getTimestamp[latestRound];
    }

    function getRoundData(uint80 round) public view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 time = getTimestamp[round];
        if (time == 0) revert NoAnswer();
        return (round, getAnswer[round], time, time, round);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(uint80(latestRound));
    }

    function _answer(int256 answer) private {
        uint256 round = ++latestRound;
        getAnswer[round] = answer;
        getTimestamp[round] = block.timestamp;
        emit NewRound(round, msg.sender, block.timestamp);
        emit AnswerUpdated(answer, round, block.timestamp);
    }
}
