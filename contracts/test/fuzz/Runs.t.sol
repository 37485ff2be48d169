// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MadeUp} from "./MadeUp.sol";
import {Packed} from "./Packed.sol";
import {vm} from "./Vm.sol";

/// @title A run earns what it says to the wei, or changes nothing; it never ends with less than it began
contract RunsTest is MadeUp {
    address private constant PROPOSER = address(0xC0FFEE);

    function testFuzz_cycleEarnsWhatItSaysOrReverts(uint256 paid, bool second) public {
        paid = 1e9 + paid % (40 * ONE);
        (bytes memory steps, uint256 back) = _cycle(paid, second);
        uint256[4] memory before = _held(executor);
        uint256 gain = back > paid ? back - paid : 0;

        (bool done,) = _call(operator, Packed.run(gain + 1, 0, steps));
        require(!done, "a wei more than there is was promised");
        require(_same(_held(executor), before), "a refused run moved something");

        (done,) = _call(operator, Packed.run(gain, 0, steps));
        require(done == (back >= paid), "runs exactly when it does not lose");
        require(weth.balanceOf(executor) == before[1] + gain, "earned is not what was predicted");
        _requireWhole(before);
    }

    function testFuzz_bidIsPaidToTheProposerOutOfTheGain(uint256 paid, uint256 bid) public {
        paid = 1e9 + paid % (5 * ONE);
        (bytes memory steps, uint256 back) = _cycle(paid, false);
        uint256 gain = back - paid;
        bid = bid % (2 * gain);
        uint256[4] memory before = _held(executor);
        uint256 had = block.coinbase.balance;
        (bool done,) = _call(operator, Packed.run(0, bid, steps));
        require(done == (bid <= gain), "a bid beyond the gain");
        if (done) {
            require(block.coinbase.balance == had + bid, "the proposer got another amount");
            require(weth.balanceOf(executor) == before[1] + gain - bid, "the rest stays");
        }
        _requireWhole(before);
    }

    function testFuzz_loansNestedInEachOtherCostWhatTheyCost(uint256 paid, uint128 order) public {
        paid = 1e9 + paid % (5 * ONE);
        (bytes memory steps, uint256 back) = _cycle(paid, false);
        uint256 cost = paid;
        for (uint256 i = 0; i < 3; ++i) {
            Packed.Loan memory loan = _lent((uint256(order) + i) % 3, 1 + _draw(order, i) % (10 * ONE));
            steps = Packed.loan(loan, steps);
            cost += loan.premium;
        }
        uint256[4] memory before = _held(executor);
        (bool done,) = _call(operator, Packed.run(0, 0, steps));
        require(done == (back >= cost), "runs exactly when it does not lose");
        if (done) require(weth.balanceOf(executor) == before[1] + back - cost, "another price");
        _requireWhole(before);
    }

    function _lent(uint256 lender, uint256 amount) private view returns (Packed.Loan memory loan) {
        (loan.token, loan.amount, loan.lender) = (address(weth), amount, [vault, v3, manager][lender]);
        loan.source = [Packed.BALANCER_V2_LOAN, Packed.V3_LOAN, Packed.V4_LOAN][lender];
        if (lender != 1) return loan;
        loan.premium = (amount * 3000 + 999_999) / 1_000_000;
        loan.second = address(weth) == _sorted(weth, a)[1];
    }

    function testFuzz_damagedRouteTakesNothingAway(uint256 paid, uint256 place, uint8 change, uint256 cut) public {
        (bytes memory steps,) = _cycle(1e9 + paid % (5 * ONE), change & 1 == 0);
        bytes memory data = Packed.run(0, 0, steps);
        data[4 + place % (data.length - 4)] ^= bytes1(change);
        if (cut % 4 == 0) {
            uint256 size = 4 + cut % (data.length - 4);
            assembly {
                mstore(data, size)
            }
        }
        uint256[4] memory before = _held(executor);
        _call(operator, data);
        _requireWhole(before);
    }

    function testFuzz_madeUpRouteTakesNothingAway(uint256 seed) public {
        uint256[4] memory before = _held(executor);
        _call(operator, Packed.run(0, 0, _madeUp(seed, 0)));
        _requireWhole(before);
    }

    function testFuzz_bytesTakeNothingAway(bytes calldata steps) public {
        uint256[4] memory before = _held(executor);
        _call(operator, Packed.run(0, 0, steps));
        _requireWhole(before);
    }

    function testFuzz_guardsBindToBlockParentAndTime(uint32 number, uint40 time, uint8 guards, int8 off) public {
        vm.roll(2 + uint256(number) % 1e9);
        vm.warp(1e9 + uint256(time) % 1e9);
        guards = guards % 8;
        uint256 shift = uint256(uint8(off));
        bytes memory values;
        bool fits = true;
        if (guards & 1 != 0) {
            uint256 wanted = block.number + shift % 2;
            (values, fits) = (abi.encodePacked(values, uint32(wanted)), fits && wanted == block.number);
        }
        if (guards & 2 != 0) {
            bytes32 parent = blockhash(block.number - 1) ^ bytes32((shift >> 1) % 2);
            (values, fits) = (abi.encodePacked(values, parent), fits && (shift >> 1) % 2 == 0);
        }
        if (guards & 4 != 0) {
            uint256 last = block.timestamp + (shift >> 2) % 3 - 1;
            (values, fits) = (abi.encodePacked(values, uint40(last)), fits && last >= block.timestamp);
        }
        (bytes memory steps,) = _cycle(ONE, false);
        (bool done,) = _call(operator, Packed.guarded(guards, values, steps));
        require(done == fits, "a guard let a run through, or held one up");
    }
}
