"""The kinds of the whole book: groups, related parties, clauses, conditions, bills, letters, security."""

from __future__ import annotations

from core.staging.shapes import Column, Kind, Type
from credit.choices import (
    ClauseKind,
    CollateralKind,
    GroupRole,
    GuaranteeKind,
    LetterOfGuaranteeKind,
    PaymentMode,
    RelationKind,
    SuretyMode,
)
from credit.imports.columns import borrower, choice, count, date, flag, loan, money, rate, refers, text

_contract = refers("contract", "合同号", "credit_contract", "contracts", "合同")
_guarantee = refers("guarantee", "担保合同号", "credit_guarantee", "guarantees", "担保合同")
_collateral = refers("collateral", "押品编号", "credit_collateral", "collateral", "押品")

OF_CUSTOMERS = (
    Kind(
        "groups", "集团", "credit_group", ("number",),
        (
            text("number", "集团编号", 40),
            text("name", "集团名称", 120),
            refers("parent", "上级集团编号", "credit_group", "groups", "集团", required=False),
            refers(
                "lead_manager", "主办客户经理工号", "accounts_user", "people", "人员", key="username", required=False
            ),
        ),
    ),
    Kind(
        "group_members", "集团成员", "credit_groupmember", ("group", "borrower", "from_on"),
        (
            refers("group", "集团编号", "credit_group", "groups", "集团"),
            borrower(),
            choice("role", "成员类型", GroupRole),
            date("from_on", "起"),
            date("to_on", "止", required=False),
        ),
    ),
    Kind(
        "related_parties", "关联方", "credit_relatedparty", ("borrower", "relation", "name"),
        (
            borrower(),
            choice("relation", "关系", RelationKind),
            text("name", "关联方名称", 120),
            text("id_number", "关联方证件号", 40, required=False),
            refers("party", "关联方客户编号", "credit_borrower", "customers", "客户", required=False),
            rate("share", "持股比例", required=False),
            text("note", "说明", 200, required=False),
        ),
    ),
)  # fmt: skip

OF_CONTRACTS = (
    Kind(
        "clauses", "合同约定", "credit_clause", ("contract", "place"),
        (
            _contract,
            count("place", "序号"),
            choice("kind", "约定事项", ClauseKind),
            choice("payment_mode", "支付方式", PaymentMode, required=False),
            rate("share", "结算份额", required=False),
            Column("amount", "约定余额", Type.MONEY, required=False, positive=True, nullable=True),
            date("due_on", "约定期限", required=False),
            date("met_on", "履行日期", required=False),
            text("text", "约定内容", 500, required=False),
        ),
    ),
    Kind(
        "conditions", "批复要求", "credit_approvalcondition", ("contract", "place"),
        (
            _contract,
            count("place", "序号"),
            text("text", "批复要求", 500),
            date("due_on", "落实期限", required=False),
            date("met_on", "落实日期", required=False),
            text("note", "落实说明", 300, required=False),
        ),
    ),
)  # fmt: skip

OF_LOANS = (
    Kind(
        "bills", "票据", "credit_bill", ("number",),
        (
            text("number", "票据号", 60),
            loan(),
            money("amount", "票面金额", positive=True),
            date("drawn_on", "出票日"),
            date("matures_on", "到期日"),
            text("drawer", "出票人", 120, required=False),
            text("payee", "收款人", 120, required=False),
            text("acceptor", "承兑人", 120, required=False),
        ),
    ),
    Kind(
        "letters", "保函", "credit_letterofguarantee", ("loan",),
        (
            loan(),
            choice("kind", "保函种类", LetterOfGuaranteeKind),
            text("beneficiary", "受益人", 120),
            flag("is_electronic", "电子保函"),
            text("original_number", "原件编号", 60, required=False),
        ),
    ),
    Kind(
        "letter_claims", "保函索赔", "credit_letterclaim", ("number",),
        (
            text("number", "索赔编号", 60),
            loan(),
            money("amount", "索赔金额", positive=True),
            date("claimed_on", "索赔日"),
            date("settled_on", "了结日", required=False),
            text("outcome", "处理结果", 200, required=False),
        ),
    ),
)  # fmt: skip

SECURITY = (
    Kind(
        "guarantees", "担保合同", "credit_guarantee", ("number",),
        (
            text("number", "担保合同号", 60),
            borrower(),
            choice("kind", "担保方式", GuaranteeKind),
            text("guarantor_name", "担保人", 120),
            text("guarantor_id_number", "担保人证件号", 40, required=False),
            refers("guarantor", "担保人客户编号", "credit_borrower", "customers", "客户", required=False),
            money("amount", "担保金额", positive=True),
            flag("is_maximum", "最高额"),
            date("signed_on", "签订日"),
            date("from_on", "债权起", required=False),
            date("to_on", "债权止", required=False),
            date("fixed_on", "债权确定日", required=False),
            choice("mode", "保证方式", SuretyMode, required=False),
            count("period_months", "保证期间", required=False),
            date("ended_on", "终止日", required=False),
        ),
    ),
    Kind(
        "secured", "担保关系", "credit_secured", ("guarantee", "loan"),
        (
            _guarantee,
            loan(),
            money("amount", "担保债权金额", positive=True),
            date("from_on", "起"),
            date("to_on", "止", required=False),
        ),
    ),
    Kind(
        "collateral", "押品", "credit_collateral", ("number",),
        (
            text("number", "押品编号", 60),
            choice("kind", "押品类型", CollateralKind),
            text("name", "押品名称", 200),
            text("owner_name", "权属人", 120),
            text("location", "所在地", 200, required=False),
            text("certificate", "权证号", 120, required=False),
        ),
    ),
    Kind(
        "liens", "抵质押登记", "credit_lien", ("guarantee", "collateral"),
        (
            _guarantee,
            _collateral,
            count("rank", "顺位"),
            money("prior_amount", "先顺位债权", required=False),
            date("registered_on", "登记日", required=False),
            text("registration_number", "登记证号", 120, required=False),
            date("cancelled_on", "注销登记日", required=False),
        ),
    ),
    Kind(
        "valuations", "押品评估", "credit_valuation", ("collateral", "effective_on"),
        (
            _collateral,
            date("effective_on", "评估日"),
            money("value", "评估价值"),
            text("appraiser", "评估机构", 120, required=False),
        ),
        effective="effective_on",
    ),
)  # fmt: skip

KINDS = (*OF_CUSTOMERS, *OF_CONTRACTS, *OF_LOANS, *SECURITY)
