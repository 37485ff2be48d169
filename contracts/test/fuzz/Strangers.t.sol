// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IExecutor} from "./Ground.sol";
import {MadeUp} from "./MadeUp.sol";
import {Packed} from "./Packed.sol";
import {vm} from "./Vm.sol";

/// @title Who may do what: a stranger nothing, the operator runs, the owner everything
contract StrangersTest is MadeUp {
    function _stranger(address who) internal view {
        vm.assume(who != owner && who != operator && who != executor && who != address(weth));
        vm.assume(uint160(who) > 0xffff && who != address(vm));
    }

    function testFuzz_strangerRunsNothing(address who, uint256 paid) public {
        _stranger(who);
        (bytes memory steps,) = _cycle(1e9 + paid % ONE, false);
        uint256[4] memory before = _held(executor);
        (bool done,) = _call(who, Packed.run(0, 0, steps));
        require(!done && _same(_held(executor), before), "a stranger ran a route");
    }

    function testFuzz_strangerAndOperatorWithdrawNothing(address who, uint256 amount, uint8 which) public {
        _stranger(who);
        if (which & 1 != 0) who = operator;
        address[4] memory tokens = [address(0), address(weth), address(a), address(b)];
        uint256[4] memory before = _held(executor);
        (bool done,) = _call(who, abi.encodeCall(IExecutor.withdraw, (tokens[(which >> 1) % 4], amount % ONE, who)));
        require(!done, "withdrawn by another than the owner");
        address[] memory listed = new address[](3);
        (listed[0], listed[1], listed[2]) = (tokens[1], tokens[2], tokens[3]);
        (done,) = _call(who, abi.encodeCall(IExecutor.emergencyExit, (listed)));
        require(!done && _same(_held(executor), before), "exited by another than the owner");
    }

    /// @dev Every name that the executor knows and any that it does not.
    function testFuzz_callbackWithoutACallIsRefused(address who, uint8 name, bytes calldata body) public {
        vm.assume(who != owner && uint160(who) > 0xffff && who != address(vm) && who != executor);
        string[16] memory names = _names();
        bytes4 selector = name < 128 ? bytes4(keccak256(bytes(names[name % 16]))) : bytes4(keccak256(abi.encode(name)));
        uint256[4] memory before = _held(executor);
        (bool done,) = _call(who, bytes.concat(selector, body));
        require(!done && _same(_held(executor), before), "let in without a commitment");
        (done,) = _call(who, abi.encodePacked(selector, uint256(0x20), uint256(0x80), uint256(0x60), body));
        require(!done && _same(_held(executor), before), "let in without a commitment");
    }

    function testFuzz_ownerWithdrawsAndExits(uint256 amount, address to) public {
        _stranger(to);
        vm.assume(to.code.length == 0 && to.balance == 0);
        uint256 part = amount % (floor[2] + 1);
        (bool done,) = _call(owner, abi.encodeCall(IExecutor.withdraw, (address(a), part, to)));
        require(done && a.balanceOf(to) == part, "the owner's withdrawal");
        (done,) = _call(owner, abi.encodeCall(IExecutor.withdraw, (address(0), part % ONE, to)));
        require(done && to.balance == part % ONE, "the owner's ether");
        address[] memory listed = new address[](4);
        (listed[0], listed[1], listed[2]) = (address(weth), address(a), address(b));
        listed[3] = address(uint160(uint256(keccak256(abi.encode(to)))));
        uint256 had = owner.balance;
        (done,) = _call(owner, abi.encodeCall(IExecutor.emergencyExit, (listed)));
        require(done, "an exit hung");
        uint256[4] memory left = _held(executor);
        require(left[0] + left[1] + left[2] + left[3] == 0, "an exit left something behind");
        require(weth.balanceOf(owner) == floor[1] && b.balanceOf(owner) == floor[3], "the owner got less");
        require(owner.balance == had + floor[0] - part % ONE, "the owner got less ether");
    }

    function _names() internal pure returns (string[16] memory) {
        return [
            "uniswapV2Call(address,uint256,uint256,bytes)",
            "pancakeCall(address,uint256,uint256,bytes)",
            "joeCall(address,uint256,uint256,bytes)",
            "hook(address,uint256,uint256,bytes)",
            "uniswapV3SwapCallback(int256,int256,bytes)",
            "pancakeV3SwapCallback(int256,int256,bytes)",
            "algebraSwapCallback(int256,int256,bytes)",
            "uniswapV3FlashCallback(uint256,uint256,bytes)",
            "pancakeV3FlashCallback(uint256,uint256,bytes)",
            "algebraFlashCallback(uint256,uint256,bytes)",
            "unlockCallback(bytes)",
            "balancerV3Unlocked(bytes)",
            "receiveFlashLoan(address[],uint256[],uint256[],bytes)",
            "executeOperation(address,uint256,uint256,address,bytes)",
            "onMorphoFlashLoan(uint256,bytes)",
            "callFunction(address,(address,uint256),bytes)"
        ];
    }
}
