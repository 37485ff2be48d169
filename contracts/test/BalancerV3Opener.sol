// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IVault {
    function unlock(bytes calldata data) external returns (bytes memory);
    function settle(address token, uint256 amount) external returns (uint256);
    function initialize(
        address pool,
        address to,
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256 least,
        bytes calldata data
    ) external returns (uint256);
}

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @title Puts the first liquidity into Balancer v3's pools, and is an authorizer that allows everything
contract BalancerV3Opener {
    function canPerform(bytes32, address, address) external pure returns (bool) {
        return true;
    }

    function open(IVault vault, address pool, address[] calldata tokens, uint256[] calldata amounts) external {
        vault.unlock(abi.encodeCall(this.opening, (pool, tokens, amounts)));
    }

    function opening(address pool, address[] calldata tokens, uint256[] calldata amounts) external {
        IVault vault = IVault(msg.sender);
        vault.initialize(pool, address(this), tokens, amounts, 0, "");
        for (uint256 i = 0; i < tokens.length; ++i) {
            IToken(tokens[i]).transfer(msg.sender, amounts[i]);
            vault.settle(tokens[i], amounts[i]);
        }
    }
}
