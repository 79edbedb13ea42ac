"""第三条, promise 15: two lines that constrain each other, and nobody over their own work, whoever they are."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError

from accounts.choices import ROLE_LINES, Line, Role
from accounts.models import User
from core.errors import Refused
from tests.factories import make_person, make_post
from tests.workflow import raw
from tests.workflow.conftest import AT, Desk
from workflow import rules
from workflow.models import Chain, Document, Step
from workflow.services import papers, seats, signatures

# Who signs where: worked out by hand from 第三十条 for the customer line, and for the risk line by its own ladder.
CHAINS = {
    "customer": (
        (Role.CUSTOMER_MANAGER, "cm"),
        (Role.CUSTOMER_HEAD, "head"),
        (Role.PRINCIPAL, "president"),
    ),
    "risk": (
        (Role.RISK_MANAGER, "risk"),
        (Role.RISK_HEAD, "risk_head"),
        (Role.VICE_PRESIDENT, "vp"),
    ),
}
SIGN = """
UPDATE workflow_step SET status = 'SIGNED', signed_by_id = %s, signed_on = '2026-11-24', signed_at = %s,
    signed_hash = (SELECT content_hash FROM workflow_chain WHERE id = chain_id)
WHERE id = %s
"""


def everybody(cast: SimpleNamespace) -> dict[str, User]:
    """Every kind of person, the awkward ones included."""
    yesterday = cast.today - timedelta(days=1)
    people = dict(cast.people)
    people["second head of the department"] = make_person(
        "1901", "徐岚", role=Role.CUSTOMER_HEAD, unit=cast.corporate
    )
    moved = make_person("1902", "马超", role=Role.CUSTOMER_HEAD, unit=cast.corporate, to_on=yesterday)
    moved.line = Line.RISK
    moved.save()
    make_post(moved, Role.RISK_MANAGER, cast.risk_dept, from_on=cast.today)
    people["moved to the other line yesterday"] = moved
    people["head until yesterday"] = make_person(
        "1903", "朱琳", role=Role.CUSTOMER_HEAD, unit=cast.corporate, to_on=yesterday
    )
    people["manager and head at once"] = both = make_person(
        "1904", "胡军", role=Role.CUSTOMER_MANAGER, unit=cast.corporate
    )
    make_post(both, Role.CUSTOMER_HEAD, cast.corporate)
    # Past the guard on posts: somebody who managed to hold posts of both lines.
    with raw.past_the_guards():
        people["posts of both lines"] = dual = make_person(
            "1905", "郭亮", role=Role.CUSTOMER_HEAD, unit=cast.corporate
        )
        make_post(dual, Role.RISK_HEAD, cast.risk_dept)
        make_post(dual, Role.PRESIDENT, cast.br1)
    people["dismissed"] = make_person(
        "1906", "何洁", role=Role.CUSTOMER_HEAD, unit=cast.corporate, is_active=False
    )
    people["without a post"] = make_person("1907", "高远", line=Line.MANAGEMENT)
    return people


def waiting(desk: Desk, seats: Sequence[tuple[Role, str]], *, named: bool = True) -> list[Step]:
    """A document handed in with every step still waiting; its author is the first."""
    cast = desk.cast
    author = cast.people[seats[0][1]]
    document = desk.draft()
    Document.objects.filter(pk=document.pk).update(author=author)
    document = desk.again(document)
    content_hash = papers.fingerprint_of(document)
    Document.objects.filter(pk=document.pk).update(status="SIGNING", content_hash=content_hash)
    chain = Chain.objects.create(
        document=document, round=1, content_hash=content_hash, started_on=cast.today, started_at=AT
    )
    return Step.objects.bulk_create(
        Step(
            chain=chain,
            position=position,
            role=role,
            label=role.label,
            line=role.line,
            person=cast.people[who] if named else None,
        )
        for position, (role, who) in enumerate(seats, start=1)
    )


@pytest.mark.obligation("GR-3", clause="ac")
@pytest.mark.parametrize("line", list(CHAINS))
def test_of_everybody_only_the_one_expected_signs_each_step_in_the_service_and_in_the_database(
    desk: Desk, cast: SimpleNamespace, line: str
) -> None:
    steps = waiting(desk, CHAINS[line])
    people = everybody(cast)
    cells = 0
    for step, (_, expected) in zip(steps, CHAINS[line], strict=True):
        for who, person in people.items():
            if who == expected:
                continue
            step = Step.objects.get(pk=step.pk)
            with pytest.raises(Refused):
                signatures.check_can_sign(step, person)
            with pytest.raises(IntegrityError):
                raw.execute(SIGN, person.pk, AT, step.pk)
            cells += 1
        desk.sign(Step.objects.get(pk=step.pk), cast.people[expected])
    assert cells == 3 * (len(people) - 1) == 66


@pytest.mark.obligation("GR-3", clause="ac")
@pytest.mark.parametrize("line", list(CHAINS))
def test_a_step_open_to_a_post_still_refuses_the_other_line_the_author_and_who_has_signed(
    desk: Desk, cast: SimpleNamespace, line: str
) -> None:
    steps = waiting(desk, CHAINS[line], named=False)
    author = cast.people[CHAINS[line][0][1]]
    people = list(everybody(cast).values())
    signed: list[User] = []
    for step, (role, expected) in zip(steps, CHAINS[line], strict=True):
        for person in people:
            forbidden = (
                person.line != role.line or person in signed or (person == author) != (role is steps[0].role)
            )
            if not forbidden:
                continue
            step = Step.objects.get(pk=step.pk)
            with pytest.raises(Refused):
                signatures.check_can_sign(step, person)
            with pytest.raises(IntegrityError):
                raw.execute(SIGN, person.pk, AT, step.pk)
        raw.execute(SIGN, cast.people[expected].pk, AT, step.pk)
        signed.append(cast.people[expected])


@pytest.mark.obligation("GR-30", clause="b")
def test_somebody_who_holds_two_posts_signs_for_only_one_of_them(desk: Desk, cast: SimpleNamespace) -> None:
    both = make_person("1910", "田野", role=Role.VICE_PRESIDENT, unit=cast.br1)
    make_post(both, Role.PRESIDENT, cast.br1)
    seats = ((Role.CUSTOMER_MANAGER, "cm"), (Role.VICE_PRESIDENT, "vp"), (Role.PRESIDENT, "president"))
    first, second, third = waiting(desk, seats, named=False)
    desk.sign(Step.objects.get(pk=first.pk), cast.cm)
    desk.sign(Step.objects.get(pk=second.pk), both)
    third = Step.objects.get(pk=third.pk)
    with pytest.raises(Refused, match="同一人不能签两次"):
        signatures.check_can_sign(third, both)
    with pytest.raises(IntegrityError, match="同一人不能在一份文书上签两次"):
        raw.execute(SIGN, both.pk, AT, third.pk)
    desk.sign(third, cast.president)


@pytest.mark.obligation("GR-3", clause="ac")
@pytest.mark.obligation("GR-30", clause="b")
@pytest.mark.parametrize(
    ("who", "role", "line", "sentence"),
    [
        ("cm", "CUSTOMER_HEAD", "CUSTOMER", "任何人不得审核自己提交的单据"),
        ("head", "CUSTOMER_HEAD", "CUSTOMER", "同一人不能在一份文书上签两次"),
        ("risk_head", "CUSTOMER_HEAD", "CUSTOMER", "不能由另一条线的人签字"),
        ("risk_head", "CUSTOMER_HEAD", "RISK", "不属于这条线"),
    ],
)
def test_a_signature_cannot_be_slipped_in_as_a_new_row(
    desk: Desk, cast: SimpleNamespace, who: str, role: str, line: str, sentence: str
) -> None:
    document = desk.submitted()
    desk.sign(desk.step(document, 2), cast.head)
    desk.sign(desk.step(document, 3), cast.president)
    open_document = desk.submitted(subject_id=99)
    for position, signer in ((2, cast.head), (3, cast.president)):
        if position == 2:
            desk.sign(desk.step(open_document, position), signer)
    raw.execute("UPDATE workflow_step SET person_id = NULL WHERE id = %s", desk.step(open_document, 3).pk)
    with pytest.raises(IntegrityError, match=sentence):
        raw.execute(
            """INSERT INTO workflow_step (chain_id, position, role, label, line, status, signed_by_id, signed_on,
                   signed_at, signed_hash, remark)
               SELECT id, 4, %s, '加签', %s, 'SIGNED', %s, '2026-11-24', now(), content_hash, ''
               FROM workflow_chain WHERE document_id = %s""",
            role,
            line,
            cast.people[who].pk,
            open_document.pk,
        )


@pytest.mark.obligation("GR-3", clause="ab")
def test_the_two_lines_have_different_posts_and_a_person_stands_on_one(cast: SimpleNamespace) -> None:
    posts = {line: {role for role in Role if role.line == line} for line in Line}
    assert posts[Line.CUSTOMER] == {Role.CUSTOMER_MANAGER, Role.CUSTOMER_HEAD}
    assert posts[Line.RISK] == {Role.RISK_MANAGER, Role.RISK_HEAD}
    assert set(ROLE_LINES) == set(Role)

    with pytest.raises(IntegrityError, match="同一人不得兼任两线"):
        raw.execute(
            """INSERT INTO accounts_post (person_id, unit_id, role, from_on)
               VALUES (%s, %s, 'RISK_MANAGER', '2026-11-24')""",
            cast.cm.pk,
            cast.risk_dept.pk,
        )
    with pytest.raises(IntegrityError, match="张明原条线的岗位还没有结束"):
        raw.execute("UPDATE accounts_user SET line = 'RISK' WHERE id = %s", cast.cm.pk)
    with pytest.raises(IntegrityError, match="a_person_has_one_known_line"):
        raw.execute("UPDATE accounts_user SET line = 'BOTH' WHERE id = %s", make_person("1908", "林珊").pk)

    cast.cm.posts.update(to_on=cast.today - timedelta(days=1))
    assert raw.execute("UPDATE accounts_user SET line = 'RISK' WHERE id = %s", cast.cm.pk) == 1


def test_no_setting_and_no_policy_can_relax_who_signs() -> None:
    for module in (rules, seats, signatures):
        imported = set()
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.ImportFrom):
                imported.add(f"{node.module}")
                imported |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
        assert not imported & {"django.conf", "django.conf.settings", "core.policy", "os", "environ"}
