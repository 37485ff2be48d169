// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CryptoMath} from "./CryptoMath.sol";
import {CryptoPool} from "./CryptoPool.sol";
import {CryptoViews} from "./CryptoViews.sol";

/// @title Stand-in for Curve's Tricrypto-NG pools (v2.0.0): their interface and events.
contract Tricrypto is CryptoPool {
    event AddLiquidity(
        address indexed provider, uint256[3] token_amounts, uint256 fee, uint256 token_supply, uint256 packed_price_scale
    );
    event RemoveLiquidity(address indexed provider, uint256[3] token_amounts, uint256 token_supply);
    event ClaimAdminFee(address indexed admin, uint256[3] tokens);

    constructor(Setting memory setting, CryptoMath math, CryptoViews views, address factory_)
        CryptoPool(setting, math, views, factory_)
    {}

    function price_scale(uint256 k) external view returns (uint256) {
        return scales[k];
    }

    function price_oracle(uint256 k) external view returns (uint256) {
        return _averages()[k];
    }

    function last_prices(uint256 k) external view returns (uint256) {
        return lasts[k];
    }

    function precisions() external view returns (uint256[3] memory) {
        return [units[0], units[1], units[2]];
    }

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy, address to) external returns (uint256) {
        require(windowed);
        return _exchange(i, j, _receive(i, dx), min_dy, to);
    }

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy, bool ether_, address to)
        external
        returns (uint256)
    {
        require(!windowed && !ether_);
        return _exchange(i, j, _receive(i, dx), min_dy, to);
    }

    function exchange_received(uint256 i, uint256 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _exchange(i, j, _given(i, dx), min_dy, msg.sender);
    }

    function exchange_received(uint256 i, uint256 j, uint256 dx, uint256 min_dy, address to)
        external
        returns (uint256)
    {
        return _exchange(i, j, _given(i, dx), min_dy, to);
    }

    function calc_token_amount(uint256[3] calldata amounts, bool deposit) external view returns (uint256) {
        return VIEWS.calc_token_amount(_list(amounts), deposit);
    }

    function add_liquidity(uint256[3] calldata amounts, uint256 least) external returns (uint256 made) {
        uint256[] memory entered = _list(amounts);
        uint256 cut;
        (made, cut) = _deposit(entered, least, msg.sender);
        emit AddLiquidity(msg.sender, [entered[0], entered[1], entered[2]], cut, totalSupply, _packedScale());
        if (!windowed) _claimShares();
    }

    function remove_liquidity(uint256 burned, uint256[3] calldata least) external returns (uint256[3] memory) {
        uint256[] memory left = _withdraw(burned, _list(least), msg.sender);
        emit RemoveLiquidity(msg.sender, [left[0], left[1], left[2]], totalSupply);
        return [left[0], left[1], left[2]];
    }

    function _logClaim(address to, uint256[] memory tokens) internal override {
        emit ClaimAdminFee(to, [tokens[0], tokens[1], tokens[2]]);
    }

    function _list(uint256[3] calldata amounts) private pure returns (uint256[] memory list) {
        list = new uint256[](3);
        for (uint256 k; k < 3; ++k) list[k] = amounts[k];
    }
}
