"""Identity numbers that pass their checksum and belong to nobody: the area codes are not in use."""

from __future__ import annotations

from datetime import date

AREA = "369900"  # 36 is Jiangxi; it has no city 99

_CREDIT_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100: no I, O, S, V, Z
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PERSON_WEIGHTS = tuple(pow(2, place, 11) for place in range(17, 0, -1))


def organisation_check(body: str) -> str:
    """The check character of an organisation code (GB 11714)."""
    total = sum(int(c, 36) * w for c, w in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def credit_code_check(body: str) -> str:
    """The check character of a unified social credit code (GB 32100)."""
    total = sum(_CREDIT_CODE.index(c) * w for c, w in zip(body, _CREDIT_WEIGHTS, strict=True))
    return _CREDIT_CODE[(31 - total % 31) % 31]


def credit_code(serial: int, *, kind: str = "91") -> str:
    """A unified social credit code (统一社会信用代码); kind 91 a company, 92 a sole trader."""
    organisation = f"MA99{serial % 9973:04d}"
    body = kind + AREA + organisation + organisation_check(organisation)
    return body + credit_code_check(body)


def person_check(body: str) -> str:
    """The check character of a resident's identity number (GB 11643)."""
    total = sum(int(c) * w for c, w in zip(body, _PERSON_WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def person_number(serial: int, *, born: date) -> str:
    """A resident's identity number (公民身份号码)."""
    body = f"{AREA}{born:%Y%m%d}{serial % 1000:03d}"
    return body + person_check(body)


def landline(serial: int) -> str:
    """A Nanchang number that cannot be dialled: no subscriber's number begins with 0."""
    return f"0791-0000{serial % 9973:04d}"


def mobile(serial: int) -> str:
    """A mobile number that cannot be dialled: no operator has 100."""
    return f"1000000{serial % 9973:04d}"
