"""Policy: what the shipped schemes say, who may change them, from when, and that the past stays decided."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core import calendar_store, clock, policy
from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry, Scheme, SchemeVersion
from core.parameters import UnknownParameter
from core.policy import policy_on
from credit.choices import Product, RiskClass

TODAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 10, tzinfo=clock.SHANGHAI)


@pytest.fixture(autouse=True)
def _today(reference: None) -> Iterator[None]:
    with clock.travelling_to(AT):
        yield


@pytest.fixture
def scheme() -> Scheme:
    return Scheme.objects.get(code="GR")


def changed(scheme: Scheme, days: int) -> dict[str, Any]:
    """The scheme's parameters with another number of days for a visit after an event."""
    parameters: dict[str, Any] = deepcopy(scheme.versions.get(number=1).parameters)
    parameters["event_visit.within"]["value"] = days
    return parameters


def proposed(scheme: Scheme, *, days: int = 2, effective_on: date = TODAY, by: str = "1007") -> SchemeVersion:
    return policy.propose(
        scheme=scheme,
        parameters=changed(scheme, days),
        effective_on=effective_on,
        reason="从严",
        by=by,
        at=AT,
    )


def within(on: date) -> int:
    return int(policy_on(on).get("GR", "event_visit.within").value)


@pytest.mark.obligation("GR-27", clause="ab")
@pytest.mark.obligation("GD-3.3", clause="abc")
@pytest.mark.parametrize(
    ("code", "frequencies"),
    [
        (
            "GR",
            ["quarterly", "quarterly", "monthly", "monthly", "quarterly"],
        ),  # 第二十七条; the last two are ours
        ("GD", ["none", "monthly", "monthly", "half_monthly", "twelve_monthly"]),  # 第三条
        ("XF", ["none", "monthly", "monthly", "half_monthly", "twelve_monthly"]),  # from 个人住房
        ("XW", ["quarterly", "quarterly", "monthly", "monthly", "quarterly"]),
        ("XD", ["quarterly", "monthly", "monthly", "monthly", "monthly"]),
        ("FW", ["monthly"] * 5),
        ("NX", ["quarterly", "quarterly", "monthly", "monthly", "quarterly"]),  # from the base scheme
    ],
)
def test_each_class_is_visited_as_often_as_its_scheme_says(code: str, frequencies: list[str]) -> None:
    value = policy_on(TODAY).get(code, "site_inspection.frequency").value
    assert [value[risk_class] for risk_class in RiskClass.values] == frequencies


@pytest.mark.obligation("GR-27", clause="b")
def test_a_figure_that_the_source_does_not_give_says_so() -> None:
    frequency = policy_on(TODAY).get("GR", "site_inspection.frequency")
    assert (frequency.source, frequency.article) == ("工人支行贷后管理办法", "第二十七条")
    assert "原文空缺" in frequency.note
    assert "本系统设定" in policy_on(TODAY).get("GR", "event_visit.within").note


def test_every_product_has_a_scheme_and_every_frequency_a_gap() -> None:
    current = policy_on(TODAY)
    assert set(current.products()) == set(Product.values)
    gaps = current.get("BASE", "site_inspection.min_gap").value
    for code in current.parameters:
        for frequency in current.get(code, "site_inspection.frequency").value.values():
            assert frequency == "none" or gaps[frequency] >= 5


def test_policy_reaches_back_to_the_days_of_an_old_book() -> None:
    assert within(date(1993, 7, 5)) == 3


def test_a_parameter_is_looked_for_in_the_parent_and_at_last_in_the_base_scheme() -> None:
    current = policy_on(TODAY)
    assert [*current.lineage("XW")] == ["XW", "GR", "BASE"]
    assert current.get("XW", "event_visit.within").scheme_code == "GR"
    assert current.get("XW", "first_check.within").scheme_code == "BASE"
    assert current.get("XW", "repayment_reminder.before").scheme_code == "XW"
    assert current.is_under("XW", "GR")
    assert not current.is_under("GR", "XW")
    assert current.get("BASE", "financials.explain_change").decimal == Decimal("0.20")


def test_an_unknown_name_raises_and_says_what_was_asked_for() -> None:
    current = policy_on(TODAY)
    with pytest.raises(UnknownParameter, match=r"GR .* site_inspection.frequenzy"):
        current.get("GR", "site_inspection.frequenzy")
    with pytest.raises(UnknownParameter, match="没有生效的方案 ZZ"):
        current.get("ZZ", "first_check.within")
    with pytest.raises(UnknownParameter, match="LEASING"):
        current.scheme_for_product("LEASING")
    with pytest.raises(UnknownParameter, match="1989-12-31 没有生效的方案"):
        policy_on(date(1989, 12, 31)).get("GR", "first_check.within")


def test_a_parameter_of_an_upgrade_holds_as_shipped_until_the_lender_speaks_of_it(
    tmp_path: Path, settings: Any
) -> None:
    for path in settings.POLICY_DIR.glob("*.yaml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.stem == "GR":
            content["parameters"]["brand_new"] = {"title": "新数", "value": 7, "article": "第一条"}
        (tmp_path / path.name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    settings.POLICY_DIR = tmp_path
    policy._build.cache_clear()
    brought = policy_on(TODAY).get("GR", "brand_new")
    assert (brought.value, brought.version_id) == (7, None)
    scheme = Scheme.objects.get(code="GR")
    parameters = changed(scheme, 3) | {"brand_new": {"value": 9, "article": "第一条"}}
    version = policy.propose(
        scheme=scheme, parameters=parameters, effective_on=TODAY, reason="从宽", by="1007", at=AT
    )
    assert policy_on(TODAY).get("GR", "brand_new").value == 7  # proposed is not approved
    policy.approve(version=version, by="1001", at=AT)
    assert policy_on(TODAY).get("GR", "brand_new").value == 9
    # What the lender has spoken of, it has spoken of: the day before the version there was no such figure.
    with pytest.raises(UnknownParameter):
        policy_on(TODAY - timedelta(days=1)).get("GR", "brand_new")
    policy._build.cache_clear()


def test_a_version_keeps_the_titles_it_was_stored_with_and_one_without_takes_the_shipped(
    scheme: Scheme,
) -> None:
    parameters = {name: policy.figure_of(entry) or {} for name, entry in changed(scheme, 3).items()}
    parameters["site_inspection.frequency"]["title"] = "查访频率"
    parameters["retired.figure"] = {"value": 1, "article": "第一条"}
    of_before = policy.propose(
        scheme=scheme, parameters=parameters, effective_on=TODAY, reason="从宽", by="1007", at=AT
    )
    held = policy.policy_as_if(of_before, TODAY).parameters["GR"]
    assert held["event_visit.within"].label == "风险事项到场期限（工作日）"
    assert held["site_inspection.frequency"].label == "查访频率"
    assert held["retired.figure"].label == "retired.figure"
    assert "title" not in of_before.parameters["event_visit.within"]


def test_what_was_read_cannot_be_changed() -> None:
    current = policy_on(TODAY)
    ladder = current.get("BASE", "escalation.ladder").value
    with pytest.raises(TypeError):
        ladder["CUSTOMER"] = ()
    with pytest.raises(TypeError):
        ladder["CUSTOMER"][0]["role"] = "X"
    with pytest.raises(TypeError):
        current.parameters["GR"]["event_visit.within"] = None  # type: ignore[index]


def test_a_reading_costs_two_small_queries_and_the_first_of_a_day_one_more(
    django_assert_num_queries: Any,
) -> None:
    calendar_store.load()
    policy._build.cache_clear()
    with django_assert_num_queries(3):
        policy_on(TODAY)
    with django_assert_num_queries(2):
        policy_on(TODAY)


def test_an_approved_version_decides_from_its_day_on_and_not_before(scheme: Scheme) -> None:
    version = proposed(scheme, effective_on=date(2026, 12, 1))
    assert within(date(2026, 12, 1)) == 3  # proposed is not approved
    policy.approve(version=version, by="1008", at=AT)
    assert within(date(2026, 11, 30)) == 3
    assert within(date(2026, 12, 1)) == 2
    assert policy_on(date(2026, 12, 1)).get("GR", "event_visit.within").version_id == version.pk


def test_a_later_version_may_take_effect_before_an_earlier_approved_one(scheme: Scheme) -> None:
    policy.approve(version=proposed(scheme, days=2, effective_on=date(2027, 1, 1)), by="1008", at=AT)
    policy.approve(version=proposed(scheme, days=1, effective_on=date(2026, 12, 1)), by="1008", at=AT)
    assert [within(date(2026, 11, 30)), within(date(2026, 12, 31)), within(date(2027, 1, 1))] == [3, 1, 2]


def test_nobody_approves_or_rejects_their_own_proposal(scheme: Scheme) -> None:
    version = proposed(scheme, by="1007")
    with pytest.raises(Refused, match="提出人以外"):
        policy.approve(version=version, by="1007", at=AT)
    with pytest.raises(Refused, match="提出人以外"):
        policy.reject(version=version, by="1007", reason="不妥", at=AT)
    version.refresh_from_db()
    assert version.status == "PROPOSED"


def test_a_version_does_not_take_effect_before_today(scheme: Scheme) -> None:
    with pytest.raises(Refused, match="早于今天 2026-11-24"):
        proposed(scheme, effective_on=TODAY - timedelta(days=1))
    version = proposed(scheme, effective_on=TODAY)
    with pytest.raises(Refused, match="早于今天 2026-11-25"):  # approved a day too late
        policy.approve(version=version, by="1008", at=AT + timedelta(days=1))
    policy.approve(version=version, by="1008", at=AT)


def test_two_versions_do_not_take_effect_on_one_day(scheme: Scheme) -> None:
    one, two = proposed(scheme, days=1), proposed(scheme, days=2)
    assert (one.number, two.number) == (2, 3)
    policy.approve(version=one, by="1008", at=AT)
    with pytest.raises(Conflict, match="已有一个批准的版本"):
        policy.approve(version=two, by="1008", at=AT)
    assert within(TODAY) == 1


def test_a_decision_is_taken_once(scheme: Scheme) -> None:
    version = proposed(scheme)
    policy.reject(version=version, by="1008", reason="理由不足", at=AT)
    assert within(TODAY) == 3
    with pytest.raises(Conflict):
        policy.approve(version=version, by="1008", at=AT)
    stale = SchemeVersion.objects.get(pk=proposed(scheme).pk)
    policy.approve(version=SchemeVersion.objects.get(pk=stale.pk), by="1008", at=AT)
    with pytest.raises(Conflict, match=r"已先行处理|不能变为"):
        policy.reject(version=stale, by="1009", reason="迟到", at=AT)


def test_each_step_of_a_change_is_audited(scheme: Scheme) -> None:
    before = AuditEntry.objects.count()
    version = proposed(scheme)
    policy.approve(version=version, by="1008", at=AT)
    policy.reject(version=proposed(scheme), by="1008", reason="重复", at=AT)
    entries = AuditEntry.objects.order_by("id")[before:]
    assert [entry.act for entry in entries] == [
        "policy.version.proposed",
        "policy.version.approved",
        "policy.version.proposed",
        "policy.version.rejected",
    ]
    assert entries[0].after["parameters"]["event_visit.within"]["value"] == 2
    assert entries[1].after["by"] == "1008"
    assert entries[3].note == "重复"


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "没有任何参数"),
        ({"a": {"value": 1}}, "没有写明条文"),
        ({"a": {"article": "第一条"}}, "须有取值"),
        ({"a": {"article": "第一条", "value": 1, "colour": "red"}}, "须有取值"),
        ({"a": {"article": 2.2, "value": 1}}, "均为文字"),
        ({"a": {"article": "第一条", "value": 0.2}}, "小数与日期请写成文字"),
        ({"a": {"article": "第一条", "value": {"x": [1, 0.5]}}}, "小数与日期请写成文字"),
        ({"a": {"article": "第一条", "value": date(2026, 1, 1)}}, "小数与日期请写成文字"),
        ({"a": {"article": "第一条", "value": {1: "x"}}}, "键须为文字"),
    ],
)
def test_a_proposal_that_cannot_be_kept_is_refused(
    scheme: Scheme, parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        policy.propose(scheme=scheme, parameters=parameters, effective_on=TODAY, reason="x", by="1", at=AT)


def test_a_change_and_a_rejection_give_their_reason(scheme: Scheme) -> None:
    with pytest.raises(Invalid, match="变更理由"):
        policy.propose(
            scheme=scheme, parameters=changed(scheme, 1), effective_on=TODAY, reason=" ", by="1", at=AT
        )
    with pytest.raises(Invalid, match="不批准的理由"):
        policy.reject(version=proposed(scheme), by="1008", reason="", at=AT)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_schemeversion SET parameters = '{}' WHERE status = 'APPROVED'",
        "UPDATE core_schemeversion SET effective_on = '2026-01-01' WHERE status = 'APPROVED'",
        "UPDATE core_schemeversion SET status = 'REJECTED' WHERE status = 'APPROVED'",
        "UPDATE core_schemeversion SET parameters = '{}' WHERE status = 'PROPOSED'",
        "DELETE FROM core_schemeversion WHERE status = 'APPROVED'",
    ],
)
def test_the_database_refuses_to_rewrite_a_version(scheme: Scheme, statement: str) -> None:
    proposed(scheme)
    with (
        pytest.raises(DatabaseError, match="never rewritten"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_loading_again_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = SchemeVersion.objects.count(), AuditEntry.objects.count()
    call_command("load_reference")
    assert (SchemeVersion.objects.count(), AuditEntry.objects.count()) == before
    assert "没有变化" in capsys.readouterr().out


def test_the_first_versions_were_proposed_and_approved_under_two_names() -> None:
    for version in SchemeVersion.objects.all():
        assert (version.proposed_by, version.decided_by) == ("system:load_reference", "system:initial")


def _copy(tmp_path: Path) -> Path:
    for path in settings.POLICY_DIR.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def _edit(path: Path, **changes: Any) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def test_a_changed_file_creates_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = _copy(tmp_path)
    content = yaml.safe_load((directory / "GR.yaml").read_text(encoding="utf-8"))
    content["parameters"]["event_visit.within"]["value"] = 1
    _edit(directory / "GR.yaml", parameters=content["parameters"])
    before = SchemeVersion.objects.count()
    call_command("load_reference", directory=directory)
    assert SchemeVersion.objects.count() == before
    assert "方案 GR 的文件与已载入的第 1 版不同（event_visit.within）：没有更改" in capsys.readouterr().err


def test_a_file_that_calls_a_parameter_otherwise_says_nothing_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = _copy(tmp_path)
    _entitle(directory, "event_visit.within", "多久到场")
    before = SchemeVersion.objects.count()
    call_command("load_reference", directory=directory)
    assert (SchemeVersion.objects.count(), capsys.readouterr().err) == (before, "")
    assert policy_on(TODAY).get("GR", "event_visit.within").label == "风险事项到场期限（工作日）"


def test_a_parameter_is_called_once_for_all_schemes_by_one_of_the_files(tmp_path: Path) -> None:
    directory = _copy(tmp_path)
    _entitle(directory, "event_visit.within", "")
    with pytest.raises(CommandError, match=r"BASE.yaml 的参数 event_visit.within 没有名称（title）"):
        call_command("load_reference", directory=directory)
    _entitle(directory, "event_visit.within", "多久到场")
    _entitle(directory, "event_visit.within", "多久到场", code="GR")
    with pytest.raises(
        CommandError, match=r"GR.yaml 的参数 event_visit.within 的名称（title）已写在别的文件里"
    ):
        call_command("load_reference", directory=directory)


def _entitle(directory: Path, name: str, title: str, code: str = "BASE") -> None:
    content = yaml.safe_load((directory / f"{code}.yaml").read_text(encoding="utf-8"))
    content["parameters"][name]["title"] = title
    _edit(directory / f"{code}.yaml", parameters=content["parameters"])


def test_a_change_made_by_people_is_no_difference(scheme: Scheme, capsys: pytest.CaptureFixture[str]) -> None:
    policy.approve(version=proposed(scheme), by="1008", at=AT)
    call_command("load_reference")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"parent": "NOWHERE"}, "上级方案不存在"),
        ({"parent": "GR"}, "互为上级"),
        ({"scheme": "GX"}, "与文件名不符"),
        ({"colour": "red"}, "须恰有这些项"),
    ],
)
def test_a_scheme_file_that_is_wrong_is_refused(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    directory = _copy(tmp_path)
    _edit(directory / "GR.yaml", **changes)
    with pytest.raises(CommandError, match=sentence):
        call_command("load_reference", directory=directory)
