"""What may be entered by hand, by whom, and in which words the list of it speaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import RoleRequired
from accounts.choices import CUSTOMER_ROLES, Role
from accounts.models import User
from core.parameters import BASE
from core.policy import policy_on
from core.staging.shapes import Kind
from credit.choices import ResponsibleRole
from credit.imports.kinds import KINDS

# Who answers for a customer is named by the head of the own line, the principal by the presidents (第三条、第八条).
APPOINTS: dict[ResponsibleRole, tuple[Role, ...]] = {
    ResponsibleRole.CUSTOMER_MANAGER: (Role.CUSTOMER_HEAD,),
    ResponsibleRole.RISK_MANAGER: (Role.RISK_HEAD,),
    ResponsibleRole.PRINCIPAL: (Role.VICE_PRESIDENT, Role.PRESIDENT),
}

# Who enters a kind; the customer line where nothing is said. The risk line enters nothing else: it judges what is
# entered.
_BY: dict[str, tuple[Role, ...]] = {
    "loan_states": (Role.ACCOUNTANT,),
    "class_history": (Role.ACCOUNTANT,),
    "past_uses": (Role.ACCOUNTANT,),  # nobody says of their own customer that money is left to be paid out
    "repayments": (Role.ACCOUNTANT,),
    "balances": (Role.ACCOUNTANT,),
    "transactions": (Role.ACCOUNTANT,),
    "other_debts": (Role.CUSTOMER_MANAGER,),  # who reads the credit report (征信) answers for what it says
    "responsibilities": tuple(role for roles in APPOINTS.values() for role in roles),
    "units": (Role.ADMIN,),
    "people": (Role.ADMIN,),
    "deputies": (Role.ADMIN,),
}
ENTERERS = tuple(sorted({*CUSTOMER_ROLES, *(role for roles in _BY.values() for role in roles)}))

# A file of these is the whole of what its owner has: the page shows all rows of one owner, and saves all of them.
WHOLE: dict[str, str] = {"schedules": "loan"}

SECTIONS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        gettext_lazy("客户与集团"),
        {
            "customers": gettext_lazy("法人、个体、个人客户的基本情况；新客户同时登记客户经理。"),
            "groups": gettext_lazy("集团、上级集团和主办客户经理。"),
            "group_members": gettext_lazy("客户何时加入、退出哪个集团。"),
            "related_parties": gettext_lazy("股东、实际控制人、高管、亲属和担保圈企业。"),
            "counterparties": gettext_lazy("登记过的收款人和付款人；信贷资金只支付给登记过的对手。"),
            "declared_sales": gettext_lazy("客户申报的月销售收入、月采购支出和购销模式，含税。"),
            "other_debts": gettext_lazy("征信报告上其他机构给客户的融资余额，结清的登记为 0。"),
        },
    ),
    (
        gettext_lazy("合同与借据"),
        {
            "contracts": gettext_lazy("授信金额、期限、约定用途和批复文号。"),
            "clauses": gettext_lazy("支付方式、结算份额、约定余额、提款暂停权等合同约定。"),
            "conditions": gettext_lazy("批复要求及其落实。"),
            "loans": gettext_lazy("贷款、银行承兑汇票协议、保函、贴现的借据。"),
            "schedules": gettext_lazy("一笔借据的整份还款计划。"),
            "bills": gettext_lazy("承兑协议或贴现下的每一张票据。"),
            "letters": gettext_lazy("保函的受益人、种类和原件。"),
            "letter_claims": gettext_lazy("受益人的索赔及处理结果。"),
            "letter_returns": gettext_lazy("保函原件收回或遗失。"),
            "loan_states": gettext_lazy("余额、逾期本金、欠息、逾期天数和风险分类，由会计登记。"),
            "repayments": gettext_lazy("发放、归还本金和利息；记错的以冲正流水更正，由会计登记。"),
        },
    ),
    (
        gettext_lazy("担保"),
        {
            "guarantees": gettext_lazy("保证、抵押、质押合同，含最高额担保。"),
            "secured": gettext_lazy("担保合同担保哪笔借据、担保多少。"),
            "collateral": gettext_lazy("抵押物、质押物。"),
            "liens": gettext_lazy("押品的顺位、登记和注销。"),
            "valuations": gettext_lazy("押品每次评估的价值。"),
        },
    ),
    (
        gettext_lazy("账户"),
        {
            "accounts": gettext_lazy("客户在本行的账户。"),
            "balances": gettext_lazy("账户余额和冻结止付金额，由会计登记。"),
            "transactions": gettext_lazy("账户的每笔收付，由会计登记。"),
        },
    ),
    (
        gettext_lazy("人员与机构"),
        {
            "responsibilities": gettext_lazy("每户的客户经理、风险经理和经营主责任人及任期。"),
            "units": gettext_lazy("总行、支行、部门。"),
            "people": gettext_lazy("人员、条线、岗位及任期。"),
            "deputies": gettext_lazy("离岗期间的代理人（AB角）。"),
        },
    ),
    (
        gettext_lazy("开业数据"),
        {
            "past_inspections": gettext_lazy("上线前在纸上做过的检查。"),
            "past_letters": gettext_lazy("上线前发出的函件和送达证明。"),
            "past_uses": gettext_lazy(
                "上线前发放的贷款在上线时已用多少，由会计登记；没有登记的按已全部用完计。"
            ),
            "class_history": gettext_lazy("上线前的风险分类，由会计登记。"),
        },
    ),
)


@dataclass(frozen=True)
class Offered:
    """A kind as the list shows it."""

    kind: Kind
    told: str


@dataclass(frozen=True)
class Section:
    """A heading with what it holds."""

    title: str
    kinds: list[Offered]


def writers(name: str) -> tuple[Role, ...]:
    """The roles that enter a kind."""
    return _BY.get(name, CUSTOMER_ROLES)


def by_hand(on: date) -> list[str]:
    """The kinds that this lender enters by hand (entry.kinds)."""
    allowed: list[str] = policy_on(on).get(BASE, "entry.kinds").value
    return [name for name in allowed if name in KINDS]


def enters(user: User, on: date) -> set[str]:
    """The kinds that the person may enter: what a page offers is what the server accepts."""
    if not user.scope.has(*ENTERERS):
        return set()
    return {name for name in by_hand(on) if user.scope.has(*writers(name))}


def sections(user: User, on: date) -> list[Section]:
    """What the person may enter, under its headings."""
    mine = enters(user, on)
    found = [
        Section(str(title), [Offered(KINDS[name], str(told)) for name, told in kinds.items() if name in mine])
        for title, kinds in SECTIONS
    ]
    return [section for section in found if section.kinds]


def check_enters(user: User, name: str, on: date) -> Kind:
    """The kind, or: unknown (404), another post's, or the core system's alone (403 with a sentence)."""
    if not user.scope.has(*ENTERERS):
        raise RoleRequired(*ENTERERS)
    if name not in placed():
        raise Http404
    if not user.scope.has(*writers(name)):
        raise RoleRequired(*writers(name))
    if name not in by_hand(on):
        raise PermissionDenied(
            _("按本行设定，%(kind)s由核心系统的数据带入，不手工录入。") % {"kind": KINDS[name].label}
        )
    return KINDS[name]


def placed() -> Iterable[str]:
    """The kinds that have a place in the list."""
    return [name for _title, kinds in SECTIONS for name in kinds if name in KINDS]
