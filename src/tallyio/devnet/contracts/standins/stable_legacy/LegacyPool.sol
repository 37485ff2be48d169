// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin, Coins} from "../Shares.sol";
import {LegacyMath} from "./LegacyMath.sol";
import {LegacyToken} from "./LegacyToken.sol";

/// @title Stand-in for Curve's first plain pools: 3pool (`unit` 1) and the template after it (`unit` 100), of two to
/// four coins; code of our own.
/// @dev The administrator's delays and limits, killing and coins that take fees are left out.
contract LegacyPool is Coins {
    using LegacyMath for uint256[];

    event TokenExchange(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );
    event RemoveLiquidityOne(address indexed provider, uint256 token_amount, uint256 coin_amount);
    event RampA(uint256 old_A, uint256 new_A, uint256 initial_time, uint256 future_time);
    event StopRampA(uint256 A, uint256 t);
    event CommitNewFee(uint256 indexed deadline, uint256 fee, uint256 admin_fee);
    event NewFee(uint256 fee, uint256 admin_fee);

    uint256 internal constant ONE = 1e18;
    uint256 internal constant FEE_UNIT = 1e10;

    uint256 internal immutable unit;
    LegacyToken internal immutable shares;
    address public owner;

    address[] public coins;
    uint256[] public balances;
    uint256[] internal multipliers;
    uint256 public fee;
    uint256 public admin_fee;
    uint256 public future_fee;
    uint256 public future_admin_fee;
    uint256 public initial_A;
    uint256 public future_A;
    uint256 public initial_A_time;
    uint256 public future_A_time;

    constructor(address[] memory coins_, LegacyToken shares_, uint256 unit_, uint256 a, uint256 fee_, uint256 part) {
        (owner, coins, shares, unit) = (msg.sender, coins_, shares_, unit_);
        (fee, admin_fee) = (fee_, part);
        initial_A = future_A = a * unit_;
        for (uint256 k; k < coins_.length; ++k) {
            multipliers.push(10 ** (36 - Coin(coins_[k]).decimals()));
            balances.push(0);
        }
    }

    function A() external view returns (uint256) {
        return _amp() / unit;
    }

    function A_precise() external view returns (uint256) {
        require(unit != 1);
        return _amp();
    }

    function lp_token() external view returns (address) {
        require(unit != 1);
        return address(shares);
    }

    function admin_balances(uint256 i) external view returns (uint256) {
        return _ours(coins[i]) - balances[i];
    }

    function get_virtual_price() external view returns (uint256) {
        return _xp().invariant(_amp(), unit) * ONE / shares.totalSupply();
    }

    function get_dy(int128 i, int128 j, uint256 dx) external view returns (uint256) {
        (uint256 from, uint256 to) = (_at(i), _at(j));
        uint256[] memory rates = _ratesNow();
        uint256[] memory xp = balances.scaled(rates);
        uint256 dy = _gross(from, to, dx * rates[from] / ONE, xp);
        if (unit == 1) {
            dy = dy * ONE / rates[to];
            return dy - fee * dy / FEE_UNIT;
        }
        return (dy - fee * dy / FEE_UNIT) * ONE / rates[to];
    }

    function calc_token_amount(uint256[2] calldata amounts, bool deposit) external view returns (uint256) {
        return _sharesFor(_list(amounts), deposit);
    }

    function calc_token_amount(uint256[3] calldata amounts, bool deposit) external view returns (uint256) {
        return _sharesFor(_list(amounts), deposit);
    }

    function calc_token_amount(uint256[4] calldata amounts, bool deposit) external view returns (uint256) {
        return _sharesFor(_list(amounts), deposit);
    }

    function calc_withdraw_one_coin(uint256 burned, int128 i) external view returns (uint256 paid) {
        (paid,) = _withdrawal(burned, _at(i));
    }

    /// @dev The first pool answers nothing.
    function exchange(int128 i, int128 j, uint256 dx, uint256 min_dy) external {
        (uint256 from, uint256 to) = (_at(i), _at(j));
        uint256 dy = _swap(from, to, dx, dx * _rates()[from] / ONE);
        require(dy >= min_dy, "Exchange resulted in fewer coins than expected");
        _take(coins[from], msg.sender, dx);
        _pay(coins[to], msg.sender, dy);
        emit TokenExchange(msg.sender, i, dx, j, dy);
        if (unit != 1) _answer(dy);
    }

    function add_liquidity(uint256[2] calldata amounts, uint256 least) external {
        _add(_list(amounts), least);
    }

    function add_liquidity(uint256[3] calldata amounts, uint256 least) external {
        _add(_list(amounts), least);
    }

    function add_liquidity(uint256[4] calldata amounts, uint256 least) external {
        _add(_list(amounts), least);
    }

    function remove_liquidity(uint256 burned, uint256[2] calldata least) external {
        _remove(burned, _list(least));
    }

    function remove_liquidity(uint256 burned, uint256[3] calldata least) external {
        _remove(burned, _list(least));
    }

    function remove_liquidity(uint256 burned, uint256[4] calldata least) external {
        _remove(burned, _list(least));
    }

    function remove_liquidity_imbalance(uint256[2] calldata amounts, uint256 most) external {
        _removeUneven(_list(amounts), most);
    }

    function remove_liquidity_imbalance(uint256[3] calldata amounts, uint256 most) external {
        _removeUneven(_list(amounts), most);
    }

    function remove_liquidity_imbalance(uint256[4] calldata amounts, uint256 most) external {
        _removeUneven(_list(amounts), most);
    }

    function remove_liquidity_one_coin(uint256 burned, int128 i, uint256 least) external {
        uint256 coin = _at(i);
        _rates();
        (uint256 paid, uint256 taken) = _withdrawal(burned, coin);
        require(paid >= least, "Not enough coins removed");
        balances[coin] -= paid + taken * admin_fee / FEE_UNIT;
        shares.burnFrom(msg.sender, burned);
        _pay(coins[coin], msg.sender, paid);
        emit RemoveLiquidityOne(msg.sender, burned, paid);
        if (unit != 1) _answer(paid);
    }

    modifier only() {
        require(msg.sender == owner);
        _;
    }

    function ramp_A(uint256 a, uint256 end) external only {
        (initial_A, future_A) = (_amp(), a * unit);
        (initial_A_time, future_A_time) = (block.timestamp, end);
        emit RampA(initial_A, future_A, block.timestamp, end);
    }

    function stop_ramp_A() external only {
        initial_A = future_A = _amp();
        initial_A_time = future_A_time = block.timestamp;
        emit StopRampA(initial_A, block.timestamp);
    }

    function commit_new_fee(uint256 fee_, uint256 part) external only {
        require(fee_ <= FEE_UNIT / 2 && part <= FEE_UNIT);
        (future_fee, future_admin_fee) = (fee_, part);
        emit CommitNewFee(block.timestamp, fee_, part);
    }

    function apply_new_fee() external only {
        (fee, admin_fee) = (future_fee, future_admin_fee);
        emit NewFee(fee, admin_fee);
    }

    function withdraw_admin_fees() external only {
        for (uint256 k; k < coins.length; ++k) _pay(coins[k], msg.sender, _ours(coins[k]) - balances[k]);
    }

    /// @notice The coins' rates as a transaction takes them, which may keep what it asks others for.
    function _rates() internal virtual returns (uint256[] memory) {
        return _ratesNow();
    }

    function _ratesNow() internal view virtual returns (uint256[] memory) {
        return multipliers;
    }

    function _xp() internal view returns (uint256[] memory) {
        return balances.scaled(_ratesNow());
    }

    function _amp() internal view returns (uint256) {
        (uint256 from, uint256 to, uint256 start, uint256 end) = (initial_A, future_A, initial_A_time, future_A_time);
        if (block.timestamp >= end) return to;
        uint256 gone = block.timestamp - start;
        return to > from ? from + (to - from) * gone / (end - start) : from - (from - to) * gone / (end - start);
    }

    /// @notice What `entered` of coin `i` takes from coin `j` before its fee, both scaled.
    function _gross(uint256 i, uint256 j, uint256 entered, uint256[] memory xp) internal view returns (uint256) {
        return xp[j] - LegacyMath.balanceAt(i, j, xp[i] + entered, xp, _amp(), unit) - 1;
    }

    /// @notice Books a swap of `dx`, which counts for `entered`, and says what it pays.
    function _swap(uint256 i, uint256 j, uint256 dx, uint256 entered) internal returns (uint256 dy) {
        uint256[] memory rates = _ratesNow();
        dy = _gross(i, j, entered, balances.scaled(rates));
        uint256 taken = dy * fee / FEE_UNIT;
        dy = (dy - taken) * ONE / rates[j];
        balances[i] += dx;
        balances[j] -= dy + taken * admin_fee / FEE_UNIT * ONE / rates[j];
    }

    function _sharesFor(uint256[] memory amounts, bool deposit) private view returns (uint256) {
        require(amounts.length == coins.length);
        (uint256 amp, uint256 d0) = (_amp(), _xp().invariant(_amp(), unit));
        uint256[] memory held = balances;
        for (uint256 k; k < held.length; ++k) held[k] = deposit ? held[k] + amounts[k] : held[k] - amounts[k];
        uint256 d1 = held.scaled(_ratesNow()).invariant(amp, unit);
        return (deposit ? d1 - d0 : d0 - d1) * shares.totalSupply() / d0;
    }

    function _add(uint256[] memory amounts, uint256 least) private {
        uint256 n = coins.length;
        require(amounts.length == n);
        uint256[] memory rates = _rates();
        uint256[] memory counted = balances;
        uint256 supply = shares.totalSupply();
        uint256 d0 = supply == 0 ? 0 : counted.scaled(rates).invariant(_amp(), unit);
        for (uint256 k; k < n; ++k) {
            require(supply > 0 || amounts[k] > 0, "the first deposit is of all coins");
            counted[k] += amounts[k];
        }
        uint256 d1 = counted.scaled(rates).invariant(_amp(), unit);
        require(d1 > d0);
        (uint256 made, uint256[] memory fees) = (d1, new uint256[](n));
        if (supply > 0) {
            fees = _book(counted, d0, d1);
            made = supply * (counted.scaled(rates).invariant(_amp(), unit) - d0) / d0;
        } else {
            balances = counted;
        }
        require(made >= least, "Slippage screwed you");
        for (uint256 k; k < n; ++k) {
            if (amounts[k] > 0) _take(coins[k], msg.sender, amounts[k]);
        }
        shares.mint(msg.sender, made);
        _tell("AddLiquidity", abi.encodePacked(amounts, fees, d1, supply + made));
        if (unit != 1) _answer(made);
    }

    function _remove(uint256 burned, uint256[] memory least) private {
        uint256 n = coins.length;
        require(least.length == n);
        uint256 supply = shares.totalSupply();
        uint256[] memory amounts = new uint256[](n);
        for (uint256 k; k < n; ++k) {
            amounts[k] = balances[k] * burned / supply;
            require(amounts[k] >= least[k], "Withdrawal resulted in fewer coins than expected");
            balances[k] -= amounts[k];
            _pay(coins[k], msg.sender, amounts[k]);
        }
        shares.burnFrom(msg.sender, burned);
        _tell("RemoveLiquidity", abi.encodePacked(amounts, new uint256[](n), supply - burned));
    }

    function _removeUneven(uint256[] memory amounts, uint256 most) private {
        uint256 n = coins.length;
        require(amounts.length == n);
        uint256[] memory rates = _rates();
        uint256[] memory counted = balances;
        uint256 supply = shares.totalSupply();
        uint256 d0 = counted.scaled(rates).invariant(_amp(), unit);
        for (uint256 k; k < n; ++k) counted[k] -= amounts[k];
        uint256 d1 = counted.scaled(rates).invariant(_amp(), unit);
        uint256[] memory fees = _book(counted, d0, d1);
        uint256 burned = (d0 - counted.scaled(rates).invariant(_amp(), unit)) * supply / d0;
        require(burned != 0);
        ++burned;
        require(burned <= most, "Slippage screwed you");
        shares.burnFrom(msg.sender, burned);
        for (uint256 k; k < n; ++k) _pay(coins[k], msg.sender, amounts[k]);
        _tell("RemoveLiquidityImbalance", abi.encodePacked(amounts, fees, d1, supply - burned));
    }

    /// @notice Keeps balances that went to `counted`, less the administrator's part of the fees, which it leaves there.
    function _book(uint256[] memory counted, uint256 d0, uint256 d1) private returns (uint256[] memory fees) {
        uint256 n = counted.length;
        uint256 rate = fee * n / (4 * (n - 1));
        fees = new uint256[](n);
        for (uint256 k; k < n; ++k) {
            fees[k] = rate * LegacyMath.apart(d1 * balances[k] / d0, counted[k]) / FEE_UNIT;
            balances[k] = counted[k] - fees[k] * admin_fee / FEE_UNIT;
            counted[k] -= fees[k];
        }
    }

    function _withdrawal(uint256 burned, uint256 i) private view returns (uint256 paid, uint256 taken) {
        (uint256[] memory xp, uint256[] memory rates) = (_xp(), _ratesNow());
        (uint256 amp, uint256 n) = (_amp(), xp.length);
        uint256 d0 = xp.invariant(amp, unit);
        uint256 d1 = d0 - burned * d0 / shares.totalSupply();
        uint256 kept = LegacyMath.solve(i, xp, amp, unit, d1);
        uint256[] memory reduced = new uint256[](n);
        for (uint256 k; k < n; ++k) {
            uint256 share = xp[k] * d1 / d0;
            uint256 expected = k == i ? share - kept : xp[k] - share;
            reduced[k] = xp[k] - fee * n / (4 * (n - 1)) * expected / FEE_UNIT;
        }
        paid = (reduced[i] - LegacyMath.solve(i, reduced, amp, unit, d1) - 1) * ONE / rates[i];
        taken = (xp[i] - kept) * ONE / rates[i] - paid;
    }

    /// @dev An event whose arrays are as long as there are coins.
    function _tell(string memory name, bytes memory data) private {
        string memory many = string.concat("uint256[", coins.length == 2 ? "2" : coins.length == 3 ? "3" : "4", "]");
        string memory tail = data.length == 32 * (2 * coins.length + 2) ? ",uint256,uint256)" : ",uint256)";
        bytes32 topic = keccak256(bytes(string.concat(name, "(address,", many, ",", many, tail)));
        assembly ("memory-safe") {
            log2(add(data, 32), mload(data), topic, caller())
        }
    }

    function _answer(uint256 value) internal pure {
        assembly ("memory-safe") {
            mstore(0, value)
            return(0, 32)
        }
    }

    function _at(int128 i) internal pure returns (uint256) {
        require(i >= 0);
        return uint256(int256(i));
    }

    function _list(uint256[2] calldata a) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        for (uint256 k; k < 2; ++k) list[k] = a[k];
    }

    function _list(uint256[3] calldata a) private pure returns (uint256[] memory list) {
        list = new uint256[](3);
        for (uint256 k; k < 3; ++k) list[k] = a[k];
    }

    function _list(uint256[4] calldata a) private pure returns (uint256[] memory list) {
        list = new uint256[](4);
        for (uint256 k; k < 4; ++k) list[k] = a[k];
    }
}
