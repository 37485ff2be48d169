// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A token that runs chosen calls on the executor in the middle of every transfer
/// @notice It records whether any of them got through; a failure does not stop the transfer.
contract HostileToken {
    mapping(address => uint256) public balanceOf;
    address public target;
    bytes[] public calls;
    uint256 public succeeded;
    uint256 public tried;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function attack(address target_, bytes[] calldata calls_) external {
        target = target_;
        calls = calls_;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool done,) = target.call(calls[i]);
            ++tried;
            if (done) ++succeeded;
        }
        return true;
    }
}
