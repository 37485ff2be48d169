// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface Wrapped {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
    function balanceOf(address owner) external view returns (uint256);
}

interface Ends {
    function token0() external view returns (address);
    function token1() external view returns (address);
}

interface Solid {
    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256);
    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

interface Ranges {
    function mint(address owner, int24 low, int24 high, uint128 amount, bytes calldata data) external;
    function mint(address sender, address owner, int24 low, int24 high, uint128 amount, bytes calldata data) external;
}

/// @title Trades at exchanges that have no router on the devnet: pays, calls, hands over what came. It keeps nothing.
contract Swapper {
    Wrapped public immutable weth;

    constructor(Wrapped weth_) {
        weth = weth_;
    }

    receive() external payable {}

    /// @dev `paid` gets the tokens; where that is this contract, `target` may take them. `value` of them go unwrapped.
    function swap(
        address tokenIn,
        address tokenOut,
        uint256 amount,
        address paid,
        address target,
        uint256 value,
        bytes calldata data,
        uint256 least
    ) external returns (uint256 out) {
        _ask(tokenIn, abi.encodeWithSignature("transferFrom(address,address,uint256)", msg.sender, paid, amount));
        if (value > 0) weth.withdraw(value);
        else if (paid == address(this)) _ask(tokenIn, abi.encodeWithSignature("approve(address,uint256)", target, amount));
        _ask(target, data, value);
        if (address(this).balance > 0) weth.deposit{value: address(this).balance}();
        out = _handOver(tokenOut);
        require(out >= least, "Swapper: too little");
        _handOver(tokenIn);
    }

    /// @dev Called by `swap` itself.
    function solid(Solid pool, address tokenIn, uint256 amount, bool first) external {
        uint256 out = pool.getAmountOut(amount, tokenIn);
        pool.swap(first ? 0 : out, first ? out : 0, address(this), "");
    }

    /// @dev The position is the caller's, who has sent enough tokens; what is left goes back.
    function provide(Ranges pool, int24 low, int24 high, uint128 amount) external {
        pool.mint(msg.sender, low, high, amount, "");
        _giveBack(pool);
    }

    /// @dev As `provide`, to pools that are told who pays.
    function provideAs(Ranges pool, int24 low, int24 high, uint128 amount) external {
        pool.mint(address(this), msg.sender, low, high, amount, "");
        _giveBack(pool);
    }

    function _giveBack(Ranges pool) private {
        _handOver(Ends(address(pool)).token0());
        _handOver(Ends(address(pool)).token1());
    }

    function uniswapV3SwapCallback(int256 a, int256 b, bytes calldata) external {
        _settle(a, b);
    }

    function pancakeV3SwapCallback(int256 a, int256 b, bytes calldata) external {
        _settle(a, b);
    }

    function algebraSwapCallback(int256 a, int256 b, bytes calldata) external {
        _settle(a, b);
    }

    function uniswapV3MintCallback(uint256 a, uint256 b, bytes calldata) external {
        _settle(int256(a), int256(b));
    }

    function pancakeV3MintCallback(uint256 a, uint256 b, bytes calldata) external {
        _settle(int256(a), int256(b));
    }

    function algebraMintCallback(uint256 a, uint256 b, bytes calldata) external {
        _settle(int256(a), int256(b));
    }

    function _settle(int256 a, int256 b) private {
        if (a > 0) _send(Ends(msg.sender).token0(), msg.sender, uint256(a));
        if (b > 0) _send(Ends(msg.sender).token1(), msg.sender, uint256(b));
    }

    function _handOver(address token) private returns (uint256 held) {
        held = Wrapped(token).balanceOf(address(this));
        if (held > 0) _send(token, msg.sender, held);
    }

    function _send(address token, address to, uint256 amount) private {
        _ask(token, abi.encodeWithSignature("transfer(address,uint256)", to, amount));
    }

    function _ask(address to, bytes memory data) private {
        _ask(to, data, 0);
    }

    function _ask(address to, bytes memory data, uint256 value) private {
        (bool ok, bytes memory answer) = to.call{value: value}(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}
