// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Stand-in for PancakeSwap v3's pool deployer: CREATE2 of the published pool code, which it is given.
contract PoolDeployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    address[2] private halves;

    /// @dev Kept as the code of two contracts: storage would cost more gas than a block has.
    constructor(bytes memory code) {
        uint256 middle = code.length / 2;
        halves = [_kept(code, 0, middle), _kept(code, middle, code.length)];
    }

    function deploy(address factory, address a, address b, uint24 fee, int24 spacing) external returns (address pool) {
        parameters = Parameters(factory, a, b, fee, spacing);
        bytes memory made = bytes.concat(halves[0].code, halves[1].code);
        bytes32 salt = keccak256(abi.encode(a, b, fee));
        assembly {
            pool := create2(0, add(made, 32), mload(made), salt)
        }
        require(pool != address(0), "not created");
    }

    function _kept(bytes memory code, uint256 begin, uint256 end) private returns (address holder) {
        bytes memory part = new bytes(end - begin);
        for (uint256 i; i < part.length; ++i) {
            part[i] = code[begin + i];
        }
        bytes memory creation = abi.encodePacked(hex"61", uint16(part.length), hex"80600a3d393df3", part);
        assembly {
            holder := create(0, add(creation, 32), mload(creation))
        }
        require(holder != address(0), "not kept");
    }
}
