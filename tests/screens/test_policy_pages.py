"""管理方案 and 工作日历 on screen: typed by one, looked at beforehand, approved by another."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core import announcements, calendar_store, clock, policy
from core.errors import Invalid
from core.models import AuditEntry, CalendarDay, CalendarYear, Preview, Scheme, SchemeVersion
from core.policy import policy_on
from postloan import jobs
from reviews.policy import controls, schemes, values
from tests.pages import one_time

pytestmark = pytest.mark.usefixtures("reference")

Browse = Callable[[Any], Client]
CHANGE = {"effective_on": "2026-12-01", "reason": "从严管理", "p:event_visit.within": "2"}


def html(answer: Any) -> str:
    """A page with its entities undone."""
    return unescape(answer.content.decode())


def row(answer: Any, anchor: str) -> str:
    """The words of a table row."""
    cut = html(answer).split(f'id="{anchor}"', 1)[1].split("</tr>", 1)[0]
    return " ".join(re.sub("<[^>]*>", " ", cut).split())


def value(answer: Any, name: str) -> str:
    """What stands in a field."""
    tag, inner = re.search(
        f'<(?:input|textarea)([^>]* name="{re.escape(name)}"[^>]*)>([^<]*)', html(answer)
    ).groups()
    found = re.search('value="([^"]*)"', tag)
    return found[1] if found else inner.strip()


def typed(client: Client, code: str = "GR", **more: str) -> Any:
    """The form of a change, sent with CHANGE and what else is named."""
    return client.post(reverse("policy_change", args=[code]), CHANGE | one_time() | more)


def propose(browse: Browse, who: Any, **more: str) -> SchemeVersion:
    """Type, look, send."""
    client = browse(who)
    draft = typed(client, **more)
    assert draft.status_code == 302, draft.content.decode()
    jobs.preview()
    pk = draft.headers["Location"].rstrip("/").rsplit("/", 1)[1]
    assert client.post(reverse("preview_send", args=[pk])).status_code == 302
    return SchemeVersion.objects.latest("pk")


def decide(client: Client, version: SchemeVersion, **data: str) -> Any:
    return client.post(reverse("policy_decide", args=[version.pk]), data)


def test_every_parameter_that_the_software_ships_has_a_chinese_name(db: None) -> None:
    held = policy_on(date(2026, 11, 24))
    shown = {one.name: one.label for code in held.parameters for one in held.parameters[code].values()}
    assert len(shown) > 60
    assert [name for name, title in shown.items() if not re.search("[\u4e00-\u9fff]", title)] == []


def test_a_change_is_called_as_its_version_was_stored_and_a_title_alone_is_no_change() -> None:
    before = {
        "event_visit.within": {"value": 3, "article": "第二十八条"}
    }  # stored before versions had titles
    mine = {"event_visit.within": {"value": 2, "article": "第二十八条", "title": "到场天数"}}
    alone = {"event_visit.within": {"value": 3, "article": "第二十八条", "title": "到场天数"}}
    assert schemes.diff(before, alone, {}) == []
    assert [one.title for one in schemes.diff(before, mine, {})] == ["到场天数"]
    assert [one.title for one in schemes.diff(mine, before, {})] == ["到场天数"]
    shipped = [one.title for one in schemes.diff(before, {}, {})]
    assert shipped == ["风险事项到场期限（工作日）"]
    nobody = {"retired.figure": {"value": 1, "article": "第一条"}}
    assert [one.title for one in schemes.diff(nobody, {}, {})] == ["retired.figure"]


@pytest.mark.parametrize("code", ["BASE", "FW", "GD", "GR", "GS", "LS", "NX", "XD", "XF", "XW", "XY"])
def test_a_form_sent_back_as_it_came_changes_nothing(cast: SimpleNamespace, code: str) -> None:
    held = policy_on(cast.today)
    options = list(Scheme.objects.values_list("code", "name"))
    for name in held.names(code):
        old = values.plain(held.get(code, name).value)
        data = {one.name: one.text for one in controls.controls(name, old, {}, options)}
        assert controls.read(name, old, data, options) == old, name


@pytest.mark.parametrize(
    ("name", "old", "data", "sentence"),
    [
        ("event_visit.within", 3, {"p:event_visit.within": "三"}, "“三”须为整数"),
        ("contact.within", {"workdays": 5}, {"p:contact.within:workdays": ""}, "须为整数"),
        ("normal_sampling.rate", "0.10", {"p:normal_sampling.rate": "10%"}, "须写成小数"),
        ("work_review.frequency", "quarterly", {"p:work_review.frequency": "weekly"}, "请从列表中选择"),
        ("interest_funds.months", [3, 6], {"p:interest_funds.months": "3\n六"}, "“六”须为整数"),
        ("interest_funds.months", [3, 6], {"p:interest_funds.months": "3\n3"}, "有重复的行"),
        ("overdue.buckets", {"M1": [1, 30]}, {"p:overdue.buckets": '{"M1": [1, 30]'}, "第 1 行第 15 个字"),
        ("overdue.buckets", {"M1": [1, 30]}, {"p:overdue.buckets": '{"M9": [1, 30]}'}, "须与原值的写法一致"),
        ("overdue.buckets", {"M1": [1, 30]}, {"p:overdue.buckets": '{"M1": [1.5, 30]}'}, "小数请写成带引号的文字"),
    ],
)  # fmt: skip
def test_a_value_in_another_shape_is_refused_with_a_sentence(
    name: str, old: Any, data: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        controls.read(name, old, data, [])


def test_the_pages_show_where_every_figure_comes_from(cast: SimpleNamespace, browse: Browse) -> None:
    client = browse(cast.cm)
    assert "法人客户贷后管理方案" in client.get("/policy/").content.decode()
    page = client.get("/policy/GR/")
    text = row(page, "event_visit.within")
    assert "风险事项到场期限（工作日）" in text
    assert "第二十八条" in text
    assert "本系统设定" in text  # 原文只写“立即”
    inherited = row(page, "maturity_letter.before")
    assert "1 个月" in inherited
    assert "来自 基础方案" in inherited
    assert "第 1 版" in html(page)
    assert client.get("/policy/NOPE/").status_code == 404


def test_what_came_with_an_upgrade_is_marked_until_it_is_adopted(
    cast: SimpleNamespace, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"title": "新期限", "value": 7, "article": "第九十九条", "note": "新参数", "source": "办法"}
    monkeypatch.setattr(policy.policy_files, "shipped", lambda directory: {"GR": {"brand_new.days": entry}})
    policy._build.cache_clear()
    try:
        client = browse(cast.risk_head)
        assert "随软件带来" in row(client.get("/policy/GR/"), "brand_new.days")
        version = propose(
            browse, cast.risk_head, **{"p:event_visit.within": "3", "adopt:brand_new.days": "1"}
        )
        assert version.parameters["brand_new.days"] == entry
        (line,) = schemes.diff_of(version)
        assert (line.name, line.title, line.is_adopted) == ("brand_new.days", "新期限", True)
    finally:
        policy._build.cache_clear()


def test_what_was_typed_stays_when_it_cannot_be_taken(cast: SimpleNamespace, browse: Browse) -> None:
    client = browse(cast.risk_head)
    for data, sentence in (
        ({"p:event_visit.within": "两天"}, "风险事项到场期限（工作日）：“两天”须为整数"),
        ({"reason": " "}, "请写明变更理由"),
        ({"effective_on": "2026-11-23"}, "早于今天"),
        ({"effective_on": "明天"}, "请填写生效日"),
        ({"effective_on": "0001-01-01"}, "日期须在 1900-01-01 至 2199-12-31 之间"),
        ({"p:event_visit.within": "3"}, "没有任何改动"),
    ):
        answer = typed(client, **data)
        assert answer.status_code == 422
        assert sentence in html(answer).split('role="alert"')[1].split("</ul>")[0]
        wanted = CHANGE | data
        assert value(answer, "p:event_visit.within") == wanted["p:event_visit.within"]
        assert value(answer, "reason") == wanted["reason"].strip()
        assert value(answer, "effective_on") == wanted["effective_on"]
    assert not Preview.objects.exists()
    assert SchemeVersion.objects.filter(scheme="GR").count() == 1


def test_a_draft_shows_what_it_changes_and_can_be_gone_back_to(cast: SimpleNamespace, browse: Browse) -> None:
    client = browse(cast.risk_head)
    draft = typed(client)
    page = client.get(draft.headers["Location"]).content.decode()
    assert "<del>3</del>" in page
    assert "等待推演" in page
    back = client.get(f"/policy/GR/change/?draft={Preview.objects.get().pk}")
    assert value(back, "p:event_visit.within") == "2"
    # It is its author's until it is sent; then whoever decides, proposes or audits reads it.
    kept = Preview.objects.get()
    others = [browse(one) for one in (cast.admin, cast.president, cast.other_president, cast.auditor)]
    export = reverse("preview_export", args=[kept.pk])
    send = reverse("preview_send", args=[kept.pk])
    jobs.preview()
    assert [other.get(draft.headers["Location"]).status_code for other in others] == [404] * 4
    assert [other.get(export).status_code for other in others] == [403, 404, 404, 404]
    assert others[0].post(send).status_code == 404
    assert client.post(send).status_code == 302
    version = reverse("policy_version", args=[SchemeVersion.objects.latest("pk").pk])
    assert [other.get(draft.headers["Location"]).headers["Location"] for other in others] == [version] * 4
    assert [other.get(export).status_code for other in others] == [403, 200, 200, 200]


def test_a_change_is_not_sent_before_its_outcome_is_there_and_only_once(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.risk_head)
    typed(client)
    kept = Preview.objects.get()
    send = reverse("preview_send", args=[kept.pk])
    refused = client.post(send)
    assert refused.status_code == 403 and "看到结果后再提交" in refused.content.decode()
    Preview.objects.filter(pk=kept.pk).update(error="KeyError")
    assert "请回去核对改动的取值" in client.post(send).content.decode()
    assert SchemeVersion.objects.filter(scheme="GR").count() == 1
    Preview.objects.filter(pk=kept.pk).update(error="")
    jobs.preview()
    first, second = (client.post(send, follow=True) for _ in range(2))
    assert first.redirect_chain == second.redirect_chain
    assert "等待分管行长或行长批准" in first.content.decode()
    assert "没有重复提交" in second.content.decode()
    assert SchemeVersion.objects.filter(scheme="GR").count() == 2


def test_a_change_is_proposed_by_one_looked_at_and_approved_by_another(
    cast: SimpleNamespace, browse: Browse
) -> None:
    version = propose(browse, cast.risk_head, **{"p:site_inspection.frequency:NORMAL": "monthly"})
    assert version.previews.get().sent_at is not None
    assert (version.status, version.proposed_by, version.reason) == ("PROPOSED", "1007", "从严管理")
    assert version.parameters["event_visit.within"]["value"] == 2
    assert set(version.parameters) == set(Scheme.objects.get(pk="GR").versions.get(number=1).parameters)
    president = browse(cast.president)
    page = president.get(reverse("policy_version", args=[version.pk])).content.decode()
    assert "会新增 6 项、取消 4 项、改期 0 项职责" in page
    assert "江南纺织有限公司" in page
    assert "城东机械有限公司" not in page  # of the other branch: counted, not shown
    assert decide(president, version, decision="approve").status_code == 302
    version.refresh_from_db()
    assert (version.status, version.decided_by) == ("APPROVED", "1008")
    assert policy_on(date(2026, 12, 1)).get("GR", "event_visit.within").value == 2
    scheme_page = president.get("/policy/GR/").content.decode()
    assert "<del>3</del> → <ins>2</ins>" in scheme_page
    assert "周敏（1007）" in scheme_page
    assert "吴刚（1008）" in scheme_page
    sheet = president.get(reverse("preview_export", args=[version.previews.get().pk]))
    assert sheet.headers["Content-Type"].endswith("sheet")
    assert AuditEntry.objects.filter(act="policy.preview.exported").get().after == {"rows": 5}


def test_nobody_approves_without_a_preview_or_what_the_rules_cannot_work_with(
    cast: SimpleNamespace, browse: Browse
) -> None:
    version = propose(browse, cast.admin)
    vp = browse(cast.vp)
    version.previews.all().delete()
    assert "批准前须先推演" in decide(vp, version, decision="approve").content.decode()
    vp.post(reverse("policy_rehearse", args=[version.pk]))
    vp.post(reverse("policy_rehearse", args=[version.pk]))  # one is under way: no second
    kept = version.previews.get()
    refused = decide(vp, version, decision="approve")  # not before it is worked out
    assert refused.status_code == 403
    assert "看到结果后再批准" in refused.content.decode()
    jobs.preview()
    kept.refresh_from_db()
    kept.result["failed"] = 3
    kept.save()
    assert "有 3 行按新参数无法判断" in decide(vp, version, decision="approve").content.decode()
    assert decide(vp, version, decision="reject", reason="").status_code == 422
    assert decide(vp, version, decision="reject", reason="间隔没有写全").status_code == 302
    version.refresh_from_db()
    assert version.status == "REJECTED"
    page = vp.get(reverse("policy_version", args=[version.pk])).content.decode()
    assert "未批准" in page


def test_whoever_proposed_does_not_approve_also_as_a_president(cast: SimpleNamespace, browse: Browse) -> None:
    held = Scheme.objects.get(pk="GR").versions.get(number=1)
    version = policy.propose(
        scheme=held.scheme, parameters=held.parameters | {"x": {"value": 1, "article": "试"}},
        effective_on=date(2026, 12, 1), reason="试", by=cast.president.username, at=clock.now(),
    )  # fmt: skip
    answer = decide(browse(cast.president), version, decision="approve")
    assert answer.status_code == 403
    assert "提出人以外的人" in answer.content.decode()


def test_a_draft_on_a_version_that_is_no_longer_in_force_is_not_sent(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.risk_head)
    draft = typed(client)
    jobs.preview()
    held = Scheme.objects.get(pk="GR").versions.get(number=1)
    other = policy.propose(
        scheme=held.scheme, parameters=held.parameters, effective_on=date(2026, 11, 30), reason="另一项", by="1012",
        at=clock.now(),
    )  # fmt: skip
    policy.approve(version=other, by="1008", at=clock.now())
    answer = client.post(draft.headers["Location"] + "send/")
    assert answer.status_code == 409
    assert "已有新的版本生效" in answer.content.decode()


def test_the_administrator_sees_how_many_and_not_whose(cast: SimpleNamespace, browse: Browse) -> None:
    version = propose(browse, cast.admin, **{"p:site_inspection.frequency:NORMAL": "monthly"})
    jobs.preview()
    client = browse(cast.admin)
    page = client.get(reverse("policy_version", args=[version.pk])).content.decode()
    assert "会新增 6 项" in page
    assert "江南纺织" not in page
    assert client.get(reverse("preview_export", args=[version.previews.get().pk])).status_code == 403


# the calendar

LINES = "日期,安排,名称\n2027-01-01,休,元旦\n2027/2/20，班，春节调休上班\n2027-01-02,休,元旦"


@pytest.mark.heavy
def test_a_year_is_announced_from_what_was_pasted_after_a_look_at_what_moves(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.admin)
    page = client.get("/calendar/?year=2027").content.decode()
    assert "2027 年放假安排尚未公布，按周末推算" in page
    answer = client.post(
        "/calendar/change/", {"year": "2027", "source": "国办发明电", "days": LINES} | one_time()
    )
    assert answer.status_code == 302, answer.content.decode()
    assert not CalendarYear.objects.filter(year=2027, announced=True).exists()
    assert jobs.preview() == Preview.objects.get().pk
    assert "确认登记" in client.get(answer.headers["Location"]).content.decode()
    sent = [client.post(answer.headers["Location"] + "send/").headers["Location"] for _ in range(2)]
    assert sent == ["/calendar/?year=2027"] * 2
    assert AuditEntry.objects.filter(act="calendar.years.announced").count() == 2  # the first at the set-up
    # The second of January is a Saturday, and rests anyway.
    days = CalendarDay.objects.filter(day__year=2027).values_list("day", "is_workday", "name")
    assert list(days) == [
        (date(2027, 1, 1), False, "元旦"),
        (date(2027, 2, 20), True, "春节调休上班"),
    ]
    assert calendar_store.load().add_workdays(date(2026, 12, 31), 1) == date(2027, 1, 4)
    entry = AuditEntry.objects.filter(act="calendar.years.announced").latest("pk")
    assert entry.after["days"] == ["2027-01-01 休 元旦", "2027-02-20 班 春节调休上班"]
    marks = re.findall(
        r'special[^>]* title="([^"]*)">(\d+)<b>(.)</b>', html(client.get("/calendar/?year=2027"))
    )
    assert marks == [("元旦", "1", "休"), ("春节调休上班", "20", "班")]


@pytest.mark.parametrize("year", ["020269", "20261", "1989", "x", "9" * 30, "２０２７"])
def test_a_year_that_there_is_not_is_the_one_of_today(
    cast: SimpleNamespace, browse: Browse, year: str
) -> None:
    assert browse(cast.cm).get("/calendar/", {"year": year}).context["year"] == cast.today.year


def test_every_wrong_line_of_an_announcement_is_told_and_what_was_typed_stays(
    cast: SimpleNamespace, browse: Browse
) -> None:
    wrong = "2027-01-01,休\n2026-12-31,休\n2027-01-04,班\n2027-13-01,休\n2027-01-05,假\n2027-01-01,休"
    answer = browse(cast.admin).post(
        "/calendar/change/", {"year": "2027", "source": "国办发明电", "days": wrong} | one_time()
    )
    assert answer.status_code == 422
    assert re.findall("<li>(第[^<]*)</li>", html(answer)) == [
        "第 2 行：2026-12-31 不在 2027 年。",
        "第 3 行：2027-01-04 是星期一，本来就上班；调休上班只能在周六、周日。",
        "第 4 行：“2027-13-01”不是日期，请写成 2027-01-01 的样子。",
        "第 5 行：2027-01-05 第二栏须写“休”或“班”，现为“假”。",
        "第 6 行：2027-01-01 重复。",
    ]
    assert value(answer, "days") == wrong
    assert value(answer, "source") == "国办发明电"


def test_an_announcement_comes_as_a_file_in_either_encoding(cast: SimpleNamespace, browse: Browse) -> None:
    client = browse(cast.admin)
    for encoding in ("utf-8-sig", "gbk"):
        upload = SimpleUploadedFile("2027.csv", LINES.replace("，", ",").encode(encoding))
        answer = client.post(
            "/calendar/change/", {"year": "2027", "source": "国办", "file": upload} | one_time()
        )
        assert answer.status_code == 302
        assert Preview.objects.latest("pk").change["days"][1] == ["2027-02-20", True, "春节调休上班"]


def test_a_day_that_is_over_is_not_made_a_holiday(cast: SimpleNamespace, browse: Browse) -> None:
    held = calendar_store.load()
    lines = [
        f"{day},{'班' if is_work else '休'},{held.name_of(day)}"
        for day, is_work in held.overrides.items() if day.year == 2026
    ]  # fmt: skip
    data = {"year": "2026", "source": "更正", "days": "\n".join([*lines, "2026-11-23,休,补假"])}
    answer = browse(cast.admin).post("/calendar/change/", data | one_time())
    assert "2026-11-23 已经过去" in answer.content.decode()
    data["days"] = "\n".join([*lines, "2026-11-25,休,临时放假"])
    assert browse(cast.admin).post("/calendar/change/", data | one_time()).status_code == 302


def test_a_year_that_is_registered_is_registered_by_the_administrator_alone(
    cast: SimpleNamespace, browse: Browse
) -> None:
    kept = Preview.objects.create(
        change={"year": 2027, "days": [["2027-01-01", False, "元旦"]], "source": "国办"},
        on=cast.today, by=cast.risk_head.username, at=clock.now(),
    )  # fmt: skip
    assert browse(cast.risk_head).post(reverse("preview_send", args=[kept.pk])).status_code == 403
    assert browse(cast.risk_head).get("/calendar/change/").status_code == 403


def test_an_announcement_without_a_source_is_refused(cast: SimpleNamespace) -> None:
    days = announcements.read("2027-01-01,休,元旦", 2027)
    with pytest.raises(Invalid, match="请写明来源"):
        announcements.announce(year=2027, days=days, source=" ", by="1012", on=cast.today)
