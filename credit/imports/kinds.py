"""The kinds of file, each column with its Chinese header; in the order in which they depend on each other."""

from __future__ import annotations

from accounts.choices import Line, Role, UnitKind
from core.staging.shapes import Column, Kind, Type, choices_of
from credit.choices import (
    AccountKind,
    BorrowerKind,
    Channel,
    Direction,
    EventKind,
    InterestFrequency,
    LedgerKind,
    Product,
    ResponsibleRole,
    RiskClass,
)
from credit.imports import opening, trade, whole_book
from credit.imports.columns import (
    account,
    borrower,
    choice,
    date,
    loan,
    money,
    person,
    rate,
    refers,
    text,
    unit,
)

_POSTS = tuple(role for role in Role if role != Role.PRINCIPAL)  # 经营主责任人 is named per borrower
_DIRECTIONS = (
    ("贷", "CREDIT"),
    ("收", "CREDIT"),
    ("借", "DEBIT"),
    ("付", "DEBIT"),
    *choices_of(Direction),
)
_CURRENCIES = (("人民币", "CNY"), ("CNY", "CNY"), ("RMB", "CNY"), ("156", "CNY"))


_KINDS = (
    Kind(
        "units", "机构", "accounts_unit", ("code",),
        (
            text("code", "机构号", 20),
            text("name", "名称", 60),
            Column("kind", "类型", Type.CHOICE, choices=choices_of(UnitKind)),
            refers("parent", "上级机构号", "accounts_unit", "units", "机构", key="code", required=False),
        ),
    ),
    Kind(
        "people", "人员", "accounts_user", ("username", "unit", "role", "from_on"),
        (
            text("username", "工号", 40),
            text("name", "姓名", 40),
            Column("line", "条线", Type.CHOICE, choices=choices_of(Line)),
            unit(),
            Column("role", "岗位", Type.CHOICE, choices=choices_of(_POSTS)),
            date("from_on", "起"),
            date("to_on", "止", required=False),
        ),
    ),
    opening.DEPUTIES,
    Kind(
        "customers", "客户", "credit_borrower", ("number",),
        (
            text("number", "客户编号", 40),
            text("name", "名称", 120),
            Column("kind", "类型", Type.CHOICE, choices=choices_of(BorrowerKind)),
            text("id_number", "证件号", 40, required=False),
            text("industry", "行业", 60, required=False),
            text("address", "地址", 200, required=False),
            text("area", "片区", 60, required=False),
            text("legal_representative", "法定代表人", 60, required=False),
            text("phone", "电话", 40, required=False),
            text("main_business", "主营业务", 200, required=False),
            text("rating", "信用等级", 20, required=False),
        ),
        fixed={"initials": "''"},
    ),
    *whole_book.OF_CUSTOMERS,
    Kind(
        "contracts", "合同", "credit_contract", ("number",),
        (
            text("number", "合同号", 60),
            borrower(),
            Column("product", "品种", Type.CHOICE, choices=choices_of(Product)),
            money("amount", "授信金额"),
            date("signed_on", "签订日"),
            date("ends_on", "到期日"),
            text("purpose", "约定用途", 200, required=False),
            text("approval_number", "批复文号", 60, required=False),
            date("approved_on", "批复日期", required=False),
            text("scheme", "管理方案", 8, required=False),
            rate("syndicate_share", "我行银团份额", required=False),
        ),
    ),
    *whole_book.OF_CONTRACTS,
    *trade.OF_TRADE,
    Kind(
        "loans", "借据", "credit_loan", ("number",),
        (
            text("number", "借据号", 60),
            refers("contract", "合同号", "credit_contract", "contracts", "合同"),
            unit(),
            Column("product", "品种", Type.CHOICE, choices=choices_of(Product)),
            money("amount", "金额", positive=True),
            Column("annual_rate", "年利率", Type.RATE),
            date("starts_on", "发放日"),
            date("matures_on", "到期日"),
            text("purpose", "用途", 200, required=False),
            text("settlement_account", "结算账号", 40, required=False),
            choice("interest_frequency", "付息方式", InterestFrequency, required=False),
            text("margin_account", "保证金账号", 40, required=False),
            money("margin", "保证金金额", required=False),
        ),
    ),
    *whole_book.OF_LOANS,
    *opening.PAST,
    *whole_book.SECURITY,
    Kind(
        "accounts", "账户", "credit_account", ("number",),
        (
            text("number", "账号", 40),
            borrower(),
            unit(),
            Column("kind", "账户性质", Type.CHOICE, choices=choices_of(AccountKind)),
            date("opened_on", "开户日"),
            Column("overdraft", "允许透支", Type.FLAG, required=False),
        ),
    ),
    Kind(
        "responsibilities", "责任人", "credit_responsibility", ("borrower", "role", "person", "from_on"),
        (
            borrower(),
            Column("role", "岗位", Type.CHOICE, choices=choices_of(ResponsibleRole)),
            person(),
            unit(),
            date("from_on", "起"),
            date("to_on", "止", required=False),
        ),
    ),
    Kind(
        "schedules", "还款计划", "credit_installment", ("loan", "due_on"),
        (
            loan(),
            date("due_on", "应还日"),
            money("principal", "应还本金"),
            money("interest", "应还利息"),
        ),
    ),
    Kind(
        "loan_states", "借据状态", "credit_loanreading", ("loan", "effective_on"),
        (
            loan(),
            money("balance", "余额"),
            money("overdue_principal", "逾期本金"),
            money("overdue_interest", "欠息"),
            Column("days_past_due", "逾期天数", Type.COUNT),
            Column("risk_class", "风险分类", Type.CHOICE, choices=choices_of(RiskClass)),
            date("effective_on", "数据日期", required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "balances", "账户余额", "credit_accountbalance", ("account", "effective_on"),
        (
            account(),
            money("balance", "余额", negative=True),
            money("frozen", "冻结止付金额", required=False),
            date("effective_on", "数据日期", required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "transactions", "账户流水", "credit_transaction", ("number",),
        (
            text("number", "流水号", 60),
            account(),
            date("effective_on", "交易日"),
            Column("direction", "方向", Type.CHOICE, choices=_DIRECTIONS),
            money("amount", "金额"),
            money("balance_after", "交易后余额", required=False, negative=True, nullable=True),
            text("counterparty_name", "对方户名", 120, required=False),
            text("counterparty_account", "对方账号", 40, required=False),
            text("counterparty_bank", "对方行", 80, required=False),
            text("summary", "摘要", 120, required=False),
            choice("channel", "渠道", Channel, required=False),
            refers("reverses", "冲正流水号", "credit_transaction", "transactions", "流水", required=False),
            loan(required=False),
            Column(
                "currency", "币种", Type.CHOICE, required=False, choices=_CURRENCIES, is_kept=False,
                refusal="只收人民币的流水；外币账户的流水请从文件中剔除",
            ),
        ),
        effective="effective_on",
    ),
    Kind(
        "repayments", "还款流水", "credit_ledgerentry", ("number",),
        (
            text("number", "流水号", 60),
            loan(),
            Column("kind", "类型", Type.CHOICE, choices=choices_of(LedgerKind)),
            money("amount", "金额", positive=True),
            date("effective_on", "发生日"),
            refers("reverses", "冲正流水号", "credit_ledgerentry", "repayments", "流水", required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "events", "风险事项", "credit_riskevent", ("reference",),
        (
            text("reference", "来源编号", 80),
            borrower(),
            loan(required=False),
            Column("kind", "事项", Type.CHOICE, choices=choices_of(EventKind)),
            date("effective_on", "发生日"),
            text("detail", "事实", 300),
        ),
        effective="effective_on",
    ),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
