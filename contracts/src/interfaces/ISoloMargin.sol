// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

struct AccountInfo {
    address owner;
    uint256 number;
}

/// @param denomination 0 is the token's smallest unit.
/// @param ref 0 is a difference.
struct AssetAmount {
    bool sign;
    uint8 denomination;
    uint8 ref;
    uint256 value;
}

struct ActionArgs {
    uint8 actionType;
    uint256 accountId;
    AssetAmount amount;
    uint256 primaryMarketId;
    uint256 secondaryMarketId;
    address otherAddress;
    uint256 otherAccountId;
    bytes data;
}

/// @title The part of dYdX Solo that the executor calls
interface ISoloMargin {
    function operate(AccountInfo[] memory accounts, ActionArgs[] memory actions) external;
}
