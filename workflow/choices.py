"""Enumerations of duties, days and signatures, each with its table of transitions."""

from __future__ import annotations

from django.db import models


class SubjectKind(models.TextChoices):
    """What a duty is about."""

    BORROWER = "BORROWER", "客户"
    LOAN = "LOAN", "借据"
    CONTRACT = "CONTRACT", "合同"
    GUARANTEE = "GUARANTEE", "担保"
    ACCOUNT = "ACCOUNT", "账户"
    DOCUMENT = "DOCUMENT", "文书"
    UNIT = "UNIT", "机构"
    PERSON = "PERSON", "人员"


class DutyStatus(models.TextChoices):
    """Where a duty stands."""

    OPEN = "OPEN", "待办"
    DONE = "DONE", "已办"
    VOID = "VOID", "不再需要"
    WAIVED = "WAIVED", "经批准免办"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"OPEN": "accent", "DONE": "ok"}.get(self.value, "")


# VOID → OPEN: what was no longer required is required again (a class improved and fell again within the quarter).
DUTY_TRANSITIONS = {
    DutyStatus.OPEN: frozenset({DutyStatus.DONE, DutyStatus.VOID, DutyStatus.WAIVED}),
    DutyStatus.DONE: frozenset(),
    DutyStatus.VOID: frozenset({DutyStatus.OPEN}),
    DutyStatus.WAIVED: frozenset(),
}


class DocumentStatus(models.TextChoices):
    """Where a revision of a document stands."""

    DRAFT = "DRAFT", "填写中"
    SIGNING = "SIGNING", "待签字"
    LOCKED = "LOCKED", "已锁定归档"
    SUPERSEDED = "SUPERSEDED", "已被新版替代"
    DISCARDED = "DISCARDED", "已作废"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"SIGNING": "accent", "LOCKED": "ok"}.get(self.value, "")


DOCUMENT_TRANSITIONS = {
    DocumentStatus.DRAFT: frozenset({DocumentStatus.SIGNING, DocumentStatus.DISCARDED}),
    DocumentStatus.SIGNING: frozenset({DocumentStatus.DRAFT, DocumentStatus.LOCKED}),
    DocumentStatus.LOCKED: frozenset({DocumentStatus.SUPERSEDED}),
    DocumentStatus.SUPERSEDED: frozenset(),
    DocumentStatus.DISCARDED: frozenset(),
}


class ChainStatus(models.TextChoices):
    """Where a run of signatures stands."""

    RUNNING = "RUNNING", "签字中"
    RETURNED = "RETURNED", "已退回"
    COMPLETED = "COMPLETED", "已完成"


CHAIN_TRANSITIONS = {
    ChainStatus.RUNNING: frozenset({ChainStatus.RETURNED, ChainStatus.COMPLETED}),
    ChainStatus.RETURNED: frozenset(),
    ChainStatus.COMPLETED: frozenset(),
}


class StepStatus(models.TextChoices):
    """Where one signature stands."""

    WAITING = "WAITING", "待签"
    SIGNED = "SIGNED", "已签"
    RETURNED = "RETURNED", "退回"
    CANCELLED = "CANCELLED", "未签（已退回）"


STEP_TRANSITIONS = {
    StepStatus.WAITING: frozenset({StepStatus.SIGNED, StepStatus.RETURNED, StepStatus.CANCELLED}),
    StepStatus.SIGNED: frozenset(),
    StepStatus.RETURNED: frozenset(),
    StepStatus.CANCELLED: frozenset(),
}


class ConsentStatus(models.TextChoices):
    """Where the consent to a document entered afterwards (补录) stands."""

    PENDING = "PENDING", "待同意"
    GRANTED = "GRANTED", "已同意"
    REFUSED = "REFUSED", "不同意"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"GRANTED": "ok", "REFUSED": "doubt"}.get(self.value, "")


# REFUSED → PENDING: asked again with a better reason.
CONSENT_TRANSITIONS = {
    ConsentStatus.PENDING: frozenset({ConsentStatus.GRANTED, ConsentStatus.REFUSED}),
    ConsentStatus.GRANTED: frozenset(),
    ConsentStatus.REFUSED: frozenset({ConsentStatus.PENDING}),
}


class RunStatus(models.TextChoices):
    """Where one step of a day stands."""

    PENDING = "PENDING", "未开始"
    WAITING = "WAITING", "等待数据"
    RUNNING = "RUNNING", "进行中"
    DONE = "DONE", "已完成"
    FAILED = "FAILED", "失败"


# RUNNING → RUNNING: a dead worker's step is taken up again by the next tick.
RUN_TRANSITIONS = {
    RunStatus.PENDING: frozenset({RunStatus.RUNNING, RunStatus.WAITING}),
    RunStatus.WAITING: frozenset({RunStatus.RUNNING}),
    RunStatus.RUNNING: frozenset({RunStatus.RUNNING, RunStatus.DONE, RunStatus.FAILED}),
    RunStatus.FAILED: frozenset({RunStatus.RUNNING}),
    RunStatus.DONE: frozenset(),
}
