"""The forms of what is watched."""

from monitoring.documents import (
    account_ledger_review,
    fund_use_record,
    misuse_rectification,
    payment_request,
    self_payment_summary,
    signal_check,
    supervised_account,
)
from workflow.registry import FormKind, register

KINDS: tuple[FormKind, ...] = (
    account_ledger_review.KIND,
    fund_use_record.KIND,
    misuse_rectification.KIND,
    payment_request.KIND,
    self_payment_summary.KIND,
    signal_check.KIND,
    supervised_account.KIND,
)


def register_all() -> None:
    """Make them known."""
    for kind in KINDS:
        register(kind)
