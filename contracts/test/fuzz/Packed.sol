// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Routes as `Step.sol` describes them, written out in full: both tokens, amounts of sixteen bytes
library Packed {
    uint8 internal constant V2 = 1;
    uint8 internal constant V3 = 2;
    uint8 internal constant V4 = 3;
    uint8 internal constant BALANCER_V2 = 4;
    uint8 internal constant LOAN = 9;

    uint8 internal constant BALANCER_V2_LOAN = 1;
    uint8 internal constant V2_LOAN = 3;
    uint8 internal constant V3_LOAN = 4;
    uint8 internal constant V4_LOAN = 5;

    uint8 internal constant FORWARD = 0x02;
    uint8 internal constant PREPAID = 0x04;
    uint8 internal constant TOKEN_IN = 0x08;
    uint8 internal constant INNER = 0x40;

    struct Swap {
        uint8 kind;
        address pool;
        address tokenIn;
        address tokenOut;
        uint256 amountIn;
        uint256 amountOut;
        bytes detail;
    }

    /// @dev `second`: a pool lends its token1.
    struct Loan {
        uint8 source;
        address lender;
        address token;
        uint256 amount;
        uint256 premium;
        bool second;
    }

    /// @param inner Steps that run between what the swap gives and what it is owed.
    function opening(Swap memory s, bytes memory inner) internal pure returns (bytes memory) {
        return abi.encodePacked(_swap(s, INNER), uint16(inner.length), inner);
    }

    function plain(Swap memory s) internal pure returns (bytes memory) {
        return _swap(s, 0);
    }

    function flagged(Swap memory s, uint8 flags) internal pure returns (bytes memory) {
        return _swap(s, flags);
    }

    function _swap(Swap memory s, uint8 flags) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(s.kind, flags | TOKEN_IN, uint8(0), uint8(0xff), s.pool, s.tokenIn);
        return abi.encodePacked(head, s.tokenOut, uint128(s.amountIn), uint128(s.amountOut), s.detail);
    }

    function loan(Loan memory l, bytes memory inner) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(LOAN, INNER | TOKEN_IN, uint8(0), uint8(0xff), l.lender, l.token);
        uint8 side = l.second ? 1 : 0;
        bytes memory tail = abi.encodePacked(uint128(l.amount), uint128(l.premium), l.source, side);
        return abi.encodePacked(head, tail, uint16(inner.length), inner);
    }

    /// @notice The call of `execute` without guards.
    function run(uint256 minProfit, uint256 bid, bytes memory steps) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(bytes4(keccak256("execute()")), uint8(0), uint8(16), uint8(16));
        return abi.encodePacked(head, uint128(minProfit), uint128(bid), steps);
    }

    /// @param guards The guards' bits, and behind them the guarded values as they travel.
    function guarded(uint8 guards, bytes memory values, bytes memory steps) internal pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(bytes4(keccak256("execute()")), guards, uint8(0), uint8(0));
        return abi.encodePacked(head, values, steps);
    }
}
