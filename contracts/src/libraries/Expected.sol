// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Step} from "../types/Step.sol";

/// @title Which callback may come next, and with which bytes
/// @notice Before the executor calls a pool or a lender it commits to that address and to the data that must come
/// back. A callback is let in only when its caller and its data hash to the commitment, and it uses the commitment up.
/// @custom:security Lives in transient storage, so nothing outlasts a transaction. One slot is enough for nesting:
/// a commitment is used up before the nested steps, which make their own, begin. Pools see the steps in their data
/// but cannot change them, and nobody else can call in at all.
/// @custom:security Raw tload/tstore: `delete` on a transient variable is miscompiled by solc 0.8.28 to 0.8.33 (viaIR).
library Expected {
    /// @dev A callback nobody asked for: wrong caller, wrong data, or a second one for the same call.
    error UnexpectedCallback(address caller);
    /// @dev The pool or lender returned without having called back.
    error CallbackMissing(address pool);

    /// @dev Transient slot 0; the executor's lock is in slot 1.
    uint256 private constant SLOT = 0;

    function commit(address pool, bytes memory data) internal {
        uint256 slot = SLOT;
        assembly ("memory-safe") {
            mstore(0x00, pool)
            mstore(0x20, keccak256(add(data, 0x20), mload(data)))
            tstore(slot, keccak256(0x00, 0x40))
        }
    }

    /// @return step The data in memory, which begins with a step.
    function consume(bytes calldata data) internal returns (Step step) {
        uint256 slot = SLOT;
        bool expected;
        assembly ("memory-safe") {
            step := mload(0x40)
            calldatacopy(step, data.offset, data.length)
            mstore(0x40, and(add(add(step, data.length), 0x1f), not(0x1f)))
            mstore(0x00, caller())
            mstore(0x20, keccak256(step, data.length))
            expected := eq(tload(slot), keccak256(0x00, 0x40))
            tstore(slot, 0)
        }
        if (!expected) revert UnexpectedCallback(msg.sender);
    }

    function requireConsumed(address pool) internal view {
        uint256 slot = SLOT;
        bool pending;
        assembly ("memory-safe") {
            pending := iszero(iszero(tload(slot)))
        }
        if (pending) revert CallbackMissing(pool);
    }
}
