"""What obligations, duties, audited acts and their subjects are called on a page, and which button starts a duty."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.obligations import catalogue

# What an obligation asks for, in the words of a list.
TITLES: dict[str, object] = {
    "GR-27": _("定期现场检查"),
    "GR-28.1": _("分类下迁即时检查"),
    "GR-28.2": _("欠息、展期、逾期、垫付即时检查"),
    "GR-28.3": _("停产半停产即时检查"),
    "GR-28.4": _("重大事项即时检查"),
    "GD-2": _("正常类抽查"),
    "GD-3.3": _("个人贷款定期检查"),
    "GS-8": _("首次跟踪检查"),
    "GR-35": _("季度贷后管理例会"),
    "FW-2.3.1": _("收息收本提醒"),
    "GR-6.4.1": _("到期贷款催收函"),
    "GR-6.4.1b": _("到期前备足还款资金"),
    "GR-6.4.2": _("到期前备足票据敞口"),
    "GR-6.4.3": _("20 日前备足付息资金"),
    "GR-6.4.4": _("收回保函原件"),
    "GD-3.2": _("建立固定联系"),
    "GR-4": _("落实合同约定和批复要求"),
    "GR-24": _("约定支付审核"),
    "GR-19": _("未经审核划转处理"),
    "GR-23": _("挪用处置"),
    "XF-2.3": _("挪用结清与失联催收"),
    "GR-26": _("标识受控账户"),
    "GR-20.1": _("自主支付汇总核查"),
    "GR-20.2": _("逐笔登记用款"),
    "LS-3.1": _("零售贷款用途核查"),
    "GR-21": _("账户资金月度监测"),
    "GR-22.1": _("资金异动核查"),
    "GR-22.2": _("集团成员间资金核查"),
    "NX-4.2": _("资金运动变化分析"),
    "NX-4.3": _("货款回笼督促"),
}

# A task is named by what is done, whatever obliges to it.
KINDS: dict[str, object] = {
    "site_inspection": _("现场检查"),
    "first_check": _("首次跟踪检查"),
    "review_meeting": _("贷后管理例会"),
    "collection_reminder": _("收息收本提醒"),
    "maturity_letter": _("到期贷款催收函"),
    "funds_check": _("落实到期资金"),
    "original_recovery": _("收回保函原件"),
    "fixed_contact": _("建立固定联系"),
    "contract_terms": _("落实合同约定"),
    "contract_clauses": _("补签支付约定"),
    "unreviewed_payment": _("处理未经审核的划转"),
    "supervised_account": _("登记受控账户"),
    "account_ledger_review": _("账户资金监测台账"),
    "share_prompt": _("督促提高结算与存款份额"),
    "signal_check": _("核查资金异动"),
    "misuse_rectification": _("限期纠正挪用"),
    "misuse_report": _("阅知挪用报告"),
    "misuse_manager_report": _("报告挪用情况"),
    "misuse_legal": _("出具暂停用款的法律意见"),
    "frozen_contract": _("处理冻结后的提款与流出"),
    "early_settlement": _("要求提前结清"),
    "start_collection": _("启动催收"),
    "fund_use_record": _("登记用款（附件1）"),
    "self_payment_summary": _("自主支付汇总核查"),
}
START_WORDS: dict[str, object] = {"site_inspection": _("开始检查")}


def title(obligation: str) -> str:
    """What the obligation asks for: in the words of a list, otherwise in the catalogue's."""
    if obligation in TITLES:
        return str(TITLES[obligation])
    known = catalogue().get(obligation)
    return known.duty if known else str(_("贷后管理职责"))


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
    "accounts.password.refused": _("密码错误"),
    "accounts.leave.registered": _("登记休假与代理"),
    "accounts.leave.ended": _("提前结束休假代理"),
    "accounts.leave.cancelled": _("取消休假代理"),
    "credit.class.recorded": _("认定风险分类"),
    "credit.event.recorded": _("登记风险事项"),
    "credit.event.reversed": _("冲正风险事项"),
    "credit.original.recorded": _("登记保函原件收回"),
    "credit.margin.released": _("释放保证金"),
    "credit.contact.recorded": _("登记固定联系方式"),
    "credit.terms.met": _("登记合同约定已落实"),
    "credit.clauses.added": _("登记补签的支付约定"),
    "credit.agreements.exported": _("导出合同约定登记"),
    "credit.extracts.applied": _("数据入账"),
    "credit.extracts.unchanged": _("数据重复，未变更"),
    "credit.extracts.rejected": _("数据退回"),
    "credit.customer.handed_over": _("移交客户"),
    "credit.entry.added": _("手工录入"),
    "credit.entry.corrected": _("手工更正"),
    "credit.export": _("导出客户清单"),
    "credit.group.exported": _("导出集团成员"),
    "postloan.export": _("导出到期与逾期清单"),
    "postloan.dashboard.exported": _("导出看板"),
    "credit.loans.exported": _("导出借据清单"),
    "postloan.rulebook.exported": _("导出制度对照"),
    "monitoring.funds.checked": _("核对到期资金"),
    "monitoring.months.written": _("汇总账户月度资金"),
    "monitoring.ledgers.exported": _("导出账户月度台账"),
    "monitoring.uses.seen": _("登记已见用款"),
    "monitoring.uses.exported": _("导出用款跟踪清单"),
    "monitoring.export": _("导出资金预警"),
    "monitoring.payment.submitted": _("提交支付审核"),
    "monitoring.payment.returned": _("退回支付审核"),
    "monitoring.payment.reviewed": _("支付审核同意"),
    "monitoring.payment.released": _("支付放行"),
    "monitoring.payment.refused": _("柜面拒办支付"),
    "monitoring.slip.passed": _("柜面按客户自有资金放行"),
    "monitoring.slip.undone": _("撤回柜面放行"),
    "monitoring.payment.cancelled": _("撤销支付"),
    "monitoring.payments.watched": _("核对支付与流水"),
    "monitoring.frozen.watched": _("核对冻结合同"),
    "monitoring.payments.exported": _("导出支付审核"),
    "monitoring.payment_authority.set": _("设定审核权限"),
    "monitoring.supervised_account.marked": _("登记受控账户"),
    "monitoring.supervised_account.ended": _("解除受控账户"),
    "monitoring.supervised_accounts.exported": _("导出受控账户"),
    "monitoring.signals.raised": _("识别资金异动"),
    "monitoring.signal.confirmed": _("认定资金信号属实"),
    "monitoring.signal.dismissed": _("排除资金信号"),
    "monitoring.misuse.confirmed": _("认定挪用，暂停用款"),
    "monitoring.misuse.accepted": _("验收挪用纠正，恢复用款"),
    "monitoring.misuse.exported": _("导出挪用处置"),
    "monitoring.outlook.written": _("推算未来资金"),
    "monitoring.outlook.exported": _("导出未来资金"),
    "monitoring.signals.exported": _("导出资金信号"),
    "inspections.sample.drawn": _("抽取检查样本"),
    "inspections.sample.exported": _("导出检查样本"),
    "policy.version.proposed": _("提出管理方案参数"),
    "policy.version.approved": _("批准管理方案参数"),
    "policy.version.rejected": _("否决管理方案参数"),
    "policy.preview.exported": _("导出推演结果"),
    "calendar.years.announced": _("登记放假安排"),
    "demo.database.marked": _("标记为演示数据库"),
    "demo.passwords.set": _("设置演示账号密码"),
    "workflow.attachment.added": _("上传附件"),
    "workflow.attachment.removed": _("删除附件"),
    "workflow.document.started": _("开始填写"),
    "workflow.document.conflict_resolved": _("合并两处填写"),
    "workflow.document.discarded": _("作废草稿"),
    "workflow.document.submitted": _("提交签字"),
    "workflow.step.signed": _("签字"),
    "workflow.document.returned": _("退回"),
    "workflow.document.withdrawn": _("撤回"),
    "workflow.document.locked": _("锁定归档"),
    "workflow.document.revised": _("更正，另起一版"),
    "workflow.late_entry.requested": _("申请补录"),
    "workflow.late_entry.withdrawn": _("撤回补录申请"),
    "workflow.late_entry.granted": _("同意补录"),
    "workflow.late_entry.refused": _("不同意补录"),
    "workflow.usage.exported": _("导出使用情况"),
    "workflow.password.refused": _("密码错误"),  # as it was called until 2026-11
    "workflow.duty.done": _("办结职责"),
    "workflow.duty.reassigned": _("移交职责"),
    "workflow.duty.waived": _("批准免办"),
    "workflow.duties.reconciled": _("日终生成职责"),
    "workflow.duties.escalated": _("逾期升级"),
}


def act_label(act: str) -> str:
    """An act in words; one without words yet by its name."""
    return str(ACTS.get(act, act))


# What an audit entry is about, by the name that core.audit gives its row.
SUBJECTS: dict[str, object] = {
    "accounts.user": _("人员"),
    "accounts.deputy": _("休假代理"),
    "core.importbatch": _("导入批次"),
    "core.preview": _("推演"),
    "core.schemeversion": _("方案版本"),
    "core.calendar": _("工作日历"),
    "book": _("业务数据"),
    "dashboard": _("看板"),
    "loans": _("借据清单"),
    "credit.borrower": _("客户"),
    "credit.classfact": _("风险分类"),
    "credit.riskevent": _("风险事项"),
    "credit.group": _("集团"),
    "credit.letterreturn": _("保函原件"),
    "credit.marginrelease": _("保证金释放"),
    "credit.contact": _("固定联系方式"),
    "credit.contract": _("合同"),
    "inspections.sample": _("抽查样本"),
    "workflow.attachment": _("附件"),
    "workflow.chain": _("签字链"),
    "workflow.dayrun": _("日终步骤"),
    "workflow.document": _("文书"),
    "workflow.lateentry": _("补录"),
    "workflow.step": _("签字"),
    "workflow.workitem": _("职责"),
    "borrowers": _("客户名单"),
    "agreements": _("合同约定登记"),
    "movements": _("账户流水"),
    "branch_duties": _("到期与逾期名单"),
    "rulebook": _("制度对照"),
    "usage": _("使用情况表"),
    "funds": _("资金预警名单"),
    "uses": _("用款跟踪清单"),
    "monitoring.payment": _("支付"),
    "monitoring.paymentauthority": _("审核权限"),
    "monitoring.refusedrelease": _("拒办记录"),
    "monitoring.passedslip": _("自有资金放行"),
    "monitoring.supervisedaccount": _("受控账户"),
    "payments": _("支付审核名单"),
    "supervised_accounts": _("受控账户登记"),
    "signals": _("资金信号清单"),
    "monitoring.misusecase": _("挪用处置"),
    "monitoring.signal": _("资金信号"),
    "ledgers": _("账户月度台账"),
}


def subject_label(subject: str) -> str:
    """What an act was about, in words: 职责 40."""
    name, _colon, key = subject.partition(":")
    return f"{SUBJECTS.get(name, name)} {key}".strip()
