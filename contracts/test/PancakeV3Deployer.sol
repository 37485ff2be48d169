// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A stand-in for PancakeSwap v3's pool deployer, which no package holds: it makes pools of published code
contract PancakeV3Deployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    bytes private code;

    constructor(bytes memory code_) {
        code = code_;
    }

    function deploy(address factory, address token0, address token1, uint24 fee, int24 spacing)
        external
        returns (address pool)
    {
        parameters = Parameters(factory, token0, token1, fee, spacing);
        bytes memory made = code;
        assembly {
            pool := create(0, add(made, 0x20), mload(made))
        }
        require(pool != address(0), "not made");
    }
}
