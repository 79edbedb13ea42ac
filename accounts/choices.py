"""Lines and roles: the two lines constrain each other; a person has one line."""

from __future__ import annotations

from django.db import models


class Line(models.TextChoices):
    """The side a person stands on (双线管理，相互制约：第三条)."""

    CUSTOMER = "CUSTOMER", "客户线"
    RISK = "RISK", "风险线"
    MANAGEMENT = "MANAGEMENT", "管理层"
    SUPPORT = "SUPPORT", "支持"


class Role(models.TextChoices):
    """What a post does. A principal (经营主责任人) is a president or vice-president named for a borrower."""

    CUSTOMER_MANAGER = "CUSTOMER_MANAGER", "客户经理"
    CUSTOMER_HEAD = "CUSTOMER_HEAD", "客户部门负责人"
    RISK_MANAGER = "RISK_MANAGER", "风险经理"
    RISK_HEAD = "RISK_HEAD", "风险部负责人"
    VICE_PRESIDENT = "VICE_PRESIDENT", "分管行长"
    PRESIDENT = "PRESIDENT", "行长"
    ACCOUNTANT = "ACCOUNTANT", "会计"
    LEGAL = "LEGAL", "法务"
    ARCHIVIST = "ARCHIVIST", "档案员"
    AUDITOR = "AUDITOR", "审计"
    ADMIN = "ADMIN", "系统管理员"
    PRINCIPAL = (
        "PRINCIPAL",
        "经营主责任人",
    )  # never a post: a responsibility for a borrower, and a step of a chain

    @property
    def line(self) -> Line:
        """The line that the role belongs to."""
        return ROLE_LINES[self]


ROLE_LINES: dict[Role, Line] = {
    Role.CUSTOMER_MANAGER: Line.CUSTOMER,
    Role.CUSTOMER_HEAD: Line.CUSTOMER,
    Role.RISK_MANAGER: Line.RISK,
    Role.RISK_HEAD: Line.RISK,
    Role.VICE_PRESIDENT: Line.MANAGEMENT,
    Role.PRESIDENT: Line.MANAGEMENT,
    Role.PRINCIPAL: Line.MANAGEMENT,
    Role.ACCOUNTANT: Line.SUPPORT,
    Role.LEGAL: Line.SUPPORT,
    Role.ARCHIVIST: Line.SUPPORT,
    Role.AUDITOR: Line.SUPPORT,
    Role.ADMIN: Line.SUPPORT,
}

# Sets of roles, each named once for every page and verb that asks for it.
CUSTOMER_ROLES = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD)
RISK_ROLES = (Role.RISK_MANAGER, Role.RISK_HEAD)
PRESIDENTS = (Role.VICE_PRESIDENT, Role.PRESIDENT)
BRANCH_ROLES = (*RISK_ROLES, *PRESIDENTS)  # they see a whole branch
OVERSEERS = (Role.CUSTOMER_HEAD, *BRANCH_ROLES, Role.AUDITOR)  # they read what others owe and have done
CUSTOMER_READERS = (Role.CUSTOMER_MANAGER, *OVERSEERS)  # they read what is watched of customers
# Everybody who has to do with the business; an administrator has not.
BUSINESS_ROLES = tuple(role for role in Role if role not in (Role.ADMIN, Role.PRINCIPAL))


class UnitKind(models.TextChoices):
    """What a node of the unit tree is."""

    BANK = "BANK", "总行"
    BRANCH = "BRANCH", "支行"
    DEPARTMENT = "DEPARTMENT", "部门"
