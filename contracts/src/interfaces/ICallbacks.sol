// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What pools and lenders call while the executor trades with them
interface ICallbacks {
    function pancakeCall(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
    function joeCall(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;
    function hook(address sender, uint256 amount0, uint256 amount1, bytes calldata data) external;

    function pancakeV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
    function algebraSwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;
    function algebraFlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external;

    function unlockCallback(bytes calldata data) external returns (bytes memory);

    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata fees,
        bytes calldata data
    ) external;
    function executeOperation(
        address asset,
        uint256 amount,
        uint256 premium,
        address initiator,
        bytes calldata data
    ) external returns (bool);
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external;
    function callFunction(address sender, Account calldata account, bytes calldata data) external;
}

/// @dev dYdX Solo's account.
struct Account {
    address owner;
    uint256 number;
}
