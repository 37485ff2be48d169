// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface IToken {
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
    function balanceOf(address holder) external view returns (uint256);
}

struct Account {
    address owner;
    uint256 number;
}

struct Amount {
    bool sign;
    uint8 denomination;
    uint8 ref;
    uint256 value;
}

struct Action {
    uint8 kind;
    uint256 account;
    Amount amount;
    uint256 market;
    uint256 other;
    address party;
    uint256 otherAccount;
    bytes data;
}

interface IBorrower {
    function onMorphoFlashLoan(uint256 assets, bytes calldata data) external;
    function callFunction(address sender, Account calldata account, bytes calldata data) external;
}

/// @title A stand-in for contracts that no package holds: Curve's pools, Liquidity Book's pairs, Morpho, dYdX Solo
/// @notice Their functions, as far as the executor calls them, over two tokens at a fixed rate. The zero address is
/// ether. It says nothing about their arithmetic.
contract Market {
    address[2] public coins;
    uint256 public rate;
    uint256[2] private counted;
    uint256 private constant ONE = 1e18;

    /// @param rate_ Of the second token for one of the first, times 1e18.
    constructor(address first, address second, uint256 rate_) payable {
        (coins[0], coins[1], rate) = (first, second, rate_);
    }

    function sync() public {
        (counted[0], counted[1]) = (_held(0), _held(1));
    }

    // ------------------------------------------------------------------ Curve

    /// @dev The first pools return nothing.
    function exchange(int128 i, int128 j, uint256 dx, uint256 least) external payable {
        _pull(uint128(i), uint128(j), dx, least);
    }

    function exchange(uint256 i, uint256 j, uint256 dx, uint256 least) external payable returns (uint256) {
        return _pull(i, j, dx, least);
    }

    function exchange_underlying(int128 i, int128 j, uint256 dx, uint256 least) external returns (uint256) {
        return _pull(uint128(i), uint128(j), dx, least);
    }

    function exchange_underlying(uint256 i, uint256 j, uint256 dx, uint256 least) external returns (uint256) {
        return _pull(i, j, dx, least);
    }

    function exchange_received(int128 i, int128 j, uint256 dx, uint256 least) external returns (uint256) {
        return _received(uint128(i), uint128(j), dx, least);
    }

    function exchange_received(uint256 i, uint256 j, uint256 dx, uint256 least) external returns (uint256) {
        return _received(i, j, dx, least);
    }

    function _pull(uint256 i, uint256 j, uint256 dx, uint256 least) private returns (uint256) {
        if (coins[i] == address(0)) require(msg.value == dx, "value");
        else require(IToken(coins[i]).transferFrom(msg.sender, address(this), dx), "pull");
        return _give(i, j, dx, least, msg.sender);
    }

    function _received(uint256 i, uint256 j, uint256 dx, uint256 least) private returns (uint256) {
        require(_held(i) - counted[i] >= dx, "nothing received");
        return _give(i, j, dx, least, msg.sender);
    }

    // --------------------------------------------------------- Liquidity Book

    function swap(bool first, address to) external returns (bytes32) {
        (uint256 i, uint256 j) = first ? (0, 1) : (1, 0);
        return bytes32(_give(i, j, _held(i) - counted[i], 1, to));
    }

    // ---------------------------------------------------------------- lenders

    function flashLoan(address token, uint256 assets, bytes calldata data) external {
        IToken(token).transfer(msg.sender, assets);
        IBorrower(msg.sender).onMorphoFlashLoan(assets, data);
        require(IToken(token).transferFrom(msg.sender, address(this), assets), "repay");
    }

    function getNumMarkets() external pure returns (uint256) {
        return 2;
    }

    function getMarketTokenAddress(uint256 market) external view returns (address) {
        return coins[market];
    }

    function operate(Account[] calldata accounts, Action[] calldata actions) external {
        require(accounts.length == 1 && actions.length == 3 && accounts[0].owner == msg.sender, "form");
        (Action calldata out, Action calldata call_, Action calldata back) = (actions[0], actions[1], actions[2]);
        require(out.kind == 1 && call_.kind == 8 && back.kind == 0 && back.amount.sign && !out.amount.sign, "kinds");
        require(back.amount.value == out.amount.value + 2, "two wei");
        IToken(coins[out.market]).transfer(out.party, out.amount.value);
        IBorrower(call_.party).callFunction(msg.sender, accounts[0], call_.data);
        require(IToken(coins[back.market]).transferFrom(back.party, address(this), back.amount.value), "repay");
    }

    // ----------------------------------------------------------------- shared

    function _give(uint256 i, uint256 j, uint256 dx, uint256 least, address to) private returns (uint256 dy) {
        dy = i == 0 ? dx * rate / ONE : dx * ONE / rate;
        require(i != j && dy >= least, "least");
        if (coins[j] != address(0)) {
            IToken(coins[j]).transfer(to, dy);
        } else {
            (bool done,) = to.call{value: dy}("");
            require(done, "ether");
        }
        sync();
    }

    function _held(uint256 i) private view returns (uint256) {
        return coins[i] == address(0) ? address(this).balance : IToken(coins[i]).balanceOf(address(this));
    }

    receive() external payable {}
}
