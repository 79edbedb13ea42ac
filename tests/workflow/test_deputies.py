"""第三条, promise 15: a deputy signs in the absent person's place, on the same line, and never their own work."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.choices import Line, Role
from accounts.models import Deputy, User
from core import clock
from core.errors import Refused
from core.models import AuditEntry
from credit.events.services import reason_not_to_reverse
from credit.models import RiskEvent
from tests.factories import PASSWORD, make_duty, make_leave, make_person, make_responsibility
from tests.workflow import raw
from tests.workflow.conftest import AT, Desk
from tests.workflow.test_two_lines import CHAINS, everybody, waiting
from workflow.documents.paper import boxes_of
from workflow.models import Document, Step, WorkItem
from workflow.pages.editing import start_from
from workflow.pages.inbox import inbox
from workflow.rules import Paper, People, fingerprint, resolve_chain
from workflow.selectors import waiting_for
from workflow.services import documents, duties, signatures

YESTERDAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 25)
SIGN = """
UPDATE workflow_step SET status = 'SIGNED', signed_by_id = %s, on_behalf_of_id = %s, signed_on = '2026-11-24',
    signed_at = %s, signed_hash = (SELECT content_hash FROM workflow_chain WHERE id = chain_id)
WHERE id = %s
"""


def fresh(person: User) -> User:
    """The person as the next request finds them: nothing kept from before a leave began."""
    return User.objects.get(pk=person.pk)


# --- who may sign (promise 15) ---------------------------------------------------------------------------


def cover(cast: SimpleNamespace, line: str) -> dict[str, User]:
    """Everybody of the other tests, and deputies of every kind: of each signer, of other days, of the other line."""
    people = everybody(cast)
    seats = [cast.people[who] for _, who in CHAINS[line]]
    dept, role = (
        (cast.corporate, Role.CUSTOMER_MANAGER) if line == "customer" else (cast.risk_dept, Role.RISK_MANAGER)
    )
    for place, (name, span) in enumerate(
        {
            "deputy of the author": (seats[0], (cast.today, cast.today)),
            "deputy of the second": (seats[1], (cast.today, cast.today)),
            "deputy of the second until yesterday": (seats[1], (YESTERDAY, YESTERDAY)),
            "deputy of the second from tomorrow": (seats[1], (TOMORROW, TOMORROW)),
        }.items()
    ):
        people[name] = make_person(f"30{place:02d}", f"代理{place}", role=role, unit=dept)
        make_leave(span[0], people[name], from_on=span[1][0], to_on=span[1][1])
    people["deputy of the third"] = make_person("3010", "代理三", role=Role.PRESIDENT, unit=cast.br1)
    make_leave(seats[2], people["deputy of the third"])
    with raw.past_the_guards():  # as if somebody had written past the trigger that keeps the lines apart
        other = Role.RISK_HEAD if line == "customer" else Role.CUSTOMER_HEAD
        people["deputy of the second from the other line"] = across = make_person(
            "3011", "代理四", role=other, unit=cast.br1
        )
        make_leave(seats[1], across, from_on=date(2026, 11, 20), to_on=TOMORROW)
    return people


@pytest.mark.obligation("GR-3", clause="acd")
@pytest.mark.parametrize("line", list(CHAINS))
def test_of_everybody_only_the_one_expected_and_todays_deputy_sign_in_the_service_and_in_the_database(
    desk: Desk, cast: SimpleNamespace, line: str
) -> None:
    """The author's step has no second hand; of the other two, each is the expected one's or the deputy's."""
    steps = waiting(desk, CHAINS[line])
    people = cover(cast, line)
    if (
        line == "risk"
    ):  # the third signer of the risk chain is the vice-president, whose post the deputy need not hold
        assert people["deputy of the third"].scope.has(Role.VICE_PRESIDENT)
    deputies = [None, people["deputy of the second"], people["deputy of the third"]]
    seats = [cast.people[who] for _, who in CHAINS[line]]
    cells = 0
    for step, expected, deputy in zip(steps, seats, deputies, strict=True):
        may = {(expected.pk, None)} | ({(deputy.pk, expected.pk)} if deputy else set())
        for person in people.values():
            step = Step.objects.get(pk=step.pk)
            who = fresh(person)
            assert signatures.can_sign(step, who) == (who.pk in {signer for signer, _ in may}), who
            for absent in (None, *(seat.pk for seat in seats)):
                if (person.pk, absent) in may:
                    with transaction.atomic():
                        assert raw.execute(SIGN, person.pk, absent, AT, step.pk) == 1
                        transaction.set_rollback(True)
                else:
                    with pytest.raises(IntegrityError):
                        raw.execute(SIGN, person.pk, absent, AT, step.pk)
                cells += 1
        desk.sign(Step.objects.get(pk=step.pk), fresh(deputy or expected))
    # 16 of the cast, 7 awkward ones, 6 deputies; three steps; signed for nobody or for one of three people.
    assert cells == (16 + 7 + 6) * 3 * 4
    assert [(step.signed_by, step.on_behalf_of) for step in Step.objects.order_by("position")] == [
        (seats[0], None),
        (deputies[1], seats[1]),
        (deputies[2], seats[2]),
    ]


def test_a_step_open_to_a_post_is_signed_in_the_place_of_the_one_who_holds_it(
    desk: Desk, cast: SimpleNamespace
) -> None:
    steps = waiting(desk, CHAINS["customer"], named=False)
    make_leave(cast.head, cast.cm2)
    make_leave(cast.president, cast.vp)
    desk.sign(Step.objects.get(pk=steps[0].pk), cast.cm)
    assert not signatures.can_sign(Step.objects.get(pk=steps[1].pk), fresh(cast.cm_personal))
    desk.sign(Step.objects.get(pk=steps[1].pk), fresh(cast.cm2))
    desk.sign(
        Step.objects.get(pk=steps[2].pk), fresh(cast.vp)
    )  # a vice-president is a principal by their own post
    signed = Step.objects.order_by("position").values_list("signed_by__name", "on_behalf_of__name")
    assert list(signed) == [("张明", None), ("李娜", "赵强"), ("郑洁", None)]


@pytest.mark.obligation("GR-3", clause="acd")
@pytest.mark.parametrize(
    ("case", "who", "place", "sentence"),
    [
        ("deputy wrote it", "cm", 2, "这是您自己提交的单据，不能由您审核。"),
        ("leave is over", "cm2", 2, "您对赵强的代理到 2026-11-23 为止。这一栏应由赵强签字。"),
        ("leave has not begun", "cm2", 2, "这一栏应由赵强签字。"),
        ("other line", "risk", 2, "这一栏属客户线，您属风险线，不能代签。"),
        ("written for the head", "head", 2, "这份文书是李娜代您提交的，不能由您审核。"),
        ("written for the head", "cm_personal", 2, "这是赵强的单据，您正代理赵强，不能代为审核。"),
        ("signed already", "president", 3, "您已在这份文书上签过字，同一人不能签两次。"),
        ("absent has left the post", "cm2", 2, "您今天没有“客户部门负责人”岗位，不能在这一栏签字。"),
    ],
)
def test_each_refusal_of_a_deputy_says_why(
    desk: Desk, cast: SimpleNamespace, case: str, who: str, place: int, sentence: str
) -> None:
    seats = CHAINS["customer"]
    if case == "deputy wrote it":
        make_leave(cast.head, cast.cm)
    elif case == "leave is over":
        make_leave(cast.head, cast.cm2, from_on=YESTERDAY, to_on=YESTERDAY)
    elif case == "leave has not begun":
        make_leave(cast.head, cast.cm2, from_on=TOMORROW)
    elif case == "other line":
        with raw.past_the_guards():
            make_leave(cast.head, cast.risk)
    elif case == "absent has left the post":
        make_leave(cast.head, cast.cm2)
        cast.head.posts.update(to_on=YESTERDAY)
        make_person("3020", "田野", role=Role.CUSTOMER_HEAD, unit=cast.corporate)
        cast.head.posts.create(unit=cast.corporate, role=Role.CUSTOMER_MANAGER, from_on=cast.today)
    elif case == "signed already":
        seats = ((Role.CUSTOMER_MANAGER, "cm"), (Role.PRESIDENT, "president"), (Role.VICE_PRESIDENT, "vp"))
        make_leave(cast.vp, cast.president)
    first, second, third = waiting(desk, seats)
    if case == "written for the head":
        with raw.past_the_guards():
            Document.objects.update(author=cast.cm2, on_behalf_of=cast.head)
        make_leave(cast.head, cast.cm_personal)
    if case == "signed already":
        desk.sign(Step.objects.get(pk=first.pk), cast.cm)
        desk.sign(Step.objects.get(pk=second.pk), fresh(cast.president))
    step = Step.objects.get(pk=(first, second, third)[place - 1].pk)
    person = fresh(cast.people[who])
    assert signatures.reason_not_to_sign(step, person) == sentence
    with pytest.raises(Refused):
        desk.send_back(step, person)


@pytest.mark.obligation("GR-3", clause="d")
@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        # The head's step, written by 张明; 李娜 stands in for 赵强, 王芳 for 钱静 of another department.
        ("signed_by_id = {cm2}, on_behalf_of_id = {cm}", "代理人不得替经办人审核其单据"),
        (
            "signed_by_id = {cm2}, on_behalf_of_id = {head_personal}",
            "签字日没有这项代理，不能代签“客户部门负责人”",
        ),
        ("signed_by_id = {cm_personal}, on_behalf_of_id = {head_personal}", "应由指定的人签字"),
        ("signed_by_id = {cm2}, on_behalf_of_id = NULL", "应由指定的人签字"),
    ],
)
def test_the_database_refuses_a_signature_in_a_place_that_is_not_the_deputy_s(
    desk: Desk, cast: SimpleNamespace, statement: str, sentence: str
) -> None:
    document = desk.submitted()
    make_leave(cast.head, cast.cm2)
    make_leave(cast.head_personal, cast.cm_personal)
    filled = statement.format(**{name: person.pk for name, person in cast.people.items()})
    with pytest.raises(IntegrityError, match=sentence):
        raw.execute(
            f"UPDATE workflow_step SET status = 'SIGNED', {filled}, signed_on = '2026-11-24', signed_at = now(), "
            "signed_hash = %s WHERE id = %s",
            document.content_hash,
            desk.step(document, 2).pk,
        )


@pytest.mark.obligation("GR-3", clause="d")
def test_the_database_refuses_the_review_of_what_was_submitted_for_somebody(
    desk: Desk, cast: SimpleNamespace
) -> None:
    steps = waiting(desk, CHAINS["customer"])
    with raw.past_the_guards():
        Document.objects.update(author=cast.cm2, on_behalf_of=cast.head)
        Step.objects.filter(pk=steps[0].pk).update(
            status="SIGNED", signed_by=cast.cm2, signed_on=cast.today, signed_at=AT, signed_hash="0"
        )
    make_leave(cast.head, cast.cm_personal)
    for signer, absent in ((cast.head.pk, None), (cast.cm_personal.pk, cast.head.pk)):
        with pytest.raises(IntegrityError, match="任何人不得审核由人代其提交的单据"):
            raw.execute(SIGN, signer, absent, AT, steps[1].pk)


# --- the chain --------------------------------------------------------------------------------------------

CM, HEAD, VP, PRESIDENT, OTHER_HEAD = 1, 2, 3, 4, 5
POSTS = {
    Role.CUSTOMER_MANAGER: [CM],
    Role.CUSTOMER_HEAD: [HEAD],
    Role.VICE_PRESIDENT: [VP],
    Role.PRESIDENT: [PRESIDENT],
    Role.PRINCIPAL: [PRESIDENT],
}
INSPECTION = (Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD, Role.PRINCIPAL)


@pytest.mark.parametrize(
    ("author", "behalf", "absent", "posts", "expected"),
    [
        # The head is away and the author stands in: as if the post were vacant.
        (CM, None, {HEAD: CM}, {}, [CM, VP, PRESIDENT]),
        # Another head of the department is there.
        (CM, None, {HEAD: CM}, {Role.CUSTOMER_HEAD: [HEAD, OTHER_HEAD]}, [CM, OTHER_HEAD, PRESIDENT]),
        # The head is away and somebody else stands in: they will sign there.
        (CM, None, {HEAD: OTHER_HEAD}, {}, [CM, HEAD, PRESIDENT]),
        # A manager writes for the head: it is the head's work, so the head's step moves up.
        (CM, HEAD, {HEAD: CM}, {}, [CM, VP, PRESIDENT]),
        # And never to a peer of the head, as when the head writes.
        (CM, HEAD, {HEAD: CM}, {Role.CUSTOMER_HEAD: [HEAD, OTHER_HEAD]}, [CM, VP, PRESIDENT]),
        # The head writes for their own manager: the head's step moves up.
        (HEAD, CM, {CM: HEAD}, {}, [HEAD, VP, PRESIDENT]),
        # The head's step moves up to the vice-president, for whom the principal stands in: on to the president.
        (HEAD, None, {VP: OTHER_HEAD, PRESIDENT: VP}, {Role.PRINCIPAL: [VP]}, [HEAD, PRESIDENT, VP]),
        # Nobody else is left: the step waits for the vice-president to come back.
        (HEAD, None, {VP: PRESIDENT}, {}, [HEAD, VP, PRESIDENT]),
    ],
)
def test_a_step_passes_over_somebody_on_leave_whose_deputy_has_a_seat_already(
    author: int,
    behalf: int | None,
    absent: dict[int, int],
    posts: dict[Role, list[int]],
    expected: list[int],
) -> None:
    people = People(
        author_id=author,
        author_line=Line.CUSTOMER,
        holders=POSTS | posts,
        on_behalf_of=behalf,
        absent=absent,
    )
    assert [signer.person_id for signer in resolve_chain(INSPECTION, people)] == expected


def test_where_the_author_stands_in_for_the_head_the_head_s_step_moves_up_on_the_day_of_the_leave(
    desk: Desk, cast: SimpleNamespace
) -> None:
    leave = make_leave(cast.head, cast.cm)
    assert desk.step(desk.submitted(), 2).label == "客户部门负责人（分管行长）"
    leave.to_on = YESTERDAY
    leave.save()
    assert desk.step(desk.submitted(subject_id=99), 2).person == cast.head


# --- filling in -------------------------------------------------------------------------------------------


def begin(duty: WorkItem, by: User) -> Document:
    return start_from(duty, user=fresh(by), on=clock.today())


def record_of(cast: SimpleNamespace, person: User) -> WorkItem:
    """A duty that is discharged by a 办结记录."""
    return make_duty(person, cast.corporate, borrower=cast.borrower, kind="call", period_key=person.username)


def fill_in(document: Document) -> Document:
    documents.save(
        document=document,
        answers={"record": "已电话联系，企业正常经营"},
        version=document.version,
        by=document.author,
        at=AT,
    )
    document.refresh_from_db()
    return document


def test_a_deputy_does_the_duty_of_the_absent_person_in_their_own_name_and_in_the_other_s(
    cast: SimpleNamespace,
) -> None:
    duty = record_of(cast, cast.cm)
    make_leave(cast.cm, cast.cm2)
    assert list(WorkItem.objects.owed_by(fresh(cast.cm2))) == [duty]
    document = fill_in(begin(duty, cast.cm2))
    assert (document.author, document.on_behalf_of) == (cast.cm2, cast.cm)
    assert document.written_by == "李娜（代张明）"
    documents.submit(document=document, by=fresh(cast.cm2), password=PASSWORD, on=cast.today, at=AT)
    duty.refresh_from_db()
    assert (duty.status, duty.person) == ("DONE", cast.cm)  # who owes it stays who owed it
    step = Step.objects.get(chain__document=document)
    assert (step.signed_by, step.on_behalf_of) == (cast.cm2, cast.cm)
    assert signatures.verify(document) == []
    acts = AuditEntry.objects.filter(on_behalf_of="1001").values_list("act", flat=True)
    assert {"workflow.document.started", "workflow.document.submitted", "workflow.step.signed"} <= set(acts)


def test_what_a_deputy_throws_away_is_audited_with_both_names(cast: SimpleNamespace) -> None:
    make_leave(cast.cm, cast.cm2)
    document = begin(record_of(cast, cast.cm), cast.cm2)
    documents.discard(document=document, by=fresh(cast.cm2), on=cast.today, reason="重复")
    assert AuditEntry.objects.get(act="workflow.document.discarded").on_behalf_of == "1001"


def test_who_was_stood_in_for_reads_what_was_submitted_for_them(cast: SimpleNamespace) -> None:
    """About no customer of theirs: it is theirs to read because it stands in their name."""
    duty = make_duty(cast.cm, cast.corporate, kind="call", period_key="no customer")
    make_leave(cast.cm, cast.cm2)
    document = fill_in(begin(duty, cast.cm2))
    assert not Document.objects.visible_to(fresh(cast.cm)).exists()  # a draft is its author's
    documents.submit(document=document, by=fresh(cast.cm2), password=PASSWORD, on=cast.today, at=AT)
    assert Document.objects.visible_to(fresh(cast.cm)).contains(document)
    assert not Document.objects.visible_to(fresh(cast.cm_personal)).exists()


def test_what_a_person_may_do_by_their_own_right_is_done_on_nobody_s_behalf(cast: SimpleNamespace) -> None:
    make_leave(cast.cm, cast.cm2)
    assert begin(record_of(cast, cast.cm2), cast.cm2).on_behalf_of is None
    visit = make_duty(cast.cm, cast.corporate, borrower=cast.borrower)
    make_leave(cast.cm_personal, cast.head)
    assert begin(visit, cast.head).on_behalf_of is None  # a head writes any visit of the department
    own_and_absent = begin(visit, cast.cm2)
    assert own_and_absent.on_behalf_of == cast.cm  # 附件3 of the absent manager's customer
    cast.other_borrower.responsibilities.filter(person=cast.other_cm).update(to_on=date(2026, 10, 31))
    make_responsibility(cast.other_borrower, cast.cm2, cast.corporate, from_on=date(2026, 11, 1))
    visit = make_duty(cast.cm2, cast.corporate, borrower=cast.other_borrower, period_key="own")
    assert begin(visit, cast.cm2).on_behalf_of is None


def test_who_stands_in_for_a_head_writes_as_the_head_and_not_as_themselves(cast: SimpleNamespace) -> None:
    """李娜 does not manage this customer; it is 赵强's post that lets her write."""
    make_leave(cast.head, cast.cm2)
    visit = make_duty(cast.cm, cast.corporate, borrower=cast.borrower)
    assert begin(visit, cast.cm2).on_behalf_of == cast.head


@pytest.mark.parametrize("days", [(YESTERDAY, YESTERDAY), (TOMORROW, TOMORROW)])
def test_outside_the_leave_the_deputy_neither_sees_nor_begins_the_duty(
    cast: SimpleNamespace, days: tuple[date, date]
) -> None:
    duty = record_of(cast, cast.cm)
    make_leave(cast.cm, cast.cm2, from_on=days[0], to_on=days[1])
    assert not WorkItem.objects.owed_by(fresh(cast.cm2)).exists()
    assert not WorkItem.objects.visible_to(fresh(cast.cm2)).exists()
    with pytest.raises(Refused, match="您不是这份“办结记录”的经办人"):
        begin(duty, cast.cm2)


def test_a_draft_for_somebody_who_is_back_is_not_handed_in_any_more(cast: SimpleNamespace) -> None:
    duty = record_of(cast, cast.cm)
    make_leave(cast.cm, cast.cm2)
    document = fill_in(begin(duty, cast.cm2))
    Deputy.objects.update(to_on=YESTERDAY)
    with pytest.raises(Refused, match="您已不再代理张明，这份代为填写的文书不能提交"):
        documents.submit(document=document, by=fresh(cast.cm2), password=PASSWORD, on=cast.today, at=AT)
    document.refresh_from_db()
    assert document.status == "DRAFT"


def test_a_draft_of_the_absent_person_stays_theirs(cast: SimpleNamespace) -> None:
    duty = record_of(cast, cast.cm)
    theirs = begin(duty, cast.cm)
    make_leave(cast.cm, cast.cm2)
    assert not Document.objects.visible_to(fresh(cast.cm2)).exists()
    assert begin(duty, cast.cm2) != theirs
    assert Document.objects.get(pk=theirs.pk).status == "DRAFT"


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE workflow_document SET on_behalf_of_id = NULL WHERE id = {d}", "代谁经办不能再改"),
        ("UPDATE workflow_document SET on_behalf_of_id = {head} WHERE id = {d}", "代谁经办不能再改"),
        (
            "INSERT INTO workflow_document SELECT (jsonb_populate_record(d, "
            '\'{{"id": 999, "revision": 9, "created_on": "2026-12-02"}}\')).* FROM workflow_document d WHERE id = {d}',
            "当日没有这项代理，不能代为经办",
        ),
        (
            "INSERT INTO workflow_document SELECT (jsonb_populate_record(d, "
            '\'{{"id": 999, "revision": 9, "on_behalf_of_id": {head}}}\')).* FROM workflow_document d WHERE id = {d}',
            "当日没有这项代理，不能代为经办",
        ),
    ],
)
def test_the_database_refuses_to_write_for_somebody_without_a_leave(
    cast: SimpleNamespace, statement: str, sentence: str
) -> None:
    make_leave(cast.cm, cast.cm2)
    document = begin(record_of(cast, cast.cm), cast.cm2)
    with pytest.raises(IntegrityError, match=sentence):
        raw.execute(statement.format(d=document.pk, head=cast.head.pk).replace("%", "%%"))


def test_a_deputy_of_the_head_neither_waives_nor_takes_back_what_is_their_own_to_do(
    cast: SimpleNamespace,
) -> None:
    make_leave(cast.head, cast.cm)
    deputy = fresh(cast.cm)
    assert deputy.scope.has(Role.CUSTOMER_HEAD)
    theirs = make_duty(cast.head, cast.corporate, borrower=cast.borrower, post=Role.CUSTOMER_HEAD)
    for duty in (record_of(cast, cast.cm), theirs):
        with pytest.raises(Refused, match="不能批准免办自己的职责，或您正代理的人的职责"):
            duties.waive(item=duty, by=deputy, reason="客户已结清", on=cast.today, at=AT)
    event = RiskEvent(borrower=cast.borrower, reference="", recorded_by="1006")
    assert reason_not_to_reverse(event, deputy) == "冲正会撤销检查任务，须由部门负责人或风险线办理。"
    assert reason_not_to_reverse(event, fresh(cast.head)) == ""


# --- the inbox and the names ------------------------------------------------------------------------------


def test_what_waits_for_the_absent_person_waits_for_the_deputy_too_except_the_deputy_s_own_work(
    desk: Desk, cast: SimpleNamespace
) -> None:
    theirs = desk.submitted(by=cast.cm2)  # before the leave: the head's step is 赵强's
    other = desk.submitted()
    assert not waiting_for(fresh(cast.cm2)).exists()
    make_leave(cast.head, cast.cm2)
    steps = [one.step for one in inbox(fresh(cast.cm2), Client().session)]
    assert steps == [desk.step(other, 2)] == list(waiting_for(fresh(cast.cm2)))
    assert set(waiting_for(fresh(cast.head))) == {desk.step(theirs, 2), desk.step(other, 2)}
    results = signatures.sign_batch(
        steps=[desk.step(theirs, 2), desk.step(other, 2)],
        by=fresh(cast.cm2),
        password=PASSWORD,
        on=cast.today,
        at=AT,
    )
    assert [refusal for _, refusal in results] == ["这是您自己提交的单据，不能由您审核。", None]
    desk.sign(desk.step(theirs, 2), cast.head)  # who is on leave may still come in and sign
    assert desk.step(theirs, 2).on_behalf_of is None


def test_what_a_deputy_wrote_for_somebody_does_not_wait_for_them_when_they_stand_in_for_the_signer(
    desk: Desk, cast: SimpleNamespace
) -> None:
    """李娜 wrote for 张明; he is back, and stands in for 赵强, whose signature it needs."""
    document = desk.submitted(by=cast.cm2)
    with raw.past_the_guards():
        Document.objects.filter(pk=document.pk).update(on_behalf_of=cast.cm)
    other = desk.submitted(by=cast.cm_personal)
    make_leave(cast.head, cast.cm)
    assert list(waiting_for(fresh(cast.cm))) == [desk.step(other, 2)]


def test_both_names_stand_on_the_page_on_paper_and_in_the_audit(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    make_leave(cast.head, cast.cm2)
    client = Client()
    client.force_login(cast.cm2)
    inbox_page = client.get("/documents/inbox/").content.decode()
    assert "代 赵强" in inbox_page
    step = desk.step(document, 2)
    answer = client.post(f"/documents/{document.pk}/sign/", {"password": PASSWORD, "remark": "同意"})
    assert answer.status_code == 302
    step.refresh_from_db()
    assert step.who == "李娜（代赵强）"
    page = client.get(f"/documents/{document.pk}/").content.decode()
    assert page.count("李娜（代赵强）") == 2  # on the way and among the rounds
    assert [box.name for box in boxes_of(document.chains.get())] == ["张明", "李娜（代赵强）", "吴刚"]
    entry = AuditEntry.objects.get(act="workflow.step.signed", subject=f"workflow.step:{step.pk}")
    assert (entry.actor_name, entry.on_behalf_of) == ("李娜", "1004")
    assert entry.after["on_behalf_of"] == cast.head.pk
    assert signatures.verify(document) == []
    with raw.past_the_guards():
        Step.objects.filter(pk=step.pk).update(on_behalf_of=None)
    assert signatures.verify(document) == ["“客户部门负责人”李娜（2026-11-24）的签字与审计记录不符。"]


def test_a_signature_without_a_deputy_is_audited_as_it_was_before_there_were_any(desk: Desk) -> None:
    desk.submitted()
    entry = AuditEntry.objects.get(act="workflow.step.signed")
    assert set(entry.after) == {
        "chain", "position", "role", "label", "line", "person", "signed_by", "signed_on", "signed_at",
        "signed_hash", "remark",
    }  # fmt: skip


def test_a_deputy_sends_back_with_both_names(desk: Desk, cast: SimpleNamespace) -> None:
    document = desk.submitted()
    make_leave(cast.head, cast.cm2)
    desk.send_back(desk.step(document, 2), fresh(cast.cm2))
    assert desk.step(document, 2).who == "李娜（代赵强）"
    assert AuditEntry.objects.get(act="workflow.document.returned").on_behalf_of == "1004"


def test_the_day_shows_whose_duties_and_signatures_they_are(desk: Desk, cast: SimpleNamespace) -> None:
    desk.submitted()
    make_duty(cast.head, cast.corporate, borrower=cast.borrower, post=Role.CUSTOMER_HEAD)
    make_leave(cast.head, cast.cm2, to_on=date(2026, 12, 1))
    client = Client()
    client.force_login(cast.cm2)
    page = client.get("/").content.decode()
    assert "今日代 赵强（至 12-01）" in page
    assert page.count('<span class="chip">代 赵强</span>') == 2  # the duty and the signature
    client.force_login(cast.head)
    assert "您已登记休假（至 12-01），由 李娜 代理" in client.get("/").content.decode()


# --- the paper --------------------------------------------------------------------------------------------

PAPER = Paper(
    form="note", form_version=1, number="CS-1", revision=1, supersedes=None, subject_kind="BORROWER",
    subject_id=7, borrower_number="C1", borrower_name="江南", unit=2, author=3, created_on="2026-11-24",
    content={"a": "1"}, prefilled={},
)  # fmt: skip
AS_BEFORE = (
    '{"attachments":[],"author":3,"borrower_name":"江南","borrower_number":"C1","content":{"a":"1"},'
    '"created_on":"2026-11-24","form":"note","form_version":1,"number":"CS-1","prefilled":{},"revision":1,'
    '"subject_id":7,"subject_kind":"BORROWER","supersedes":null,"unit":2}'
)
HASH_BEFORE = "327f1fa3b111b45ec47676448fac3bbe306651daa9c9375ed99913f77378c6f8"


def test_a_paper_without_a_deputy_keeps_the_fingerprint_it_had_before_there_were_any() -> None:
    assert hashlib.sha256(AS_BEFORE.encode()).hexdigest() == HASH_BEFORE
    assert fingerprint(PAPER) == HASH_BEFORE


def test_in_whose_place_a_paper_was_written_is_part_of_what_is_signed() -> None:
    written = AS_BEFORE.replace('"number":"CS-1",', '"number":"CS-1","on_behalf_of":9,')
    deputised = fingerprint(
        Paper(**{**{name: getattr(PAPER, name) for name in PAPER.__dataclass_fields__}, "on_behalf_of": 9})
    )
    assert deputised == hashlib.sha256(written.encode()).hexdigest() != HASH_BEFORE


def test_a_day_more_of_leave_does_not_reach_back(desk: Desk, cast: SimpleNamespace) -> None:
    """What was signed on a day of the leave still proves itself when the leave is over."""
    document = desk.submitted()
    leave = make_leave(cast.head, cast.cm2)
    desk.sign(desk.step(document, 2), fresh(cast.cm2))
    leave.delete()
    desk.sign(desk.step(document, 3), cast.president)
    document = desk.again(document)
    assert document.status == "LOCKED"
    assert signatures.verify(document) == []
    assert cast.today - timedelta(days=1) == YESTERDAY
