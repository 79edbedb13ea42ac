"""The verb on contacts: how a borrower is reached, written down."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import audit
from credit.choices import ContactWay
from credit.models import Borrower, Contact

CONTACT_RECORDED = audit.act("credit.contact.recorded", _("登记固定联系方式"))


@transaction.atomic
def record_contact(
    *,
    borrower: Borrower,
    person: str,
    relation: str,
    phone: str,
    reachable_at: str,
    way: ContactWay,
    effective_on: date,
    reference: str,
    replaces: str = "",
    by: User,
    on: date,
) -> Contact:
    """Record the fixed way in which a borrower is reached (个贷规定第三条); the one before it stays on record.

    `replaces` is the reference of the contact that this one corrects.
    """
    if replaces:
        earlier = Contact.objects.filter(borrower=borrower, reference=replaces, replaced_on=None)
        earlier.update(replaced_on=on)
    row = Contact.objects.create(
        borrower=borrower,
        person=person,
        relation=relation,
        phone=phone,
        reachable_at=reachable_at,
        way=way,
        effective_on=effective_on,
        known_on=on,
        reference=reference,
    )
    audit.record(
        act=CONTACT_RECORDED,
        subject=row,
        borrower_number=borrower.number,
        after={"effective_on": effective_on, "way": way, "reference": reference, "by": by.username},
    )
    return row
