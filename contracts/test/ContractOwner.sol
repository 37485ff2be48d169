// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title An owner that is a contract and can be led back in
/// @notice Whoever calls `relay` speaks with the owner's voice: the worst kind of owner, to try the lock with.
contract ContractOwner {
    address public executor;

    function create(bytes calldata creation) external {
        bytes memory code = creation;
        address made;
        assembly {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0), "creation failed");
        executor = made;
    }

    function relayTwice(bytes calldata data) external {
        relay(data);
        relay(data);
    }

    function relay(bytes calldata data) public {
        (bool done, bytes memory answer) = executor.call(data);
        if (!done) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }
}
