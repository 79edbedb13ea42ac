"""Promise 19 for every route: what is sent in twice is done once, by a one-time key or for a written reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern

from core.models import Submission
from credit.models import Account, Loan, Responsibility
from tests.pages import one_time
from tests.project import permission_world as worlds
from tests.project.test_permissions import (
    DUMMY,
    POSTED,
    TABLE,
    address,
    browser,
    routes,
    signed_in,
    world,  # noqa: F401  (fixture)
)

ROWS: dict[str, str] = yaml.safe_load((Path(__file__).parent / "once.yaml").read_text(encoding="utf-8"))
KEYED = sorted(name for name, why in ROWS.items() if why == "key")
# Every try leaves a trace there, whether it changed anything or not.
TRACES = {"core_auditentry", "core_submission", "django_session", "axes_accessattempt", "axes_accesslog"}


def sent(name: str, built: worlds.World) -> dict[str, Any]:
    """What a form sends that writes a fact, of the place of the customer manager's own customer."""
    place = built.places["own"]
    manages = Responsibility.objects.filter(borrower=place.borrower, person=place.author)
    colleague = built.places["same_department"].author
    loan = Loan.objects.get(number=place.kwargs["payable_loan"]["number"])
    facts: dict[str, dict[str, Any]] = {
        "entry_kind": {
            "rows": "1", "0-number": "HT9", "0-borrower": place.borrower.number, "0-product": "WORKING_CAPITAL",
            "0-amount": "5000000", "0-signed_on": "2026-11-20", "0-ends_on": "2027-11-19",
        },
        "entry_handover": {
            "from": place.author.username, "customers": [str(one.pk) for one in manages],
            "to": colleague.username, "from_on": "2026-11-24", "reason": "岗位轮换",
        },
        "leave_new": {"deputy": str(colleague.pk), "from_on": "2026-12-01", "to_on": "2026-12-02"},
        "misuse_new": {"contract": str(loan.contract_id), "facts": "转入证券账户", "amount": "500000"},
        "counter": {
            "account": loan.settlement_account, "payee_name": "陌生人", "payee_account": "6230009", "amount": "100",
        },
        "policy_change": {"effective_on": "2026-12-01", "reason": "从严管理", "p:event_visit.within": "2"},
        "calendar_change": {"year": "2027", "source": "国办", "days": "2027-01-01,休,元旦"},
    }  # fmt: skip
    return POSTED.get(name, {}) | facts.get(name, {})


def may(name: str, built: worlds.World) -> tuple[Client, dict[str, Any]]:
    """Somebody who may use the route, and what its address needs."""
    rule = TABLE["rules"][TABLE["routes"][name]["POST"]]
    for place in worlds.OWNERSHIPS:
        for role, reach in rule["allow"].items():
            if reach == "all" or place in reach:
                about = rule["about"]
                kwargs = DUMMY if about == "nothing" else built.places[place].kwargs[about]
                client = Client() if rule.get("anonymous") else browser(signed_in(built.actors[role]))
                return client, kwargs
    raise AssertionError(f"nobody may {name}")


def by_name() -> dict[str, URLPattern]:
    return {route.name: route for route in routes()}


def counts() -> dict[str, int]:
    """How many rows each table has."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - TRACES
    union = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in sorted(tables))
    with connection.cursor() as cursor:
        cursor.execute(union)
        return dict(cursor.fetchall())


def test_every_route_that_answers_a_post_names_its_key_or_the_reason_why_it_needs_none() -> None:
    assert set(ROWS) == {name for name, methods in TABLE["routes"].items() if "POST" in methods}
    taken_once = {route.name for route in routes() if getattr(route.callback, "is_once", False)}
    assert taken_once == set(KEYED)
    assert not [name for name, why in ROWS.items() if why != "key" and len(str(why).split()) < 2]


@pytest.mark.parametrize("name", KEYED)
def test_a_page_that_writes_a_fact_carries_a_key_of_its_own_and_is_not_taken_without(
    world: worlds.World,  # noqa: F811
    name: str,
) -> None:
    client, kwargs = may(name, world)
    where = address(by_name()[name], kwargs) + ("?from=A000" if name == "entry_handover" else "")
    keys = [
        re.findall('name="once" value="([0-9a-f]{32})"', client.get(where).content.decode()) for _ in "12"
    ]
    assert len(keys[0]) == len(keys[1]) == 1 and keys[0] != keys[1]
    before = counts()
    answer = client.post(where, sent(name, world))
    assert answer.status_code == 422 and "请重新打开这一页" in answer.content.decode()
    assert counts() == before


def test_what_is_sent_in_twice_adds_nothing_the_second_time(world: worlds.World) -> None:  # noqa: F811
    own = world.places["own"]
    loan = Loan.objects.get(number=own.kwargs["payable_loan"]["number"])
    loan.contract.clauses.create(
        place=1, kind="PAYMENT_MODE", payment_mode="ENTRUSTED", known_on=worlds.YESTERDAY
    )
    loan.settlement_account = Account.objects.create(
        number="620001", borrower=own.borrower, unit=own.unit, kind="BASIC", opened_on=worlds.YESTERDAY
    ).number
    loan.save()
    wrong = []
    for name in ROWS:
        client, kwargs = may(name, world)
        where, data = address(by_name()[name], kwargs), sent(name, world) | one_time()
        with transaction.atomic():
            start = counts()
            first = client.post(where, data)
            once = counts()
            second = client.post(where, data)
            if counts() != once or (name in KEYED and once == start):
                wrong.append((name, first.status_code, second.status_code, once == start))
            if name in KEYED and (first.status_code, first.content) != (second.status_code, second.content):
                wrong.append((name, "answered otherwise", second.status_code))
            if name in KEYED and Submission.objects.count() != 1:
                wrong.append((name, "not kept", first.status_code, second.status_code))
            transaction.set_rollback(True)
    assert not wrong, "\n".join(map(str, wrong))
