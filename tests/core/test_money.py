"""Amounts in figures and in words; the words are those of the rules for filling in bills (支付结算办法 附一)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from core.money import chinese_amount, parse, percent, wan, yuan


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "零元整"),
        ("0.01", "壹分"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("0.56", "伍角陆分"),
        ("1", "壹元整"),
        ("1.01", "壹元零壹分"),
        ("10", "壹拾元整"),
        ("10.10", "壹拾元零壹角整"),
        ("11.05", "壹拾壹元零伍分"),
        ("100", "壹佰元整"),
        ("101", "壹佰零壹元整"),
        ("110", "壹佰壹拾元整"),
        ("1001", "壹仟零壹元整"),
        ("1010", "壹仟零壹拾元整"),
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("10003.50", "壹万零叁元伍角整"),
        ("100000", "壹拾万元整"),
        ("100300", "壹拾万零叁佰元整"),
        ("2800000.00", "贰佰捌拾万元整"),
        ("20000005", "贰仟万零伍元整"),
        ("100000000", "壹亿元整"),
        ("100000001", "壹亿零壹元整"),
        ("100005000", "壹亿零伍仟元整"),
        ("100050000", "壹亿零伍万元整"),
        ("110000000", "壹亿壹仟万元整"),
        ("1001001001.01", "壹拾亿零壹佰万壹仟零壹元零壹分"),
        ("1234567890123456.78", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌亿玖仟零壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
        ("1000000000000", "壹万亿元整"),
        ("-5", "负伍元整"),
    ],
)
def test_an_amount_in_words_is_what_a_bill_says(amount: str, words: str) -> None:
    assert chinese_amount(Decimal(amount)) == words


_VALUES = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}


def _read(words: str) -> Decimal:
    """Reads an amount in words, digit by digit: another way round than the writer's."""
    total, section, ten_thousands, digit, cents = 0, 0, 0, 0, 0
    for character in words.removesuffix("整"):
        if character in _VALUES:
            digit = _VALUES[character]
        elif character in "拾佰仟":
            section, digit = section + digit * 10 ** ("拾佰仟".index(character) + 1), 0
        elif character == "万":
            ten_thousands, section, digit = (section + digit) * 10000, 0, 0
        elif character == "亿":
            total, ten_thousands, section, digit = (ten_thousands + section + digit) * 10**8, 0, 0, 0
        elif character == "元":
            total, section, ten_thousands, digit = total + ten_thousands + section + digit, 0, 0, 0
        elif character == "角":
            cents, digit = cents + digit * 10, 0
        elif character == "分":
            cents, digit = cents + digit, 0
    return Decimal(total) + Decimal(cents) / 100


@given(st.decimals(min_value=0, max_value=Decimal("9999999999999999.99"), places=2))
def test_what_is_written_in_words_reads_back_as_the_same_amount(amount: Decimal) -> None:
    words = chinese_amount(amount)
    assert _read(words) == amount
    assert "零零" not in words
    assert words.endswith("整") is (int(amount * 100) % 10 == 0)


def test_figures_are_grouped_and_rounded_half_up() -> None:
    assert yuan(Decimal("1234567.89")) == "1,234,567.89"
    assert yuan("0.005") == "0.01"
    assert yuan("-0.004") == "0.00"
    assert yuan(-1234) == "-1,234.00"
    assert wan(Decimal("1234567.89")) == "123.46"
    assert wan("50") == "0.01"
    assert wan("100000000") == "10,000.00"


@pytest.mark.parametrize("write", [yuan, wan, chinese_amount])
@pytest.mark.parametrize("value", [0.1, 1.0, None, True])
def test_a_float_is_never_an_amount(write: object, value: object) -> None:
    with pytest.raises(TypeError):
        write(value)  # type: ignore[operator]


@pytest.mark.parametrize("amount", ["0.001", "10000000000000000", "NaN", "Infinity"])
def test_what_cannot_be_said_in_words_raises(amount: str) -> None:
    with pytest.raises(ValueError):
        chinese_amount(Decimal(amount))


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.5", "1234.50"),
        ("1,234,567.89", "1234567.89"),
        ("１２３４．５", "1234.50"),
        ("１，２３４", "1234.00"),
        ("1，234.00", "1234.00"),
        ("￥ 1,000", "1000.00"),
        ("¥1000元", "1000.00"),
        ("\u3000 12 345.60 ", "12345.60"),
        ("-8", "-8.00"),
        ("−8", "-8.00"),
        ("0", "0.00"),
        ("1.500", "1.50"),
        ("9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_what_people_type_becomes_an_exact_amount(typed: str, amount: str) -> None:
    parsed = parse(typed)
    assert parsed == Decimal(amount)
    assert str(parsed) == amount


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "abc", "1.2.3", "12,34", "1,2345", ",123", "1,234,", "1.234,5", "1e5", "NaN", "Infinity", "--1", "1-",
     "1.005", "10000000000000000", "壹佰", "٣", "一百", ".", "-", "1_000", "²", "½", "\x00"],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_a_sentence(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(typed)
    assert str(refused.value).endswith("。")


def test_templates_write_amounts_and_due_days() -> None:
    template = Template(
        "{% load money dates %}{{ a|yuan }} {{ a|wan }} {{ n|yuan }}"
        " {{ late|due:on }} {{ on|due:on }} {{ soon|due:on }} {{ late|due_state:on }}"
    )
    context = Context(
        {
            "a": Decimal("2800000"),
            "n": None,
            "on": date(2026, 11, 24),
            "late": date(2026, 11, 21),
            "soon": date(2026, 11, 26),
        }
    )
    assert template.render(context) == "2,800,000.00 280.00 — 逾期 3 天 今天 剩 2 天 late"


def test_a_share_is_written_in_per_cent_without_trailing_zeros() -> None:
    shares = ("0.300000", "0.515", "1", "0.1")
    assert [percent(Decimal(share)) for share in shares] == ["30", "51.5", "100", "10"]
    assert percent(None) == ""
