"""Accounts whose online payments the opening unit holds for review: marked and let go by signed papers (第二十六条)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import audit
from core.errors import Conflict
from credit.models import Account
from monitoring.models import SupervisedAccount
from workflow.models import Document

MARKED = audit.act("monitoring.supervised_account.marked", gettext_lazy("登记受控账户"))
ENDED = audit.act("monitoring.supervised_account.ended", gettext_lazy("解除受控账户"))


def standing(on: date) -> QuerySet[SupervisedAccount]:
    """Marks that hold on the day."""
    return SupervisedAccount.objects.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on), marked_on__lte=on)


def marks_of(account: str, on: date) -> QuerySet[SupervisedAccount]:
    """For a Subquery: marks that hold of the account whose number is a column of the outer row."""
    return standing(on).filter(account__number=OuterRef(account))


def mark_of(account: Account, on: date) -> SupervisedAccount | None:
    """The mark that an account has on the day."""
    return standing(on).filter(account=account).first()


@transaction.atomic
def mark(*, account: Account, notified_on: date, marked_on: date, document: Document) -> SupervisedAccount:
    """The opening unit was told and has marked the account."""
    if SupervisedAccount.objects.filter(account=account, ended_on__isnull=True).exists():
        raise Conflict(_("账户 %(number)s 已登记为受控账户，不必重复登记。") % {"number": account.number})
    row = SupervisedAccount.objects.create(
        account=account, notified_on=notified_on, marked_on=marked_on, document=document
    )
    _write_down(MARKED, row, document, marked_on)
    return row


@transaction.atomic
def end(*, account: Account, ended_on: date, document: Document) -> SupervisedAccount:
    """The mark is taken off."""
    row = SupervisedAccount.objects.filter(account=account, ended_on__isnull=True).first()
    if row is None:
        raise Conflict(_("账户 %(number)s 没有登记为受控账户，不能解除。") % {"number": account.number})
    if ended_on < row.marked_on:
        raise Conflict(_("解除日早于标识日 %(on)s，请改正。") % {"on": row.marked_on})
    row.ended_on, row.ended_by_document = ended_on, document
    row.save(update_fields=["ended_on", "ended_by_document"])
    _write_down(ENDED, row, document, ended_on)
    return row


def _write_down(act: audit.Act, row: SupervisedAccount, document: Document, day: date) -> None:
    after: dict[str, Any] = {"account": row.account.number, "on": day, "document": document.number}
    audit.record(act=act, subject=row, borrower_number=document.borrower_number, after=after)
