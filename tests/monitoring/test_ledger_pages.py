"""The page of account months: who sees which customer, what can be confirmed in one go, and what cannot."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from core import clock
from core.errors import Invalid
from core.models import AuditEntry
from core.policy import policy_on
from monitoring.ledgers import batch
from monitoring.ledgers.duties import AccountReview
from monitoring.models import AccountLedgerReview, BorrowerMonth
from tests import factories
from tests.monitoring.ledger import END, close, move, put, quiet
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem
from workflow.pages.editing import start_from
from workflow.services import documents, signatures

pytestmark = pytest.mark.usefixtures("reference")
ON = date(2026, 11, 5)


@pytest.fixture(autouse=True)
def in_november(cast):
    with clock.travelling_to(ON):
        yield


@pytest.fixture
def months(cast) -> dict[str, BorrowerMonth]:
    """October: three quiet customers of 张明, one unusual; one quiet of the other branch."""
    borrowers = [factories.make_borrower(f"C10000{i}", f"客户{i}") for i in (2, 3, 4)]
    factories.make_loans(borrowers, cast.corporate)
    for borrower in borrowers:
        factories.make_responsibility(borrower, cast.cm, cast.corporate)
    for borrower in (cast.borrower, *borrowers):
        base = quiet(cast, borrower)
    put(base, "149999", END)  # 客户4: one yuan that no movement explains
    quiet(cast, cast.other_borrower, cast.corporate2)
    close()
    reconcile(AccountReview(), on=END, policy=policy_on(END))
    return {row.borrower.number: row for row in BorrowerMonth.objects.select_related("borrower")}


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person, query: str = "") -> str:
    answer = client_of(person).get(f"/ledgers/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def confirm(cast, months, *numbers, by=None, password=factories.PASSWORD) -> list[batch.Confirmed]:
    return batch.confirm(
        months=[months[number] for number in numbers], by=by or cast.cm, password=password, on=ON, at=clock.now()
    )  # fmt: skip


def test_the_unusual_come_first_and_the_others_stand_ticked_for_their_manager(cast, months) -> None:
    text = page(cast.cm)
    assert text.index("客户4") < text.index("江南纺织有限公司")
    assert "期末余额与流水相差 -1.00 元" in text
    assert text.count(" checked>") == 3 and f'value="{months["C100004"].pk}"' not in text
    assert "城东机械有限公司" not in text and "尚无他行融资" in text
    assert text.count("填写附件2") == 4


@pytest.mark.parametrize("who", ["head", "risk", "president", "auditor"])
def test_whoever_only_reads_cannot_tick_and_is_told_why(cast, months, who) -> None:
    text = page(cast.people[who])
    assert "客户2" in text and " checked>" not in text
    assert "只有管户客户经理可以批量确认" in text


def test_the_list_is_narrowed_by_month_state_and_department(cast, months) -> None:
    def found(query: str) -> set[str]:
        text = page(cast.auditor, query)
        return {number for number, row in months.items() if f"/borrowers/{number}/" in text}

    assert found("?state=odd") == {"C100004"}
    assert found("?state=quiet") == set(months) - {"C100004"}
    assert found(f"?unit={cast.corporate2.pk}") == {"C300001"}
    confirm(cast, months, "C100002")
    assert found("?state=open") == set(months) - {"C100002"}
    assert found("?month=2020-01&state=x&unit=y&after=z") == set(months)


def test_a_long_list_comes_in_pages(cast, months, monkeypatch) -> None:
    monkeypatch.setattr("monitoring.ledgers.page.PAGE", 2)
    first = page(cast.cm)
    assert "客户4" in first and "江南纺织有限公司" in first and "客户2" not in first
    assert "江南纺织有限公司" in page(cast.cm, "?after=0_C100004")  # from the unusual on to the others
    second = page(cast.cm, "?after=1_C100001")
    assert "客户2" in second and "客户3" in second and "江南纺织有限公司" not in second


def test_before_the_first_month_the_page_says_so(cast) -> None:
    assert "还没有月度汇总" in page(cast.cm)


def test_one_password_signs_a_document_for_each_month_with_a_fingerprint_of_its_own(cast, months) -> None:
    results = confirm(cast, months, "C100001", "C100002", "C100003")
    assert [one.refusal for one in results] == ["", "", ""]
    papers = [one.document for one in results]
    assert {one.status for one in papers} == {DocumentStatus.LOCKED}
    assert len({one.content_hash for one in papers}) == 3
    assert [signatures.verify(one) for one in papers] == [[], [], []]
    assert {one.content["way"] for one in papers} == {"批量确认（无异动）"}
    assert AccountLedgerReview.objects.filter(in_batch=True, is_normal=True).count() == 3
    done = WorkItem.objects.filter(person=cast.cm, status=DutyStatus.DONE)
    assert set(done.values_list("borrower_number", "done_on")) == {
        ("C100001", ON), ("C100002", ON), ("C100003", ON),
    }  # fmt: skip


def test_what_is_unusual_or_another_s_or_done_is_refused_beside_what_is_signed(cast, months) -> None:
    confirm(cast, months, "C100003")
    start_from(WorkItem.objects.get(borrower_number="C100002"), user=cast.cm, on=ON)
    results = confirm(cast, months, "C100001", "C100002", "C100003", "C100004", "C300001")
    assert [one.refusal[:8] for one in results] == [
        "", "已有未办完的附件", "这个月已监测。", "这个月有异动，须", "只有管户客户经理",
    ]  # fmt: skip
    assert Document.objects.filter(status=DocumentStatus.LOCKED).count() == 2


@pytest.fixture
def two_months(cast) -> dict[str, BorrowerMonth]:
    """September and October of one quiet customer, both to be reviewed."""
    base = quiet(cast)
    move(base, "100000", date(2026, 9, 12)), move(base, "-100000", date(2026, 9, 12), "采购款")
    for end in (date(2026, 9, 30), END):
        close(end)
        reconcile(AccountReview(), on=end, policy=policy_on(end))
    rows = BorrowerMonth.objects.filter(borrower=cast.borrower).select_related("borrower")
    return {f"{row.month:%Y-%m}": row for row in rows}


def drafted(who, number: str, month: str) -> Document:
    """A draft of 附件2 with something typed into it."""
    duty = WorkItem.objects.get(borrower_number=number, period_key=month, kind="account_ledger_review")
    draft = start_from(duty, user=who, on=ON)
    answers = {"measures": "还在核实"}
    return documents.save(document=draft, answers=answers, version=draft.version, by=who, at=clock.now())


def untouched(draft: Document) -> bool:
    """Whether a draft stands as its author left it."""
    stands = Document.objects.get(pk=draft.pk)
    kept = (stands.status, stands.content, stands.version) == ("DRAFT", draft.content, draft.version)
    return kept and not stands.chains.exists()


def test_a_draft_of_one_month_keeps_no_other_month_from_being_ticked(cast, two_months) -> None:
    draft = drafted(cast.cm, "C100001", "2026-09")
    (october,) = confirm(cast, two_months, "2026-10")
    assert (october.refusal, october.document.content["month"]) == ("", "2026-10")
    duties = WorkItem.objects.filter(kind="account_ledger_review", person=cast.cm)
    assert set(duties.values_list("period_key", "status", "document")) == {
        ("2026-10", DutyStatus.DONE, october.document.pk), ("2026-09", DutyStatus.OPEN, draft.pk),
    }  # fmt: skip
    assert untouched(draft)
    (september,) = confirm(cast, two_months, "2026-09")
    assert draft.number in september.refusal and untouched(draft)


@pytest.mark.parametrize("who", ["cm", "head"])
def test_a_tick_never_signs_a_draft_and_names_the_one_that_somebody_began(cast, months, who) -> None:
    draft = drafted(cast.people[who], "C100002", "2026-10")
    done, refused = confirm(cast, months, "C100001", "C100002")
    assert done.document.status == DocumentStatus.LOCKED and done.document.number != draft.number
    assert (refused.document, refused.refusal) == (
        None, f"已有未办完的附件2（{draft.number}），请打开它办理。",
    )  # fmt: skip
    assert untouched(draft) and AccountLedgerReview.objects.count() == 1
    assert WorkItem.objects.get(borrower_number="C100002").document == draft


@pytest.mark.parametrize("who", ["cm", "head"])
def test_nor_one_that_is_begun_while_the_ticks_are_being_signed(cast, months, who, monkeypatch) -> None:
    earlier = batch.standings(list(months.values()), ON)
    draft = drafted(cast.people[who], "C100002", "2026-10")
    monkeypatch.setattr(batch, "standings", lambda *_: earlier)
    done, refused = confirm(cast, months, "C100001", "C100002")
    assert (done.refusal, refused.document) == ("", None) and draft.number in refused.refusal
    assert untouched(draft) and AccountLedgerReview.objects.count() == 1


def test_the_page_of_a_month_shows_the_draft_of_that_month_alone(cast, two_months) -> None:
    draft = drafted(cast.cm, "C100001", "2026-09")
    october, september = page(cast.cm, "?month=2026-10"), page(cast.cm, "?month=2026-09")
    assert draft.number not in october and october.count(" checked>") == 1
    assert f"填写中 {draft.number}" in september and " checked>" not in september


def test_one_that_cannot_be_signed_leaves_nothing_behind(cast, months, monkeypatch) -> None:
    # The second borrower's paper is refused while it is written.
    real = batch._begin

    def begin(sheet, borrower, *rest):
        document = real(sheet, borrower, *rest)
        if borrower.number == "C100002":
            Document.objects.filter(pk=document.pk).update(content={**document.content, "pattern": ""})
        return document

    monkeypatch.setattr(batch, "_begin", begin)
    results = confirm(cast, months, "C100001", "C100002", "C100003")
    assert ["没有填好" in one.refusal for one in results] == [False, True, False]
    assert set(Document.objects.values_list("borrower_number", flat=True)) == {"C100001", "C100003"}
    assert WorkItem.objects.get(borrower_number="C100002").document is None


def test_a_wrong_password_signs_nothing(cast, months) -> None:
    with pytest.raises(Invalid, match="密码不正确"):
        confirm(cast, months, "C100001", password="falsch")
    assert not Document.objects.exists()


def test_the_button_signs_what_was_ticked_and_says_so(cast, months) -> None:
    client = client_of(cast.cm)
    ticked = {
        "borrower_month": [months["C100001"].pk, months["C300001"].pk, "x"],
        "password": factories.PASSWORD,
    }
    answer = client.post("/ledgers/confirm/?month=2026-10", ticked, follow=True)
    text = answer.content.decode()
    assert "已确认并签署 1 份附件2。" in text and "11-05 已监测" in text
    wrong = client.post("/ledgers/confirm/", {**ticked, "password": "x"}, follow=True).content.decode()
    assert "密码不正确" in wrong
    assert AccountLedgerReview.objects.count() == 1
    assert client_of(cast.head).post("/ledgers/confirm/", ticked).status_code == 403


def test_a_deputy_confirms_in_the_name_of_whoever_is_on_leave(cast, months) -> None:
    factories.make_leave(cast.cm, cast.cm2, from_on=date(2026, 11, 2), to_on=date(2026, 11, 10))
    by = type(cast.cm2).objects.get(pk=cast.cm2.pk)
    (one,) = confirm(cast, months, "C100001", by=by)
    assert one.refusal == "" and one.document.on_behalf_of == cast.cm


def test_the_workbook_is_the_list_and_its_export_is_written_down(cast, months) -> None:
    answer = client_of(cast.cm).get("/ledgers/export/?state=odd")
    header, row = load_workbook(BytesIO(answer.getvalue())).active.iter_rows(values_only=True)
    assert len(header) == len(row)
    # 150,000 on thirty days and 149,999 on the last: 4,649,999 / 31.
    assert (row[0], row[1], row[3], row[4], row[11]) == ("2026-10", "C100004", "张明", 3000000, 149999.97)
    assert "相差 -1.00 元" in row[15] and row[16] is None
    assert AuditEntry.objects.get(act="monitoring.ledgers.exported").after == {"rows": 1}


def test_the_list_asks_no_more_for_many_rows_than_for_few(cast, months) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(cast.cm)
        return len(queries)

    asked()
    few = asked()
    borrowers = [factories.make_borrower(f"Z{i:05d}", "客户") for i in range(20)]
    factories.make_loans(borrowers, cast.corporate)
    for borrower in borrowers:
        factories.make_responsibility(borrower, cast.cm, cast.corporate)
        quiet(cast, borrower)
    close()
    reconcile(AccountReview(), on=END, policy=policy_on(END))
    assert asked() == few
