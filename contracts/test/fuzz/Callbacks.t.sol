// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ground, IExecutor} from "./Ground.sol";
import {Intruder} from "./Intruder.sol";
import {Packed} from "./Packed.sol";

/// @title Callbacks cannot be forged, repeated or used to come back in, not even by the owner's own pool
contract CallbacksTest is Ground {
    Intruder private intruder;

    function setUp() public override {
        super.setUp();
        intruder = new Intruder();
        intruder.create(bytes.concat(_code("Executor"), abi.encode(weth, address(intruder))));
        executor = intruder.executor();
        (owner, operator) = (address(intruder), address(intruder));
        _fill(executor, 5 * ONE);
        a.transfer(address(intruder), 100 * ONE);
    }

    function testFuzz_nothingIsLetInDuringARun(uint256 paid, bytes calldata noise, bytes4 name, bool v3Pool) public {
        uint256 got = 1e9 + paid % (5 * ONE);
        uint256 back = _out(fair, a, got);
        intruder.prepare(a, got, back / 2, _calls(noise, name));
        bytes memory steps = Packed.plain(_swap(Packed.V2, fair, a, weth, got, back));
        steps = Packed.opening(
            _swap(v3Pool ? Packed.V3 : Packed.V2, address(intruder), weth, a, back / 2, got), steps
        );
        uint256[4] memory before = _held(executor);
        (bool done,) = intruder.start(Packed.run(back - back / 2, 0, steps));
        require(done, "an honest callback among dishonest ones was not let in");
        require(intruder.tried() == 19, "not everything was tried");
        require(intruder.passed() == 0, "something else was let in");
        require(weth.balanceOf(executor) == before[1] + back - back / 2, "earned something else");
        _requireWhole(before);
    }

    function _calls(bytes calldata noise, bytes4 name) private view returns (bytes[] memory calls) {
        calls = new bytes[](6);
        address[] memory listed = new address[](1);
        listed[0] = address(a);
        calls[0] = Packed.run(0, 0, "");
        calls[1] = abi.encodeCall(IExecutor.withdraw, (address(a), 1, address(intruder)));
        calls[2] = abi.encodeCall(IExecutor.emergencyExit, (listed));
        calls[3] = bytes.concat(bytes4(keccak256("unlockCallback(bytes)")), noise);
        calls[4] = abi.encodeWithSignature("onMorphoFlashLoan(uint256,bytes)", 1, noise);
        calls[5] = bytes.concat(name, noise);
    }

    function testFuzz_poolIsNotPaidMoreThanItsStepSays(uint256 paid, uint256 more) public {
        _requireRefused(Packed.V3, paid, 0, 1 + more % ONE);
    }

    function testFuzz_poolThatGivesLessIsNotPaid(uint256 paid, uint256 less, bool v3Pool) public {
        _requireRefused(v3Pool ? Packed.V3 : Packed.V2, paid, 1 + less % 1e9, 0);
    }

    function _requireRefused(uint8 kind, uint256 paid, uint256 less, uint256 more) private {
        uint256 got = 1e9 + paid % (5 * ONE);
        uint256 back = _out(fair, a, got);
        intruder.prepare(a, got - less, back / 2 + more, new bytes[](0));
        bytes memory steps = Packed.plain(_swap(Packed.V2, fair, a, weth, got, back));
        steps = Packed.opening(_swap(kind, address(intruder), weth, a, back / 2, got), steps);
        uint256[4] memory before = _held(executor);
        (bool done,) = intruder.start(Packed.run(0, 0, steps));
        require(!done && _same(_held(executor), before), "a pool got its way");
    }
}
