"""How one typed answer is understood, and how it is shown: figures, money, dates. Never a float."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any

from core.days import RANGE, is_within
from workflow.definitions.shape import NUMERIC, Answers, Field, Kind

REPLACED = "\ufffd"  # stands where a NUL byte or an unreadable character was: the database cannot keep those
LONGEST = {Kind.LONGTEXT: 4000}
LONGEST_LINE = 400

_PLAIN = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3}){1,4}(\.\d{1,6})?")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_TIME = re.compile(r"[T\s]+(\d{1,2})[:时](\d{1,2})(?::\d{1,2})?分?")
_SCALES = (("亿元", 100_000_000), ("万元", 10_000), ("亿", 100_000_000), ("万", 10_000), ("元", 1))


class Unreadable(ValueError):
    """What was typed is not an answer; the message says why and what to do, after the field's name."""


def tidy(text: str) -> str:
    """Typed text as it is kept: no NUL, one kind of line end, no blanks around it."""
    return text.replace("\x00", REPLACED).replace("\r\n", "\n").replace("\r", "\n").strip()


def parse(field: Field, text: str) -> str:
    """The stored form of a typed answer, or Unreadable. Parsing what is stored gives the same again."""
    if REPLACED in text:
        raise Unreadable("含有无法保存的字符，请删去后重新输入")
    if not text:
        return ""
    if field.kind in NUMERIC:
        return _number(field, text)
    if field.kind == Kind.DATE:
        return _day(text, text).isoformat()
    if field.kind == Kind.DATETIME:
        return _moment(text)
    longest = LONGEST.get(field.kind, LONGEST_LINE)
    if len(text) > longest:
        raise Unreadable(f"共 {len(text)} 字，最多 {longest} 字，请精简")
    return text


def _number(field: Field, typed: str) -> str:
    text = unicodedata.normalize("NFKC", typed).replace("−", "-").replace(" ", "")
    scale = 1
    if field.kind == Kind.MONEY:
        for word, times in _SCALES:
            if text.endswith(word):
                text, scale = text.removesuffix(word), times
                break
    elif field.kind == Kind.PERCENT:
        text = text.removesuffix("%")
    elif field.unit:
        text = text.removesuffix(unicodedata.normalize("NFKC", field.unit))
    if not (_PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)):
        raise Unreadable(f"写作“{_short(typed)}”，不是数字，请只填数字，如 {_example(field)}")
    value = Decimal(text.replace(",", "")) * scale
    if field.whole and value != value.to_integral_value():
        raise Unreadable(f"写作“{_short(typed)}”，应为整数，请去掉小数")
    if field.kind == Kind.MONEY and value != round(value, 2):
        raise Unreadable(f"写作“{_short(typed)}”，金额最多到分（两位小数），请改正")
    if field.minimum is not None and value < field.minimum:
        sense = "不能为负数" if field.minimum == 0 else f"不能小于 {field.minimum}"
        raise Unreadable(f"写作“{_short(typed)}”，{sense}，请核对后改正")
    if field.maximum is not None and value > field.maximum:
        raise Unreadable(f"写作“{_short(typed)}”，不能大于 {field.maximum}，请核对后改正")
    if abs(value) >= 10**15:
        raise Unreadable(f"写作“{_short(typed)}”，数值过大，请核对单位")
    if field.kind == Kind.MONEY:
        return f"{value:.2f}"
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _day(text: str, typed: str) -> date:
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", ""))
    if not match:
        raise Unreadable(f"写作“{_short(typed)}”，不是日期，请按 2026-11-24 的样式填写")
    try:
        day = date(*map(int, match.groups()))
    except ValueError:
        raise Unreadable(f"写作“{_short(typed)}”，日历上没有这一天，请核对后改正") from None
    if not is_within(day):
        raise Unreadable(f"写作“{_short(typed)}”，{RANGE}，请核对年份")
    return day


def _moment(typed: str) -> str:
    text = unicodedata.normalize("NFKC", typed).strip()
    match = _TIME.search(text)
    if not match:
        raise Unreadable(f"写作“{_short(typed)}”，缺少时间，请按 2026-11-24 09:40 的样式填写")
    day = _day(text[: match.start()], typed)
    hour, minute = map(int, match.groups())
    if hour > 23 or minute > 59:
        raise Unreadable(f"写作“{_short(typed)}”，没有这个时刻，请核对后改正")
    return f"{day.isoformat()}T{hour:02d}:{minute:02d}"  # wall time in Shanghai, as it is written on the form


def _short(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:20]}…"


def _example(field: Field) -> str:
    return {Kind.MONEY: "15,900,000.00", Kind.PERCENT: "35"}.get(field.kind, "126")


def is_empty(answer: Any) -> bool:
    """Whether nothing has been answered."""
    return answer is None or answer == "" or answer == []


def decimal_of(field: Field, answer: Any) -> Decimal | None:
    """The figure in an answer, or nothing where there is none or it cannot be read."""
    if not isinstance(answer, str) or field.kind not in NUMERIC:
        return None
    try:
        text = parse(field, answer)
    except Unreadable:
        return None
    return Decimal(text) if text else None


def amount_of(answers: Answers, name: str) -> Decimal | None:
    """An answer as an amount, whatever its field; None where it is not one."""
    text = str(answers.get(name) or "")
    return Decimal(text) if _PLAIN.fullmatch(text) else None


def grouped(value: Decimal) -> str:
    """A figure with thousands separators and its own decimals."""
    return f"{value:,f}"


def display(field: Field, answer: Any, listed: tuple[tuple[str, str], ...] = ()) -> str:
    """An answer as people read it: labels for values, separators, units."""
    if is_empty(answer):
        return ""
    if isinstance(answer, list):
        labels = dict(listed or field.choices)
        return "、".join(labels.get(item, str(item)) for item in answer if isinstance(item, str))
    if field.kind in {Kind.CHOICE, Kind.YES_NO}:
        return dict(listed or field.choices).get(answer, str(answer))
    value = decimal_of(field, answer)
    if value is not None:
        unit = "%" if field.kind == Kind.PERCENT else field.unit
        blank = " " if unit and unit != "%" else ""
        return f"{grouped(value)}{blank}{unit}"
    if field.kind == Kind.DATETIME:
        return str(answer).replace("T", " ")
    return str(answer)
