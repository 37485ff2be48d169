// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What runs on chains of nobody's money alone
/// @custom:security Judged at creation and at every call, so that neither a copy of the code nor a chain that took
/// over another's state makes it run elsewhere. `tallyio.reports.exposure.LOCAL_CHAINS` is the same list.
abstract contract LocalChain {
    error NotLocal(uint256 chainId);

    modifier onLocalChain() {
        uint256[2] memory known = localChains();
        if (block.chainid != known[0] && block.chainid != known[1]) revert NotLocal(block.chainid);
        _;
    }

    constructor() onLocalChain {}

    /// @return The chain ids of geth's and anvil's development chains.
    function localChains() public pure returns (uint256[2] memory) {
        return [uint256(1337), 31337];
    }
}
