// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IMintable {
    function balanceOf(address holder) external view returns (uint256);
    function mint(address to, uint256 amount) external;
    function transfer(address to, uint256 amount) external returns (bool);
}

interface IPool {
    function mint(address sender, address to, int24 low, int24 high, uint128 liquidity, bytes calldata data)
        external;
    function mint(address to, int24 low, int24 high, uint128 liquidity, bytes calldata data) external;
}

/// @title Puts liquidity into pools that have no periphery here, of what it has or else mints
contract Minter {
    address private token0;
    address private token1;

    function provide(address pool, address[2] calldata tokens, int24[2] calldata ends, uint128 liquidity, bool algebra)
        external
    {
        (token0, token1) = (tokens[0], tokens[1]);
        if (algebra) IPool(pool).mint(address(this), address(this), ends[0], ends[1], liquidity, "");
        else IPool(pool).mint(address(this), ends[0], ends[1], liquidity, "");
    }

    function algebraMintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function pancakeV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function _pay(uint256 amount0, uint256 amount1) private {
        _give(IMintable(token0), amount0);
        _give(IMintable(token1), amount1);
    }

    function _give(IMintable token, uint256 amount) private {
        if (token.balanceOf(address(this)) >= amount) token.transfer(msg.sender, amount);
        else token.mint(msg.sender, amount);
    }
}
