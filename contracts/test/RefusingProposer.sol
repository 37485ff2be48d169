// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A proposer's address that does not take ether
contract RefusingProposer {
    receive() external payable {
        revert("no, thank you");
    }
}
