// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IToken} from "./Ground.sol";
import {Packed} from "./Packed.sol";
import {RunsTest} from "./Runs.t.sol";

interface ILeg {
    function trade(
        address tokenIn,
        uint256 most,
        address tokenOut,
        uint256 least,
        uint256 bid,
        uint256 expiry,
        bytes calldata steps
    ) external;
}

/// @title The entry for legs: all that the executor keeps, and what the owner says for what lies there
contract LegTest is RunsTest {
    function _tested() internal pure override returns (string memory) {
        return "Leg";
    }

    struct Terms {
        IToken tokenIn;
        uint256 most;
        IToken tokenOut;
        uint256 least;
        uint256 bid;
    }

    function testFuzz_madeUpLegStaysWithinItsTerms(uint256 seed) public {
        Terms memory t = _terms(seed);
        _requireWithin(t, _madeUp(_draw(seed, 9), 0));
    }

    /// @dev A sale that is predicted to the wei, on terms that fit and that do not.
    function testFuzz_saleIsWithinItsTerms(uint256 paid, uint256 seed) public {
        paid = 1e9 + paid % (5 * ONE);
        uint256 got = _out(fair, a, paid);
        Terms memory t = Terms(a, paid, weth, got, 0);
        if (seed % 3 == 1) t.least += 1 + (seed >> 8) % ONE;
        if (seed % 3 == 2) t.most -= 1 + (seed >> 8) % paid;
        bool done = _requireWithin(t, Packed.plain(_swap(Packed.V2, fair, a, weth, paid, got)));
        require(done == (seed % 3 == 0), "traded on terms that do not fit, or did not on those that do");
    }

    function testFuzz_onlyTheOwnerTrades(uint256 paid, address who) public {
        paid = 1e9 + paid % (5 * ONE);
        if (who == owner) who = operator;
        if (uint160(who) <= 0xffff) return;
        uint256 got = _out(fair, a, paid);
        bytes memory steps = Packed.plain(_swap(Packed.V2, fair, a, weth, paid, got));
        (bool done,) = _call(who, _order(Terms(a, paid, weth, got, 0), steps));
        require(!done, "another than the owner traded");
        _requireWhole(floor);
    }

    function _terms(uint256 seed) private view returns (Terms memory) {
        IToken[3] memory tokens = [weth, a, b];
        uint256 most = [0, 1, ONE, 5 * ONE][_draw(seed, 1) % 4];
        uint256 bid = _draw(seed, 2) % 4 == 0 ? ONE / 100 : 0;
        return Terms(tokens[_draw(seed, 3) % 3], most, tokens[_draw(seed, 4) % 3], _draw(seed, 5) % 3, bid);
    }

    function _order(Terms memory t, bytes memory steps) private pure returns (bytes memory) {
        uint256 expiry = type(uint256).max;
        return abi.encodeCall(
            ILeg.trade, (address(t.tokenIn), t.most, address(t.tokenOut), t.least, t.bid, expiry, steps)
        );
    }

    /// @dev Not less of anything, but for what was said of the token that is sold and for the bid.
    function _requireWithin(Terms memory t, bytes memory steps) private returns (bool done) {
        uint256[4] memory before = _held(executor);
        uint256 gives = t.tokenOut.balanceOf(executor);
        (done,) = _call(owner, _order(t, steps));
        if (!done) {
            require(_same(_held(executor), before), "a refused leg moved something");
            return false;
        }
        uint256 gained = t.tokenOut.balanceOf(executor) + (t.tokenOut == weth ? t.bid : 0);
        require(gained >= gives + t.least, "less came in than the owner said");
        IToken[3] memory tokens = [weth, a, b];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 may = (tokens[i] == t.tokenIn ? t.most : 0) + (tokens[i] == weth ? t.bid : 0);
            before[i + 1] = before[i + 1] > may ? before[i + 1] - may : 0;
        }
        _requireWhole(before);
    }
}
