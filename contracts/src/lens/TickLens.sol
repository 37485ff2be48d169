// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// All initialised ticks of a pool of concentrated liquidity in one call. Never deployed: nodes are asked to put this
/// code at an address for the length of one eth_call.
contract TickLens {
    /// `bitmap` and `tick` are the pool's selectors for a word of its bitmap (by number) and for a tick. Words `first`
    /// to `last` are looked at; bits stand for ticks times `spacing`. The answer is bare words: how many ticks, then of
    /// each the tick, its gross and its net liquidity.
    function ticks(address pool, bytes4 bitmap, bytes4 tick, int256 spacing, int256 first, int256 last) external view {
        assembly {
            let question := mload(0x40)
            let answer := add(question, 0x80)
            let end := add(answer, 0x20)
            for { let word := first } iszero(sgt(word, last)) { word := add(word, 1) } {
                mstore(question, bitmap)
                mstore(add(question, 4), word)
                if iszero(staticcall(gas(), pool, question, 0x24, question, 0x20)) { revert(0, 0) }
                if lt(returndatasize(), 0x20) { revert(0, 0) }
                let bits := mload(question)
                for { let bit := 0 } bits { bit := add(bit, 1) bits := shr(1, bits) } {
                    if iszero(and(bits, 0xffff)) { bit := add(bit, 15) bits := shr(15, bits) continue }
                    if iszero(and(bits, 1)) { continue }
                    let at := mul(add(shl(8, word), bit), spacing)
                    mstore(question, tick)
                    mstore(add(question, 4), at)
                    if iszero(staticcall(gas(), pool, question, 0x24, question, 0x40)) { revert(0, 0) }
                    if lt(returndatasize(), 0x40) { revert(0, 0) }
                    mstore(end, at)
                    mstore(add(end, 0x20), mload(question))
                    mstore(add(end, 0x40), mload(add(question, 0x20)))
                    end := add(end, 0x60)
                }
            }
            mstore(answer, div(sub(sub(end, answer), 0x20), 0x60))
            return(answer, sub(end, answer))
        }
    }
}
