// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Packed} from "./Packed.sol";
import {vm} from "./Vm.sol";

interface IToken {
    function allowance(address owner, address spender) external view returns (uint256);
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address holder) external view returns (uint256);
    function deposit() external payable;
    function mint(address to, uint256 amount) external;
    function transfer(address to, uint256 amount) external returns (bool);
}

interface IV2Factory {
    function createPair(address a, address b) external returns (address);
}

interface IV2Pair {
    function mint(address to) external returns (uint256);
    function getReserves() external view returns (uint112, uint112, uint32);
}

interface IV3Factory {
    function createPool(address a, address b, uint24 fee) external returns (address);
}

interface IV3Pool {
    function initialize(uint160 price) external;
    function mint(address to, int24 low, int24 high, uint128 amount, bytes calldata data) external;
}

struct Key {
    address currency0;
    address currency1;
    uint24 fee;
    int24 spacing;
    address hooks;
}

struct Change {
    int24 low;
    int24 high;
    int256 liquidity;
    bytes32 salt;
}

interface IManager {
    function initialize(Key calldata key, uint160 price) external returns (int24);
}

interface IProvider {
    function modifyLiquidity(Key calldata key, Change calldata change, bytes calldata data) external payable;
}

interface IQuoter {
    struct Order {
        address tokenIn;
        address tokenOut;
        uint256 amountIn;
        uint24 fee;
        uint160 limit;
    }

    function quoteExactInputSingle(Order calldata order) external returns (uint256, uint160, uint32, uint256);
}

interface IExecutor {
    function owner() external view returns (address);
    function operator() external view returns (address);
    function withdraw(address token, uint256 amount, address to) external;
    function emergencyExit(address[] calldata tokens) external;
}

/// @title Published pools and lenders, and an executor that holds something of everything
/// @notice The executor is the very bytecode that the package carries; pools, managers, vaults and quoters are their
/// authors' published bytecode. Each top-level call is a transaction of its own (`isolate` in foundry.toml).
abstract contract Ground {
    uint256 internal constant ONE = 1 ether;
    uint160 internal constant EVEN = 2 ** 96;
    int24 internal constant EDGE = 887220;

    address internal owner = address(0xA11CE);
    address internal operator = address(0x0BE4A704);
    address internal executor;

    IToken internal weth;
    IToken internal a;
    IToken internal b;
    address internal fair;
    address internal cheap;
    address internal v3;
    address internal v3b;
    address internal manager;
    address internal vault;
    IQuoter internal quoter;

    /// @dev What the owner put in at the start: ether, WETH, A, B.
    uint256[4] internal floor;

    function setUp() public virtual {
        vm.deal(address(this), 1_000_000 * ONE);
        weth = IToken(_published("WETH9", ""));
        a = IToken(_published("OpenToken", abi.encode("A", 18)));
        b = IToken(_published("OpenToken", abi.encode("B", 18)));
        weth.deposit{value: 100_000 * ONE}();
        a.mint(address(this), 1_000_000 * ONE);
        b.mint(address(this), 1_000_000 * ONE);

        fair = _pair(weth, 100 * ONE, a, 100 * ONE);
        cheap = _pair(weth, 100 * ONE, a, 130 * ONE);
        address factory = _published("UniswapV3Factory", "");
        v3 = _pool(factory, weth, a);
        v3b = _pool(factory, a, b);
        quoter = IQuoter(_published("QuoterV2", abi.encode(factory, weth)));
        _openManager();
        _openVault();

        vm.deal(owner, ONE);
        vm.prank(owner);
        executor = _published(_tested(), abi.encode(weth, operator));
        _fill(executor, 5 * ONE);
    }

    function _tested() internal pure virtual returns (string memory) {
        return "Executor";
    }

    // ------------------------------------------------------------- what there is

    function _published(string memory name, bytes memory arguments) internal returns (address made) {
        bytes memory code = bytes.concat(_code(name), arguments);
        assembly {
            made := create(0, add(code, 0x20), mload(code))
        }
        require(made != address(0), name);
    }

    function _code(string memory name) internal view returns (bytes memory) {
        return vm.envBytes(string.concat("TALLYIO_CODE_", name));
    }

    function _pair(IToken x, uint256 ofX, IToken y, uint256 ofY) private returns (address made) {
        made = IV2Factory(_published("UniswapV2Factory", abi.encode(address(this)))).createPair(address(x), address(y));
        x.transfer(made, ofX);
        y.transfer(made, ofY);
        IV2Pair(made).mint(address(this));
    }

    function _pool(address factory, IToken x, IToken y) private returns (address made) {
        made = IV3Factory(factory).createPool(address(x), address(y), 3000);
        IV3Pool(made).initialize(EVEN);
        IV3Pool(made).mint(address(this), -EDGE, EDGE, uint128(300 * ONE), abi.encode(_sorted(x, y)));
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata data) external {
        address[2] memory tokens = abi.decode(data, (address[2]));
        IToken(tokens[0]).transfer(msg.sender, owed0);
        IToken(tokens[1]).transfer(msg.sender, owed1);
    }

    function _openManager() private {
        manager = _published("PoolManager", abi.encode(address(this)));
        IProvider provider = IProvider(_published("PoolModifyLiquidityTest", abi.encode(manager)));
        address[2] memory tokens = _sorted(weth, a);
        Key memory key = Key(tokens[0], tokens[1], 3000, 60, address(0));
        IManager(manager).initialize(key, EVEN);
        weth.approve(address(provider), type(uint256).max);
        a.approve(address(provider), type(uint256).max);
        provider.modifyLiquidity(key, Change(-EDGE, EDGE, int256(300 * ONE), 0), "");
    }

    /// @dev Balancer's vault lends whatever it holds.
    function _openVault() private {
        address authorizer = _published("Authorizer", abi.encode(address(this)));
        vault = _published("Vault", abi.encode(authorizer, weth, uint256(90 days), uint256(30 days)));
        weth.transfer(vault, 100 * ONE);
        a.transfer(vault, 100 * ONE);
    }

    function _fill(address to, uint256 amount) internal {
        vm.deal(to, amount);
        weth.transfer(to, amount);
        a.transfer(to, amount);
        b.transfer(to, amount);
        floor = _held(to);
    }

    function _sorted(IToken x, IToken y) internal pure returns (address[2] memory) {
        return address(x) < address(y) ? [address(x), address(y)] : [address(y), address(x)];
    }

    // ------------------------------------------------------------- what is said

    function _held(address who) internal view returns (uint256[4] memory) {
        return [who.balance, weth.balanceOf(who), a.balanceOf(who), b.balanceOf(who)];
    }

    /// @dev No token is less than it was, nobody may pull any, and the roles are who they were.
    function _requireWhole(uint256[4] memory before) internal view {
        uint256[4] memory now_ = _held(executor);
        for (uint256 i = 0; i < 4; ++i) {
            require(now_[i] >= before[i], "the executor has less than before");
        }
        address[7] memory spenders = [fair, cheap, v3, v3b, manager, vault, operator];
        for (uint256 i = 0; i < spenders.length; ++i) {
            require(weth.allowance(executor, spenders[i]) == 0, "an allowance of WETH is left");
            require(a.allowance(executor, spenders[i]) == 0, "an allowance of A is left");
            require(b.allowance(executor, spenders[i]) == 0, "an allowance of B is left");
        }
        require(IExecutor(executor).owner() == owner && IExecutor(executor).operator() == operator, "a role moved");
    }

    function _same(uint256[4] memory x, uint256[4] memory y) internal pure returns (bool) {
        return keccak256(abi.encode(x)) == keccak256(abi.encode(y));
    }

    function _call(address from, bytes memory data) internal returns (bool done, bytes memory answer) {
        vm.prank(from);
        (done, answer) = executor.call(data);
    }

    /// @dev Uniswap v2's formula; the pair itself refuses one wei more.
    function _out(address pair, IToken given, uint256 paid) internal view returns (uint256) {
        (uint256 here, uint256 there,) = IV2Pair(pair).getReserves();
        if (address(given) != _sorted(weth, a)[0]) (here, there) = (there, here);
        return paid * 997 * there / (here * 1000 + paid * 997);
    }

    function _swap(uint8 kind, address pool, IToken x, IToken y, uint256 paid, uint256 got)
        internal
        pure
        returns (Packed.Swap memory)
    {
        bytes memory detail = kind == Packed.V4 ? abi.encodePacked(uint24(3000), int24(60), address(0)) : bytes("");
        return Packed.Swap(kind, pool, address(x), address(y), paid, got, detail);
    }

    /// @notice A for WETH where it is cheap, and back in another pool.
    /// @return steps With every amount to the wei, and `back` the WETH that the cycle ends with.
    function _cycle(uint256 paid, bool second) internal returns (bytes memory steps, uint256 back) {
        uint256 got = _out(cheap, weth, paid);
        Packed.Swap memory sale;
        if (second) {
            (back,,,) = quoter.quoteExactInputSingle(IQuoter.Order(address(a), address(weth), got, 3000, 0));
            sale = _swap(Packed.V3, v3, a, weth, got, back);
        } else {
            back = _out(fair, a, got);
            sale = _swap(Packed.V2, fair, a, weth, got, back);
        }
        steps = Packed.opening(_swap(Packed.V2, cheap, weth, a, paid, got), Packed.plain(sale));
    }

    receive() external payable {}
}
