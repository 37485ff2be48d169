"""State of an Aave v3 market read from its contracts at one block, brought forward to the next block's timestamp."""

from collections.abc import Iterable

from tallyio.core.units import Address
from tallyio.reports.exhaustive.chain_reading import Call, Views, at, encode, word
from tallyio.reports.exhaustive.lending import (
    WAD,
    Account,
    EMode,
    Market,
    Reserve,
    grown_debt_index,
    grown_supply_index,
)

NEAR_ONE = WAD * 101 // 100
"""Accounts above this health at a block cannot fall below one by the interest until the next."""
_ACTIVE, _PAUSED = 56, 60
_NOWHERE = "0x" + "00" * 20


class _Tokens:
    def __init__(self, supplied: Address, borrowed: Address) -> None:
        self.supplied, self.borrowed = supplied, borrowed


class LendingReader:
    def __init__(self, views: Views, market: Address) -> None:
        self._views, self._market = views, market

    async def market(self, users: Iterable[Address], block: int, timestamp: int) -> Market:
        """The market at ``timestamp`` on the state after ``block``, with those accounts that are near or below a
        health factor of one."""
        users = list(users)
        one, reserve_list = await self._views.all(
            [(self._market, encode("ADDRESSES_PROVIDER()")), (self._market, encode("getReservesList()"))], block
        )
        provider, assets = at(one, 0), [at(reserve_list, 2 + i) for i in range(word(reserve_list, 1))]
        oracle, sentinel = await self._views.all(
            [(provider, encode("getPriceOracle()")), (provider, encode("getPriceOracleSentinel()"))], block
        )
        reserves, tokens = await self._reserves(assets, at(oracle, 0), block, timestamp)
        accounts = await self._accounts(users, reserves, tokens, block)
        e_modes = await self._e_modes({account.e_mode for account in accounts} - {0}, block)
        allowed = True
        if at(sentinel, 0) != _NOWHERE:
            allowed = bool(
                word((await self._views.all([(at(sentinel, 0), encode("isLiquidationAllowed()"))], block))[0], 0)
            )
        return Market(reserves, e_modes, {account.user: account for account in accounts}, allowed)

    async def _reserves(
        self, assets: list[Address], oracle: Address, block: int, timestamp: int
    ) -> tuple[dict[Address, Reserve], dict[Address, _Tokens]]:
        calls: list[Call] = []
        for asset in assets:
            calls += [
                (self._market, encode("getReserveData(address)", asset)),
                (self._market, encode("getVirtualUnderlyingBalance(address)", asset)),
                (self._market, encode("getLiquidationGracePeriod(address)", asset)),
                (oracle, encode("getAssetPrice(address)", asset)),
            ]
        answers = await self._views.all(calls, block)
        reserves: dict[Address, Reserve] = {}
        tokens: dict[Address, _Tokens] = {}
        for i, asset in enumerate(assets):
            data, available, grace, price = answers[4 * i : 4 * i + 4]
            bits, seconds = word(data, 0), timestamp - word(data, 6)
            reserves[asset] = Reserve(
                asset=asset,
                id=word(data, 7),
                unit=10 ** (bits >> 48 & 0xFF),
                threshold_bps=bits >> 16 & 0xFFFF,
                bonus_bps=bits >> 32 & 0xFFFF,
                protocol_fee_bps=bits >> 152 & 0xFFFF,
                liquidatable=bool(bits >> _ACTIVE & 1 and not bits >> _PAUSED & 1 and word(grace, 0) < timestamp),
                price=word(price, 0),
                supply_index=grown_supply_index(word(data, 1), word(data, 2), seconds),
                debt_index=grown_debt_index(word(data, 3), word(data, 4), seconds),
                available=word(available, 0),
            )
            tokens[asset] = _Tokens(at(data, 8), at(data, 10))
        return reserves, tokens

    async def _accounts(
        self, users: list[Address], reserves: dict[Address, Reserve], tokens: dict[Address, _Tokens], block: int
    ) -> list[Account]:
        data_of = [(self._market, encode("getUserAccountData(address)", user)) for user in users]
        checks = await self._views.all(data_of, block, batch=100)
        near = [user for user, data in zip(users, checks, strict=True) if word(data, 5) < NEAR_ONE]
        calls: list[Call] = []
        for user in near:
            calls.append((self._market, encode("getUserConfiguration(address)", user)))
            calls.append((self._market, encode("getUserEMode(address)", user)))
            for asset in reserves:
                calls.append((tokens[asset].supplied, encode("scaledBalanceOf(address)", user)))
                calls.append((tokens[asset].borrowed, encode("scaledBalanceOf(address)", user)))
        answers = iter([word(answer, 0) for answer in await self._views.all(calls, block)])
        accounts = []
        for user in near:
            flags, mode = next(answers), next(answers)
            balances = {asset: (next(answers), next(answers)) for asset in reserves}
            supplied = {asset: held for asset, (held, _) in balances.items()}
            borrowed = {asset: owed for asset, (_, owed) in balances.items()}
            accounts.append(Account(user, flags, mode, supplied, borrowed))
        return accounts

    async def _e_modes(self, ids: set[int], block: int) -> dict[int, EMode]:
        order = sorted(ids)
        calls: list[Call] = []
        for mode in order:
            calls.append((self._market, encode("getEModeCategoryCollateralConfig(uint8)", mode)))
            calls.append((self._market, encode("getEModeCategoryCollateralBitmap(uint8)", mode)))
        answers = await self._views.all(calls, block)
        return {
            mode: EMode(word(answers[2 * i], 1), word(answers[2 * i], 2), word(answers[2 * i + 1], 0))
            for i, mode in enumerate(order)
        }
