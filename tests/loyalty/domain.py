from datetime import datetime
from typing import assert_never

from msgspec import Struct


class OpenAccount(Struct, frozen=True, kw_only=True):
    owner: str


class EarnPoints(Struct, frozen=True, kw_only=True):
    points: int


class SpendPoints(Struct, frozen=True, kw_only=True):
    points: int


class AccountOpened(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    owner: str


class PointsEarned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    points: int


class PointsSpent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    points: int


Command = OpenAccount | EarnPoints | SpendPoints
Event = AccountOpened | PointsEarned | PointsSpent


class Account(Struct, frozen=True, kw_only=True):
    owner: str
    points: int = 0


class Refused(Exception):
    code = "refused"


class TooFewPoints(Refused):
    code = "too-few-points"


def decide(account: Account | None, command: Command, *, at: datetime) -> list[Event]:
    if isinstance(command, OpenAccount):
        if account:
            raise Refused("the account is open already")
        return [AccountOpened(owner=command.owner)]
    if account is None:
        raise Refused("there is no such account")
    match command:
        case EarnPoints():
            return [PointsEarned(points=command.points)]
        case SpendPoints():
            if command.points > account.points:
                raise TooFewPoints(f"only {account.points} points are left")
            return [PointsSpent(points=command.points)]
        case _:
            assert_never(command)


def evolve(account: Account | None, event: Event, *, at: datetime) -> Account:
    if isinstance(event, AccountOpened):
        return Account(owner=event.owner)
    assert account
    match event:
        case PointsEarned():
            return Account(owner=account.owner, points=account.points + event.points)
        case PointsSpent():
            return Account(owner=account.owner, points=account.points - event.points)
        case _:
            assert_never(event)
