// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A stand-in for Slipstream's factory, which no package holds: it names no fee module
contract SlipstreamFactory {
    address public swapFeeModule;
}
