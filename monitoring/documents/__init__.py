"""The forms of what is watched."""

from monitoring.decisions import documents as signal_check
from monitoring.ledgers import documents as account_ledger_review
from monitoring.misuse import documents as misuse_rectification
from monitoring.payments import documents as payment_request
from monitoring.supervised import documents as supervised_account
from monitoring.uses.documents import fund_use_record, self_payment_summary
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
