"""What 附件3 starts with: the borrower, its loans, last time's answers, and the facts to look into."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max, Sum

from accounts.models import Post, Unit, User
from core.money import wan
from core.periods import add_months, month_of
from core.policy import policy_on
from credit.choices import Direction, Product, ResponsibleRole
from credit.models import Borrower, ClassFact, LoanReading, RiskEvent, Transaction
from credit.selectors.positions import class_of, live_loans
from credit.selectors.responsible import responsible
from inspections.documents.site_inspection import from_book
from inspections.documents.site_inspection.business import EXPLAIN_CHANGE, FINANCE
from inspections.documents.site_inspection.overview import BORROWER, PROJECT, TYPES
from workflow.choices import DocumentStatus, SubjectKind
from workflow.definitions import NO, YES, Fact, Prefill
from workflow.duty_forms import Subject
from workflow.models import Document

FORM = "site_inspection"
SCHEME = "GR"
MATURES_SOON = 3  # months ahead
FALL = Decimal("0.30")  # a month's receipts below this share less than the month before are worth a look


def prefill(*, subject: Subject, user: User, on: date) -> Prefill:
    """Everything that the system knows on the day, so that the visitor types only what he sees."""
    borrower = Borrower.objects.get(pk=subject.id)
    loans = list(live_loans(on).filter(borrower=borrower).select_related("contract").order_by("number"))
    last, book = last_inspection(borrower), from_book.read(borrower, loans, on)
    told = _from_last(last, loans)
    answers = {
        **_head(borrower, loans, subject, on),
        **_visit(borrower, loans, user),
        **from_book.security_answers(book),
        **told,
        **from_book.condition_answers(book, told.get("conditions", [])),
        "contracts": [_contract_line(loan) for loan in loans],
        "approved_purpose": "；".join(dict.fromkeys(p for loan in loans if (p := loan.contract.purpose))),
    }
    return Prefill(
        answers={name: answer for name, answer in answers.items() if answer not in ("", [], None)},
        facts=(*_facts(borrower, loans, last, on), *from_book.facts(book, loans, on)),
        last=last.content if last else {},
        last_on=date.fromisoformat(last.content["inspected_on"]) if last else None,
        facts_on=LoanReading.objects.known(on).filter(loan__in=loans).aggregate(on=Max("effective_on"))["on"],
        options={
            "lead_inspector": ((user.username, user.name),),
            "second_inspector": tuple(_colleagues(user, on)),
        },
        figures={EXPLAIN_CHANGE: Decimal(str(policy_on(on).get(SCHEME, EXPLAIN_CHANGE).value))},
    )


def last_inspection(borrower: Borrower) -> Document | None:
    """The last 附件3 that was signed through."""
    return (
        Document.objects.of(subject_kind=SubjectKind.BORROWER, subject_id=borrower.pk)
        .filter(form=FORM, status=DocumentStatus.LOCKED)
        .order_by("-content__inspected_on", "-id")
        .first()
    )


def _head(borrower: Borrower, loans: list[Any], subject: Subject, on: date) -> dict[str, Any]:
    contracts = {loan.contract_id: loan.contract for loan in loans}.values()
    worst = class_of(max((loan.severity for loan in loans), default=None))
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    project = any(loan.product == Product.FIXED_ASSET for loan in loans)
    return {
        "has_project_loan": YES if project else NO,
        "class_in_force": worst.value if worst else "",
        "borrower_name": borrower.name,
        "borrower_number": borrower.number,
        "unit_name": Unit.objects.get(pk=subject.unit_id).name,
        "customer_manager": manager.person.name if manager else "缺岗",
        "risk_class": str(worst.label) if worst else "未分类",
        "rating": borrower.rating or "未评级",
        "credit_amount": f"{sum((contract.amount for contract in contracts), Decimal(0)):.2f}",
        "balance": f"{sum((loan.balance for loan in loans), Decimal(0)):.2f}",
        "products": "、".join(dict.fromkeys(loan.get_product_display() for loan in loans)),
        "term": _term(contracts),
        "rates": "、".join(dict.fromkeys(f"{loan.rate * 100:.2f}%" for loan in loans)),
        "approval": _approval(contracts),
        "overdue": _overdue(loans),
    }


def _term(contracts: Iterable[Any]) -> str:
    rows = list(contracts)
    if not rows:
        return ""
    return f"{min(row.signed_on for row in rows)} 至 {max(row.ends_on for row in rows)}"


def _approval(contracts: Iterable[Any]) -> str:
    known = [f"{row.approved_on or ''} {row.approval_number}".strip() for row in contracts]
    return "；".join(dict.fromkeys(text for text in known if text)) or "未登记批复"


def _overdue(loans: list[Any]) -> str:
    principal = sum((loan.overdue_principal or Decimal(0) for loan in loans), Decimal(0))
    interest = sum((loan.overdue_interest or Decimal(0) for loan in loans), Decimal(0))
    days = max((loan.days_past_due or 0 for loan in loans), default=0)
    parts = [
        principal and f"逾期本金 {wan(principal)} 万元",
        interest and f"欠息 {wan(interest)} 万元",
        days and f"最长逾期 {days} 天",
    ]
    return "，".join(part for part in parts if part) or "无逾期、无欠息"


def _visit(borrower: Borrower, loans: list[Any], user: User) -> dict[str, Any]:
    project = any(loan.product == Product.FIXED_ASSET for loan in loans)
    return {
        "types": [BORROWER, PROJECT] if project else [BORROWER],
        "place": borrower.address,
        "lead_inspector": user.username,
        "method": ["现场查看", "查阅账表凭证", "面谈"],
    }


def _from_last(last: Document | None, loans: list[Any]) -> dict[str, Any]:
    """Last time's inspected period is this time's period before; the conditions of the approval stay."""
    if last is None:
        return {"has_last": NO, "last_summary": "首次检查"}
    was = last.content
    found: dict[str, Any] = {
        "has_last": YES,
        "last_summary": f"{was['inspected_on']}：{was['overall']}。问题：{was['problems']}",
        "statements_before": was.get("statements_on", ""),
    }
    project = any(loan.product == Product.FIXED_ASSET for loan in loans)
    found["types"] = [
        value for value, _ in TYPES if (project if value == PROJECT else value in was.get("types", ()))
    ]
    found["conditions"] = was.get("conditions", [])
    for table in (field for field in FINANCE.fields if field.name in {"ratios", "amounts"}):
        if rows := was.get(table.name):
            kept = {column.name for column in table.columns} & {"base"}
            found[table.name] = [
                {
                    "item": row["item"],
                    **{name: row.get(name, "") for name in kept},
                    "previous": row.get("current", ""),
                    "current": "",
                    "reason": "",
                }
                for row in rows
            ]
    return found


def _contract_line(loan: Any) -> dict[str, str]:
    return {
        "product": str(loan.get_product_display()),
        "contract": loan.contract.number,
        "loan": loan.number,
        "currency": "人民币",
        "balance": f"{loan.balance:.2f}",
        "starts_on": loan.starts_on.isoformat(),
        "matures_on": loan.ends_on.isoformat(),
        "security": "",
    }


def _colleagues(user: User, on: date) -> list[tuple[str, str]]:
    """People of the same line in the same units, who can be the second of the two inspectors."""
    units = list(Post.objects.current(on).filter(person=user).values_list("unit", flat=True))
    people = (
        User.objects.filter(
            pk__in=Post.objects.current(on).filter(unit__in=units).values("person"),
            line=user.line,
            is_active=True,
        )
        .exclude(pk=user.pk)
        .order_by("name")
    )
    return [(person.username, f"{person.name}（{person.username}）") for person in people]


def _facts(borrower: Borrower, loans: list[Any], last: Document | None, on: date) -> Iterable[Fact]:
    """What to look into (第二十九条: 结合资金账户监管、日常跟踪、风险监控掌握的信息，确定检查重点)."""
    arrears = _overdue(loans)
    if arrears != "无逾期、无欠息":
        yield _fact(arrears, "核心系统借据读数", "approval")
    since = date.fromisoformat(last.content["inspected_on"]) if last else on - timedelta(days=90)
    events = RiskEvent.objects.standing(on).known(on).filter(borrower=borrower, effective_on__gte=since)
    for event in events[:5]:
        title = f"{event.get_kind_display()}：{event.detail}"
        yield _fact(title, f"{event.effective_on} 风险事项", "operations")
    for fact in (
        ClassFact.objects.known(on).filter(loan__in=loans, effective_on__gt=since).select_related("loan")[:3]
    ):
        title = f"借据 {fact.loan.number} 分类自 {fact.effective_on} 起为{fact.get_risk_class_display()}"
        yield _fact(title, f"来源：{fact.get_source_display()}", "conclusion")
    for loan in loans:
        if on <= loan.ends_on <= add_months(on, MATURES_SOON):
            title = f"借据 {loan.number} 将于 {loan.ends_on} 到期，余额 {wan(loan.balance)} 万元"
            yield _fact(title, "核实还款资金来源", "approval")
    yield from _receipts(borrower, on)
    if last:
        yield _fact(
            f"上次检查存在问题：{last.content['problems']}", f"{last.content['inspected_on']} 附件3", ""
        )
        yield _fact(f"上次检查措施：{last.content['measures']}", "核实是否落实", "")


def _receipts(borrower: Borrower, on: date) -> Iterable[Fact]:
    """A fall of the receipts on the borrower's accounts, last whole month against the one before."""
    this = month_of(month_of(on).first - timedelta(days=1))
    before = month_of(this.first - timedelta(days=1))
    into = Transaction.objects.filter(
        account__borrower=borrower, direction=Direction.CREDIT, known_on__lte=on
    ).order_by()

    def received(first: date, final: date) -> Decimal:
        total = into.filter(effective_on__range=(first, final)).aggregate(total=Sum("amount"))["total"]
        return total or Decimal(0)

    now, then = received(this.first, this.last), received(before.first, before.last)
    if then and (then - now) / then >= FALL:
        share = (then - now) * 100 / then
        yield _fact(
            f"账户流入较上月下降 {share:.0f}%",
            f"{this.key} 流入 {wan(now)} 万元，{before.key} 流入 {wan(then)} 万元",
            "operations",
        )


def _fact(title: str, detail: str, section: str) -> Fact:
    return Fact(title=title, detail=detail, section=section, target="focus", value=f"{title}。")
