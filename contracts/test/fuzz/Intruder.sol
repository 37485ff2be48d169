// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IExecutor, IToken} from "./Ground.sol";

/// @title Speaks to whom it is told, with its own voice
contract Accomplice {
    function relay(address to, bytes calldata data) external returns (bool done) {
        (done,) = to.call(data);
    }
}

/// @title A pool that is also the executor's owner and operator, the worst pool there is
/// @notice It hands out what it was asked for, and before and after the callback that is its due it tries everything
/// else: prepared calls, the callback with other data or another name, or by another caller, and once more.
contract Intruder {
    address public executor;
    IToken public gives;
    uint256 public amount;
    uint256 public owed;
    bytes4 private dueV2 = bytes4(keccak256("uniswapV2Call(address,uint256,uint256,bytes)"));
    bytes4 private dueV3 = bytes4(keccak256("uniswapV3SwapCallback(int256,int256,bytes)"));
    Accomplice private accomplice = new Accomplice();
    bytes[] private prepared;

    uint256 public tried;
    uint256 public passed;

    function create(bytes calldata creation) external {
        bytes memory code = creation;
        address made;
        assembly {
            made := create(0, add(code, 0x20), mload(code))
        }
        executor = made;
    }

    function prepare(IToken gives_, uint256 amount_, uint256 owed_, bytes[] calldata calls) external {
        (gives, amount, owed) = (gives_, amount_, owed_);
        for (uint256 i = 0; i < calls.length; ++i) {
            prepared.push(calls[i]);
        }
    }

    function start(bytes calldata data) external returns (bool done, bytes memory answer) {
        return executor.call(data);
    }

    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external {
        gives.transfer(to, amount);
        _intrude(dueV2, dueV3, abi.encode(address(this), out0, out1), data);
    }

    function swap(address to, bool zeroForOne, int256, uint160, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1)
    {
        gives.transfer(to, amount);
        (amount0, amount1) = zeroForOne ? (int256(owed), -int256(amount)) : (-int256(amount), int256(owed));
        _intrude(dueV3, dueV2, abi.encode(amount0, amount1), data);
    }

    /// @param words The words of the callback before its data.
    function _intrude(bytes4 due, bytes4 other, bytes memory words, bytes calldata data) private {
        _all(due, other, words, data);
        (bool done, bytes memory answer) = executor.call(_callback(due, words, data));
        if (!done) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        _all(due, other, words, data);
        _try(_callback(due, words, data));
    }

    function _all(bytes4 due, bytes4 other, bytes memory words, bytes calldata data) private {
        for (uint256 i = 0; i < prepared.length; ++i) {
            _try(prepared[i]);
        }
        bytes memory changed = data;
        changed[tried % changed.length] ^= 0x01;
        _try(_callback(due, words, changed));
        _try(_callback(other, abi.encode(owed, owed, owed), data));
        _count(accomplice.relay(executor, _callback(due, words, data)));
    }

    function _try(bytes memory data) private {
        (bool done,) = executor.call(data);
        _count(done);
    }

    function _count(bool done) private {
        ++tried;
        if (done) ++passed;
    }

    function _callback(bytes4 name, bytes memory words, bytes memory data) private pure returns (bytes memory) {
        bytes memory padded = bytes.concat(data, new bytes((32 - data.length % 32) % 32));
        return abi.encodePacked(name, words, words.length + 32, data.length, padded);
    }

    receive() external payable {}
}
