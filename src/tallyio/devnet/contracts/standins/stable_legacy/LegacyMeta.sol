// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LegacyPool} from "./LegacyPool.sol";
import {LegacyToken} from "./LegacyToken.sol";

interface Base {
    function coins(uint256 i) external view returns (address);
    function get_virtual_price() external view returns (uint256);
    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256);
    function calc_token_amount(uint256[3] calldata amounts, bool deposit) external view returns (uint256);
    function calc_withdraw_one_coin(uint256 burned, int128 i) external view returns (uint256);
    function fee() external view returns (uint256);
    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy) external;
    function add_liquidity(uint256[3] calldata amounts, uint256 least) external;
    function remove_liquidity_one_coin(uint256 burned, int128 i, uint256 least) external;
}

interface Approving {
    function approve(address spender, uint256 value) external returns (bool);
}

/// @title Stand-in for Curve's first meta pools: one coin against the shares of a base pool of three coins, whose worth
/// is asked again after ten minutes.
contract LegacyMeta is LegacyPool {
    event TokenExchangeUnderlying(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );

    uint256 private constant EXPIRES = 600;

    Base public immutable base_pool;
    address[] public base_coins;
    uint256 public base_virtual_price;
    uint256 public base_cache_updated;

    constructor(address[] memory coins_, LegacyToken shares_, Base base, uint256 a, uint256 fee_, uint256 part)
        LegacyPool(coins_, shares_, 100, a, fee_, part)
    {
        base_pool = base;
        (base_virtual_price, base_cache_updated) = (base.get_virtual_price(), block.timestamp);
        for (uint256 k; k < 3; ++k) {
            base_coins.push(base.coins(k));
            _moved(base_coins[k], abi.encodeCall(Approving.approve, (address(base), type(uint256).max)));
        }
    }

    /// @notice Coin 0 is the pool's own, 1 to 3 are the base pool's.
    function exchange_underlying(int128 i, int128 j, uint256 dx, uint256 min_dy) external returns (uint256 dy) {
        (uint256 from, uint256 to) = (_at(i), _at(j));
        uint256[] memory rates = _rates();
        require(from != to);
        _take(_underlying(from), msg.sender, dx);
        uint256 before = _ours(_underlying(to));
        if (from > 0 && to > 0) {
            base_pool.exchange(i - 1, j - 1, dx, min_dy);
            dy = _ours(_underlying(to)) - before;
        } else if (from > 0) {
            uint256 shares_ = _ours(coins[1]);
            base_pool.add_liquidity(_alone(from - 1, dx), 0);
            shares_ = _ours(coins[1]) - shares_;
            dy = _swap(1, 0, shares_, shares_ * rates[1] / ONE);
        } else {
            dy = _swap(0, 1, dx, dx * rates[0] / ONE);
            base_pool.remove_liquidity_one_coin(dy, j - 1, 0);
            dy = _ours(_underlying(to)) - before;
        }
        require(dy >= min_dy, "Too few coins in result");
        _pay(_underlying(to), msg.sender, dy);
        emit TokenExchangeUnderlying(msg.sender, i, dx, j, dy);
    }

    /// @dev The base pool's fee on a deposit is taken as half of one.
    function get_dy_underlying(int128 i, int128 j, uint256 dx) external view returns (uint256 dy) {
        (uint256 from, uint256 to) = (_at(i), _at(j));
        if (from > 0 && to > 0) return base_pool.get_dy(i - 1, j - 1, dx);
        uint256[] memory rates = _ratesNow();
        uint256 entered = dx * rates[0] / ONE;
        if (from > 0) {
            entered = base_pool.calc_token_amount(_alone(from - 1, dx), true) * rates[1] / ONE;
            entered -= entered * base_pool.fee() / (2 * FEE_UNIT);
        }
        dy = from > 0 ? _gross(1, 0, entered, _xp()) : _gross(0, 1, entered, _xp());
        dy -= fee * dy / FEE_UNIT;
        if (from > 0) return dy * ONE / rates[0];
        return base_pool.calc_withdraw_one_coin(dy * ONE / rates[1], j - 1);
    }

    function _rates() internal override returns (uint256[] memory) {
        if (block.timestamp > base_cache_updated + EXPIRES) {
            (base_virtual_price, base_cache_updated) = (base_pool.get_virtual_price(), block.timestamp);
        }
        return _ratesNow();
    }

    function _ratesNow() internal view override returns (uint256[] memory rates) {
        rates = multipliers;
        bool old = block.timestamp > base_cache_updated + EXPIRES;
        rates[1] = old ? base_pool.get_virtual_price() : base_virtual_price;
    }

    function _underlying(uint256 i) private view returns (address) {
        return i == 0 ? coins[0] : base_coins[i - 1];
    }

    function _alone(uint256 i, uint256 amount) private pure returns (uint256[3] memory amounts) {
        amounts[i] = amount;
    }
}
