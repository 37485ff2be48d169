// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CryptoMath} from "./CryptoMath.sol";
import {CryptoPool} from "./CryptoPool.sol";
import {CryptoViews} from "./CryptoViews.sol";
import {Tricrypto} from "./Tricrypto.sol";
import {TricryptoMath} from "./TricryptoMath.sol";
import {Twocrypto} from "./Twocrypto.sol";
import {TwocryptoMath} from "./TwocryptoMath.sol";

/// @title What the stand-ins of the crypto pools' factories share.
abstract contract CryptoFactory {
    /// @dev Parameters as the factories take them; fees 1e10, the others 1e18, the window in seconds over ln 2.
    struct Order {
        uint256 amp;
        uint256 gamma;
        uint256 mid;
        uint256 out;
        uint256 steep;
        uint256 profit;
        uint256 step;
        uint256 window;
    }

    address public immutable admin;
    address public fee_receiver;
    CryptoViews internal immutable views;
    address[] public pool_list;

    constructor() {
        (admin, views) = (msg.sender, new CryptoViews());
    }

    function set_fee_receiver(address to) external {
        require(msg.sender == admin);
        fee_receiver = to;
    }

    function pool_count() external view returns (uint256) {
        return pool_list.length;
    }

    function _setting(address[] memory coins, Order memory o, uint256[] memory prices, bool windowed)
        internal
        pure
        returns (CryptoPool.Setting memory)
    {
        require(o.mid <= o.out && o.out < 1e10 - 1 && o.steep > 0 && o.steep <= 1e18, "fee");
        require(o.profit <= 1e18 && o.step > 0 && o.step <= 1e18 && o.window > 86 && o.window < 872542, "rebalancing");
        for (uint256 k; k < prices.length; ++k) require(prices[k] > 1e6 && prices[k] < 1e30, "price");
        uint256 fees = (o.mid << 128) | (o.out << 64) | o.steep;
        uint256 rebalancing = (o.profit << 128) | (o.step << 64) | o.window;
        return CryptoPool.Setting(coins, (o.amp << 128) | o.gamma, fees, rebalancing, prices, windowed);
    }
}

/// @dev A contract holds the code of one pool at most.
contract TwocryptoMaker {
    function make(CryptoPool.Setting memory setting, CryptoMath math, CryptoViews views) external returns (Twocrypto) {
        return new Twocrypto(setting, math, views, msg.sender);
    }
}

/// @title Stand-in for Curve's Twocrypto-NG factory.
contract TwocryptoFactory is CryptoFactory {
    event TwocryptoPoolDeployed(
        address pool,
        string name,
        string symbol,
        address[2] coins,
        address math,
        bytes32 salt,
        uint256[2] precisions,
        uint256 packed_A_gamma,
        uint256 packed_fee_params,
        uint256 packed_rebalancing_params,
        uint256 packed_prices,
        address deployer
    );

    TwocryptoMath private immutable math;
    TwocryptoMaker private immutable maker;

    constructor() {
        math = new TwocryptoMath();
        maker = new TwocryptoMaker();
    }

    function deploy_pool(
        string memory name,
        string memory symbol,
        address[2] memory coins,
        uint256,
        Order memory order,
        uint256 price
    ) external returns (address) {
        address[] memory list = new address[](2);
        uint256[] memory prices = new uint256[](1);
        (list[0], list[1], prices[0]) = (coins[0], coins[1], price);
        CryptoPool.Setting memory made = _setting(list, order, prices, true);
        Twocrypto pool = maker.make(made, math, views);
        pool_list.push(address(pool));
        _announce(pool, name, symbol, made);
        return address(pool);
    }

    function _announce(Twocrypto pool, string memory name, string memory symbol, CryptoPool.Setting memory s) private {
        emit TwocryptoPoolDeployed(
            address(pool), name, symbol, [s.coins[0], s.coins[1]], address(math), 0, pool.precisions(), s.A_gamma,
            s.fees, s.rebalancing, s.prices[0], msg.sender
        );
    }
}

/// @dev A contract holds the code of one pool at most.
contract TricryptoMaker {
    function make(CryptoPool.Setting memory setting, CryptoMath math, CryptoViews views) external returns (Tricrypto) {
        return new Tricrypto(setting, math, views, msg.sender);
    }
}

/// @title Stand-in for Curve's Tricrypto-NG factories: the first implementation keeps an average of its worth, others
/// do not.
contract TricryptoFactory is CryptoFactory {
    event TricryptoPoolDeployed(
        address pool,
        string name,
        string symbol,
        address weth,
        address[3] coins,
        address math,
        bytes32 salt,
        uint256 packed_precisions,
        uint256 packed_A_gamma,
        uint256 packed_fee_params,
        uint256 packed_rebalancing_params,
        uint256 packed_prices,
        address deployer
    );

    TricryptoMath private immutable math;
    TricryptoMaker private immutable maker;

    constructor() {
        math = new TricryptoMath();
        maker = new TricryptoMaker();
    }

    function deploy_pool(
        string memory name,
        string memory symbol,
        address[3] memory coins,
        address weth,
        uint256 implementation,
        Order memory order,
        uint256[2] memory first
    ) external returns (address) {
        address[] memory list = new address[](3);
        uint256[] memory prices = new uint256[](2);
        for (uint256 k; k < 3; ++k) list[k] = coins[k];
        (prices[0], prices[1]) = (first[0], first[1]);
        CryptoPool.Setting memory made = _setting(list, order, prices, implementation == 0);
        Tricrypto pool = maker.make(made, math, views);
        pool_list.push(address(pool));
        _announce(pool, name, symbol, weth, made);
        return address(pool);
    }

    function _announce(
        Tricrypto pool,
        string memory name,
        string memory symbol,
        address weth,
        CryptoPool.Setting memory s
    ) private {
        emit TricryptoPoolDeployed(
            address(pool), name, symbol, weth, [s.coins[0], s.coins[1], s.coins[2]], address(math), 0,
            _units(pool.precisions()), s.A_gamma, s.fees, s.rebalancing, s.prices[0] | (s.prices[1] << 128), msg.sender
        );
    }

    function _units(uint256[3] memory units) private pure returns (uint256) {
        return (units[0] << 128) | (units[1] << 64) | units[2];
    }
}
