"""Forms as definitions: what is understood, what is kept, what is missing. No database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workflow import registry
from workflow.definitions import (
    NO,
    YES,
    Background,
    Compare,
    Field,
    FormDefinition,
    Kind,
    Section,
    answered,
    clean,
    gaps,
    options,
    reuse_last,
    settled,
    visible_sections,
)
from workflow.definitions.values import Unreadable, parse

SHARE = "financials.explain_change"
TABLE = Field(
    "amounts",
    "科目",
    Kind.TABLE,
    rows=("收入", "成本"),
    columns=(
        Field("item", "科目", locked=True),
        Field("previous", "上期", Kind.MONEY, minimum=None),
        Field("current", "本期", Kind.MONEY, minimum=None, compare=Compare(against="previous", share=SHARE)),
        Field("reason", "变动原因", required=False),
    ),
)
FORM = FormDefinition(
    "test",
    1,
    "试表",
    "附件0",
    "SB",
    (
        Section(
            "one",
            "甲",
            (
                Field("day", "日期", Kind.DATE),
                Field(
                    "workers", "工人数量", Kind.NUMBER, unit="人", whole=True, compare=Compare(decrease=True)
                ),
                Field("rate", "开工率", Kind.PERCENT, maximum=Decimal(100), compare=Compare(share=SHARE)),
                Field("loan", "金额", Kind.MONEY),
                Field("odd", "有无异常", Kind.YES_NO, explain_on=(YES,)),
                Field("kinds", "类型", Kind.MULTI, options=options("企业", "押品")),
                Field("note", "备注", Kind.LONGTEXT, required=False),
            ),
        ),
        Section("two", "乙", (Field("pledge", "押品"),), when=answered("kinds", "押品")),
        Section("three", "丙", (TABLE,)),
    ),
)
GOOD = {
    "day": ["2026-11-24"],
    "workers": ["126"],
    "rate": ["80"],
    "loan": ["1,590,000.00"],
    "odd": [NO],
    "kinds": ["企业"],
    "amounts-0-previous": ["100"],
    "amounts-0-current": ["110"],
    "amounts-1-previous": ["100"],
    "amounts-1-current": ["100"],
}


def background(**last: str) -> Background:
    return Background(last=last, figures={SHARE: Decimal("0.20")})


def sentences(posted: dict[str, list[str]], known: Background | None = None) -> list[str]:
    answers, _problems = clean(FORM, posted)
    return [gap.sentence for gap in gaps(FORM, answers, known or background())]


def test_a_form_that_is_filled_in_has_no_gap():
    assert sentences(GOOD) == []


def test_every_gap_is_named_at_once_in_the_order_of_the_form():
    assert sentences({}) == [
        "请填写“日期”。",
        "请填写“工人数量”。",
        "请填写“开工率”。",
        "请填写“金额”。",
        "请选择“有无异常”。",
        "请选择“类型”。",
        "“科目”收入：请填写“上期”。",
        "“科目”收入：请填写“本期”。",
        "“科目”成本：请填写“上期”。",
        "“科目”成本：请填写“本期”。",
    ]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("day", "2026-02-30", "“日期”写作“2026-02-30”，日历上没有这一天，请核对后改正。"),
        (
            "day",
            "0001-01-01",
            "“日期”写作“0001-01-01”，日期须在 1900-01-01 至 2199-12-31 之间，请核对年份。",
        ),
        ("day", "下周二", "“日期”写作“下周二”，不是日期，请按 2026-11-24 的样式填写。"),
        ("workers", "abc", "“工人数量”写作“abc”，不是数字，请只填数字，如 126。"),
        ("workers", "-5", "“工人数量”写作“-5”，不能为负数，请核对后改正。"),
        ("workers", "12.5", "“工人数量”写作“12.5”，应为整数，请去掉小数。"),
        ("rate", "120", "“开工率”写作“120”，不能大于 100，请核对后改正。"),
        ("loan", "1,59,0", "“金额”写作“1,59,0”，不是数字，请只填数字，如 15,900,000.00。"),
        ("loan", "0.005", "“金额”写作“0.005”，金额最多到分（两位小数），请改正。"),
        ("loan", "1e5", "“金额”写作“1e5”，不是数字，请只填数字，如 15,900,000.00。"),
        ("odd", "maybe", "“有无异常”选了“maybe”，不在可选范围内，请重新选择。"),
        ("kinds", "别的", "“类型”选了“别的”，不在可选范围内，请重新选择。"),
    ],
)
def test_bad_input_is_kept_as_typed_and_named_with_what_to_do(field, typed, sentence):
    answers, problems = clean(FORM, {**GOOD, field: [typed]})
    assert [problem.sentence for problem in problems] == [sentence]
    assert answers[field] == ([typed] if field == "kinds" else typed)
    assert answers["day"] == ("2026-11-24" if field != "day" else typed), "the rest is untouched"
    assert [gap.sentence for gap in gaps(FORM, answers, background())] == [sentence], (
        "and it keeps the form open"
    )


def test_a_nul_byte_is_refused_and_the_rest_of_the_text_is_kept():
    answers, problems = clean(FORM, {**GOOD, "note": ["看\x00见"]})
    assert answers["note"] == "看\ufffd见"
    assert [problem.sentence for problem in problems] == ["“备注”含有无法保存的字符，请删去后重新输入。"]
    answers, _problems = clean(FORM, {**GOOD, "odd": [YES], "odd_note": ["\x00"]})
    assert "无法保存" in gaps(FORM, answers, background())[0].sentence


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (Kind.NUMBER, "１２６", "126"),
        (Kind.NUMBER, "1,260", "1260"),
        (Kind.MONEY, "１，５９０，０００．５", "1590000.50"),
        (Kind.MONEY, "1590万元", "15900000.00"),
        (Kind.MONEY, "1.2 亿", "120000000.00"),
        (Kind.PERCENT, "３５％", "35"),
        (Kind.DATE, "2026年11月4日", "2026-11-04"),
        (Kind.DATE, "２０２６／１１／０４", "2026-11-04"),
        (Kind.DATETIME, "2026-11-24 9:40", "2026-11-24T09:40"),
        (Kind.TEXT, "  两端  ", "  两端  "),
    ],
)
def test_what_people_type_is_understood(kind, typed, stored):
    assert parse(Field("x", "项", kind), typed) == stored


@given(
    st.text(max_size=40), st.sampled_from([kind for kind in Kind if kind not in {Kind.TABLE, Kind.PHOTOS}])
)
@example("２０２６-02-29", Kind.DATE)
@example("99999999999999999999", Kind.MONEY)
@example("²", Kind.NUMBER)
@example("٣", Kind.MONEY)
def test_whatever_is_typed_is_understood_once_and_for_all_or_kept(typed, kind):
    field = Field("x", "项", kind)
    try:
        stored = parse(field, typed)
    except Unreadable as why:
        assert str(why)
        return
    assert parse(field, stored) == stored


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.lists(st.text(max_size=30), max_size=3)))
def test_no_posting_breaks_the_form_and_saving_twice_changes_nothing(posted):
    answers, _problems = clean(FORM, posted)
    known = background(workers="188", rate="82")
    assert gaps(FORM, answers, known) == gaps(FORM, answers, known)
    again, _problems = clean(FORM, posted, base=answers)
    assert again == answers
    assert not any("\x00" in str(answer) for answer in answers.values())


@pytest.mark.parametrize(
    ("now", "owed"),
    [
        ("119.99", False),  # 19.99 %
        ("120", True),  # 20 % exactly
        ("120.01", True),
        ("80.01", False),
        ("80", True),
        ("-100", True),
        ("100", False),
    ],
)
def test_a_change_of_twenty_percent_is_explained_and_nineteen_point_nine_nine_is_not(now, owed):
    found = sentences({**GOOD, "amounts-0-current": [now]})
    expected = ["“科目”收入：“本期”较上期变动达到 20%，请写明变动原因。"] if owed else []
    assert found == expected
    assert sentences({**GOOD, "amounts-0-current": [now], "amounts-0-reason": ["新厂投产"]}) == []


def test_the_share_is_the_policys_not_the_forms():
    answers, _problems = clean(FORM, {**GOOD, "amounts-0-current": ["110"]})
    strict = Background(figures={SHARE: Decimal("0.10")})
    assert [gap.sentence for gap in gaps(FORM, answers, strict)] == [
        "“科目”收入：“本期”较上期变动达到 10%，请写明变动原因。"
    ]


@pytest.mark.parametrize(
    ("before", "now", "owed"), [("0", "1", True), ("0", "0", False), ("-100", "-119.99", False)]
)
def test_from_nothing_or_below_nothing_the_share_is_still_exact(before, now, owed):
    found = sentences({**GOOD, "amounts-0-previous": [before], "amounts-0-current": [now]})
    assert bool(found) is owed


def test_fewer_workers_than_last_time_must_be_explained_and_more_need_not():
    assert sentences(GOOD, background(workers="188")) == ["“工人数量”较上次减少，请写明原因。"]
    assert sentences({**GOOD, "workers_note": ["季节工清退"]}, background(workers="188")) == []
    assert sentences(GOOD, background(workers="126")) == []
    assert sentences(GOOD, background(workers="100")) == []


def test_an_unwelcome_answer_asks_for_its_explanation():
    assert sentences({**GOOD, "odd": [YES]}) == ["“有无异常”选“是”，请填写说明。"]
    assert sentences({**GOOD, "odd": [YES], "odd_note": ["停电"]}) == []


def test_a_switched_block_is_asked_only_when_its_kind_is_ticked_and_never_signed_otherwise():
    answers, _problems = clean(FORM, {**GOOD, "kinds": ["企业", "押品"]})
    assert [gap.sentence for gap in gaps(FORM, answers, background())] == ["请填写“押品”。"]
    answers, _problems = clean(FORM, {**GOOD, "pledge": ["厂房"]}, base=answers)
    assert [section.code for section in visible_sections(FORM, answers)] == ["one", "three"]
    assert answers["pledge"] == "厂房", "what was typed stays in the draft"
    assert "pledge" not in settled(FORM, answers), "but it is not part of what is signed"


def test_last_time_fills_only_what_is_empty():
    section = FORM.section("one")
    taken = reuse_last(
        section, {"workers": "126", "loan": ""}, {"workers": "188", "loan": "5.00", "day": "2026-08-26"}
    )
    assert taken == {"workers": "126", "loan": "5.00"}


def test_saving_one_section_leaves_the_others_alone():
    base, _problems = clean(FORM, GOOD)
    answers, _problems = clean(FORM, {"amounts-0-current": ["130"]}, sections=["three"], base=base)
    assert answers["day"] == "2026-11-24"
    assert answers["amounts"][0]["current"] == "130.00"


def test_a_locked_answer_cannot_be_posted():
    form = FormDefinition("t", 1, "t", "", "T", (Section("s", "s", (Field("name", "名称", locked=True),)),))
    answers, _problems = clean(form, {"name": ["别人"]}, base={"name": "江南纺织有限公司"})
    assert answers == {"name": "江南纺织有限公司"}


def test_every_form_has_a_number_prefix_of_its_own() -> None:
    prefixes = [kind.definition.number_prefix for kind in registry.forms().values()]
    assert len(prefixes) > 10 and sorted(set(prefixes)) == sorted(prefixes)
