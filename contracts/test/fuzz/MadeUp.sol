// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ground, IToken} from "./Ground.sol";
import {Packed} from "./Packed.sol";

/// @title Routes that nobody would write: any family on any pool, loans within loans, amounts that fit and do not
abstract contract MadeUp is Ground {
    function _madeUp(uint256 seed, uint256 depth) internal view returns (bytes memory steps) {
        uint256 count = 1 + _draw(seed, 0) % 3;
        for (uint256 i = 0; i < count; ++i) {
            steps = bytes.concat(steps, _one(_draw(seed, i + 1), depth));
        }
    }

    function _one(uint256 seed, uint256 depth) private view returns (bytes memory) {
        bool nested = depth < 3 && _draw(seed, 6) % 2 == 0;
        bytes memory inner = nested ? _madeUp(_draw(seed, 7), depth + 1) : bytes("");
        if (nested && _draw(seed, 8) % 2 == 0) return _loan(seed, inner);
        Packed.Swap memory s = _trade(seed);
        if (nested && s.kind != Packed.BALANCER_V2) return Packed.opening(s, inner);
        return Packed.flagged(s, [0, 0, 0, Packed.FORWARD, Packed.PREPAID][_draw(seed, 10) % 5]);
    }

    function _trade(uint256 seed) private view returns (Packed.Swap memory s) {
        uint8[6] memory kinds = [Packed.V2, Packed.V2, Packed.V3, Packed.V3, Packed.V4, Packed.BALANCER_V2];
        uint256 which = _draw(seed, 3) % 6;
        s = _swap(kinds[which], _place(which), _token(seed, 1), _token(seed, 2), _amount(seed, 4), _amount(seed, 5));
        if (s.kind == Packed.BALANCER_V2) s.detail = abi.encode(seed);
    }

    function _loan(uint256 seed, bytes memory inner) private view returns (bytes memory) {
        uint8[6] memory sources = [
            Packed.V2_LOAN, Packed.V2_LOAN, Packed.V3_LOAN, Packed.V3_LOAN, Packed.V4_LOAN, Packed.BALANCER_V2_LOAN
        ];
        uint256 which = _draw(seed, 3) % 6;
        Packed.Loan memory l;
        (l.source, l.lender, l.token) = (sources[which], _place(which), address(_token(seed, 1)));
        (l.amount, l.premium, l.second) = (_amount(seed, 4), _amount(seed, 5), _draw(seed, 9) % 2 == 0);
        return Packed.loan(l, inner);
    }

    function _place(uint256 which) private view returns (address) {
        return [fair, cheap, v3, v3b, manager, vault][which];
    }

    function _token(uint256 seed, uint256 place) private view returns (IToken) {
        return [weth, a, b][_draw(seed, place) % 3];
    }

    function _amount(uint256 seed, uint256 place) private pure returns (uint256) {
        seed = _draw(seed, place);
        uint256[5] memory usual = [uint256(1), ONE, 5 * ONE, 0, ONE / 2];
        return seed % 2 == 0 ? usual[(seed >> 8) % 5] : (seed >> 8) % (6 * ONE);
    }

    function _draw(uint256 seed, uint256 place) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, place)));
    }
}
