"""Who reviews payments up to how much: the tiers that a principal sets, and who signs for an amount. Money in 元."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Line, Role
from accounts.models import User
from core import audit, clock
from core.errors import Invalid, Refused
from core.money import yuan
from core.parameters import Policy
from credit.choices import ResponsibleRole
from credit.models import Borrower, Responsibility
from credit.selectors.responsible import responsible
from monitoring.authority.rules import REVIEWERS, Tier, default_tiers, steps_for
from monitoring.models import PaymentAuthority, PaymentTier
from workflow.choices import ChainStatus
from workflow.models import Document, Step
from workflow.rules import LADDER

AUTHORITY_SET = audit.act("monitoring.payment_authority.set", gettext_lazy("设定审核权限"))


@dataclass(frozen=True)
class Tiers:
    """The steps that hold for a borrower on a day; `authority` is None where the policy's default holds."""

    steps: tuple[Tier, ...]
    authority: PaymentAuthority | None = None


def tiers_of(borrower: Borrower, on: date, policy: Policy) -> Tiers:
    """The steps for a borrower's payments: its principal's, as in force on the day, else the policy's."""
    principal = responsible(borrower, ResponsibleRole.PRINCIPAL, on)
    authority = (
        PaymentAuthority.objects.in_force(on).filter(set_by=principal.person_id).first()
        if principal
        else None
    )
    if authority is None:
        return Tiers(default_tiers(policy))
    steps = tuple(
        Tier(Role(tier.role), tier.up_to, tier.person_id) for tier in authority.tiers.order_by("place")
    )
    return Tiers(steps, authority)


def check_covers(document: Document, borrower: Borrower, amount: Decimal, on: date, policy: Policy) -> None:
    """Raise Refused unless those who sign the document may together pass the amount, as authorities hold now.

    `amount` is of the payment with what counts together with it. A limit that was changed since the submission, or
    another payment to the same payee, may ask for somebody who is not in the chain.
    """
    # The chain that runs, or has just been completed by the signature that is judged.
    steps = Step.objects.filter(chain__document=document, position__gt=1)
    seats = list(steps.exclude(chain__status=ChainStatus.RETURNED).order_by("position"))
    missing = [
        str(tier.role.label)
        for tier in steps_for(tiers_of(borrower, on, policy).steps, amount)
        if not any(_sits_for(tier, seat) for seat in seats)
    ]
    if missing:
        raise Refused(
            _(
                "付给该收款人及其关联方的合并计额 %(amount)s 元，按现行权限还须%(who)s审核，签字栏里没有；"
                "请退回客户经理重新提交。"
            )
            % {"amount": yuan(amount), "who": "、".join(missing)}
        )


def _sits_for(tier: Tier, seat: Step) -> bool:
    """Whether a seat is that of the tier: its post, with the person it names, or one above that took its place."""
    if Role(seat.role) is not tier.role:
        return seat.role in LADDER[tier.role]
    return tier.role is Role.PRINCIPAL or tier.person_id in (None, seat.person_id)


def is_principal(user: User, on: date) -> bool:
    """Whether the person is the principal of some borrower on the day."""
    return (
        Responsibility.objects.current(on)
        .filter(person=user, role=ResponsibleRole.PRINCIPAL, known_on__lte=on)
        .exists()
    )


def reason_not_to_set(user: User, on: date) -> str:
    """Why the person may not set an authority; empty where they may."""
    if not user.scope.has(Role.PRESIDENT, Role.VICE_PRESIDENT) or not is_principal(user, on):
        return _("审核权限由经营主责任人（行长或分管行长）设定；您不是任何客户的经营主责任人。")
    return ""


def check_tiers(steps: Sequence[Tier]) -> None:
    """Raise Invalid unless the steps make sense: risk line first, limits rising, the last without one."""
    if not steps:
        raise Invalid(_("请至少设一级审核人。"))
    if steps[0].role.line != Line.RISK:
        raise Invalid(_("第一级须为风险条线（风险经理或风险部负责人），请修改第 1 级。"))
    if any(step.role not in REVIEWERS for step in steps):
        raise Invalid(_("审核人只能是风险条线、经营主责任人或行领导。"))
    if len({step.role for step in steps}) != len(steps):
        raise Invalid(_("同一岗位只能设一级，请合并。"))
    if any(step.up_to is None for step in steps[:-1]) or steps[-1].up_to is not None:
        raise Invalid(_("除末级外每级都要填权限金额，末级不限金额，请检查。"))
    limits = [step.up_to for step in steps[:-1] if step.up_to is not None]
    if any(limit <= 0 for limit in limits) or limits != sorted(set(limits)):
        raise Invalid(_("权限金额须逐级递增且大于零，请检查。"))


@transaction.atomic
def set_authority(*, by: User, steps: Sequence[Tier], from_on: date, on: date) -> PaymentAuthority:
    """A principal says who reviews payments of their borrowers up to how much, from a day on; never backwards."""
    if reason := reason_not_to_set(by, on):
        raise Refused(reason)
    if from_on < on:
        raise Invalid(_("生效日 %(from)s 早于今天，请另选：已审核的支付不能改变权限。") % {"from": from_on})
    check_tiers(steps)
    _check_people(steps)
    authority = PaymentAuthority.objects.create(set_by=by, from_on=from_on, recorded_at=clock.now())
    PaymentTier.objects.bulk_create(
        PaymentTier(
            authority=authority, place=place, role=step.role, person_id=step.person_id, up_to=step.up_to
        )
        for place, step in enumerate(steps, start=1)
    )
    audit.record(
        act=AUTHORITY_SET,
        subject=authority,
        after={
            "from_on": from_on,
            "tiers": [{"role": step.role, "person": step.person_id, "up_to": step.up_to} for step in steps],
        },
    )
    return authority


def _check_people(steps: Sequence[Tier]) -> None:
    """A named person holds the post that is named."""
    for place, step in enumerate(steps, start=1):
        if step.person_id is None or step.role == Role.PRINCIPAL:
            continue
        holds = User.objects.filter(pk=step.person_id, posts__role=step.role, posts__to_on__isnull=True)
        if not holds.exists():
            raise Invalid(_("第 %(place)s 级指定的人不在该岗位，请重选。") % {"place": place})
