// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @dev A step of a route, unpacked: the memory position of its first word.
type Step is uint256;

using StepLibrary for Step global;

/// @title How a step is packed in calldata, and what is made of it in memory
/// @notice Packed: big-endian, no padding, and nothing that follows from the step before.
///
/// | field     | bytes | there when                                                                      |
/// |-----------|-------|---------------------------------------------------------------------------------|
/// | kind      | 1     | always                                                                          |
/// | flags     | 1     | always                                                                          |
/// | place     | 1     | always; the step's place in the route, which only error messages use            |
/// | lengths   | 1     | always; bytes of the amounts less one: input in the high nibble, output in low  |
/// | pool      | 20    | always; the contract that is called                                             |
/// | tokenIn   | 20    | `TOKEN_IN`; else the token that the step before gives                           |
/// | tokenOut  | 20    | neither `WETH_OUT` nor a loan, whose one token is tokenIn                       |
/// | amountIn  | 1..16 | not `SAME`; else what the step before gives                                     |
/// | amountOut | 1..16 | always                                                                          |
/// | detail    | fixed | by kind: `DETAIL_SIZES`                                                         |
/// | length    | 2     | `INNER`: bytes of the nested steps                                              |
/// | inner     |       | `INNER`                                                                         |
///
/// The step before the first is a gift of no WETH; before the first nested one it is the step that it is nested in.
/// A loan's amount and premium stand as amountIn and amountOut, and it gives the amount.
///
/// Unpacked: one word a field. The first `PLAIN_SIZE` bytes are all that a callback of a swap without nested steps
/// needs, and the only ones that travel through its pool.
library StepLibrary {
    /// @dev A kind byte that this contract does not know.
    error UnknownStep(uint256 kind);
    /// @dev A step, or what is nested in it, reaches beyond the bytes that hold it.
    error Truncated(uint256 place);
    /// @dev A step forwards its output, but what follows does not expect it.
    error NotForwardable(uint256 place);

    uint256 internal constant V2 = 1;
    uint256 internal constant V3 = 2;
    uint256 internal constant V4 = 3;
    uint256 internal constant BALANCER_V2 = 4;
    uint256 internal constant BALANCER_V3 = 5;
    uint256 internal constant CURVE = 6;
    uint256 internal constant LIQUIDITY_BOOK = 7;
    uint256 internal constant CONVERT = 8;
    uint256 internal constant LOAN = 9;
    uint256 internal constant LIQUIDATE = 10;

    /// @dev One byte a kind, the kind's number from the right.
    uint256 private constant DETAIL_SIZES = 0x140201010314201a000000;

    /// @dev `amountOut` is what is asked for and `amountIn` the most that may be owed.
    uint256 internal constant EXACT_OUT = 0x01;
    /// @dev The output goes straight to the pool of the step that follows, which must be `PREPAID`.
    uint256 internal constant FORWARD = 0x02;
    /// @dev The input is at the pool already.
    uint256 internal constant PREPAID = 0x04;
    uint256 internal constant TOKEN_IN = 0x08;
    uint256 internal constant WETH_OUT = 0x10;
    uint256 internal constant SAME = 0x20;
    /// @dev The output is here before the input is owed; nested steps run in between.
    uint256 internal constant INNER = 0x40;
    /// @dev v4: the manager is unlocked already, by a step that this one is nested in.
    uint256 internal constant OPEN = 0x80;

    uint256 private constant HEAD_SIZE = 24;

    uint256 internal constant PLAIN_SIZE = 0x60;
    uint256 internal constant FULL_SIZE = 0x100;

    uint256 private constant TOKEN_IN_AT = 0x20;
    uint256 private constant AMOUNT_IN_AT = 0x40;
    uint256 private constant TOKEN_OUT_AT = 0x60;
    uint256 private constant AMOUNT_OUT_AT = 0x80;
    uint256 private constant HELD_AT = 0xa0;
    uint256 private constant RECIPIENT_AT = 0xc0;
    uint256 private constant DETAIL_AT = 0xe0;
    /// @dev Not part of what travels: where the nested steps are, and where they end.
    uint256 private constant POOL_AT = 0x100;
    uint256 private constant INNER_AT = 0x120;
    uint256 private constant END_AT = 0x140;
    uint256 private constant MEMORY_SIZE = 0x160;

    // -------------------------------------------------------------- unpacking

    /// @return step Room for one step, which every step of a list may use in turn.
    function allocate() internal pure returns (Step step) {
        assembly ("memory-safe") {
            step := mload(0x40)
            mstore(0x40, add(step, MEMORY_SIZE))
        }
    }

    /// @notice Unpacks the step at the memory position `cursor`, of a list that ends at `end`.
    /// @param token What the step before gives, and `amount` how much of it.
    /// @return next The position behind the step and what is nested in it.
    function unpack(Step self, uint256 cursor, uint256 end, address token, uint256 amount, address weth)
        internal
        view
        returns (uint256 next)
    {
        uint256 head;
        uint256 nested;
        assembly ("memory-safe") {
            let word := mload(cursor)
            let kind_ := byte(0, word)
            let flags := byte(1, word)
            head := or(or(kind_, shl(8, flags)), shl(16, byte(2, word)))
            let lengths := byte(3, word)
            mstore(add(self, POOL_AT), shr(96, shl(32, word)))
            next := add(cursor, HEAD_SIZE)

            if and(flags, TOKEN_IN) {
                token := shr(96, mload(next))
                next := add(next, 20)
            }
            mstore(add(self, TOKEN_IN_AT), token)
            if iszero(eq(kind_, LOAN)) {
                switch and(flags, WETH_OUT)
                case 0 {
                    token := shr(96, mload(next))
                    next := add(next, 20)
                }
                default { token := weth }
            }
            mstore(add(self, TOKEN_OUT_AT), token)

            if iszero(and(flags, SAME)) {
                let size := add(shr(4, lengths), 1)
                amount := shr(sub(256, shl(3, size)), mload(next))
                next := add(next, size)
            }
            mstore(add(self, AMOUNT_IN_AT), amount)
            let size := add(and(lengths, 0x0f), 1)
            mstore(add(self, AMOUNT_OUT_AT), shr(sub(256, shl(3, size)), mload(next)))
            next := add(next, size)

            size := byte(sub(31, kind_), DETAIL_SIZES)
            if size {
                mstore(add(self, DETAIL_AT), shr(sub(256, shl(3, size)), mload(next)))
                next := add(next, size)
            }
            if and(flags, INNER) {
                nested := add(next, 2)
                next := add(nested, shr(240, mload(next)))
                mstore(add(self, INNER_AT), nested)
                mstore(add(self, END_AT), next)
            }
            mstore(self, head)
            mstore(add(self, RECIPIENT_AT), address())
        }
        if (self.kind() == 0 || self.kind() > LIQUIDATE) revert UnknownStep(self.kind());
        if (next > end) revert Truncated(self.place());
        if (self.has(FORWARD)) self.forward(nested == 0 ? next : nested, nested == 0 ? end : next);
    }

    /// @notice Sends the output on to the pool of the step at `cursor`.
    function forward(Step self, uint256 cursor, uint256 end) internal pure {
        uint256 kind_;
        bool prepaid;
        assembly ("memory-safe") {
            let word := mload(cursor)
            kind_ := byte(0, word)
            prepaid := and(byte(1, word), PREPAID)
            mstore(add(self, RECIPIENT_AT), shr(96, shl(32, word)))
        }
        bool takes = kind_ == V2 || kind_ == LIQUIDITY_BOOK || kind_ == CURVE;
        if (cursor + HEAD_SIZE > end || !prepaid || !takes) revert NotForwardable(self.place());
    }

    // -------------------------------------------------- through pools and back

    /// @return data The bytes that a pool gets, and must give back with its callback.
    function travelling(Step self) internal pure returns (bytes memory data) {
        bool whole = self.has(INNER);
        assembly ("memory-safe") {
            data := mload(0x40)
            switch whole
            case 0 {
                mstore(data, PLAIN_SIZE)
                mcopy(add(data, 0x20), self, PLAIN_SIZE)
                mstore(0x40, add(data, add(0x20, PLAIN_SIZE)))
            }
            default {
                let start := mload(add(self, INNER_AT))
                let size := sub(mload(add(self, END_AT)), start)
                mstore(data, add(FULL_SIZE, size))
                mcopy(add(data, 0x20), self, FULL_SIZE)
                mcopy(add(data, add(0x20, FULL_SIZE)), start, size)
                mstore(0x40, and(add(add(data, size), add(0x3f, FULL_SIZE)), not(0x1f)))
            }
        }
    }

    /// @notice The same with every field, for pools that are told the rest of the swap only in their callback.
    function travellingWhole(Step self) internal pure returns (bytes memory data) {
        if (self.has(INNER)) return self.travelling();
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, FULL_SIZE)
            mcopy(add(data, 0x20), self, FULL_SIZE)
            mstore(0x40, add(data, add(0x20, FULL_SIZE)))
        }
    }

    /// @return nested Where the nested steps begin in the data of a callback, and end.
    function inner(Step self, uint256 size) internal pure returns (uint256 nested, uint256 end) {
        nested = Step.unwrap(self) + FULL_SIZE;
        end = Step.unwrap(self) + size;
    }

    // ----------------------------------------------------------------- fields

    function kind(Step self) internal pure returns (uint256) {
        return _word(self, 0) & 0xff;
    }

    function has(Step self, uint256 flag) internal pure returns (bool) {
        return (_word(self, 0) >> 8) & flag != 0;
    }

    function place(Step self) internal pure returns (uint256) {
        return (_word(self, 0) >> 16) & 0xff;
    }

    /// @return What is called. Not in the data of a callback, where it is the sender.
    function pool(Step self) internal pure returns (address) {
        return address(uint160(_word(self, POOL_AT)));
    }

    /// @return What is paid: the input of a swap, the debt of a liquidation, the token of a loan.
    function tokenIn(Step self) internal pure returns (address) {
        return address(uint160(_word(self, TOKEN_IN_AT)));
    }

    /// @return What arrives: the output of a swap, the collateral of a liquidation, the token of a loan.
    function tokenOut(Step self) internal pure returns (address) {
        return address(uint160(_word(self, TOKEN_OUT_AT)));
    }

    function amountIn(Step self) internal pure returns (uint256) {
        return _word(self, AMOUNT_IN_AT);
    }

    function amountOut(Step self) internal pure returns (uint256) {
        return _word(self, AMOUNT_OUT_AT);
    }

    /// @return What the recipient held of `tokenOut` before the step; set by `setHeld`.
    function held(Step self) internal pure returns (uint256) {
        return _word(self, HELD_AT);
    }

    function setHeld(Step self, uint256 amount) internal pure {
        assembly ("memory-safe") {
            mstore(add(self, HELD_AT), amount)
        }
    }

    /// @return Where the output goes: here, or to the pool that trades it next.
    function recipient(Step self) internal pure returns (address) {
        return address(uint160(_word(self, RECIPIENT_AT)));
    }

    /// @return The detail as a number; see the families.
    function detail(Step self) internal pure returns (uint256) {
        return _word(self, DETAIL_AT);
    }

    function zeroForOne(Step self) internal pure returns (bool) {
        return self.tokenIn() < self.tokenOut();
    }

    function _word(Step self, uint256 offset) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := mload(add(self, offset))
        }
    }
}
