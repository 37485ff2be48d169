// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface ICallbacks {
    function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata data) external;
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata data)
        external
        returns (bool);
}

interface IMintable {
    function mint(address to, uint256 amount) external;
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @title A contract that looks like a v2 pair, a v3 pool and a lender, and cheats
/// @notice `behave` fixes what it hands out first and what it then does to its caller. Test tokens may be minted by
/// anyone, which stands for a pool that owns them.
contract HostilePool {
    enum Trick {
        HONEST,
        NO_CALLBACK,
        CALLS_TWICE,
        CHANGES_DATA,
        OTHER_CALLBACK,
        LETS_ANOTHER_CALL,
        OVERCHARGES,
        DOES_NOT_PULL
    }

    Trick public trick;
    address public tokenOut;
    uint256 public amountOut;
    uint256 public owed;
    HostilePool public accomplice;

    function behave(Trick trick_, address tokenOut_, uint256 amountOut_, uint256 owed_, HostilePool accomplice_)
        external
    {
        (trick, tokenOut, amountOut, owed, accomplice) = (trick_, tokenOut_, amountOut_, owed_, accomplice_);
    }

    function swap(uint256, uint256, address to, bytes calldata data) external {
        _give(to);
        if (data.length == 0 || trick == Trick.NO_CALLBACK) return;
        if (trick == Trick.OTHER_CALLBACK) return ICallbacks(to).uniswapV3SwapCallback(int256(owed), int256(owed), data);
        if (trick == Trick.LETS_ANOTHER_CALL) return accomplice.relayV2(to, data);
        ICallbacks(to).uniswapV2Call(to, 0, 0, _data(data));
        if (trick == Trick.CALLS_TWICE) ICallbacks(to).uniswapV2Call(to, 0, 0, data);
    }

    function swap(address to, bool zeroForOne, int256, uint160, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1)
    {
        _give(to);
        (amount0, amount1) = zeroForOne ? (int256(owed), -int256(amountOut)) : (-int256(amountOut), int256(owed));
        if (trick == Trick.NO_CALLBACK) return (amount0, amount1);
        if (trick == Trick.OTHER_CALLBACK) {
            ICallbacks(msg.sender).uniswapV2Call(to, 0, 0, data);
        } else if (trick == Trick.LETS_ANOTHER_CALL) {
            accomplice.relayV3(msg.sender, amount0, amount1, data);
        } else {
            ICallbacks(msg.sender).uniswapV3SwapCallback(amount0, amount1, _data(data));
        }
        if (trick == Trick.CALLS_TWICE) ICallbacks(msg.sender).uniswapV3SwapCallback(amount0, amount1, data);
    }

    function flashLoanSimple(address to, address asset, uint256 amount, bytes calldata data, uint16) external {
        IMintable(asset).mint(to, amountOut);
        if (trick == Trick.NO_CALLBACK) return;
        ICallbacks(to).executeOperation(asset, amount, owed, to, _data(data));
        if (trick == Trick.CALLS_TWICE) ICallbacks(to).executeOperation(asset, amount, owed, to, data);
    }

    function liquidationCall(address, address, address, uint256, bool) external {
        _give(msg.sender);
    }

    function relayV2(address to, bytes calldata data) external {
        ICallbacks(to).uniswapV2Call(to, 0, 0, data);
    }

    function relayV3(address to, int256 amount0, int256 amount1, bytes calldata data) external {
        ICallbacks(to).uniswapV3SwapCallback(amount0, amount1, data);
    }

    function _give(address to) private {
        if (amountOut != 0) IMintable(tokenOut).mint(to, amountOut);
    }

    function _data(bytes calldata data) private view returns (bytes memory copy) {
        copy = data;
        if (trick == Trick.CHANGES_DATA) copy[copy.length - 1] ^= 0x01;
    }
}
