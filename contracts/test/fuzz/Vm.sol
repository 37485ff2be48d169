// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The part of forge's cheat codes that these tests use
interface Vm {
    function assume(bool condition) external pure;
    function deal(address who, uint256 amount) external;
    function envBytes(string calldata name) external view returns (bytes memory);
    function prank(address sender) external;
    function roll(uint256 number) external;
    function warp(uint256 timestamp) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
