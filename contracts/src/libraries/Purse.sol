// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What a run has brought in of each token and not yet spent
/// @notice A step may spend only what steps before it brought in, so that no route, whoever wrote it, takes away what
/// lay in the executor before.
/// @custom:security Counts what a step states, after it was measured to have arrived. WETH and ether (the zero
/// address) are left out: the executor compares their balances at the end of the run.
library Purse {
    /// @dev The run has brought in less of `token` than a step is to spend.
    error Unfunded(address token, uint256 has, uint256 wanted);

    function earn(address token, uint256 amount, address weth) internal {
        if (token == weth || token == address(0)) return;
        uint256 slot = _slot(token);
        assembly ("memory-safe") {
            tstore(slot, add(tload(slot), amount))
        }
    }

    function spend(address token, uint256 amount, address weth) internal {
        if (token == weth || token == address(0)) return;
        uint256 slot = _slot(token);
        uint256 has;
        assembly ("memory-safe") {
            has := tload(slot)
        }
        if (has < amount) revert Unfunded(token, has, amount);
        assembly ("memory-safe") {
            tstore(slot, sub(has, amount))
        }
    }

    /// @dev Apart from the slots of `Expected` and of the executor's lock, whatever the token's address is.
    function _slot(address token) private pure returns (uint256) {
        return uint256(uint160(token)) | (1 << 160);
    }
}
