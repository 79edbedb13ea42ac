"""How an obligation is cited on a page, what a duty of a kind is called, and which button starts it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

OFFICE = "工人支行贷后管理办法"
HOUSING = "贷款贷后管理规定（个人/住房贷款）"


@dataclass(frozen=True)
class Citation:
    """The article behind a duty, as people cite it."""

    document: str
    article: str
    short: str  # how the document is called in a line: 办法, 规定

    def __str__(self) -> str:
        return f"{self.short} {self.article}"

    @property
    def full(self) -> str:
        """The document's whole title with the article."""
        return f"《{self.document}》{self.article}"


CITATIONS: dict[str, Citation] = {
    "GR-27": Citation(OFFICE, "第二十七条", "办法"),
    "GR-28.1": Citation(OFFICE, "第二十八条", "办法"),
    "GR-28.2": Citation(OFFICE, "第二十八条", "办法"),
    "GR-28.3": Citation(OFFICE, "第二十八条", "办法"),
    "GR-28.4": Citation(OFFICE, "第二十八条", "办法"),
    "GD-3.3": Citation(HOUSING, "第三条", "个贷规定"),
}

# What an obligation asks for, in the words of a list.
TITLES: dict[str, object] = {
    "GR-27": _("定期现场检查"),
    "GR-28.1": _("分类下迁，立即现场检查"),
    "GR-28.2": _("欠息、展期、逾期或垫付，立即现场检查"),
    "GR-28.3": _("停产半停产，立即现场检查"),
    "GR-28.4": _("重大事项，立即现场检查"),
    "GD-3.3": _("个人贷款定期检查"),
}

# A task is named by what is done, whatever obliges to it.
KINDS: dict[str, object] = {"site_inspection": _("现场检查")}
START_WORDS: dict[str, object] = {"site_inspection": _("开始检查")}


def citation(obligation: str) -> Citation:
    """The article of an obligation; one that is not in the table is cited as the internal rule it must be."""
    return CITATIONS.get(obligation) or Citation("内部管理要求", "", "内部要求")


def title(obligation: str) -> str:
    """What the obligation asks for."""
    return str(TITLES.get(obligation, _("贷后管理职责")))


def kind_label(kind: str) -> str:
    """What a task of the kind is called."""
    return str(KINDS.get(kind, _("贷后职责")))


def start_word(kind: str) -> str:
    """What the button that starts it says."""
    return str(START_WORDS.get(kind, _("办理")))


# What was done, in words; the record itself keeps the name of the act.
ACTS: dict[str, object] = {
    "accounts.signed_in": _("登录"),
    "accounts.locked_out": _("登录锁定"),
    "accounts.password_changed": _("修改密码"),
    "credit.event.recorded": _("登记风险事项"),
    "credit.event.reversed": _("冲正风险事项"),
    "credit.export": _("导出客户清单"),
    "postloan.export": _("导出到期与逾期清单"),
    "policy.version.proposed": _("提出管理方案参数"),
    "policy.version.approved": _("批准管理方案参数"),
    "policy.version.rejected": _("否决管理方案参数"),
    "calendar.years.announced": _("登记放假安排"),
    "demo.passwords.set": _("设置演示账号密码"),
    "workflow.attachment.added": _("上传附件"),
    "workflow.attachment.removed": _("删除附件"),
    "workflow.document.started": _("开始填写"),
    "workflow.document.conflict_resolved": _("合并两处填写"),
    "workflow.document.discarded": _("作废草稿"),
    "workflow.document.submitted": _("提交签字"),
    "workflow.document.signed": _("签字"),
    "workflow.document.returned": _("退回"),
    "workflow.document.withdrawn": _("撤回"),
    "workflow.document.locked": _("锁定归档"),
    "workflow.document.revised": _("更正，另起一版"),
    "workflow.password.refused": _("签字密码错误"),
    "workflow.duty.done": _("办结职责"),
    "workflow.duty.reassigned": _("移交职责"),
    "workflow.duty.waived": _("批准免办"),
    "workflow.duties.reconciled": _("日终生成职责"),
    "workflow.duties.escalated": _("逾期升级"),
}


def act_label(act: str) -> str:
    """An act in words; one without words yet by its name."""
    return str(ACTS.get(act, act))
