// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin, Shares} from "../Shares.sol";
import {StableMath} from "./StableMath.sol";
import {StableViews} from "./StableViews.sol";

interface Vault {
    function asset() external view returns (address);
    function convertToAssets(uint256 shares) external view returns (uint256);
}

/// @title Stand-in for Curve's StableSwap-NG pool: its interface, events and arithmetic; code of our own.
/// @dev Without removal in given amounts, and without gauges. Kinds of coins: 0 plain, 1 with an oracle of its rate,
/// 2 rebasing, 3 an ERC-4626 vault.
contract StableSwapNG is Shares {
    event TokenExchange(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );
    event AddLiquidity(
        address indexed provider, uint256[] token_amounts, uint256[] fees, uint256 invariant, uint256 token_supply
    );
    event RemoveLiquidity(
        address indexed provider, uint256[] token_amounts, uint256[] fees, uint256 token_supply
    );
    event RemoveLiquidityOne(
        address indexed provider, int128 token_id, uint256 token_amount, uint256 coin_amount, uint256 token_supply
    );
    event RampA(uint256 old_A, uint256 new_A, uint256 initial_time, uint256 future_time);
    event StopRampA(uint256 A, uint256 t);
    event ApplyNewFee(uint256 fee, uint256 offpeg_fee_multiplier);

    struct Setting {
        address[] coins;
        uint256 amp;
        uint256 fee;
        uint256 multiplier;
        uint256 window;
        uint8[] kinds;
        bytes4[] methods;
        address[] oracles;
    }

    uint256 internal constant ONE = 1e18;
    uint256 private constant FEE_UNIT = 1e10;
    uint256 public constant admin_fee = 5e9;

    uint256 public immutable N_COINS;
    address public immutable factory;
    StableViews internal immutable views;
    bool private rebasing;

    address[] public coins;
    uint8[] private kinds;
    bytes4[] private methods;
    address[] private oracles;
    uint256[] private multipliers;
    uint256[] internal stored;
    uint256[] public admin_balances;
    uint256 public fee;
    uint256 public offpeg_fee_multiplier;
    uint256 public initial_A;
    uint256 public future_A;
    uint256 public initial_A_time;
    uint256 public future_A_time;
    uint256 public ma_exp_time;
    uint256 public D_ma_time = 62324;
    uint256 private price_time;
    uint256 private d_time;
    uint256[] public last_price;
    uint256[] public ema_price;
    uint256 private last_d;
    uint256 private ema_d;

    constructor(Setting memory setting, StableViews views_) {
        (factory, views, N_COINS) = (msg.sender, views_, setting.coins.length);
        (coins, kinds, methods, oracles) = (setting.coins, setting.kinds, setting.methods, setting.oracles);
        (fee, offpeg_fee_multiplier, ma_exp_time) = (setting.fee, setting.multiplier, setting.window);
        initial_A = future_A = setting.amp * StableMath.A_UNIT;
        price_time = d_time = block.timestamp;
        for (uint256 k; k < setting.coins.length; ++k) {
            multipliers.push(10 ** (36 - Coin(setting.coins[k]).decimals()));
            stored.push(0);
            admin_balances.push(0);
            if (setting.kinds[k] == 2) rebasing = true;
            if (k == 0) continue;
            last_price.push(ONE);
            ema_price.push(ONE);
        }
        emit Transfer(address(0), msg.sender, 0);
    }

    function A() external view returns (uint256) {
        return A_precise() / StableMath.A_UNIT;
    }

    function A_precise() public view returns (uint256) {
        (uint256 from, uint256 to, uint256 start, uint256 end) = (initial_A, future_A, initial_A_time, future_A_time);
        if (block.timestamp >= end) return to;
        uint256 gone = block.timestamp - start;
        return to > from ? from + (to - from) * gone / (end - start) : from - (from - to) * gone / (end - start);
    }

    function balances(uint256 i) external view returns (uint256) {
        return _balances()[i];
    }

    function get_balances() external view returns (uint256[] memory) {
        return _balances();
    }

    function stored_rates() public view virtual returns (uint256[] memory rates) {
        rates = new uint256[](N_COINS);
        for (uint256 k; k < rates.length; ++k) {
            rates[k] = multipliers[k];
            if (kinds[k] == 1 && methods[k] != bytes4(0)) {
                (bool done, bytes memory answer) = oracles[k].staticcall(abi.encodePacked(methods[k]));
                require(done && answer.length == 32);
                rates[k] = rates[k] * abi.decode(answer, (uint256)) / ONE;
            } else if (kinds[k] == 3) {
                uint256 worth = Vault(coins[k]).convertToAssets(10 ** Coin(coins[k]).decimals());
                rates[k] = rates[k] * worth * 10 ** (18 - Coin(Vault(coins[k]).asset()).decimals()) / ONE;
            }
        }
    }

    function get_virtual_price() external view returns (uint256) {
        return StableMath.invariant(_scaled(_balances(), stored_rates()), A_precise()) * ONE / totalSupply;
    }

    function get_p(uint256 i) external view returns (uint256) {
        uint256[] memory xp = _scaled(_balances(), stored_rates());
        uint256 amp = A_precise();
        return StableMath.prices(xp, amp, StableMath.invariant(xp, amp))[i];
    }

    function price_oracle(uint256 i) external view returns (uint256) {
        return StableMath.average(last_price[i], ema_price[i], ma_exp_time, price_time);
    }

    function D_oracle() external view returns (uint256) {
        return StableMath.average(last_d, ema_d, D_ma_time, d_time);
    }

    function ma_last_time() external view returns (uint256) {
        return price_time | (d_time << 128);
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        return views.get_dy(_at(i), _at(j), dx, address(this));
    }

    function get_dx(int128 i, int128 j, uint256 dy) external view returns (uint256) {
        return views.get_dx(_at(i), _at(j), dy, address(this));
    }

    function dynamic_fee(int128 i, int128 j) external view returns (uint256) {
        return views.dynamic_fee(_at(i), _at(j), address(this));
    }

    function calc_token_amount(uint256[] calldata amounts, bool deposit) external view returns (uint256) {
        return views.calc_token_amount(amounts, deposit, address(this));
    }

    function calc_withdraw_one_coin(uint256 burned, int128 i) external view returns (uint256) {
        return views.withdrawal(burned, _at(i), A_precise(), address(this)).paid;
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _exchange(_at(i), _at(j), dx, min_dy, msg.sender, false);
    }

    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy, address to) external returns (uint256) {
        return _exchange(_at(i), _at(j), dx, min_dy, to, false);
    }

    function exchange_received(int128 i, int128 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _exchange(_at(i), _at(j), dx, min_dy, msg.sender, true);
    }

    function exchange_received(int128 i, int128 j, uint256 dx, uint256 min_dy, address to) external returns (uint256) {
        return _exchange(_at(i), _at(j), dx, min_dy, to, true);
    }

    function add_liquidity(uint256[] calldata amounts, uint256 least) external returns (uint256 made) {
        uint256 amp = A_precise();
        uint256[] memory rates = stored_rates();
        uint256[] memory before = _balances();
        uint256 d0 = totalSupply == 0 ? 0 : StableMath.invariant(_scaled(before, rates), amp);
        uint256[] memory counted = new uint256[](N_COINS);
        for (uint256 k; k < amounts.length; ++k) {
            require(totalSupply > 0 || amounts[k] > 0, "the first deposit is of all coins");
            counted[k] = before[k] + (amounts[k] > 0 ? _receive(k, amounts[k], false) : 0);
        }
        uint256 d1 = StableMath.invariant(_scaled(counted, rates), amp);
        require(d1 > d0);
        uint256[] memory fees = new uint256[](N_COINS);
        if (totalSupply == 0) {
            made = d1;
            (last_d, ema_d) = (made, made);
        } else {
            fees = views.deposit_fees(before, counted, rates, d0, d1, address(this));
            for (uint256 k; k < fees.length; ++k) {
                admin_balances[k] += fees[k] * admin_fee / FEE_UNIT;
                counted[k] -= fees[k];
            }
            uint256[] memory xp = _scaled(counted, rates);
            uint256 d2 = StableMath.invariant(xp, amp);
            made = totalSupply * (d2 - d0) / d0;
            _upkeep(xp, amp, d2);
        }
        require(made >= least, "Slippage screwed you");
        _makeShares(msg.sender, made);
        emit AddLiquidity(msg.sender, amounts, fees, d1, totalSupply);
    }

    function remove_liquidity(uint256 burned, uint256[] calldata least) external returns (uint256[] memory amounts) {
        uint256 supply = totalSupply;
        uint256[] memory held = _balances();
        amounts = new uint256[](N_COINS);
        _burnShares(msg.sender, burned);
        for (uint256 k; k < held.length; ++k) {
            amounts[k] = held[k] * burned / supply;
            require(amounts[k] >= least[k], "Withdrawal resulted in fewer coins than expected");
            _send(k, amounts[k], msg.sender);
        }
        ema_d = StableMath.average(last_d, ema_d, D_ma_time, d_time);
        last_d -= last_d * burned / supply;
        d_time = block.timestamp;
        emit RemoveLiquidity(msg.sender, amounts, new uint256[](0), totalSupply);
    }

    function remove_liquidity_one_coin(uint256 burned, int128 i, uint256 least) external returns (uint256) {
        require(burned > 0);
        uint256 amp = A_precise();
        StableViews.Withdrawal memory done = views.withdrawal(burned, _at(i), amp, address(this));
        require(done.paid >= least, "Not enough coins removed");
        admin_balances[_at(i)] += done.fee * admin_fee / FEE_UNIT;
        _burnShares(msg.sender, burned);
        _send(_at(i), done.paid, msg.sender);
        _upkeep(done.xp, amp, done.d);
        emit RemoveLiquidityOne(msg.sender, i, burned, done.paid, totalSupply);
        return done.paid;
    }

    function ramp_A(uint256 to, uint256 end) external {
        require(msg.sender == StableMaker(factory).admin() && end > block.timestamp, "ramp");
        uint256 from = A_precise();
        (initial_A, initial_A_time, future_A, future_A_time) = (from, block.timestamp, to * StableMath.A_UNIT, end);
        emit RampA(from, future_A, block.timestamp, end);
    }

    function stop_ramp_A() external {
        require(msg.sender == StableMaker(factory).admin(), "admin");
        uint256 now_ = A_precise();
        (initial_A, future_A, initial_A_time, future_A_time) = (now_, now_, block.timestamp, block.timestamp);
        emit StopRampA(now_, block.timestamp);
    }

    function set_new_fee(uint256 fee_, uint256 multiplier) external {
        require(msg.sender == StableMaker(factory).admin() && fee_ <= FEE_UNIT / 2, "fee");
        (fee, offpeg_fee_multiplier) = (fee_, multiplier);
        emit ApplyNewFee(fee_, multiplier);
    }

    function _exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy, address to, bool received)
        private
        returns (uint256 dy)
    {
        require(i != j && dx > 0);
        require(!received || !rebasing);
        uint256[] memory rates = stored_rates();
        uint256[] memory xp = _scaled(_balances(), rates);
        dx = _receive(i, dx, received);
        dy = _swapped(i, j, dx, xp, rates);
        require(dy >= min_dy, "Exchange resulted in fewer coins than expected");
        _send(j, dy, to);
        emit TokenExchange(msg.sender, int128(int256(i)), dx, int128(int256(j)), dy);
    }

    function _swapped(uint256 i, uint256 j, uint256 dx, uint256[] memory xp, uint256[] memory rates)
        internal
        returns (uint256 dy)
    {
        uint256 amp = A_precise();
        uint256 d = StableMath.invariant(xp, amp);
        uint256 x = xp[i] + dx * rates[i] / ONE;
        uint256 y = StableMath.balanceAt(i, j, x, xp, amp, d);
        dy = xp[j] - y - 1;
        uint256 cut = StableMath.offPeg((xp[i] + x) / 2, (xp[j] + y) / 2, fee, offpeg_fee_multiplier);
        cut = dy * cut / FEE_UNIT;
        dy = (dy - cut) * ONE / rates[j];
        admin_balances[j] += cut * admin_fee / FEE_UNIT * ONE / rates[j];
        (xp[i], xp[j]) = (x, y);
        _upkeep(xp, amp, d);
    }

    function _upkeep(uint256[] memory xp, uint256 amp, uint256 d) private {
        uint256[] memory spots = StableMath.prices(xp, amp, d);
        for (uint256 k; k < spots.length; ++k) {
            if (spots[k] == 0) continue;
            ema_price[k] = StableMath.average(last_price[k], ema_price[k], ma_exp_time, price_time);
            last_price[k] = spots[k] < 2 * ONE ? spots[k] : 2 * ONE;
        }
        ema_d = StableMath.average(last_d, ema_d, D_ma_time, d_time);
        last_d = d;
        if (price_time < block.timestamp) price_time = block.timestamp;
        if (d_time < block.timestamp) d_time = block.timestamp;
    }

    function _receive(uint256 i, uint256 dx, bool received) internal returns (uint256 entered) {
        if (received) {
            entered = _ours(coins[i]) - stored[i];
            require(entered >= dx);
        } else {
            uint256 before = _ours(coins[i]);
            _take(coins[i], msg.sender, dx);
            entered = _ours(coins[i]) - before;
        }
        stored[i] += entered;
    }

    function _send(uint256 i, uint256 amount, address to) internal {
        stored[i] = rebasing ? _ours(coins[i]) - amount : stored[i] - amount;
        _pay(coins[i], to, amount);
    }

    function _balances() internal view returns (uint256[] memory held) {
        held = new uint256[](N_COINS);
        for (uint256 k; k < held.length; ++k) {
            held[k] = (rebasing ? _ours(coins[k]) : stored[k]) - admin_balances[k];
        }
    }

    function _scaled(uint256[] memory held, uint256[] memory rates) internal pure returns (uint256[] memory xp) {
        xp = new uint256[](held.length);
        for (uint256 k; k < held.length; ++k) xp[k] = held[k] * rates[k] / ONE;
    }

    function _at(int128 i) internal pure returns (uint256) {
        require(i >= 0);
        return uint256(int256(i));
    }
}

interface StableMaker {
    function admin() external view returns (address);
}
