// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin, Shares} from "../Shares.sol";
import {StableMath} from "../stableswap/StableMath.sol";
import {CryptoMath} from "./CryptoMath.sol";
import {CryptoViews} from "./CryptoViews.sol";

interface CryptoMaker {
    function admin() external view returns (address);
    function fee_receiver() external view returns (address);
}

/// @title Stand-in for what Curve's Twocrypto-NG and Tricrypto-NG pools share: arithmetic, prices, profit; code of our
/// own.
/// @dev Without permits and gauges. `windowed` pools keep an average of their worth (xcp); the others are as the pools
/// that take ether, without their ether.
abstract contract CryptoPool is Shares {
    event TokenExchange(
        address indexed buyer,
        uint256 sold_id,
        uint256 tokens_sold,
        uint256 bought_id,
        uint256 tokens_bought,
        uint256 fee,
        uint256 packed_price_scale
    );
    event RemoveLiquidityOne(
        address indexed provider,
        uint256 token_amount,
        uint256 coin_index,
        uint256 coin_amount,
        uint256 approx_fee,
        uint256 packed_price_scale
    );
    event NewParameters(
        uint256 mid_fee,
        uint256 out_fee,
        uint256 fee_gamma,
        uint256 allowed_extra_profit,
        uint256 adjustment_step,
        uint256 ma_time,
        uint256 xcp_ma_time
    );
    event NewParameters(
        uint256 mid_fee,
        uint256 out_fee,
        uint256 fee_gamma,
        uint256 allowed_extra_profit,
        uint256 adjustment_step,
        uint256 ma_time
    );
    event RampAgamma(
        uint256 initial_A,
        uint256 future_A,
        uint256 initial_gamma,
        uint256 future_gamma,
        uint256 initial_time,
        uint256 future_time
    );
    event StopRampA(uint256 current_A, uint256 current_gamma, uint256 time);
    event ClaimAdminFee(address indexed admin, uint256 tokens);

    struct Setting {
        address[] coins;
        uint256 A_gamma;
        uint256 fees;
        uint256 rebalancing;
        uint256[] prices;
        bool windowed;
    }

    struct Curve {
        uint256 ann;
        uint256 gamma;
    }

    uint256 internal constant ONE = 1e18;
    uint256 internal constant FEE_UNIT = 1e10;
    uint256 public constant ADMIN_FEE = 5e9;
    string public constant version = "v2.0.0";

    CryptoMath public immutable MATH;
    CryptoViews internal immutable VIEWS;
    address public immutable factory;
    uint256 internal immutable N;
    bool internal immutable windowed;

    address[] public coins;
    uint256[] public balances;
    uint256[] internal units;
    uint256[] internal scales;
    uint256[] internal oracles;
    uint256[] internal lasts;
    uint256 internal price_time;
    uint256 internal xcp_time;
    uint256 internal xcp_window;
    uint256 internal cached_xcp;
    uint256 internal xcp_last;
    uint256 public initial_A_gamma;
    uint256 public initial_A_gamma_time;
    uint256 public future_A_gamma;
    uint256 public future_A_gamma_time;
    uint256 public D;
    uint256 public xcp_profit;
    uint256 public xcp_profit_a;
    uint256 public virtual_price;
    uint256 public packed_rebalancing_params;
    uint256 public packed_fee_params;
    uint256 internal last_claim;
    uint256 internal admin_shares;

    modifier onlyAdmin() {
        require(msg.sender == CryptoMaker(factory).admin(), "admin");
        _;
    }

    constructor(Setting memory setting, CryptoMath math, CryptoViews views, address factory_) {
        (MATH, VIEWS, factory, N, windowed) = (math, views, factory_, setting.coins.length, setting.windowed);
        math.requireSafe(setting.A_gamma >> 128, setting.A_gamma & type(uint128).max);
        (coins, initial_A_gamma, future_A_gamma) = (setting.coins, setting.A_gamma, setting.A_gamma);
        (packed_fee_params, packed_rebalancing_params) = (setting.fees, setting.rebalancing);
        (scales, oracles, lasts) = (setting.prices, setting.prices, setting.prices);
        (price_time, xcp_profit_a) = (block.timestamp, ONE);
        if (setting.windowed) (xcp_time, xcp_window) = (block.timestamp, 62324);
        for (uint256 k; k < N; ++k) {
            balances.push(0);
            units.push(10 ** (18 - Coin(setting.coins[k]).decimals()));
        }
        emit Transfer(address(0), address(this), 0);
    }

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy) external returns (uint256) {
        return _exchange(i, j, _receive(i, dx), min_dy, msg.sender);
    }

    function A() external view returns (uint256 ann) {
        (ann,) = a_gamma();
    }

    function gamma() external view returns (uint256 found) {
        (, found) = a_gamma();
    }

    function a_gamma() public view returns (uint256 ann, uint256 found) {
        (ann, found) = _halves(future_A_gamma);
        if (block.timestamp >= future_A_gamma_time) return (ann, found);
        (uint256 ann0, uint256 gamma0) = _halves(initial_A_gamma);
        uint256 span = future_A_gamma_time - initial_A_gamma_time;
        uint256 gone = block.timestamp - initial_A_gamma_time;
        ann = (ann0 * (span - gone) + ann * gone) / span;
        found = (gamma0 * (span - gone) + found * gone) / span;
    }

    function mid_fee() external view returns (uint256) {
        return _third(packed_fee_params, 2);
    }

    function out_fee() external view returns (uint256) {
        return _third(packed_fee_params, 1);
    }

    function fee_gamma() external view returns (uint256) {
        return _third(packed_fee_params, 0);
    }

    function allowed_extra_profit() external view returns (uint256) {
        return _third(packed_rebalancing_params, 2);
    }

    function adjustment_step() external view returns (uint256) {
        return _third(packed_rebalancing_params, 1);
    }

    function ma_time() external view returns (uint256) {
        return _third(packed_rebalancing_params, 0) * 694 / 1000;
    }

    function fee() external view returns (uint256) {
        return fee_calc(scaled());
    }

    function get_virtual_price() external view returns (uint256) {
        return ONE * _worth(D, scales) / totalSupply;
    }

    function lp_price() external view returns (uint256) {
        return MATH.sharePrice(virtual_price, N == 2 ? _averages() : oracles);
    }

    function xcp_oracle() external view returns (uint256) {
        require(windowed);
        return StableMath.average(xcp_last, cached_xcp, xcp_window, xcp_time);
    }

    function xcp_ma_time() external view returns (uint256) {
        require(windowed);
        return xcp_window;
    }

    function last_xcp() external view returns (uint256) {
        require(windowed);
        return xcp_last;
    }

    function last_timestamp() external view returns (uint256) {
        require(windowed);
        return price_time | (xcp_time << 128);
    }

    function last_prices_timestamp() external view returns (uint256) {
        require(!windowed);
        return price_time;
    }

    function get_dy(uint256 i, uint256 j, uint256 dx) external view returns (uint256) {
        return VIEWS.get_dy(i, j, dx);
    }

    function get_dx(uint256 i, uint256 j, uint256 dy) external view returns (uint256) {
        return VIEWS.get_dx(i, j, dy);
    }

    function calc_withdraw_one_coin(uint256 burned, uint256 i) external view returns (uint256) {
        return VIEWS.withdrawal(burned, i).paid;
    }

    /// @notice Scaled balances.
    function scaled() public view returns (uint256[] memory) {
        return scaledOf(balances);
    }

    function scaledOf(uint256[] memory held) public view returns (uint256[] memory xp) {
        xp = new uint256[](N);
        for (uint256 k; k < N; ++k) xp[k] = held[k] * unitOf(k) / ONE;
    }

    /// @notice What a coin's unit is worth in coin 0, of 36 decimals.
    function unitOf(uint256 k) public view returns (uint256) {
        return units[k] * (k > 0 ? scales[k - 1] : ONE);
    }

    function precisionOf(uint256 k) external view returns (uint256) {
        return units[k];
    }

    function scaleOf(uint256 k) external view returns (uint256) {
        return k > 0 ? scales[k - 1] : ONE;
    }

    /// @notice D by the present A and gamma.
    function presentD() public view returns (uint256) {
        if (future_A_gamma_time <= block.timestamp) return D;
        Curve memory c = _curve();
        return MATH.invariant(c.ann, c.gamma, scaled(), 0);
    }

    /// @notice The fee (1e10) at scaled balances.
    function fee_calc(uint256[] memory xp) public view returns (uint256) {
        uint256 weight = MATH.evenness(xp);
        uint256 steep = _third(packed_fee_params, 0);
        if (steep > 0) weight = steep * ONE / (steep + ONE - weight);
        return (_third(packed_fee_params, 2) * weight + _third(packed_fee_params, 1) * (ONE - weight)) / ONE;
    }

    function ramp_A_gamma(uint256 ann, uint256 gamma_, uint256 end) external onlyAdmin {
        require(block.timestamp >= initial_A_gamma_time + 86400 && end >= block.timestamp + 86400, "ramp");
        MATH.requireSafe(ann, gamma_);
        (uint256 ann0, uint256 gamma0) = a_gamma();
        (initial_A_gamma, initial_A_gamma_time) = ((ann0 << 128) | gamma0, block.timestamp);
        (future_A_gamma, future_A_gamma_time) = ((ann << 128) | gamma_, end);
        emit RampAgamma(ann0, ann, gamma0, gamma_, block.timestamp, end);
    }

    function stop_ramp_A_gamma() external onlyAdmin {
        (uint256 ann, uint256 gamma_) = a_gamma();
        initial_A_gamma = future_A_gamma = (ann << 128) | gamma_;
        initial_A_gamma_time = future_A_gamma_time = block.timestamp;
        emit StopRampA(ann, gamma_, block.timestamp);
    }

    function apply_new_parameters(
        uint256 mid,
        uint256 out,
        uint256 steep,
        uint256 profit,
        uint256 step,
        uint256 window,
        uint256 xcpWindow
    ) external onlyAdmin {
        require(mid <= out && out <= 1e10 && out >= 5e5 && steep > 0 && steep < ONE, "fee");
        require(profit <= ONE && step <= ONE && window > 86 && window < 872542, "rebalancing");
        packed_fee_params = (mid << 128) | (out << 64) | steep;
        packed_rebalancing_params = (profit << 128) | (step << 64) | window;
        if (windowed) {
            xcp_window = xcpWindow;
            emit NewParameters(mid, out, steep, profit, step, window, xcpWindow);
        } else {
            emit NewParameters(mid, out, steep, profit, step, window);
        }
    }

    function claim_admin_fees() external {
        require(!windowed);
        _claimShares();
    }

    function _logClaim(address to, uint256[] memory tokens) internal virtual;

    /// @dev Traded with `dx` already in the balance.
    function _exchange(uint256 i, uint256 j, uint256 dx, uint256 min_dy, address to) internal returns (uint256 dy) {
        require(i != j && dx > 0);
        uint256 cut;
        (dy, cut) = _swapped(i, j, dx, min_dy);
        _send(j, dy, to);
        emit TokenExchange(msg.sender, i, dx, j, dy, cut, _packedScale());
    }

    function _swapped(uint256 i, uint256 j, uint256 dx, uint256 min_dy) private returns (uint256 dy, uint256 cut) {
        Curve memory c = _curve();
        uint256[] memory xp = balances;
        if (future_A_gamma_time > block.timestamp) {
            xp[i] -= dx;
            D = MATH.invariant(c.ann, c.gamma, scaledOf(xp), 0);
        }
        xp = scaled();
        (uint256 y, uint256 k0) = MATH.balance(c.ann, c.gamma, xp, D, j);
        dy = _unscaled(xp[j] - y - 1, j);
        xp[j] = y;
        cut = fee_calc(xp) * dy / FEE_UNIT;
        dy -= cut;
        require(dy >= min_dy, "Slippage");
        xp[j] = (balances[j] - dy) * unitOf(j) / ONE;
        _tweak(c, xp, 0, k0);
    }

    function _unscaled(uint256 amount, uint256 k) private view returns (uint256) {
        return (k > 0 ? amount * ONE / scales[k - 1] : amount) / units[k];
    }

    function _deposit(uint256[] memory amounts, uint256 least, address to) internal returns (uint256 made, uint256 cut) {
        Curve memory c = _curve();
        uint256[] memory before = scaled();
        uint256 d0 = D;
        if (future_A_gamma_time > block.timestamp) d0 = MATH.invariant(c.ann, c.gamma, before, 0);
        for (uint256 k; k < N; ++k) {
            if (amounts[k] > 0) amounts[k] = _receive(k, amounts[k]);
        }
        uint256[] memory xp = scaled();
        for (uint256 k; k < N; ++k) before[k] = xp[k] - before[k];
        uint256 d = MATH.invariant(c.ann, c.gamma, xp, 0);
        if (d0 == 0) {
            made = _worth(d, scales);
            require(made > 0);
            (D, virtual_price, xcp_profit, xcp_profit_a) = (d, ONE, ONE, ONE);
            if (windowed) cached_xcp = made;
            _makeShares(to, made);
        } else {
            made = totalSupply * d / d0 - totalSupply;
            require(made > 0);
            cut = VIEWS.token_fee(before, xp) * made / FEE_UNIT + 1;
            made -= cut;
            _makeShares(to, made);
            if (windowed) admin_shares += ADMIN_FEE * cut / FEE_UNIT;
            _tweak(c, xp, d, 0);
        }
        require(made >= least, "Slippage");
    }

    function _withdraw(uint256 burned, uint256[] memory least, address to) internal returns (uint256[] memory amounts) {
        uint256[] memory held = balances;
        if (!windowed) _claimShares();
        uint256 supply = totalSupply;
        _burnShares(msg.sender, burned);
        if (burned < supply) burned -= 1;
        amounts = new uint256[](N);
        for (uint256 k; k < N; ++k) {
            amounts[k] = held[k] * burned / supply;
            require(amounts[k] >= least[k]);
            balances[k] = held[k];
            _send(k, amounts[k], to);
        }
        D -= D * burned / supply;
        if (!windowed) return amounts;
        xcp_last = MATH.mean(scaled());
        cached_xcp = StableMath.average(xcp_last, cached_xcp, xcp_window, xcp_time);
        if (xcp_time < block.timestamp) xcp_time = block.timestamp;
    }

    function remove_liquidity_one_coin(uint256 burned, uint256 i, uint256 least) external returns (uint256) {
        if (windowed) _claimTokens();
        else _claimShares();
        Curve memory c = _curve();
        CryptoViews.Withdrawal memory done = VIEWS.withdrawal(burned, i);
        require(done.paid >= least, "Slippage");
        _burnShares(msg.sender, burned);
        _tweak(c, done.xp, done.d, 0);
        _send(i, done.paid, msg.sender);
        emit RemoveLiquidityOne(msg.sender, burned, i, done.paid, done.cut, _packedScale());
        return done.paid;
    }

    function _tweak(Curve memory c, uint256[] memory xp, uint256 d, uint256 k0) private {
        if (price_time < block.timestamp) (oracles, price_time) = (_averages(), block.timestamp);
        if (windowed && xcp_time < block.timestamp) {
            cached_xcp = StableMath.average(xcp_last, cached_xcp, xcp_window, xcp_time);
            xcp_time = block.timestamp;
        }
        if (d == 0) d = MATH.invariant(c.ann, c.gamma, xp, k0);
        uint256[] memory spots = MATH.prices(xp, d, c.ann, c.gamma);
        for (uint256 k; k < spots.length; ++k) lasts[k] = spots[k] * scales[k] / ONE;
        uint256 worth = _worth(d, scales);
        uint256 price = ONE * worth / totalSupply;
        require(future_A_gamma_time >= block.timestamp || price > virtual_price, "Loss");
        if (windowed) xcp_last = worth;
        (D, xcp_profit, virtual_price) = (d, xcp_profit * price / virtual_price, price);
        if (price * 2 - ONE > xcp_profit + 2 * _third(packed_rebalancing_params, 2)) _rebalance(c, xp);
    }

    /// @dev The price scale a step nearer to the average prices, where half of the profit stays.
    function _rebalance(Curve memory c, uint256[] memory xp) private {
        uint256 distance = MATH.distance(oracles, scales);
        uint256 step = _third(packed_rebalancing_params, 1);
        if (step < distance / 5) step = distance / 5;
        if (distance <= step) return;
        uint256[] memory moved = scales;
        for (uint256 k; k < moved.length; ++k) {
            moved[k] = (moved[k] * (distance - step) + step * oracles[k]) / distance;
            xp[k + 1] = xp[k + 1] * moved[k] / scales[k];
        }
        uint256 d = MATH.invariant(c.ann, c.gamma, xp, 0);
        for (uint256 k; k < xp.length; ++k) {
            uint256 share = xp[k] * ONE / d;
            require(share >= 1e16 && share <= 1e20);
        }
        uint256 price = ONE * _worth(d, moved) / totalSupply;
        if (price > ONE && 2 * price - ONE > xcp_profit) (D, virtual_price, scales) = (d, price, moved);
    }

    function _curve() private view returns (Curve memory c) {
        (c.ann, c.gamma) = a_gamma();
    }

    function _averages() internal view returns (uint256[] memory found) {
        found = oracles;
        for (uint256 k; k < found.length; ++k) {
            uint256 last = lasts[k] < 2 * scales[k] ? lasts[k] : 2 * scales[k];
            found[k] = StableMath.average(last, found[k], _third(packed_rebalancing_params, 0), price_time);
        }
    }

    /// @dev Constant-product worth of an even pool with invariant `d`.
    function _worth(uint256 d, uint256[] memory at) private view returns (uint256) {
        uint256[] memory even = new uint256[](N);
        even[0] = d / N;
        for (uint256 k = 1; k < N; ++k) even[k] = d * ONE / (N * at[k - 1]);
        return MATH.mean(even);
    }

    /// @dev What is the administrators' leaves the pool in coins.
    function _claimTokens() private {
        if (block.timestamp - last_claim < 86400 || future_A_gamma_time > block.timestamp) return;
        if (xcp_profit <= xcp_profit_a || totalSupply < ONE) return;
        (uint256 share, uint256 profit) = (admin_shares, xcp_profit);
        address to = CryptoMaker(factory).fee_receiver();
        uint256 fees = (profit - xcp_profit_a) * ADMIN_FEE / (2 * FEE_UNIT);
        if (to != address(0) && fees > 0) {
            share += totalSupply * (virtual_price * ONE / (virtual_price - fees) - ONE) / ONE;
            profit -= fees * 2;
        }
        uint256 whole = totalSupply + share;
        uint256 price = ONE * _worth(D, scales) / whole;
        if (price < ONE) return;
        (admin_shares, xcp_profit, last_claim, virtual_price) = (0, profit, block.timestamp, price);
        D -= D * share / whole;
        if (profit > xcp_profit_a) xcp_profit_a = profit;
        if (share == 0) return;
        uint256[] memory tokens = balances;
        for (uint256 k; k < N; ++k) {
            tokens[k] = tokens[k] * share / whole;
            _send(k, tokens[k], to);
        }
        _logClaim(to, tokens);
    }

    /// @dev What is the administrators' becomes shares of theirs, and what the pool was given becomes its own.
    function _claimShares() internal {
        Curve memory c = _curve();
        uint256 profit = xcp_profit;
        if (profit <= xcp_profit_a || totalSupply < ONE) return;
        for (uint256 k; k < N; ++k) balances[k] = _ours(coins[k]);
        uint256 fees = (profit - xcp_profit_a) * ADMIN_FEE / (2 * FEE_UNIT);
        address to = CryptoMaker(factory).fee_receiver();
        if (to != address(0) && fees > 0) {
            uint256 made = totalSupply * (virtual_price * ONE / (virtual_price - fees) - ONE) / ONE;
            if (made > 0) _makeShares(to, made);
            profit -= fees * 2;
            xcp_profit = profit;
            emit ClaimAdminFee(to, made);
        }
        D = MATH.invariant(c.ann, c.gamma, scaled(), 0);
        virtual_price = ONE * _worth(D, scales) / totalSupply;
        xcp_profit_a = profit;
    }

    function _receive(uint256 i, uint256 dx) internal returns (uint256 entered) {
        uint256 before = _ours(coins[i]);
        _take(coins[i], msg.sender, dx);
        entered = _ours(coins[i]) - before;
        balances[i] += entered;
    }

    function _given(uint256 i, uint256 dx) internal returns (uint256 entered) {
        entered = _ours(coins[i]) - balances[i];
        require(windowed && entered >= dx);
        balances[i] += entered;
    }

    function _send(uint256 i, uint256 amount, address to) private {
        balances[i] -= amount;
        _pay(coins[i], to, amount);
    }

    function _packedScale() internal view returns (uint256) {
        return _packed(scales);
    }

    function _packed(uint256[] memory values) internal pure returns (uint256) {
        return values.length == 1 ? values[0] : values[0] | (values[1] << 128);
    }

    function _halves(uint256 word) private pure returns (uint256, uint256) {
        return (word >> 128, word & type(uint128).max);
    }

    function _third(uint256 word, uint256 place) internal pure returns (uint256) {
        return (word >> (64 * place)) & type(uint64).max;
    }
}
