"""The list of customers, the borrower page, search, and risk events by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from core.models import OutboxEntry
from credit.choices import EventKind, RiskClass
from credit.models import RiskEvent
from tests import factories
from tests.pages import one_time


def numbers(client: Client, **query: str) -> list[str]:
    """The customers that the list shows."""
    return [row.number for row in client.get("/borrowers/", query).context["rows"]]


def test_each_sees_the_customers_of_their_post(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    ours, all_of_it = ["C100001", "P200001"], ["C100001", "C300001", "P200001"]
    for who, expected in (
        ("cm", ["C100001"]),
        ("cm2", []),
        ("cm_personal", ["P200001"]),
        ("head", ["C100001"]),
        ("risk", ours),
        ("president", ours),
        ("other_risk", ["C300001"]),
        ("auditor", all_of_it),
    ):
        assert numbers(browse(cast.people[who])) == expected, who


def test_filters_narrow_by_class_kind_manager_unit_lateness_and_name(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    bad = factories.make_borrower(
        "C100002",
        "江西陶瓷厂",
    )
    bad.initials = "jxtcc"
    bad.save()
    factories.make_loan(bad, cast.corporate)
    factories.make_loan(bad, cast.corporate, risk_class=RiskClass.DOUBTFUL)
    factories.make_responsibility(bad, cast.cm2, cast.corporate)
    factories.make_duty(cast.cm2, cast.corporate, borrower=bad, due_on=date(2026, 11, 20))
    client = browse(cast.risk)
    assert numbers(client, risk_class="DOUBTFUL") == ["C100002"]
    assert numbers(client, risk_class="NORMAL") == ["C100001", "P200001"]  # its worst loan counts
    assert numbers(client, kind="PERSONAL") == ["P200001"]
    assert numbers(client, manager=str(cast.cm2.pk)) == ["C100002"]
    assert numbers(client, unit=str(cast.personal.pk)) == ["P200001"]
    assert numbers(client, late="on") == ["C100002"]
    for text in ("陶瓷", "jxt", "c100002"):
        assert numbers(client, q=text) == ["C100002"]
    # What is not offered narrows nothing: another branch's unit tells nothing about it.
    assert numbers(client, unit=str(cast.corporate2.pk)) == ["C100001", "C100002", "P200001"]


def test_a_line_sums_up_the_live_loans(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    factories.make_loan(cast.borrower, cast.corporate, balance=Decimal("200000.50"))
    settled = factories.make_loan(cast.borrower, cast.corporate, risk_class=RiskClass.LOSS)
    factories.make_reading(settled, effective_on=date(2026, 11, 1), balance=Decimal(0))
    late = factories.make_loan(cast.borrower, cast.corporate, risk_class=RiskClass.SPECIAL_MENTION)
    factories.make_reading(
        late, effective_on=date(2026, 11, 20), balance=Decimal("1000000"), days_past_due=31
    )
    factories.make_reading(late, effective_on=date(2026, 11, 25), balance=Decimal("1"))  # not known yet
    (line,) = browse(cast.cm).get("/borrowers/").context["rows"]
    position = line.position
    assert position.balance == Decimal("4000000.50")  # 280 万 + 20 万零 0.50 + 100 万
    assert (position.loans, position.worst, position.days_past_due) == (3, RiskClass.SPECIAL_MENTION, 31)


def test_amounts_are_shown_in_the_unit_chosen_and_it_is_remembered(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.cm)
    assert "2,800,000.00" in client.get("/borrowers/").content.decode()
    assert "280.00" in client.get("/borrowers/", {"in": "wan"}).content.decode()
    assert "280.00" in client.get("/borrowers/C100001/").content.decode()


def test_pages_by_key_show_every_customer_once(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    borrowers = [factories.make_borrower(f"D{i:04d}", "分页客户") for i in range(120)]
    factories.make_loans(borrowers, cast.corporate)
    client, seen, after = browse(cast.head), [], ""
    while True:
        context = client.get("/borrowers/", {"after": after, "q": "分页"}).context
        seen += [row.number for row in context["rows"]]
        after = context["following"]
        if not after:
            break
    assert seen == [f"D{i:04d}" for i in range(120)]


def test_the_page_tells_the_whole_story(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower, reason="四季度尚未到场")
    factories.make_class(cast.loan, RiskClass.SUBSTANDARD, effective_on=date(2026, 11, 19))
    page = browse(cast.risk).get("/borrowers/C100001/").content.decode()
    for words in (
        "四季度尚未到场",
        "JJ2026-0101",
        "2,800,000.00",
        "次级",
        "下迁",
        "张明",
        "孙磊",
        "吴刚",
        "HT2026-0101",
    ):
        assert words in page, words


def test_search_finds_customers_loans_and_contracts_in_one_box(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.risk)
    assert client.get("/search/", {"q": "江南纺"}).headers["Location"] == "/borrowers/C100001/"
    assert "江南纺织" in client.get("/search/", {"q": "JJ2026-0101"}).content.decode()
    assert "江南纺织" in client.get("/search/", {"q": "HT2026-0101"}).content.decode()
    assert "没有找到" in client.get("/search/", {"q": "JJ2026-0301"}).content.decode()
    assert client.get("/search/", {"q": "\x00"}).status_code == 200


@pytest.mark.obligation("GR-28.3", clause="a")
@pytest.mark.obligation("GR-28.4", clause="b")
def test_a_stoppage_is_recorded_by_hand_and_wakes_the_rules(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    offered = browse(cast.risk).get("/borrowers/C100001/events/new/").context["form"].fields["kind"].choices
    assert {kind for kind, _label in offered} >= set(EventKind.values)
    posted = {"kind": "STOPPAGE", "effective_on": "2026-11-23", "detail": "全厂停产，工人放假"}
    response = browse(cast.risk).post("/borrowers/C100001/events/new/", posted | one_time())
    assert response.headers["Location"] == "/borrowers/C100001/"
    event = RiskEvent.objects.get(kind="STOPPAGE")
    assert (event.effective_on, event.known_on, event.recorded_by) == (
        date(2026, 11, 23),
        date(2026, 11, 24),
        "1006",
    )
    assert OutboxEntry.objects.filter(topic="risk_event", payload={"event": event.pk}).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"effective_on": "2026-11-25"}, "不能晚于业务日期 2026-11-24"),
        ({"effective_on": "2026-02-30"}, "有效"),
        ({"detail": "停产"}, "5"),
        ({"kind": ""}, "必填"),
        ({"kind": "NOTHING"}, "NOTHING"),
    ],
)
def test_a_wrong_entry_keeps_what_was_typed_and_says_what_is_wrong(
    cast: SimpleNamespace, browse: Callable[[User], Client], change: dict[str, str], words: str
) -> None:
    posted = {"kind": "STOPPAGE", "effective_on": "2026-11-23", "detail": "全厂停产，工人放假"} | change
    page = browse(cast.cm).post("/borrowers/C100001/events/new/", posted | one_time())
    assert page.status_code == 200
    assert words in page.content.decode()
    assert posted["detail"] in page.content.decode()
    assert not RiskEvent.objects.exists()


def test_another_customers_loan_cannot_be_named(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    posted = {
        "kind": "STOPPAGE",
        "effective_on": "2026-11-23",
        "detail": "全厂停产，工人放假",
        "loan": str(cast.other_loan.pk),
    }
    assert browse(cast.cm).post("/borrowers/C100001/events/new/", posted | one_time()).status_code == 200
    assert not RiskEvent.objects.exists()


def test_a_mistaken_event_is_reversed_once_with_a_reason_and_stays_on_the_page(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.cm)
    posted = {"kind": "ACCIDENT", "effective_on": "2026-11-23", "detail": "仓库失火，损失待定"}
    client.post("/borrowers/C100001/events/new/", posted | one_time())
    event = RiskEvent.objects.get()
    assert client.post(f"/events/{event.pk}/reverse/", {"reason": "我登错了"}).status_code == 403
    client = browse(cast.head)
    assert client.post(f"/events/{event.pk}/reverse/", {"reason": ""}).status_code == 200
    assert RiskEvent.objects.count() == 1
    assert client.post(f"/events/{event.pk}/reverse/", {"reason": "误登到同名客户"}).status_code == 302
    assert client.post(f"/events/{event.pk}/reverse/", {"reason": "误登到同名客户"}).status_code == 404
    page = client.get("/borrowers/C100001/").content.decode()
    for words in ("仓库失火", "已冲正", "误登到同名客户"):
        assert words in page
