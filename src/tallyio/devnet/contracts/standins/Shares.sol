// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface Coin {
    function balanceOf(address owner) external view returns (uint256);
    function decimals() external view returns (uint8);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// @title What the stand-ins share: coins moved in and out.
abstract contract Coins {
    /// @dev Coins may return nothing.
    function _pay(address coin, address to, uint256 value) internal {
        _moved(coin, abi.encodeCall(Coin.transfer, (to, value)));
    }

    function _take(address coin, address from, uint256 value) internal {
        _moved(coin, abi.encodeCall(Coin.transferFrom, (from, address(this), value)));
    }

    function _moved(address coin, bytes memory order) internal {
        (bool done, bytes memory answer) = coin.call(order);
        require(done && coin.code.length > 0 && (answer.length == 0 || abi.decode(answer, (bool))), "coin not moved");
    }

    function _ours(address coin) internal view returns (uint256) {
        return Coin(coin).balanceOf(address(this));
    }
}

/// @title What the stand-ins' pools share: their shares.
abstract contract Shares is Coins {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        _moveShares(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        if (allowed != type(uint256).max) allowance[from][msg.sender] = allowed - value;
        _moveShares(from, to, value);
        return true;
    }

    function decimals() external pure returns (uint8) {
        return 18;
    }

    function _moveShares(address from, address to, uint256 value) internal {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    function _makeShares(address to, uint256 value) internal {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function _burnShares(address from, uint256 value) internal {
        balanceOf[from] -= value;
        totalSupply -= value;
        emit Transfer(from, address(0), value);
    }

    function _root(uint256 x) internal pure returns (uint256 y) {
        if (x == 0) return 0;
        y = 1 << (_bits(x) / 2 + 1);
        for (uint256 next = (y + x / y) / 2; next < y; next = (y + x / y) / 2) y = next;
    }

    function _bits(uint256 x) private pure returns (uint256 count) {
        for (; x > 1; x >>= 1) ++count;
    }
}
