"""固定联系登记: how a new borrower is reached (个贷规定第三条)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from accounts.choices import Line, Role
from accounts.models import User
from credit.borrowers import services as contacts
from credit.choices import ContactWay
from credit.models import Borrower, Contact
from credit.responsibilities.documents import CustomerForm
from workflow.definitions import (
    Answers,
    Background,
    Check,
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    at_most,
    not_in_the_future,
    options,
)
from workflow.duty_forms import EVERYTHING, Signer, Subject
from workflow.models import Document, WorkItem

DUTY = "fixed_contact"
RELATIONS = options("本人", "配偶", "父母或子女", "其他亲属", "同事或单位", "其他")
# A mobile number, or a landline with its area code and perhaps an extension.
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?")
PERSON_LONGEST, REACHABLE_AT_LONGEST = 60, 200  # what the book keeps


def phone_of(text: str) -> str:
    """A telephone number as it is kept: half-width, no blanks."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _not_a_phone(answers: Answers, background: Background) -> bool:
    text = answers.get("phone")
    return isinstance(text, str) and text != "" and not _PHONE.fullmatch(phone_of(text))


FIXED_CONTACT = FormDefinition(
    code="fixed_contact",
    version=1,
    title="固定联系登记表",
    annex="",
    number_prefix="LX",
    sections=(
        Section(
            "contact",
            "联系方式",
            (
                Field("duties", "所办职责", Kind.LONGTEXT, locked=True),
                Field("person", "联系人"),
                Field("relation", "与借款人关系", Kind.CHOICE, options=RELATIONS),
                Field("phone", "电话", help="手机 11 位，或带区号的固定电话，如 0791-88880001。"),
                Field("reachable_at", "地址或微信", help="写明住址、单位地址或微信号，至少一项。"),
                Field(
                    "way",
                    "约定联系方式",
                    Kind.CHOICE,
                    options=tuple((way.value, str(way.label)) for way in ContactWay),
                ),
                Field("contacted_on", "联系日期", Kind.DATE, help="与借款人取得联系并约定的日期。"),
                Field("remark", "说明", Kind.LONGTEXT, required=False),
                Field("files", "附件", Kind.PHOTOS, help="没有可不传。"),
            ),
        ),
    ),
    checks=(
        at_most("contact", "person", PERSON_LONGEST, "联系人"),
        Check("contact", "phone", _not_a_phone, "“电话”不是有效的号码，请填 11 位手机号或带区号的固定电话。"),
        at_most("contact", "reachable_at", REACHABLE_AT_LONGEST, "地址或微信"),
        not_in_the_future("contact", "contacted_on", "联系日期晚于今天，请改为实际联系的日期。"),
    ),
)


class FixedContact(CustomerForm):
    """One contact answers whatever asks for it; a correction of it is a later contact that closes the earlier."""

    definition = FIXED_CONTACT
    duties = (DUTY,)
    day_field = "contacted_on"

    def matter_of(self, duty: WorkItem) -> str:
        """A borrower is reached in one way, whichever loan asked for it."""
        return EVERYTHING

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """What the book knows of the borrower, and the contact agreed before if there is one."""
        borrower = Borrower.objects.get(pk=subject.id)
        last = Contact.objects.known(on).filter(borrower=borrower).newest_first().first()
        answers = {
            "duties": "\n".join(self.owed(subject).values_list("reason", flat=True)),
            "person": last.person if last else borrower.name,
            "relation": last.relation if last else "本人",
            "phone": last.phone if last else borrower.phone,
            "reachable_at": last.reachable_at if last else borrower.address,
            "way": last.way if last else "",
            "contacted_on": on.isoformat(),
        }
        return Prefill(answers={name: answer for name, answer in answers.items() if answer})

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """The one who made the contact signs for it."""
        return [Signer(Role.CUSTOMER_MANAGER, Line(document.author.line), "管户信贷员", document.author)]

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The contact."""
        a = document.answers
        contacts.record_contact(
            borrower=Borrower.objects.get(pk=document.subject_id),
            person=a.text("person"),
            relation=a.text("relation"),
            phone=phone_of(a.text("phone")),
            reachable_at=a.text("reachable_at"),
            way=ContactWay(a.text("way")),
            effective_on=a.day("contacted_on"),
            reference=document.number,
            replaces=replaces.number if replaces else "",
            by=document.author,
            on=on,
        )


FORM = FixedContact()
