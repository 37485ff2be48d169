// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StableMetaNG} from "./StableMetaNG.sol";
import {StableSwapNG} from "./StableSwapNG.sol";
import {StableViews} from "./StableViews.sol";

/// @title Makes the meta pools of the stand-in of Curve's StableSwap-NG factory, whose code has no room for theirs.
contract StableMetaMaker {
    address public immutable admin;

    constructor() {
        admin = msg.sender;
    }

    function make(StableSwapNG.Setting memory setting, StableViews views) external returns (address) {
        return address(new StableMetaNG(setting, views));
    }
}
