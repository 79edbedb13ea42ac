"""Money in words and figures, pure: 元, 万元, 大写金额, and what people type; Decimal, never floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from core.errors import Invalid

CENT = Decimal("0.01")
_TEN_THOUSAND = Decimal(10000)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_LIMIT = Decimal(10) ** 16  # one 仟万亿 and above is no amount of a bank's book
# 全角 forms, one by one: a general normalisation would also read ² as 2.
_TYPED = str.maketrans(
    {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
    | {"￥": "¥", "−": "-", "﹣": "-", "—": "-", " ": "", "\t": "", "\u00a0": "", "\u3000": ""}
)


def _decimal(value: object) -> Decimal:
    """An exact amount; a float has already lost what it should say, so it is refused."""
    match value:
        case bool():
            raise TypeError("布尔值不是金额")
        case Decimal() | int() | str():
            amount = Decimal(value)
        case _:
            raise TypeError(f"金额须为 Decimal，不能是 {type(value).__name__}")
    if not amount.is_finite():
        raise ValueError(f"不是金额：{value}")
    return amount


def yuan(value: Decimal | int | str) -> str:
    """1,234,567.89: to the cent, half up."""
    return f"{_rounded(_decimal(value)):,.2f}"


def wan(value: Decimal | int | str) -> str:
    """万元: 123.46 for 1,234,567.89; two decimals, half up."""
    return f"{_rounded(_decimal(value) / _TEN_THOUSAND):,.2f}"


def _rounded(amount: Decimal) -> Decimal:
    cents = amount.quantize(CENT, ROUND_HALF_UP)
    return cents if cents else abs(cents)  # no "-0.00"


def chinese_amount(value: Decimal | int | str) -> str:
    """大写金额 for letters (支付结算办法 附一): 壹万零叁元伍角整; "整" unless there are 分."""
    exact = _decimal(value)
    amount = exact.quantize(CENT, ROUND_HALF_UP)
    if amount != exact:
        raise ValueError(f"大写金额须精确到分：{value}")
    if abs(amount) >= _LIMIT:
        raise ValueError(f"金额过大：{value}")
    sign = "负" if amount < 0 else ""
    whole, cents = divmod(int(abs(amount) * 100), 100)
    jiao, fen = divmod(cents, 10)
    if not whole and not cents:
        return "零元整"
    words = f"{_whole_in_words(whole)}元" if whole else ""
    if jiao:
        # 壹仟陆佰捌拾元零叁角贰分: the 零 for an empty 元 place before 角 is optional; it is written here.
        words += ("零" if whole and whole % 10 == 0 else "") + f"{_DIGITS[jiao]}角"
    elif fen and whole:
        words += "零"
    words += f"{_DIGITS[fen]}分" if fen else "整"
    return sign + words


def _whole_in_words(whole: int) -> str:
    for unit, word in ((10**8, "亿"), (10**4, "万")):
        if whole >= unit:
            high, low = divmod(whole, unit)
            joint = "零" if 0 < low < unit // 10 else ""
            return _whole_in_words(high) + word + joint + (_whole_in_words(low) if low else "")
    return _group_in_words(whole)


def _group_in_words(group: int) -> str:
    words = ""
    gap = False
    for place in reversed(range(4)):
        digit = group // 10**place % 10
        if not digit:
            gap = bool(words)
            continue
        words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return words


def parse(text: str) -> Decimal:
    """An amount as people type it (1,234.50, １２３４．５, ￥1234.5); Invalid says what is wrong."""
    typed = text.translate(_TYPED).removeprefix("¥").removesuffix("元")
    if not typed:
        raise Invalid("请填写金额。")
    if "," in typed:
        whole, dot, cents = typed.partition(".")
        head, *groups = whole.lstrip("-").split(",")
        if "," in cents or not 1 <= len(head) <= 3 or any(len(group) != 3 for group in groups):
            raise Invalid(f"“{text}”的千分位逗号位置不对，请写成 1,234,567.89 或 1234567.89。")
        typed = whole.replace(",", "") + dot + cents
    if not typed.isascii() or not typed.lstrip("-").replace(".", "", 1).isdigit() or typed.rfind("-") > 0:
        raise Invalid(f"“{text}”不是金额，请填写数字，例如 1,234,567.89。")
    try:
        amount = Decimal(typed)
    except InvalidOperation as error:
        raise Invalid(f"“{text}”不是金额，请填写数字，例如 1,234,567.89。") from error
    if amount != amount.quantize(CENT, ROUND_HALF_UP):
        raise Invalid(f"“{text}”的小数多于两位，金额精确到分。")
    if abs(amount) >= _LIMIT:
        raise Invalid(f"“{text}”过大，请检查是否多写了位数。")
    return amount.quantize(CENT)


def percent(fraction: Decimal | None) -> str:
    """A fraction in per cent without trailing zeros: 30 for 0.300000; empty for none."""
    if fraction is None:
        return ""
    return f"{(fraction * 100).normalize():f}"
