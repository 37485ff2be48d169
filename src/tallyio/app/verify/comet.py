"""Recorded answers of Compound v3 markets."""

from collections.abc import Callable
from functools import partial

from tallyio.app.verify.sheet import Sheet
from tallyio.app.verify.ticks import Record
from tallyio.protocols.lending.compound_v3 import actions, health, interest
from tallyio.protocols.lending.compound_v3.actions import Done
from tallyio.protocols.lending.compound_v3.model import INDEX, Account, Collateral, Market, RateCurve, Rules


def judge(record: Record, sheet: Sheet, family: str) -> None:
    state, call = record["state"], record["call"]
    now, market = state["timestamp"], market_of(record)
    accounts = [account_of(user) for user in record["users"]]
    _market_views(sheet, record, market, now)
    for index, views in record["views"]["users"].items():
        account = accounts[int(index)]
        answers: dict[str, Callable[[], object]] = {
            "isLiquidatable": partial(health.is_liquidatable, market, account),
            "isBorrowCollateralized": partial(health.is_borrow_collateralized, market, account),
            "balanceOf": partial(health.supplied, market, account, now),
            "borrowBalanceOf": partial(health.borrowed, market, account, now),
        }
        for name, view in views.items():
            if name in answers:
                sheet.view(name, view, answers[name])
            else:
                sheet.missing.append(name)
    done = sheet.call(record["result"], lambda: act(market, accounts, call, now))
    if done is None:
        return
    after, users = done
    assets = [0] * len(market.collaterals)
    if isinstance(call.get("asset"), int):
        assets[call["asset"]] = after.collateral
    answers_found = {"caller_base_delta": after.base, "caller_collateral_deltas": assets}
    sheet.fields("result", {k: v for k, v in record["result"].items() if k != "ok"}, answers_found)
    sheet.fields("state_after", record["state_after"], fields(after.market, state))
    sheet.same("users_after", record["users_after"], [user_fields(user) for user in users])


def act(market: Market, accounts: list[Account], call: Record, now: int) -> tuple[Done, list[Account]]:
    """Carries out the call; the accounts after, in their order."""
    users = list(accounts)
    method, amount, asset = call["method"], call.get("amount", 0), call.get("asset")
    if method == "absorb":
        done = Done(interest.accrue(market, now), None)
        for index in call["accounts"]:
            done = actions.absorb(done.market, users[index], now)
            if done.account is not None:
                users[index] = done.account
        return done, users
    if method == "buyCollateral":
        return actions.buy_collateral(market, call["asset"], call["minAmount"], call["baseAmount"], now), users
    index = call["account"]
    match method:
        case "supply":
            done = actions.supply(market, users[index], amount, now)
        case "withdraw":
            done = actions.withdraw(market, users[index], amount, now)
        case "supplyCollateral" if asset is not None:
            done = actions.supply_collateral(market, users[index], asset, amount)
        case "withdrawCollateral" if asset is not None:
            done = actions.withdraw_collateral(market, users[index], asset, amount)
        case "accrueAccount":
            done = actions.accrue_account(market, users[index], now)
        case _:
            raise KeyError(method)
    if done.account is not None:
        users[index] = done.account
    return done, users


def _market_views(sheet: Sheet, record: Record, market: Market, now: int) -> None:
    views, (supply_index, borrow_index) = record["views"], interest.indices(market, now)
    found = {
        "getUtilization": interest.utilization(market),
        "getReserves": health.reserves(market, now),
        "totalSupply": market.total_supply * supply_index // INDEX,
        "totalBorrow": market.total_borrow * borrow_index // INDEX,
    }
    for name, view in views["market"].items():
        if name in found:
            sheet.view(name, view, partial(int, found[name]))
        else:
            sheet.missing.append(name)
    for name, view in views.items():
        match name:
            case "quoteCollateral":
                sheet.view(name, view, partial(health.quote_collateral, market, view["asset"], view["baseAmount"]))
            case "getCollateralReserves":
                sheet.view(name, view, partial(health.collateral_reserves, market, view["asset"]))
            case "getSupplyRate":
                sheet.view(name, view, partial(market.rules.supply_curve.at, view["utilization"]))
            case "getBorrowRate":
                sheet.view(name, view, partial(market.rules.borrow_curve.at, view["utilization"]))
            case "market" | "users":
                pass
            case _:
                sheet.missing.append(name)


def market_of(record: Record) -> Market:
    state, config = record["state"], record["config"]
    curves = [
        RateCurve(
            kink=config[f"{side}Kink"],
            base=config[f"{side}PerSecondInterestRateBase"],
            slope_low=config[f"{side}PerSecondInterestRateSlopeLow"],
            slope_high=config[f"{side}PerSecondInterestRateSlopeHigh"],
        )
        for side in ("supply", "borrow")
    ]
    return Market(
        rules=Rules(
            base_scale=config["baseScale"],
            min_for_rewards=config["baseMinForRewards"],
            borrow_min=config["baseBorrowMin"],
            target_reserves=config["targetReserves"],
            store_front_factor=config["storeFrontPriceFactor"],
            tracking_scale=config["trackingIndexScale"],
            supply_speed=config["baseTrackingSupplySpeed"],
            borrow_speed=config["baseTrackingBorrowSpeed"],
            supply_curve=curves[0],
            borrow_curve=curves[1],
        ),
        collaterals=tuple(
            Collateral(
                scale=asset["scale"],
                borrow_factor=asset["borrowCollateralFactor"],
                liquidate_factor=asset["liquidateCollateralFactor"],
                liquidation_factor=asset["liquidationFactor"],
                supply_cap=asset["supplyCap"],
                price=state["prices"][k],
                total=state["totalsCollateral"][k],
                balance=state["collateral_token_balances"][k],
            )
            for k, asset in enumerate(record["assets"])
        ),
        base_price=state["base_price"],
        base_balance=state["base_token_balance"],
        supply_index=state["baseSupplyIndex"],
        borrow_index=state["baseBorrowIndex"],
        tracking_supply_index=state["trackingSupplyIndex"],
        tracking_borrow_index=state["trackingBorrowIndex"],
        total_supply=state["totalSupplyBase"],
        total_borrow=state["totalBorrowBase"],
        accrued_at=state["lastAccrualTime"],
        paused=state["pauseFlags"],
    )


def account_of(user: Record) -> Account:
    return Account(
        principal=user["principal"],
        tracking_index=user["baseTrackingIndex"],
        tracking_accrued=user["baseTrackingAccrued"],
        assets_in=user["assetsIn"],
        reserved=user["_reserved"],
        collateral=tuple(user["collateral"]),
    )


def user_fields(account: Account) -> dict[str, object]:
    return {
        "principal": account.principal,
        "baseTrackingIndex": account.tracking_index,
        "baseTrackingAccrued": account.tracking_accrued,
        "assetsIn": account.assets_in,
        "_reserved": account.reserved,
        "collateral": list(account.collateral),
    }


def fields(market: Market, before: Record) -> dict[str, object]:
    return {name: before[name] for name in ("timestamp", "prices", "base_price")} | {
        "baseSupplyIndex": market.supply_index,
        "baseBorrowIndex": market.borrow_index,
        "trackingSupplyIndex": market.tracking_supply_index,
        "trackingBorrowIndex": market.tracking_borrow_index,
        "totalSupplyBase": market.total_supply,
        "totalBorrowBase": market.total_borrow,
        "lastAccrualTime": market.accrued_at,
        "pauseFlags": market.paused,
        "totalsCollateral": [c.total for c in market.collaterals],
        "base_token_balance": market.base_balance,
        "collateral_token_balances": [c.balance for c in market.collaterals],
    }
