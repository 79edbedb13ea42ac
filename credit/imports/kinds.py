"""The kinds of file, each column with its Chinese header; in the order in which they depend on each other."""

from __future__ import annotations

from accounts.choices import Line, Role, UnitKind
from core.staging.shapes import Column, Kind, Type, choices_of
from credit.choices import (
    AccountKind,
    BorrowerKind,
    Direction,
    EventKind,
    LedgerKind,
    Product,
    ResponsibleRole,
    RiskClass,
)

_POSTS = tuple(role for role in Role if role != Role.PRINCIPAL)  # 经营主责任人 is named per borrower
_DIRECTIONS = (
    ("贷", "CREDIT"),
    ("收", "CREDIT"),
    ("借", "DEBIT"),
    ("付", "DEBIT"),
    *choices_of(Direction),
)


def _text(name: str, label: str, length: int, *, required: bool = True) -> Column:
    return Column(name, label, length=length, required=required)


def _date(name: str, label: str, *, required: bool = True) -> Column:
    return Column(name, label, Type.DATE, required=required)


def _money(name: str, label: str, *, required: bool = True, **rules: bool) -> Column:
    return Column(name, label, Type.MONEY, required=required, **rules)  # type: ignore[arg-type]


def _refers(name: str, label: str, table: str, parent: str, noun: str, **words: object) -> Column:
    return Column(name, label, Type.REFERENCE, table=table, parent=parent, noun=noun, **words)  # type: ignore[arg-type]


def _unit(label: str = "机构号") -> Column:
    return _refers("unit", label, "accounts_unit", "units", "机构", key="code")


def _borrower() -> Column:
    return _refers("borrower", "客户编号", "credit_borrower", "customers", "客户")


def _person() -> Column:
    return _refers("person", "工号", "accounts_user", "people", "人员", key="username")


def _loan(*, required: bool = True) -> Column:
    return _refers("loan", "借据号", "credit_loan", "loans", "借据", required=required)


def _account() -> Column:
    return _refers("account", "账号", "credit_account", "accounts", "账户")


_KINDS = (
    Kind(
        "units", "机构", "accounts_unit", ("code",),
        (
            _text("code", "机构号", 20),
            _text("name", "名称", 60),
            Column("kind", "类型", Type.CHOICE, choices=choices_of(UnitKind)),
            _refers("parent", "上级机构号", "accounts_unit", "units", "机构", key="code", required=False),
        ),
    ),
    Kind(
        "people", "人员", "accounts_user", ("username", "unit", "role", "from_on"),
        (
            _text("username", "工号", 40),
            _text("name", "姓名", 40),
            Column("line", "条线", Type.CHOICE, choices=choices_of(Line)),
            _unit(),
            Column("role", "岗位", Type.CHOICE, choices=choices_of(_POSTS)),
            _date("from_on", "起"),
            _date("to_on", "止", required=False),
        ),
    ),
    Kind(
        "customers", "客户", "credit_borrower", ("number",),
        (
            _text("number", "客户编号", 40),
            _text("name", "名称", 120),
            Column("kind", "类型", Type.CHOICE, choices=choices_of(BorrowerKind)),
            _text("id_number", "证件号", 40, required=False),
            _text("industry", "行业", 60, required=False),
            _text("address", "地址", 200, required=False),
            _text("area", "片区", 60, required=False),
            _text("legal_representative", "法定代表人", 60, required=False),
            _text("phone", "电话", 40, required=False),
            _text("main_business", "主营业务", 200, required=False),
            _text("rating", "信用等级", 20, required=False),
        ),
        fixed={"initials": "''"},
    ),
    Kind(
        "contracts", "合同", "credit_contract", ("number",),
        (
            _text("number", "合同号", 60),
            _borrower(),
            Column("product", "品种", Type.CHOICE, choices=choices_of(Product)),
            _money("amount", "授信金额"),
            _date("signed_on", "签订日"),
            _date("ends_on", "到期日"),
            _text("purpose", "约定用途", 200, required=False),
            _text("approval_number", "批复文号", 60, required=False),
            _date("approved_on", "批复日期", required=False),
        ),
    ),
    Kind(
        "loans", "借据", "credit_loan", ("number",),
        (
            _text("number", "借据号", 60),
            _refers("contract", "合同号", "credit_contract", "contracts", "合同"),
            _unit(),
            Column("product", "品种", Type.CHOICE, choices=choices_of(Product)),
            _money("amount", "金额", positive=True),
            Column("annual_rate", "年利率", Type.RATE),
            _date("starts_on", "发放日"),
            _date("matures_on", "到期日"),
            _text("purpose", "用途", 200, required=False),
            _text("settlement_account", "结算账号", 40, required=False),
        ),
    ),
    Kind(
        "accounts", "账户", "credit_account", ("number",),
        (
            _text("number", "账号", 40),
            _borrower(),
            _unit(),
            Column("kind", "账户性质", Type.CHOICE, choices=choices_of(AccountKind)),
            _date("opened_on", "开户日"),
            Column("overdraft", "允许透支", Type.FLAG, required=False),
        ),
    ),
    Kind(
        "responsibilities", "责任人", "credit_responsibility", ("borrower", "role", "person", "from_on"),
        (
            _borrower(),
            Column("role", "岗位", Type.CHOICE, choices=choices_of(ResponsibleRole)),
            _person(),
            _unit(),
            _date("from_on", "起"),
            _date("to_on", "止", required=False),
        ),
    ),
    Kind(
        "schedules", "还款计划", "credit_installment", ("loan", "due_on"),
        (
            _loan(),
            _date("due_on", "应还日"),
            _money("principal", "应还本金"),
            _money("interest", "应还利息"),
        ),
    ),
    Kind(
        "loan_states", "借据状态", "credit_loanreading", ("loan", "effective_on"),
        (
            _loan(),
            _money("balance", "余额"),
            _money("overdue_principal", "逾期本金"),
            _money("overdue_interest", "欠息"),
            Column("days_past_due", "逾期天数", Type.COUNT),
            Column("risk_class", "风险分类", Type.CHOICE, choices=choices_of(RiskClass)),
            _date("effective_on", "数据日期", required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "balances", "账户余额", "credit_accountbalance", ("account", "effective_on"),
        (
            _account(),
            _money("balance", "余额", negative=True),
            _money("frozen", "冻结止付金额", required=False),
            _date("effective_on", "数据日期", required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "transactions", "账户流水", "credit_transaction", ("number",),
        (
            _text("number", "流水号", 60),
            _account(),
            _date("effective_on", "交易日"),
            Column("direction", "方向", Type.CHOICE, choices=_DIRECTIONS),
            _money("amount", "金额"),
            _money("balance_after", "交易后余额", required=False, negative=True),
            _text("counterparty_name", "对方户名", 120, required=False),
            _text("counterparty_account", "对方账号", 40, required=False),
            _text("counterparty_bank", "对方行", 80, required=False),
            _text("summary", "摘要", 120, required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "repayments", "还款流水", "credit_ledgerentry", ("number",),
        (
            _text("number", "流水号", 60),
            _loan(),
            Column("kind", "类型", Type.CHOICE, choices=choices_of(LedgerKind)),
            _money("amount", "金额", positive=True),
            _date("effective_on", "发生日"),
            _refers("reverses", "冲正流水号", "credit_ledgerentry", "repayments", "流水", required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "events", "风险事项", "credit_riskevent", ("reference",),
        (
            _text("reference", "来源编号", 80),
            _borrower(),
            _loan(required=False),
            Column("kind", "事项", Type.CHOICE, choices=choices_of(EventKind)),
            _date("effective_on", "发生日"),
            _text("detail", "事实", 300),
        ),
        effective="effective_on",
    ),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
