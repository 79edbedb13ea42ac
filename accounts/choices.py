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


class UnitKind(models.TextChoices):
    """What a node of the unit tree is."""

    BANK = "BANK", "总行"
    BRANCH = "BRANCH", "支行"
    DEPARTMENT = "DEPARTMENT", "部门"
