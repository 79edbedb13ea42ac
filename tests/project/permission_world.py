"""The people and the subjects that the permission table is played with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.choices import Role, UnitKind
from accounts.models import Unit, User
from core import clock, policy
from core.models import ImportBatch, Preview, Scheme, SchemeVersion
from credit.choices import EventKind, Product, ResponsibleRole
from credit.models import Account, Borrower, Counterparty, Group, GroupMember, Loan, RiskEvent
from inspections.models import Sample
from monitoring.models import MisuseCase, PassedSlip, Payment, Signal
from tests import factories
from tests.workflow.conftest import NOTE
from workflow.choices import StepStatus
from workflow.definitions import Prefill
from workflow.duty_forms import DutyForm, Signer, Subject
from workflow.models import Document, Step
from workflow.services import attachments, documents, late_entries, signatures

TODAY = date(2026, 11, 24)
YESTERDAY = date(2026, 11, 23)
AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
OWNERSHIPS = ("own", "same_department", "other_department", "other_line", "other_branch")
FORM = "permission_note"


def picture(shade: int) -> bytes:
    """A photograph that differs by its shade."""
    buffer = BytesIO()
    Image.new("RGB", (8, 8), (shade, 10, 10)).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Place:
    """One ownership: a customer, who writes about them, who signs it, and where it belongs."""

    borrower: Borrower
    author: User
    signers: list[User]
    unit: Unit
    kwargs: dict[str, dict[str, Any]] = field(default_factory=dict)  # subject kind → what its address needs


@dataclass
class World:
    """Everybody by role, and one place per ownership."""

    actors: dict[str, User]
    places: dict[str, Place]

    def about(self, name: str) -> Borrower:
        """Whom a place's papers are about: the risk line's are about the customer manager's own customer."""
        return self.places["own" if name == "other_line" else name].borrower

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """The author, then whoever the place says."""
        place = next(place for place in self.places.values() if place.author.pk == document.author_id)
        people = [document.author, *place.signers]
        return [
            Signer(post.role, Role(post.role).line, Role(post.role).label, person)
            for person in people
            for post in [person.posts.get()]
        ]


def register(world: World, forms: dict[str, Any]) -> None:
    """Make the small form known, whose author is whoever the place says."""

    class Note(DutyForm):
        definition = replace(NOTE, code=FORM)
        duties = ("permission_duty",)
        begin = staticmethod(lambda **_: Prefill())
        signers = staticmethod(world.signers)
        may_author = staticmethod(
            lambda *, user, subject, on: any(
                place.author.pk == user.pk
                and place.unit.pk == subject.unit_id
                and world.about(name).number == subject.borrower_number
                for name, place in world.places.items()
            )
        )

    forms[FORM] = Note()


def build() -> World:
    """Two branches, everybody in them, and a customer per ownership."""
    unit, person = factories.make_unit, factories.make_person
    bank = unit("BANK", "江州农村商业银行", kind=UnitKind.BANK)
    branch = unit("BR1", "工人支行", kind=UnitKind.BRANCH, parent=bank)
    corporate, personal, risk = (
        unit(code, name, parent=branch)
        for code, name in (("BR1-C", "公司部"), ("BR1-P", "个人部"), ("BR1-R", "风险部"))
    )
    branch2 = unit("BR2", "城东支行", kind=UnitKind.BRANCH, parent=bank)
    corporate2 = unit("BR2-C", "公司部", parent=branch2)
    seats = {
        Role.CUSTOMER_MANAGER: corporate,
        Role.CUSTOMER_HEAD: corporate,
        Role.RISK_MANAGER: risk,
        Role.RISK_HEAD: risk,
        Role.VICE_PRESIDENT: branch,
        Role.PRESIDENT: branch,
        Role.ACCOUNTANT: branch,
        Role.LEGAL: branch,
        Role.ARCHIVIST: branch,
        Role.AUDITOR: bank,
        Role.ADMIN: bank,
    }
    actors = {
        role.value: person(f"A{i:03d}", f"甲{role.label}", role=role, unit=seat)
        for i, (role, seat) in enumerate(seats.items())
    }
    actors["NO_POST"] = person("A900", "无岗", line="CUSTOMER")
    actors["LEFT_YESTERDAY"] = person(
        "A901", "昨日离岗", role=Role.CUSTOMER_MANAGER, unit=corporate, to_on=YESTERDAY
    )
    colleague = person("B001", "同事", role=Role.CUSTOMER_MANAGER, unit=corporate)
    retail = person("B002", "个人部经理", role=Role.CUSTOMER_MANAGER, unit=personal)
    retail_head = person("B003", "个人部负责人", role=Role.CUSTOMER_HEAD, unit=personal)
    far = person("C001", "城东经理", role=Role.CUSTOMER_MANAGER, unit=corporate2)
    far_head = person("C002", "城东负责人", role=Role.CUSTOMER_HEAD, unit=corporate2)
    far_president = person("C003", "城东行长", role=Role.PRESIDENT, unit=branch2)
    manager, risk_manager = actors["CUSTOMER_MANAGER"], actors["RISK_MANAGER"]
    head, risk_head, president = actors["CUSTOMER_HEAD"], actors["RISK_HEAD"], actors["PRESIDENT"]

    borrowers = {name: factories.make_borrower(name=f"{name} 客户") for name in OWNERSHIPS}
    answer = factories.make_responsibility
    for name, who, where in (
        ("own", manager, corporate),
        ("same_department", colleague, corporate),
        ("other_department", retail, personal),
        ("other_branch", far, corporate2),
    ):
        factories.make_loan(borrowers[name], where)
        answer(borrowers[name], who, where)
    answer(borrowers["own"], risk_manager, branch, role=ResponsibleRole.RISK_MANAGER)
    answer(borrowers["own"], president, branch, role=ResponsibleRole.PRINCIPAL)
    answer(borrowers["other_line"], risk_manager, risk, role=ResponsibleRole.RISK_MANAGER)
    # Somebody who managed the customer until yesterday has lost them today.
    answer(
        borrowers["same_department"],
        actors["LEFT_YESTERDAY"],
        corporate,
        from_on=date(2025, 1, 1),
        to_on=date(2025, 12, 31),
    )
    places = {
        "own": Place(borrowers["own"], manager, [head, president], corporate),
        "same_department": Place(borrowers["same_department"], colleague, [head, president], corporate),
        "other_department": Place(borrowers["other_department"], retail, [retail_head, president], personal),
        "other_line": Place(borrowers["other_line"], risk_manager, [risk_head, president], risk),
        "other_branch": Place(borrowers["other_branch"], far, [far_head, far_president], corporate2),
    }
    return World(actors, places)


def furnish(world: World) -> None:
    """In every place: an event, a duty, a draft, a draft in conflict, a document in signing, a locked one."""
    batch = ImportBatch.objects.create(
        profile="native", as_of=YESTERDAY, known_on=TODAY, received_at=AT, received_by="A010"
    )
    samples = {
        name: Sample.objects.create(
            unit=world.places[name].unit.parent, scheme="GD", period_key="2026Q4", first_on=date(2026, 10, 1),
            last_on=date(2026, 12, 31), drawn_on=TODAY, rate="0.1", seed=name, population=[],
        )
        for name in ("own", "other_branch")
    }  # fmt: skip
    scheme, version, preview = _policy()
    for serial, (name, place) in enumerate(world.places.items()):
        place.kwargs["scheme"] = {"code": scheme.pk}
        place.kwargs["version"] = {"pk": version.pk}
        place.kwargs["preview"] = {"pk": preview.pk}
        place.kwargs["batch"] = {"pk": batch.pk}
        leave = factories.make_leave(
            place.author, place.signers[0], from_on=date(2027, 1, 4 + serial), to_on=date(2027, 1, 4 + serial)
        )
        place.kwargs["leave"] = {"pk": leave.pk}
        group = Group.objects.create(number=f"JT-{name}", name=f"{name} 集团")
        GroupMember.objects.create(
            group=group, borrower=place.borrower, role="PARENT", from_on=YESTERDAY, known_on=YESTERDAY
        )
        place.kwargs["group"] = {"number": group.number}
        place.kwargs["sample"] = {"pk": samples["other_branch" if name == "other_branch" else "own"].pk}
        about = world.about(name)
        place.kwargs["borrower"] = {"number": place.borrower.number}
        loan = factories.make_loan(place.borrower, place.unit, number=f"LOAN-{name}")
        place.kwargs["loan"] = {"number": loan.number}
        letter = factories.make_loan(
            place.borrower, place.unit, number=f"LETTER-{name}", product=Product.LETTER_OF_GUARANTEE
        )
        place.kwargs["letter"] = {"number": letter.number}
        account = Account.objects.create(
            number=f"ACC-{name}", borrower=place.borrower, unit=place.unit, kind="BASIC", opened_on=YESTERDAY
        )
        place.kwargs["account"] = {"number": account.number}
        place.kwargs["payable_loan"] = {"number": _payable(place, loan, account).number}
        slip = PassedSlip.objects.create(
            on=TODAY, at=AT, by=world.actors["ACCOUNTANT"], account=account, payee_name="某", amount=1, own=1
        )
        place.kwargs["slip"] = {"pk": slip.pk}
        signal = Signal.objects.create(
            kind="LARGE", level="BLUE", borrower=place.borrower, effective_on=YESTERDAY, known_on=YESTERDAY,
            amount=1, text="大额", fingerprint=name,
        )  # fmt: skip
        place.kwargs["signal"] = {"pk": signal.pk}
        misused = factories.make_loan(place.borrower, place.unit, number=f"MISUSED-{name}")
        case = MisuseCase.objects.create(
            contract=misused.contract, loan=misused, facts="挪作他用", amount=1, confirmed_on=YESTERDAY,
            confirmed_by=place.author, correct_by=YESTERDAY,
        )  # fmt: skip
        place.kwargs["misuse"] = {"pk": case.pk}
        event = RiskEvent.objects.create(
            borrower=place.borrower,
            kind=EventKind.STOPPAGE,
            effective_on=YESTERDAY,
            known_on=YESTERDAY,
            detail="停产三天",
            recorded_by="A000",
            recorded_at=clock.now(),
        )
        place.kwargs["event"] = {"pk": event.pk}
        post = place.author.posts.get()
        duty = factories.make_duty(
            place.author, place.unit, borrower=about, kind="permission_duty", post=post.role, period_key=name
        )
        place.kwargs["duty"] = {"work_item": duty.pk}
        draft, photo = _written(place, about, 1)
        place.kwargs["draft"] = {"pk": draft.pk, "here": "main", "attachment": photo.pk}
        conflict, _photo = _written(place, about, 2)
        Document.objects.filter(pk=conflict.pk).update(
            conflict={"answers": {"finding": "另一处写的"}, "version": 1, "at": AT.isoformat()}
        )
        place.kwargs["conflict"] = {"pk": conflict.pk}
        on_paper, _photo = _written(place, about, 5)
        late = late_entries.request(
            document=on_paper, actual_on=YESTERDAY, reason="机房检修", by=place.author, on=TODAY, at=AT
        )
        place.kwargs["late_entry"] = {"pk": late.pk}
        place.kwargs["late_draft"] = {"pk": on_paper.pk}
        signing, photo = _submitted(place, about, 3)
        place.kwargs["signing_document"] = {"pk": signing.pk, "attachment": photo.pk}
        turn = Step.objects.filter(chain__document=signing, status=StepStatus.WAITING).earliest("position")
        place.kwargs["step"] = {"step": turn.pk}
        locked, photo = _submitted(place, about, 4)
        for step in Step.objects.filter(chain__document=locked, position__gt=1).order_by("position"):
            signatures.sign(step=step, by=step.person, password=factories.PASSWORD, on=TODAY, at=AT)
        place.kwargs["locked_document"] = {"pk": locked.pk, "attachment": photo.pk}
        place.kwargs["payment"] = {"pk": _reviewed(place, locked, world.actors["RISK_HEAD"]).pk}


def _policy() -> tuple[Scheme, SchemeVersion, Preview]:
    """A scheme, a proposal of somebody else, and a change that the head of risk typed, with its outcome."""
    held = Scheme.objects.get(pk="GR").versions.get(number=1)
    parameters = held.parameters | {"试": {"value": 1, "article": "试"}}
    version = policy.propose(
        scheme=held.scheme, parameters=parameters, effective_on=TODAY, reason="试", by="B001", at=AT
    )
    outcome = {
        "since": "2026-11-24", "until": "2027-02-23", "days": [], "rehearsed": 0, "every": 1, "failed": 0,
        "seconds": 0, "differences": [],
    }  # fmt: skip
    preview = Preview.objects.create(
        change={
            "scheme": "GR", "parameters": parameters, "effective_on": TODAY.isoformat(), "reason": "试", "base": 1,
        },
        on=TODAY, by="A003", at=AT, result=outcome,
    )  # fmt: skip
    return held.scheme, version, preview


def _written(place: Place, about: Borrower, serial: int) -> tuple[Document, Any]:
    document = documents.start(
        form=FORM,
        subject=Subject("LOAN", 1000 * serial + place.borrower.pk, about.number, about.name, place.unit.pk),
        by=place.author,
        on=TODAY,
        content={},
        prefilled={},
    )
    documents.save(
        document=document, answers={"finding": "生产正常"}, version=document.version, by=place.author, at=AT
    )
    document.refresh_from_db()
    photo = attachments.attach(
        document=document,
        section="main",
        upload=SimpleUploadedFile("现场.png", picture(serial)),
        note="",
        by=place.author,
        at=AT,
    )
    return document, photo


def _submitted(place: Place, about: Borrower, serial: int) -> tuple[Document, Any]:
    document, photo = _written(place, about, serial)
    documents.submit(document=document, by=place.author, password=factories.PASSWORD, on=TODAY, at=AT)
    document.refresh_from_db()
    return document, photo


def _payable(place: Place, loan: Loan, account: Account) -> Loan:
    """The place's loan pays out through its account, to somebody registered."""
    loan.settlement_account = account.number
    loan.save()
    Counterparty.objects.create(
        borrower=place.borrower, name="收款人", account="6230001", relation="UPSTREAM", known_on=YESTERDAY
    )
    return loan


def _reviewed(place: Place, document: Document, reviewer: User) -> Payment:
    """A payment of the place's loan that waits for its release."""
    payee = Counterparty.objects.get(borrower=place.borrower)
    return Payment.objects.create(
        document=document, loan=Loan.objects.get(number=place.kwargs["payable_loan"]["number"]), mode="ENTRUSTED",
        account=Account.objects.get(number=place.kwargs["account"]["number"]), counterparty=payee,
        payee_name=payee.name, payee_account=payee.account, amount=1, purpose="货款", status="REVIEWED",
        submitted_on=YESTERDAY, submitted_by=place.author, reviewed_on=YESTERDAY, reviewed_by=reviewer,
    )  # fmt: skip
