"""What this app makes known: its forms, its rules and what its days prepare."""

from __future__ import annotations

from core import panels
from monitoring import measures
from monitoring.decisions import documents as decisions
from monitoring.funds import duties as funds_duties
from monitoring.funds import services as funds
from monitoring.ledgers import documents as ledgers
from monitoring.ledgers import duties as ledger_duties
from monitoring.misuse import documents as misuse
from monitoring.misuse import drawdowns, watch
from monitoring.misuse import duties as misuse_duties
from monitoring.months import services as months
from monitoring.outlook import services as outlook
from monitoring.payments import documents as payments
from monitoring.payments.panel import payments_panel
from monitoring.self_payments import documents as self_payments
from monitoring.self_payments import duties as self_payment_duties
from monitoring.signals import duties as signal_duties
from monitoring.signals import scanning
from monitoring.supervised import documents as supervised
from monitoring.supervised import duties as supervised_duties
from monitoring.unreviewed import duties as unreviewed_duties
from monitoring.unreviewed import services as unreviewed
from monitoring.uses import documents as uses
from monitoring.uses import duties as use_duties
from monitoring.uses import recognition as seeing
from monitoring.uses.panel import uses_panel
from workflow import registry

FORMS = (
    ledgers.FORM,
    uses.FORM,
    misuse.FORM,
    payments.FORM,
    self_payments.FORM,
    decisions.FORM,
    supervised.FORM,
)
RULES = (
    *funds_duties.RULES,
    *ledger_duties.RULES,
    *unreviewed_duties.RULES,
    *supervised_duties.RULES,
    *signal_duties.RULES,
    *misuse_duties.RULES,
    *use_duties.RULES,
    *self_payment_duties.RULES,
)
PREPARATIONS = tuple(
    noun.PREPARATION for noun in (unreviewed, watch, seeing, months, scanning, funds, outlook)
)


def register() -> None:
    """Called once, when the apps are ready."""
    registry.register(forms=FORMS, rules=RULES, preparations=PREPARATIONS)
    measures.register()
    drawdowns.register()
    panels.provide("loan", payments_panel)
    panels.provide("loan", uses_panel)
