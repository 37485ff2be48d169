// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface Held {
    function transfer(address to, uint256 amount) external returns (bool);
}

struct SwapOrder {
    uint8 kind;
    address pool;
    address tokenIn;
    address tokenOut;
    uint256 amount;
    uint256 limit;
    bytes data;
}

struct WrapOrder {
    uint8 kind;
    uint8 direction;
    address wrapped;
    uint256 amount;
    uint256 limit;
}

interface Vault3 {
    function unlock(bytes calldata data) external returns (bytes memory);
    function settle(address token, uint256 amount) external returns (uint256);
    function sendTo(address token, address to, uint256 amount) external;
    function swap(SwapOrder memory order) external returns (uint256 found, uint256 paid, uint256 out);
    function erc4626BufferWrapOrUnwrap(WrapOrder memory order)
        external
        returns (uint256 found, uint256 paid, uint256 out);
    function initialize(
        address pool,
        address to,
        address[] memory tokens,
        uint256[] memory amounts,
        uint256 least,
        bytes memory data
    ) external returns (uint256);
    function initializeBuffer(address wrapped, uint256 assets, uint256 shares, uint256 least, address owner)
        external
        returns (uint256);
}

/// @title Trades at a Balancer v3 vault with what it was sent before, and fills its pools and buffers. As an authorizer
/// it allows everything.
contract BalancerV3Trader {
    function canPerform(bytes32, address, address) external pure returns (bool) {
        return true;
    }

    /// @return found the amount that the order leaves open
    function swap(Vault3 vault, SwapOrder memory order, address to) external returns (uint256 found) {
        return abi.decode(vault.unlock(abi.encodeCall(this.swapping, (order, to))), (uint256));
    }

    function swapping(SwapOrder memory order, address to) external returns (uint256 found) {
        uint256 paid;
        uint256 out;
        (found, paid, out) = Vault3(msg.sender).swap(order);
        _settle(order.tokenIn, paid);
        Vault3(msg.sender).sendTo(order.tokenOut, to, out);
    }

    function wrap(Vault3 vault, WrapOrder memory order, address asset) external returns (uint256 found) {
        return abi.decode(vault.unlock(abi.encodeCall(this.wrapping, (order, asset))), (uint256));
    }

    function wrapping(WrapOrder memory order, address asset) external returns (uint256 found) {
        uint256 paid;
        uint256 out;
        (found, paid, out) = Vault3(msg.sender).erc4626BufferWrapOrUnwrap(order);
        bool wraps = order.direction == 0;
        _settle(wraps ? asset : order.wrapped, paid);
        Vault3(msg.sender).sendTo(wraps ? order.wrapped : asset, address(this), out);
    }

    function fill(Vault3 vault, address pool, address[] memory tokens, uint256[] memory amounts) external {
        vault.unlock(abi.encodeCall(this.filling, (pool, tokens, amounts)));
    }

    function filling(address pool, address[] memory tokens, uint256[] memory amounts) external {
        Vault3(msg.sender).initialize(pool, address(this), tokens, amounts, 0, "");
        for (uint256 k; k < tokens.length; ++k) _settle(tokens[k], amounts[k]);
    }

    function stock(Vault3 vault, address wrapped, address asset, uint256 assets, uint256 shares) external {
        vault.unlock(abi.encodeCall(this.stocking, (wrapped, asset, assets, shares)));
    }

    function stocking(address wrapped, address asset, uint256 assets, uint256 shares) external {
        Vault3(msg.sender).initializeBuffer(wrapped, assets, shares, 0, address(this));
        _settle(asset, assets);
        _settle(wrapped, shares);
    }

    function _settle(address token, uint256 amount) private {
        if (amount == 0) return;
        require(Held(token).transfer(msg.sender, amount), "BalancerV3Trader: transfer");
        Vault3(msg.sender).settle(token, amount);
    }
}
