"""What the opening extracts bring of the time before this system: deputies, inspections, letters, uses, classes."""

from __future__ import annotations

from collections.abc import Callable

from core.staging.dialect import execute, literal
from core.staging.merge import append_series, insert_missing
from core.staging.profiles import Target
from core.staging.shapes import Kind
from core.staging.stage import Stage
from credit.choices import NoticeKind, OriginalOutcome, Recipient, RiskClass
from credit.imports.columns import borrower, choice, date, loan, money, person, refers, text
from credit.imports.complaints import Check, as_before, complain, demand, ends_after, one_at_a_time
from credit.imports.facts import count_news
from credit.imports.whole_checks import of_letter
from workflow.services.days import go_live_on

DEPUTIES = Kind(
    "deputies", "代理（AB 角）", "accounts_deputy", ("person", "from_on"),
    (
        person(),
        refers("deputy", "代理人工号", "accounts_user", "people", "人员", key="username"),
        date("from_on", "起"),
        date("to_on", "止"),
        text("reason", "事由", 100, required=False),
    ),
)  # fmt: skip

PAST = (
    Kind(
        "letter_returns", "保函收回", "credit_letterreturn", ("loan",),
        (
            loan(),
            choice("outcome", "结果", OriginalOutcome),
            date("effective_on", "收回日"),
            text("custody", "保管位置", 120, required=False),
            text("reference", "凭证", 120, required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "past_inspections", "上线前检查", "credit_pastinspection", ("borrower", "effective_on"),
        (
            borrower(),
            date("effective_on", "检查日期"),
            text("inspector", "检查人", 60),
            text("overall", "总体评价", 500, required=False),
            choice("proposed_class", "拟风险分类", RiskClass, required=False),
            text("reference", "档案号", 120, required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "past_letters", "上线前函件", "credit_pastletter", ("number",),
        (
            text("number", "函件编号", 60),
            loan(),
            choice("kind", "函件种类", NoticeKind),
            choice("recipient", "收件人类型", Recipient),
            text("recipient_name", "收件人", 120),
            date("effective_on", "发出日"),
            text("method", "送达方式", 40, required=False),
            date("received_on", "签收日", required=False),
            text("proof", "送达证明", 200, required=False),
        ),
        effective="effective_on",
    ),
    Kind(
        "past_uses", "上线前用款", "credit_pastuse", ("loan",),
        (
            loan(),
            money("amount", "上线前已用金额"),
            date("effective_on", "截至日"),
            text("reference", "凭证", 120, required=False),
        ),
        effective="effective_on",
    ),
    # Before the states of the same import, which then find the class in force already known and since when.
    Kind(
        "class_history", "分类历史", "credit_classfact", ("loan", "effective_on"),
        (
            loan(),
            choice("risk_class", "风险分类", RiskClass),
            date("effective_on", "生效日"),
        ),
        effective="effective_on",
    ),
)  # fmt: skip

KINDS = (DEPUTIES, *PAST)


# --- checks


def _before_go_live(what: str) -> Check:
    """Only what was done before the system was used comes as an extract; later it is done in the system."""

    def check(stage: Stage, target: Target) -> None:
        on = go_live_on() or stage.as_of
        reason = f"上线日 {on} 起的{what}请在系统内办理"
        complain(stage, target, "effective_on", f"n.on_date >= {literal(str(on))}::date", literal(reason))

    return check


_FIRST_STATE = "'须早于该借据首次借据状态的数据日期 ' || {} || '，其后的分类以借据状态为准'"


def _history_in_time(stage: Stage, target: Target) -> None:
    """A class of the history lies within the loan's life, and before the first that its states gave."""
    begun = "(SELECT l.starts_on FROM credit_loan l WHERE l.id = n.loan_id)"
    complain(stage, target, "effective_on", f"n.on_date < {begun}", f"'早于借据的发放日 ' || {begun}")
    first = "(SELECT min(r.effective_on) FROM credit_loanreading r WHERE r.loan_id = n.loan_id)"
    complain(stage, target, "effective_on", f"n.on_date >= {first}", _FIRST_STATE.format(first))


def history_before_states(stage: Stage, target: Target) -> None:
    """A class dated before the first of the states that came with it; told at the row of the history."""
    history = next((t for t in stage.profile.targets if t.kind.name == "class_history"), None)
    if history is None or "class_history" not in stage.mapped:
        return
    first = f"(SELECT o.loan_id, min(o.on_date) AS first_on FROM {target.kind.typed} o GROUP BY o.loan_id)"
    stage.complain(
        history,
        history.kind.column("effective_on"),
        f"SELECT n.row_line, n.on_date::text AS value, {_FIRST_STATE.format('s.first_on')} AS reason "
        f"FROM {history.kind.typed} n JOIN {first} s USING (loan_id) WHERE n.on_date >= s.first_on",
    )


_MEND = "请核对后更正文件"
_SAME_LINE = (
    "(SELECT a.line FROM accounts_user a WHERE a.id = n.person_id) "
    "<> (SELECT b.line FROM accounts_user b WHERE b.id = n.deputy_id)"
)
_NO_ORIGINAL = (
    "EXISTS (SELECT 1 FROM credit_letterofguarantee t WHERE t.loan_id = n.loan_id AND t.is_electronic)"
)

_NOT_GRANTED = "n.on_date < (SELECT l.starts_on FROM credit_loan l WHERE l.id = n.loan_id)"
_MORE_THAN_LENT = "n.amount > (SELECT l.amount FROM credit_loan l WHERE l.id = n.loan_id)"

CHECKS: dict[str, tuple[Check, ...]] = {
    "deputies": (
        ends_after("from_on", "to_on"),
        demand("deputy", "deputy", "n.person_id = n.deputy_id", "代理人不能是本人"),
        demand("deputy", "deputy", _SAME_LINE, "代理人须与本人同一条线，双线不能互相代理"),
        one_at_a_time(
            ("person_id",),
            at="from_on",
            begin="from_on",
            who="deputy_id",
            in_file="与文件中该人员的另一行代理期重叠",
            in_book="与{who}的代理期重叠，请一并给出其止日",
        ),
    ),
    "letter_returns": (
        of_letter,
        demand("loan", "loan", _NO_ORIGINAL, "电子保函没有原件可收回"),
        demand("custody", "outcome", "n.outcome = 'RETURNED' AND n.custody = ''", "已收回的须写明保管位置"),
        as_before("outcome", "effective_on", "custody", "reference", instead=_MEND),
    ),
    "past_inspections": (
        _before_go_live("检查"),
        as_before("inspector", "overall", "proposed_class", "reference", instead=_MEND),
    ),
    "past_letters": (
        _before_go_live("函件"),
        ends_after("effective_on", "received_on"),
        demand("proof", "received_on", "n.received_on IS NOT NULL AND n.proof = ''", "已签收的须写明送达证明"),
        as_before(
            "loan_id", "kind", "recipient", "recipient_name", "effective_on", "method", "received_on", "proof",
            instead=_MEND,
        ),
    ),
    "past_uses": (
        _before_go_live("用款"),
        demand("effective_on", "loan", _NOT_GRANTED, "早于借据的发放日，上线前还没有用款"),
        demand("amount", "amount", _MORE_THAN_LENT, "超过借据金额"),
        as_before("amount", "effective_on", "reference", instead=_MEND),
    ),
    "class_history": (_history_in_time,),
}  # fmt: skip


# --- merges


def _facts(stage: Stage, target: Target) -> None:
    """Facts by their key, once."""
    kind = target.kind
    insert_missing(
        kind,
        stored=[column.stored for column in kind.columns],
        key=kind.stored_key,
        absent={"known_on": "n.row_known_on"},
    )


def _class_history(stage: Stage, target: Target) -> None:
    """The classes of earlier days, each where it changed; no event follows, and what the states gave stands.

    A state that found the class as it was is not stored: a history that arrives afterwards and says otherwise of the
    days before would speak for the days after too. There the class that the first state gave is put down on its day.
    """
    at_first = (
        "(SELECT c.risk_class FROM credit_classfact c WHERE c.loan_id = s.loan_id AND c.source = 'CORE' "
        "AND c.effective_on <= s.first_on ORDER BY c.effective_on DESC, c.known_on DESC, c.id DESC LIMIT 1)"
    )
    execute(
        f"CREATE TEMP TABLE given_classes ON COMMIT DROP AS SELECT s.*, {at_first} AS risk_class FROM (SELECT "
        "r.loan_id, min(r.effective_on) AS first_on, min(n.row_known_on) AS row_known_on FROM credit_loanreading r "
        "JOIN typed_class_history n USING (loan_id) GROUP BY r.loan_id) s"
    )
    fresh = append_series(
        "class_history",
        table="credit_classfact",
        rows="typed_class_history",
        owner="loan_id",
        values=("risk_class",),
        only={"source": "CORE"},
    )
    execute(
        "INSERT INTO credit_classfact (loan_id, risk_class, source, effective_on, known_on, correction) "
        "SELECT s.loan_id, s.risk_class, 'CORE', s.first_on, greatest(s.row_known_on, s.first_on), 0 "
        f"FROM given_classes s WHERE s.risk_class <> {at_first}"
    )
    count_news("class_history", fresh)


MERGES: dict[str, Callable[[Stage, Target], None]] = {
    **{kind.name: _facts for kind in PAST},
    "class_history": _class_history,
}
