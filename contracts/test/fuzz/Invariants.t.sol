// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IExecutor, IToken, IV2Pair} from "./Ground.sol";
import {MadeUp} from "./MadeUp.sol";
import {Packed} from "./Packed.sol";
import {vm} from "./Vm.sol";

interface IPair {
    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

/// @title What the world does to an executor in any order: markets move, the operator runs, strangers try
contract World is MadeUp {
    uint256 public runs;
    uint256 public earned;

    function run(uint256 paid, bool second) external {
        (bytes memory steps, uint256 back) = _cycle(1e9 + paid % (20 * ONE), second);
        (bool done,) = _call(operator, Packed.run(0, 0, steps));
        uint256 spent = 1e9 + paid % (20 * ONE);
        require(done == (back >= spent), "runs exactly when it does not lose");
        if (done) (runs, earned) = (runs + 1, earned + back - spent);
    }

    function runMadeUp(uint256 seed) external {
        _call(operator, Packed.run(0, 0, _madeUp(seed, 0)));
    }

    function runAsStranger(address who, uint256 seed) external {
        if (who == owner || who == operator || uint160(who) <= 0xffff || who == address(vm)) return;
        (bool done,) = _call(who, Packed.run(0, 0, _madeUp(seed, 0)));
        require(!done, "a stranger ran a route");
    }

    function callAsStranger(address who, bytes4 name, bytes calldata body) external {
        if (who == owner || who == operator || uint160(who) <= 0xffff || who == address(vm)) return;
        _call(who, bytes.concat(name, body));
    }

    function move(uint256 paid, bool which, bool first) external {
        address pair = which ? fair : cheap;
        IToken given = first ? weth : a;
        paid = 1e9 + paid % (30 * ONE);
        uint256 got = _out(pair, given, paid);
        given.transfer(pair, paid);
        bool zero = address(given) == _sorted(weth, a)[0];
        IPair(pair).swap(zero ? 0 : got, zero ? got : 0, address(this), "");
    }

    function give(uint256 amount) external {
        a.transfer(executor, amount % ONE);
    }

    function requireWhole() external view {
        _requireWhole(floor);
        require(weth.balanceOf(executor) >= floor[1] + earned, "earned and not kept");
    }
}

/// @dev Forge asks for `targetContracts` and calls them at random, and after each call what begins with `invariant`.
contract InvariantsTest {
    World private world;

    function setUp() public {
        world = new World();
        world.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    struct Selectors {
        address target;
        bytes4[] names;
    }

    function targetSelectors() external view returns (Selectors[] memory chosen) {
        chosen = new Selectors[](1);
        bytes4[] memory names = new bytes4[](6);
        (names[0], names[1], names[2]) = (World.run.selector, World.runMadeUp.selector, World.runAsStranger.selector);
        (names[3], names[4], names[5]) = (World.callAsStranger.selector, World.move.selector, World.give.selector);
        chosen[0] = Selectors(address(world), names);
    }

    function invariant_theExecutorNeverHasLessAndNobodyMayPull() external view {
        world.requireWhole();
    }
}
