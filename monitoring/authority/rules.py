"""Who reviews payments up to how much: the steps of an authority, and who signs for an amount. Pure; money in 元."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.choices import Role
from core.errors import Refused
from core.obligations import claims
from core.parameters import Policy

# Who may review payments; the first of them is always of the risk line (第十六条、第十八条).
REVIEWERS = (Role.RISK_MANAGER, Role.RISK_HEAD, Role.PRINCIPAL, Role.VICE_PRESIDENT, Role.PRESIDENT)
SCHEME = "BASE"


@dataclass(frozen=True)
class Tier:
    """One step: who reviews payments up to so many 元 (None: any amount); `person_id` narrows the post to one."""

    role: Role
    up_to: Decimal | None
    person_id: int | None = None


@claims("GR-18", does="按经营主责任人设定的权限逐级审核")
def steps_for(tiers: Sequence[Tier], amount: Decimal) -> list[Tier]:
    """Everybody from the first step up to the first whose limit covers the amount; they sign in this order. Pure."""
    taken: list[Tier] = []
    for tier in tiers:
        taken.append(tier)
        if tier.up_to is None or amount <= tier.up_to:
            return taken
    raise Refused(f"没有权限可以审核 {amount:,.2f} 元的审核人，请经营主责任人设定末级不限金额的审核人。")


def default_tiers(policy: Policy) -> tuple[Tier, ...]:
    """What holds until a principal says otherwise."""
    return tuple(
        Tier(Role(step["role"]), None if step["up_to"] is None else Decimal(str(step["up_to"])))
        for step in policy.get(SCHEME, "payment.tiers").value
    )
