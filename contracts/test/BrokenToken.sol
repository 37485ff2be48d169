// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A token whose transfers fail in the way that was chosen when it was made
contract BrokenToken {
    enum Fault {
        ANSWERS_FALSE,
        REVERTS,
        BURNS_ALL_GAS,
        HUGE_ANSWER,
        NO_BALANCE
    }

    Fault public immutable fault;

    constructor(Fault fault_) {
        fault = fault_;
    }

    function balanceOf(address) external view returns (uint256) {
        require(fault != Fault.NO_BALANCE, "no balance for you");
        return 1 ether;
    }

    function transfer(address, uint256) external view returns (bool) {
        require(fault != Fault.REVERTS, "frozen");
        if (fault == Fault.BURNS_ALL_GAS) while (true) {}
        if (fault == Fault.HUGE_ANSWER) {
            assembly {
                revert(0, 200000)
            }
        }
        return false;
    }
}
