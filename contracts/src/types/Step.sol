// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev A step of a route: the calldata position of its first byte.
type Step is uint256;

using StepLibrary for Step global;

/// @title How a step is packed
/// @notice Big-endian, no padding. The first byte holds flags (high nibble) and the kind (low nibble), the second
/// the step's place in the route, which only error messages use.
///
/// | offset | swap, flash swap | flash loan     | liquidation    |
/// |--------|------------------|----------------|----------------|
/// |      0 | flags and kind 1 | kind 1         | kind 1         |
/// |      1 | place 1          | place 1        | place 1        |
/// |      2 | pool 20          | market 20      | market 20      |
/// |     22 | tokenIn 20       | token 20       | debt 20        |
/// |     42 | tokenOut 20      |                | collateral 20  |
/// |     62 | amountIn 16      | (42) amount 16 | debtToCover 16 |
/// |     78 | amountOut 16     | (58) premium 16| received 16    |
/// |     94 | inner length 2 * | (74) 2         | borrower 20    |
/// |     96 | inner steps *    | (76) inner     |                |
/// (* flash swaps only)
library StepLibrary {
    /// @dev A kind byte that this contract does not know.
    error UnknownStep(uint256 kind);

    uint256 internal constant V2_SWAP = 1;
    uint256 internal constant V3_SWAP = 2;
    uint256 internal constant V2_FLASH = 3;
    uint256 internal constant V3_FLASH = 4;
    uint256 internal constant AAVE_FLASH = 5;
    uint256 internal constant AAVE_LIQUIDATE = 6;

    /// @dev v3: `amountOut` is what is asked for and `amountIn` the most that may be owed.
    uint256 internal constant EXACT_OUT = 0x10;
    /// @dev The output goes straight to the pool of the step that follows, which must be `PREPAID`.
    uint256 internal constant FORWARD = 0x20;
    /// @dev v2: the input is at the pair already.
    uint256 internal constant PREPAID = 0x40;

    uint256 private constant SWAP_SIZE = 94;
    uint256 private constant FLASH_SWAP_HEAD = 96;
    uint256 private constant FLASH_LOAN_HEAD = 76;
    uint256 private constant LIQUIDATION_SIZE = 114;

    // ------------------------------------------------------------------ shape

    function head(Step self) internal pure returns (uint256) {
        return _read(self, 0, 1);
    }

    function kind(Step self) internal pure returns (uint256) {
        return _read(self, 0, 1) & 0x0f;
    }

    function has(Step self, uint256 flag) internal pure returns (bool) {
        return _read(self, 0, 1) & flag != 0;
    }

    function place(Step self) internal pure returns (uint256) {
        return _read(self, 1, 1);
    }

    /// @return Bytes of the step with everything nested in it.
    function size(Step self) internal pure returns (uint256) {
        uint256 k = kind(self);
        if (k == V2_SWAP || k == V3_SWAP) return SWAP_SIZE;
        if (k == V2_FLASH || k == V3_FLASH) return FLASH_SWAP_HEAD + _read(self, FLASH_SWAP_HEAD - 2, 2);
        if (k == AAVE_FLASH) return FLASH_LOAN_HEAD + _read(self, FLASH_LOAN_HEAD - 2, 2);
        if (k == AAVE_LIQUIDATE) return LIQUIDATION_SIZE;
        revert UnknownStep(k);
    }

    /// @return The step whose first byte lies `bytes_` behind this one's.
    function skip(Step self, uint256 bytes_) internal pure returns (Step) {
        return Step.wrap(Step.unwrap(self) + bytes_);
    }

    /// @return The first step that follows a plain swap, or that is nested in a flash swap.
    function next(Step self) internal pure returns (Step) {
        uint256 k = kind(self);
        return skip(self, k == V2_SWAP || k == V3_SWAP ? SWAP_SIZE : FLASH_SWAP_HEAD);
    }

    /// @return steps The nested steps of a flash swap or a flash loan.
    function inner(Step self) internal pure returns (bytes calldata steps) {
        uint256 headSize = kind(self) == AAVE_FLASH ? FLASH_LOAN_HEAD : FLASH_SWAP_HEAD;
        uint256 length = _read(self, headSize - 2, 2);
        assembly ("memory-safe") {
            steps.offset := add(self, headSize)
            steps.length := length
        }
    }

    // ----------------------------------------------------------------- fields

    /// @return The pair, pool or lending market.
    function pool(Step self) internal pure returns (address) {
        return _address(self, 2);
    }

    /// @return What is paid: the input of a swap, the debt of a liquidation, the token of a flash loan.
    function tokenIn(Step self) internal pure returns (address) {
        return _address(self, 22);
    }

    /// @return What arrives: the output of a swap, the collateral of a liquidation.
    function tokenOut(Step self) internal pure returns (address) {
        return _address(self, 42);
    }

    function amountIn(Step self) internal pure returns (uint256) {
        return _read(self, 62, 16);
    }

    function amountOut(Step self) internal pure returns (uint256) {
        return _read(self, 78, 16);
    }

    function zeroForOne(Step self) internal pure returns (bool) {
        return tokenIn(self) < tokenOut(self);
    }

    function loanAmount(Step self) internal pure returns (uint256) {
        return _read(self, 42, 16);
    }

    function loanPremium(Step self) internal pure returns (uint256) {
        return _read(self, 58, 16);
    }

    function borrower(Step self) internal pure returns (address) {
        return _address(self, 94);
    }

    // ---------------------------------------------------------------- reading

    function _address(Step self, uint256 offset) private pure returns (address) {
        return address(uint160(_read(self, offset, 20)));
    }

    function _read(Step self, uint256 offset, uint256 bytes_) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, bytes_)), calldataload(add(self, offset)))
        }
    }
}
