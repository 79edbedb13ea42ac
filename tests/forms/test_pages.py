"""The pages of a document, as the cast meets them: fill in, keep, submit, send back, sign, read, file."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from core.models import AuditEntry
from inspections.models import SiteInspection
from tests import factories
from tests.forms.answers import complete, posted
from workflow.choices import DocumentStatus, DutyStatus
from workflow.models import Document, WorkItem

pytestmark = [pytest.mark.usefixtures("reference"), pytest.mark.django_db]


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def photograph(name: str = "厂区.jpg", shade: int = 90) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 100, 100)).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


@pytest.fixture
def duty(cast):
    return factories.make_duty(
        cast.cm, cast.corporate, borrower=cast.borrower, counts_from=cast.today.replace(day=1)
    )


@pytest.fixture
def draft(cast, duty) -> Document:
    client_of(cast.cm).post(reverse("document_start", args=[duty.pk]))
    return Document.objects.get()


def save(
    client: Client, document: Document, answers: dict, *, here: str = "all", json: bool = False, **extra: Any
):
    document.refresh_from_db()
    data = {**posted(answers), "_here": here, "_version": str(document.version), **extra}
    headers = {"Accept": "application/json"} if json else {}
    return client.post(reverse("document_save", args=[document.pk]), data, headers=headers)


def fill_in(cast, document: Document) -> Client:
    """Everything answered and a photograph attached, through the pages."""
    client = client_of(cast.cm)
    wanted = complete(**{name: answer for name, answer in document.content.items() if answer})
    for _ in range(2):  # the first save brings the blocks, the second fills them
        assert save(client, document, wanted).status_code == 302
    rows = {f"contracts-{place}-security": ["正常"] for place in range(len(document.content["contracts"]))}
    document.refresh_from_db()
    client.post(
        reverse("document_save", args=[document.pk]),
        {**posted(wanted), **rows, "_here": "overview", "_version": str(document.version)},
    )
    client.post(
        reverse("document_attach", args=[document.pk]), {"section": "photos", "files": [photograph()]}
    )
    return client


def test_asking_for_the_start_of_a_form_begins_nothing_and_offers_the_button(cast, duty):
    start = reverse("document_start", args=[duty.pk])
    page = client_of(cast.cm).get(start)
    assert page.status_code == 200 and not Document.objects.exists()
    button = re.search(r"<button[^>]*>开始填写</button>", page.content.decode())
    assert 'form="begin"' in button[0] and f'formaction="{start}"' in button[0]
    assert client_of(cast.risk).get(start).status_code == 403
    home = client_of(cast.cm).get("/").content.decode()
    assert f'formaction="{start}"' in home and f'href="{start}"' not in home


def test_a_duty_opens_its_form_and_opening_it_again_opens_the_same(cast, duty):
    client = client_of(cast.cm)
    first = client.post(reverse("document_start", args=[duty.pk]))
    again = client.post(reverse("document_start", args=[duty.pk]))
    document = Document.objects.get()
    assert first.url == again.url == reverse("document_edit", args=[document.pk])
    assert document.content["borrower_name"] == "江南纺织有限公司"
    page = client.get(first.url).content.decode()
    assert "江南纺织有限公司" in page and "赵强" in page and "吴刚" in page, (
        "who will sign is known from the start"
    )


def test_a_colleague_the_risk_line_and_another_branch_cannot_fill_it_in(cast, duty, draft):
    for person, status in ((cast.head, 404), (cast.risk, 404), (cast.other_cm, 404), (cast.president, 404)):
        answer = client_of(person).get(reverse("document_edit", args=[draft.pk]))
        assert answer.status_code == status, person
        assert save(client_of(person), draft, {"place": "别处"}).status_code == 404
    assert client_of(cast.risk).post(reverse("document_start", args=[duty.pk])).status_code == 403
    draft.refresh_from_db()
    assert draft.content["place"] == "" if "place" in draft.content else True


def test_a_form_that_does_not_validate_keeps_everything_typed(cast, draft):
    client = client_of(cast.cm)
    typed = {
        "types": ["BORROWER"],
        "inspected_at": "2026-02-30T09:40",
        "place": "城西 <b>8</b> 号",
        "met": "何\x00俊",
    }
    assert save(client, draft, typed, here="overview").status_code == 302
    page = client.get(reverse("document_edit_section", args=[draft.pk, "overview"])).content.decode()
    assert 'value="2026-02-30T09:40"' in page
    assert "日历上没有这一天" in page
    assert "城西 &lt;b&gt;8&lt;/b&gt; 号" in page
    assert "何\ufffd俊" in page and "含有无法保存的字符" in page
    save(client, draft, {"workers": "abc", "line_rate": "１８０"}, here="operations")
    page = client.get(reverse("document_edit_section", args=[draft.pk, "operations"])).content.decode()
    assert 'value="abc"' in page and "不是数字" in page
    assert 'value="180"' in page or 'value="１８０"' in page
    draft.refresh_from_db()
    assert draft.content["place"] == "城西 <b>8</b> 号", "the other section is untouched"


def test_autosave_answers_with_what_is_missing_and_what_changed(cast, draft):
    marks = save(client_of(cast.cm), draft, {"trend": "恶化"}, here="operations", json=True).json()
    assert marks["version"] == 1
    assert marks["fields"]["trend_note"] == {
        "gap": "“发展趋势”选“恶化”，请填写说明。",
        "hint": "必填：选了“恶化”",
        "quiet": False,
    }
    assert marks["fields"]["workers"]["gap"] == "请填写“工人数量”。"
    assert marks["sections"]["operations"] == len(
        [gap for gap in marks["gaps"] if gap["section"] == "operations"]
    )


def test_two_browsers_on_one_draft_lose_nothing(cast, draft):
    client = client_of(cast.cm)
    save(client, draft, {"workers": "126"}, here="operations")
    late = {**posted({"workers": "130"}), "_here": "operations", "_version": "0"}
    answer = client.post(
        reverse("document_save", args=[draft.pk]), late, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 409
    assert answer.json()["where"] == reverse("document_conflict", args=[draft.pk])
    page = client.get(answer.json()["where"]).content.decode()
    assert "126 人" in page and "130 人" in page
    draft.refresh_from_db()
    choice = {"_version": str(draft.version), "workers": "mine"}
    client.post(reverse("document_conflict", args=[draft.pk]), choice)
    draft.refresh_from_db()
    assert (draft.content["workers"], draft.conflict) == ("130", None)


def test_a_fact_is_inserted_and_last_time_taken_over_without_javascript(cast, draft):
    kept = draft.prefilled
    kept["facts"] = [{"title": "电费降", "detail": "", "section": "", "target": "focus", "value": "电费降。"}]
    kept["last"] = {"workers": "188", "lines": "4"}
    Document.objects.filter(pk=draft.pk).update(prefilled=kept)
    client = client_of(cast.cm)
    save(client, draft, {"focus": "看开工"}, here="overview", _insert="0")
    page = client.get(reverse("document_edit_section", args=[draft.pk, "overview"])).content.decode()
    assert "看开工\n电费降。" in page and "含引用的系统数据" in page
    save(client, draft, {"workers": "126"}, here="operations", _reuse="operations")
    draft.refresh_from_db()
    assert (draft.content["workers"], draft.content["lines"]) == ("126", "4"), "nothing typed is replaced"


def test_every_gap_is_listed_with_a_link_and_the_submit_button_says_why_not(cast, draft):
    page = client_of(cast.cm).get(reverse("document_edit", args=[draft.pk])).content.decode()
    count = int(re.search(r"data-gap-count>(\d+)<", page)[1])
    links = re.findall(rf'href="/documents/{draft.pk}/edit/\w+/#[\w-]+"', page)
    assert len(links) == count > 30
    assert f"还有 {count} 处未填" in page
    answer = client_of(cast.cm).post(
        reverse("document_submit", args=[draft.pk]), {"password": factories.PASSWORD}
    )
    assert answer.status_code == 422
    assert "处没有填好，不能提交" in answer.content.decode()


@pytest.mark.obligation("GR-30", clause="ad")
def test_the_whole_road_of_a_visit(cast, draft, duty, password):
    client = fill_in(cast, draft)
    submit = reverse("document_submit", args=[draft.pk])
    page = client.get(submit).content.decode()
    assert "再次输入密码" in page, re.findall(r"<li><a [^>]*>([^<]*)", page)
    refused = client.post(submit, {"password": "wrong"})
    assert refused.status_code == 422 and "密码不正确" in refused.content.decode()
    assert client.post(submit, {"password": password}).status_code == 302
    duty.refresh_from_db()
    assert duty.submitted_on == cast.today

    head, president = client_of(cast.head), client_of(cast.president)
    read = reverse("document", args=[draft.pk])
    assert "还没轮到您" in president.get(read).content.decode(), "the greyed button says why"
    seen = re.search(r'name="seen" value="(\w{64})"', head.get(read).content.decode())[1]
    back = head.post(reverse("document_send_back", args=[draft.pk]), {"reason": "请补充回款核实情况"})
    assert back.status_code == 302
    assert "请补充回款核实情况" in client.get(reverse("document_edit", args=[draft.pk])).content.decode()
    save(
        client,
        draft,
        {**draft.content, "problems": "账期延长。", "measures": "每月核对回款。"},
        here="conclusion",
    )
    document = Document.objects.get()
    wanted = {**document.content, "problems": "账期延长。", "measures": "每月核对回款。"}
    save(client, document, wanted, here="conclusion")
    assert client.post(submit, {"password": password}).status_code == 302
    stale = {"password": password, "remark": "同意", "seen": seen}
    answer = head.post(reverse("document_sign", args=[draft.pk]), stale)
    assert answer.status_code == 409 and "请看过下面的新内容再签" in answer.content.decode()
    for person in (head, president):
        signed = person.post(
            reverse("document_sign", args=[draft.pk]), {"password": password, "remark": "同意"}
        )
        assert signed.status_code == 302
    draft.refresh_from_db()
    duty.refresh_from_db()
    assert (draft.status, duty.status) == (DocumentStatus.LOCKED, DutyStatus.DONE)
    visit = SiteInspection.objects.get()
    assert (visit.inspected_on, visit.proposed_class) == (cast.today, "NORMAL")
    page = client_of(cast.risk).get(read).content.decode()
    assert "账期延长。" in page and "请补充回款核实情况" in page and "每月核对回款。" in page
    assert (
        "与签字时一致"
        in client_of(cast.risk).get(reverse("document_verify", args=[draft.pk])).content.decode()
    )
    assert save(client, draft, {"problems": "改"}, here="conclusion").status_code == 409
    assert AuditEntry.objects.filter(act="workflow.document.locked").count() == 1


def test_only_what_the_form_asks_is_signed(cast, draft, password):
    client = fill_in(cast, draft)
    draft.refresh_from_db()
    with_guarantor = {**draft.content, "types": ["BORROWER", "GUARANTOR"], "guarantor_names": "旧担保公司"}
    save(client, draft, with_guarantor, here="overview")
    draft.refresh_from_db()
    save(client, draft, {**draft.content, "types": ["BORROWER"]}, here="overview")
    client.post(reverse("document_submit", args=[draft.pk]), {"password": password})
    draft.refresh_from_db()
    assert draft.status == DocumentStatus.SIGNING
    assert "guarantor_names" not in draft.content


def test_the_inbox_opens_one_after_the_other_and_signs_what_was_read_with_one_password(cast, draft, password):
    client = fill_in(cast, draft)
    client.post(reverse("document_submit", args=[draft.pk]), {"password": password})
    head = client_of(cast.head)
    inbox = reverse("document_inbox")
    page = head.get(inbox).content.decode()
    assert draft.number in page and "请先打开阅读" in page
    head.post(reverse("document_inbox_sign"), {"password": password})
    draft.refresh_from_db()
    step = draft.chains.get().steps.get(position=2)
    assert step.status == "WAITING", "what was not read is not signed"
    assert head.get(reverse("document_inbox_read", args=[step.pk])).status_code == 200
    assert "签署已阅的 1 份" in head.get(inbox).content.decode()
    head.post(reverse("document_inbox_sign"), {"password": password})
    step.refresh_from_db()
    assert (step.status, step.signed_by) == ("SIGNED", cast.head)
    assert "没有等您签字的文书" in head.get(inbox).content.decode()
    assert client_of(cast.other_head).get(reverse("document_inbox_read", args=[step.pk])).status_code == 404


def test_files_and_paper_are_nobodys_who_may_not_see_the_document(cast, draft, password):
    client = fill_in(cast, draft)
    one = draft.attachments.get()
    where = [
        reverse("document_attachment", args=[draft.pk, one.pk]),
        reverse("document_thumbnail", args=[draft.pk, one.pk]),
        reverse("document_pdf", args=[draft.pk]),
        reverse("document", args=[draft.pk]),
    ]
    assert [client.get(url).status_code for url in where] == [200] * 4
    for stranger in (cast.other_cm, cast.other_president, cast.admin, cast.cm2):
        assert [client_of(stranger).get(url).status_code for url in where] == [404] * 4, stranger
    client.post(reverse("document_submit", args=[draft.pk]), {"password": password})
    assert [client_of(cast.risk).get(url).status_code for url in where] == [200] * 4
    gone = client.post(reverse("document_detach", args=[draft.pk, one.pk]))
    assert gone.status_code == 409, "nothing is taken off what is being signed"


def test_a_file_that_is_no_photograph_is_refused_with_a_sentence(cast, draft):
    client = client_of(cast.cm)
    fake = SimpleUploadedFile("x.jpg", b"<script>alert(1)</script>", "image/jpeg")
    answer = client.post(reverse("document_attach", args=[draft.pk]), {"section": "photos", "files": [fake]})
    assert answer.status_code == 422 and "不是 JPEG、PNG 照片或 PDF 文件" in answer.content.decode()
    assert client.post(reverse("document_attach", args=[draft.pk]), {"section": "nowhere"}).status_code == 404
    assert draft.attachments.count() == 0


@pytest.mark.parametrize("nonsense", ["../x", "²", "9" * 5000, "\x00", "-1", "operations/../", ""])
def test_nonsense_in_the_pages_own_fields_does_no_harm(cast, draft, nonsense):
    data = dict.fromkeys(("_here", "_version", "_go", "_reuse", "_insert"), nonsense)
    for accept in ("text/html", "application/json"):
        url = reverse("document_save", args=[draft.pk])
        answer = client_of(cast.cm).post(url, {**data, "workers": "126"}, headers={"Accept": accept})
        assert answer.status_code in {200, 302, 409}
    answer = client_of(cast.cm).get(reverse("document_edit_section", args=[draft.pk, "nowhere"]))
    assert answer.status_code in {200, 302}


def test_the_pages_carry_no_inline_script_or_handler(cast, draft):
    client = fill_in(cast, draft)
    for name, args in (
        ("document_edit_section", [draft.pk, "all"]),
        ("document_submit", [draft.pk]),
        ("document", [draft.pk]),
        ("document_inbox", []),
    ):
        answer = client.get(reverse(name, args=args))
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), name
        assert not re.search(r"<[^>]+\son[a-z]+\s*=", page), name
        assert not re.search(r"<[^>]+\sstyle\s*=", page), name
        assert "script-src" not in answer.headers["Content-Security-Policy"], "default-src 'self' stands"


def test_a_duty_without_a_form_is_closed_by_a_completion_record(cast, password):
    item = factories.make_duty(
        cast.cm,
        cast.corporate,
        borrower=cast.borrower,
        kind="other",
        obligation="XX-1",
        reason="收集季度报表",
    )
    client = client_of(cast.cm)
    client.post(reverse("document_start", args=[item.pk]))
    record = Document.objects.get(form="completion_record")
    page = client.get(reverse("document_edit", args=[record.pk])).content.decode()
    assert "收集季度报表" in page
    save(client, record, {"done_on": "2026-11-25", "record": "已收到。"})
    assert "办理日期晚于今天" in client.get(reverse("document_submit", args=[record.pk])).content.decode()
    save(client, record, {"done_on": "2026-11-23", "record": "已收到三季度报表，入档。"})
    client.post(reverse("document_submit", args=[record.pk]), {"password": password})
    item = WorkItem.objects.get(pk=item.pk)
    assert (item.status, item.done_on.isoformat(), item.document) == ("DONE", "2026-11-23", record)


@pytest.mark.parametrize("photographs", [1, 6])
def test_query_budgets_do_not_grow_with_what_a_document_holds(
    cast, draft, password, photographs, django_assert_max_num_queries
):
    """The frame's queries are among them; measured: 25, 8, 15, 25."""
    client = fill_in(cast, draft)
    files = [photograph(f"{shade}.jpg", shade) for shade in range(1, photographs)]
    client.post(reverse("document_attach", args=[draft.pk]), {"section": "photos", "files": files})
    with django_assert_max_num_queries(28):
        client.get(reverse("document_edit", args=[draft.pk]))
    with django_assert_max_num_queries(10):
        save(client, draft, {"trend": "恶化", "trend_note": "订单减少"}, here="operations", json=True)
    save(client, draft, {**draft.content, "trend": "一般"}, here="operations")
    assert client.post(reverse("document_submit", args=[draft.pk]), {"password": password}).status_code == 302
    head = client_of(cast.head)
    with django_assert_max_num_queries(18):
        head.get(reverse("document_inbox"))
    with django_assert_max_num_queries(28):
        head.get(reverse("document", args=[draft.pk]))
