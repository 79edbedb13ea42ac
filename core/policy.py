"""Policy: dated versions of schemes, proposed by one and approved by another, and read for a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, QuerySet
from django.utils.translation import gettext_lazy as _

from core import audit, calendar_store, clock, policy_files
from core.calendar import Calendar
from core.days import NoDay, read_day
from core.errors import Conflict, Invalid, Refused
from core.models import Scheme, SchemeVersion
from core.models.policy import VERSION_TRANSITIONS, VersionStatus
from core.parameters import Parameter, Policy
from core.transitions import advance

PROPOSED = audit.act("policy.version.proposed", _("提出管理方案参数"))
DECIDED = {
    VersionStatus.APPROVED: audit.act("policy.version.approved", _("批准管理方案参数")),
    VersionStatus.REJECTED: audit.act("policy.version.rejected", _("否决管理方案参数")),
}

KEYS = frozenset({"value", "article", "note", "source", "title"})


def policy_on(on: date) -> Policy:
    """The policy in force on a day. Approved versions are never rewritten, so what is built stays true."""
    approved = SchemeVersion.objects.filter(status=VersionStatus.APPROVED).aggregate(
        newest=Max("id"), count=Count("id")
    )
    return _build(
        connection.settings_dict["NAME"], approved["newest"], approved["count"], on, calendar_store.load()
    )


@lru_cache(maxsize=32)
def _build(database: str, newest: int | None, count: int, on: date, calendar: Calendar) -> Policy:
    return _assemble(_approved(), on, calendar)


def policy_as_if(version: SchemeVersion, on: date) -> Policy:
    """The policy of a day as it would be if a proposed version (saved or not) were approved as well."""
    return _assemble([*_approved(), version], on, calendar_store.load())


def _approved() -> QuerySet[SchemeVersion]:
    return SchemeVersion.objects.filter(status=VersionStatus.APPROVED).select_related("scheme")


def version_in_force(scheme: Scheme, on: date) -> SchemeVersion | None:
    """The approved version of a scheme that decides on a day: what a change from that day on starts from."""
    approved = scheme.versions.filter(status=VersionStatus.APPROVED, effective_on__lte=on)
    return approved.order_by("-effective_on").first()


def _assemble(found: Iterable[SchemeVersion], on: date, calendar: Calendar) -> Policy:
    versions: dict[str, list[SchemeVersion]] = {}
    for version in sorted(found, key=lambda one: (one.scheme_id, one.effective_on)):
        versions.setdefault(version.scheme_id, []).append(version)
    shipped, titles = policy_files.shipped(settings.POLICY_DIR), policy_files.titles(settings.POLICY_DIR)
    parents, parameters = {}, {}
    for code, of_scheme in versions.items():
        in_force = [version for version in of_scheme if version.effective_on <= on]
        if not in_force:
            continue
        version = in_force[-1]
        parents[code] = version.scheme.parent_id
        # A parameter that came with an upgrade holds as shipped until a version of this lender speaks of it.
        spoken_of = {name for one in of_scheme for name in one.parameters}
        newly = {name: one for name, one in shipped.get(code, {}).items() if name not in spoken_of}
        parameters[code] = MappingProxyType(
            {name: _parameter(code, name, one, None, titles) for name, one in newly.items()}
            | {
                name: _parameter(code, name, one, version.pk, titles)
                for name, one in version.parameters.items()
            }
        )
    return Policy(
        on=on,
        parents=MappingProxyType(parents),
        parameters=MappingProxyType(parameters),
        calendar=calendar,
    )


def _parameter(
    scheme: str, name: str, entry: Mapping[str, Any], version_id: int | None, titles: Mapping[str, str]
) -> Parameter:
    return Parameter(
        name=name,
        value=_frozen(entry["value"]),
        article=entry.get("article", ""),
        note=entry.get("note", ""),
        source=entry.get("source", ""),
        scheme_code=scheme,
        version_id=version_id,
        title=entry.get("title") or titles.get(name, ""),
    )


def figure_of(entry: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What an entry decides: all but its title, which only says what a page calls it."""
    return None if entry is None else {key: said for key, said in entry.items() if key != "title"}


def _frozen(value: Any) -> Any:
    match value:
        case dict():
            return MappingProxyType({key: _frozen(item) for key, item in value.items()})
        case list():
            return tuple(_frozen(item) for item in value)
    return value


@transaction.atomic
def propose(
    *,
    scheme: Scheme,
    parameters: Mapping[str, Mapping[str, Any]],
    effective_on: date,
    reason: str,
    by: str,
    at: datetime,
) -> SchemeVersion:
    """Propose the next version of a scheme: all its parameters, from a day on."""
    _check_parameters(parameters)
    if not reason.strip():
        raise Invalid("请写明变更理由。")
    scheme = Scheme.objects.select_for_update().get(pk=scheme.pk)
    _check_effective(scheme, effective_on, at)
    last = SchemeVersion.objects.filter(scheme=scheme).aggregate(number=Max("number"))["number"] or 0
    version = SchemeVersion.objects.create(
        scheme=scheme,
        number=last + 1,
        parameters={name: dict(entry) for name, entry in parameters.items()},
        effective_on=effective_on,
        reason=reason.strip(),
        proposed_by=by,
        proposed_at=at,
    )
    audit.record(
        act=PROPOSED,
        subject=version,
        after={"scheme": scheme.pk, "number": version.number, "effective_on": effective_on, "by": by}
        | {"parameters": version.parameters},
        note=version.reason,
    )
    return version


@transaction.atomic
def approve(*, version: SchemeVersion, by: str, at: datetime) -> SchemeVersion:
    """Approve a proposed version; from its effective day on it decides, and what was decided before stays."""
    scheme = Scheme.objects.select_for_update().get(pk=version.scheme_id)
    _check_decider(version, by)
    _check_effective(scheme, version.effective_on, at)
    if scheme.versions.filter(status=VersionStatus.APPROVED, effective_on=version.effective_on).exists():
        raise Conflict("该方案在此生效日已有一个批准的版本，请另选生效日。")
    return _decide(version, VersionStatus.APPROVED, by=by, at=at, reason="")


@transaction.atomic
def reject(*, version: SchemeVersion, by: str, reason: str, at: datetime) -> SchemeVersion:
    """Turn a proposed version down, with the reason; it never decides anything."""
    _check_decider(version, by)
    if not reason.strip():
        raise Invalid("请写明不批准的理由。")
    return _decide(version, VersionStatus.REJECTED, by=by, at=at, reason=reason.strip())


def _decide(
    version: SchemeVersion, to: VersionStatus, *, by: str, at: datetime, reason: str
) -> SchemeVersion:
    advance(version, to=to, table=VERSION_TRANSITIONS, decided_by=by, decided_at=at)
    audit.record(
        act=DECIDED[to],
        subject=version,
        before={"status": VersionStatus.PROPOSED},
        after={
            "status": to,
            "scheme": version.scheme_id,
            "number": version.number,
            "effective_on": version.effective_on,
            "by": by,
        },
        note=reason,
    )
    return version


def _check_decider(version: SchemeVersion, by: str) -> None:
    if by == version.proposed_by:
        raise Refused("方案须由提出人以外的人批准。")


def _check_effective(scheme: Scheme, effective_on: date, at: datetime) -> None:
    """Only the first version of a scheme may look back: any other would rewrite what has been decided."""
    initial = not scheme.versions.filter(status=VersionStatus.APPROVED).exists()
    today = clock.local(at).date()
    if not initial and effective_on < today:
        raise Refused(f"生效日 {effective_on} 早于今天 {today}：新版本不能改变已经作出的判断，请另选生效日。")


def _check_parameters(parameters: Mapping[str, Mapping[str, Any]]) -> None:
    if not parameters:
        raise Invalid("方案没有任何参数。")
    for name, entry in parameters.items():
        texts = [entry.get(key, "") for key in ("article", "note", "source", "title")]
        if set(entry) - KEYS or "value" not in entry or not all(isinstance(text, str) for text in texts):
            raise Invalid(
                f"参数 {name} 须有取值 value 与条文 article，可有名称 title、说明 note 与出处 source，均为文字。"
            )
        if not texts[0].strip():
            raise Invalid(f"参数 {name} 没有写明条文（article）。")
        _check_value(name, entry["value"])
        if name.endswith("_on") and entry["value"] is not None:
            _check_day(name, str(entry["value"]))


def _check_day(name: str, text: str) -> None:
    try:
        read_day(text)
    except NoDay as error:
        raise Invalid(f"参数 {name} 的取值“{text}”：{error}。") from None


def _check_value(name: str, value: Any) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case Mapping():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise Invalid(f"参数 {name} 的键须为文字：{key!r}")
                _check_value(name, item)
        case list() | tuple():
            for item in value:
                _check_value(name, item)
        case _:
            raise Invalid(
                f"参数 {name} 的取值 {value!r} 须为文字、整数、是否、列表或对照表；小数与日期请写成文字。"
            )
