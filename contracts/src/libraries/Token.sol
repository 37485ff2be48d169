// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title ERC-20 calls that also work with tokens that return nothing
/// @custom:security A call counts as done when it did not revert, the token has code, and the answer is empty or
/// true. Whether the amount arrived is not judged here: the executor compares balances.
library Token {
    /// @dev The token reverted, answered false, or has no code.
    error TransferFailed(address token, address to, uint256 amount);
    /// @dev The same for an approval.
    error ApproveFailed(address token, address spender, uint256 amount);
    /// @dev The token reverted or answered less than a word.
    error BalanceFailed(address token);

    bytes4 private constant BALANCE_OF = 0x70a08231;
    bytes4 private constant TRANSFER = 0xa9059cbb;
    bytes4 private constant APPROVE = 0x095ea7b3;
    bytes4 private constant ALLOWANCE = 0xdd62ed3e;

    /// @dev The zero address stands for ether.
    function balanceOf(address token, address holder) internal view returns (uint256 amount) {
        if (token == address(0)) return holder.balance;
        bool done;
        (done, amount) = tryBalanceOf(token, holder, gasleft());
        if (!done) revert BalanceFailed(token);
    }

    function transfer(address token, address to, uint256 amount) internal {
        if (!tryTransfer(token, to, amount, gasleft())) revert TransferFailed(token, to, amount);
    }

    /// @notice Lets `spender` take `amount`. The allowance is zero before: see `revoke`.
    function approve(address token, address spender, uint256 amount) internal {
        if (!_call(token, APPROVE, spender, amount, gasleft())) revert ApproveFailed(token, spender, amount);
    }

    /// @notice Takes back what `spender` has not used of its allowance. Done after every use, so that tokens which
    /// refuse to change one allowance into another never have to.
    function revoke(address token, address spender) internal {
        bytes4 selector = ALLOWANCE;
        uint256 left;
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, selector)
            mstore(add(m, 0x04), address())
            mstore(add(m, 0x24), spender)
            let done := staticcall(gas(), token, m, 0x44, 0x00, 0x20)
            left := mul(and(done, gt(returndatasize(), 0x1f)), mload(0x00))
        }
        if (left != 0) approve(token, spender, 0);
    }

    // ------------------------------------------------------- without reverting

    function tryBalanceOf(address token, address holder, uint256 gasLimit)
        internal
        view
        returns (bool done, uint256 amount)
    {
        bytes4 selector = BALANCE_OF;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, holder)
            done := staticcall(gasLimit, token, 0x00, 0x24, 0x00, 0x20)
            done := and(done, gt(returndatasize(), 0x1f))
            amount := mul(done, mload(0x00))
        }
    }

    function tryTransfer(address token, address to, uint256 amount, uint256 gasLimit) internal returns (bool) {
        return _call(token, TRANSFER, to, amount, gasLimit);
    }

    /// @dev Copies one word of the answer and no more, so that a huge answer costs its sender, not us.
    function _call(address token, bytes4 selector, address who, uint256 amount, uint256 gasLimit)
        private
        returns (bool done)
    {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, selector)
            mstore(add(m, 0x04), who)
            mstore(add(m, 0x24), amount)
            mstore(0x00, 0)
            done := call(gasLimit, token, 0, m, 0x44, 0x00, 0x20)
            switch returndatasize()
            case 0 { done := and(done, iszero(iszero(extcodesize(token)))) }
            default { done := and(done, eq(mload(0x00), 1)) }
        }
    }
}
