// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StableSwapNG} from "./StableSwapNG.sol";
import {StableViews} from "./StableViews.sol";

interface Approving {
    function approve(address spender, uint256 value) external returns (bool);
}

/// @title Stand-in for Curve's StableSwap-NG meta pool: one coin against the shares of a plain pool.
contract StableMetaNG is StableSwapNG {
    event TokenExchangeUnderlying(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );

    address public immutable BASE_POOL;
    address[] public BASE_COINS;

    constructor(Setting memory setting, StableViews views_) StableSwapNG(setting, views_) {
        BASE_POOL = setting.coins[1];
        for (uint256 k; k < StableSwapNG(BASE_POOL).N_COINS(); ++k) {
            BASE_COINS.push(StableSwapNG(BASE_POOL).coins(k));
            _moved(BASE_COINS[k], abi.encodeCall(Approving.approve, (BASE_POOL, type(uint256).max)));
        }
    }

    function stored_rates() public view override returns (uint256[] memory rates) {
        rates = super.stored_rates();
        rates[1] = StableSwapNG(BASE_POOL).get_virtual_price();
    }

    function get_dy_underlying(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        return views.get_dy_underlying(_at(i), _at(j), dx, address(this));
    }

    function get_dx_underlying(int128 i, int128 j, uint256 dy) external view returns (uint256) {
        return views.get_dx_underlying(_at(i), _at(j), dy, address(this));
    }

    /// @notice Coin 0 is the pool's own, 1 and more are the base pool's.
    function exchange_underlying(int128 i, int128 j, uint256 dx, uint256 min_dy) external returns (uint256 dy) {
        (uint256 from, uint256 to) = (_at(i), _at(j));
        require(from != to && dx > 0);
        uint256[] memory rates = stored_rates();
        uint256[] memory xp = _scaled(_balances(), rates);
        StableSwapNG base = StableSwapNG(BASE_POOL);
        if (from == 0) {
            dy = _swapped(0, 1, _receive(0, dx, false), xp, rates);
            stored[1] -= dy;
            dy = base.remove_liquidity_one_coin(dy, j - 1, 0);
            _pay(BASE_COINS[to - 1], msg.sender, dy);
        } else {
            _take(BASE_COINS[from - 1], msg.sender, dx);
            if (to > 0) {
                dy = base.exchange(i - 1, j - 1, dx, min_dy);
                _pay(BASE_COINS[to - 1], msg.sender, dy);
            } else {
                uint256[] memory amounts = new uint256[](BASE_COINS.length);
                amounts[from - 1] = dx;
                uint256 made = base.add_liquidity(amounts, 0);
                stored[1] += made;
                dy = _swapped(1, 0, made, xp, rates);
                _send(0, dy, msg.sender);
            }
        }
        require(dy >= min_dy, "Exchange resulted in fewer coins than expected");
        emit TokenExchangeUnderlying(msg.sender, i, dx, j, dy);
    }
}
