"""What the pages of a scheme show, and a change of it as it was typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from core import policy_files
from core.days import NoDay, read_day
from core.errors import Invalid
from core.models import Scheme, SchemeVersion
from core.models.policy import VersionStatus
from core.parameters import BASE, Parameter, Policy
from core.policy import figure_of, policy_on, version_in_force
from reviews.policy import controls, values


@dataclass(frozen=True)
class Node:
    """A scheme in the tree."""

    scheme: Scheme
    depth: int
    since: date | None
    number: int | None
    own: int
    shipped: int
    waiting: list[SchemeVersion]


def tree(on: date) -> list[Node]:
    """Every scheme under its parent, with what is in force and what waits for a decision."""
    policy = policy_on(on)
    versions: dict[str, list[SchemeVersion]] = {}
    for version in (
        SchemeVersion.objects.select_related("scheme").defer("parameters").order_by("effective_on", "number")
    ):
        versions.setdefault(version.scheme_id, []).append(version)
    schemes = list(Scheme.objects.all())

    def below(parent: str | None, depth: int) -> Iterator[Node]:
        for scheme in schemes:
            if scheme.parent_id != parent:
                continue
            of_scheme = versions.get(scheme.pk, [])
            approved = [
                one for one in of_scheme if one.status == VersionStatus.APPROVED and one.effective_on <= on
            ]
            own = policy.parameters.get(scheme.pk, {}).values()
            yield Node(
                scheme,
                depth,
                approved[-1].effective_on if approved else None,
                approved[-1].number if approved else None,
                len(own),
                sum(one.version_id is None for one in own),
                [one for one in of_scheme if one.status == VersionStatus.PROPOSED],
            )
            yield from below(scheme.pk, depth + 1)

    return list(below(None, 0))


@dataclass(frozen=True)
class Line:
    """A parameter of a scheme as the page shows it."""

    parameter: Parameter
    title: str
    words: str
    entered: str
    inherited: bool
    shipped: bool
    ours: bool  # the regulation does not give this figure


def line_of(parameter: Parameter, code: str) -> Line:
    """A parameter with its words."""
    return Line(
        parameter,
        parameter.label,
        values.in_words(parameter.value, parameter.name),
        values.as_entered(parameter.value),
        parameter.scheme_code != code,
        parameter.version_id is None,
        values.is_ours(parameter),
    )


def lines(policy: Policy, code: str) -> list[Line]:
    """Every parameter that a scheme answers for: its own first, then inherited ones."""
    found = [line_of(policy.get(code, name), code) for name in policy.names(code)]
    return sorted(found, key=lambda one: one.inherited)


@dataclass(frozen=True)
class DiffLine:
    """One parameter that two versions have differently; empty words where one does not have it."""

    name: str
    title: str
    article: str
    before: str
    after: str
    note_before: str
    note_after: str

    @property
    def is_adopted(self) -> bool:
        """Whether only the scheme that speaks of it changes, not the value."""
        return self.before == self.after and self.note_before == self.note_after


def diff(before: Mapping[str, Any], after: Mapping[str, Any], fallback: Mapping[str, Any]) -> list[DiffLine]:
    """What a version changes; where the one before did not speak of a parameter, what held is in `fallback`."""
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if figure_of(old) == figure_of(new):
            continue
        held = old or fallback.get(name)
        found.append(
            DiffLine(
                name,
                _title(name, new, old, held),
                (new or old or {}).get("article", ""),
                values.in_words(held["value"], name) if held else "",
                values.in_words(new["value"], name) if new else _("不再单独规定"),
                held.get("note", "") if held else "",
                new.get("note", "") if new else "",
            )
        )
    return found


def _title(name: str, *entries: Mapping[str, Any] | None) -> str:
    """What a change calls a parameter: as one of these entries says, else as shipped, else by its name."""
    said = [entry["title"] for entry in entries if entry and entry.get("title")]
    return said[0] if said else policy_files.titles(settings.POLICY_DIR).get(name, name)


def entries(policy: Policy, code: str) -> dict[str, dict[str, Any]]:
    """Every parameter that holds for a scheme, in the form of a version's entry."""
    return {name: entry_of(policy.get(code, name)) for name in policy.names(code)}


def without_own(policy: Policy, scheme: Scheme) -> dict[str, dict[str, Any]]:
    """What would hold for a scheme that spoke of nothing itself: its parents' parameters, and what was shipped."""
    above = entries(policy, scheme.parent_id or BASE) if scheme.pk != BASE else {}
    return above | policy_files.shipped(settings.POLICY_DIR).get(scheme.pk, {})


def entry_of(parameter: Parameter) -> dict[str, Any]:
    """A parameter in the form of a version's entry; the title that it is shown under goes with it."""
    title = {"title": parameter.title} if parameter.title else {}
    return title | {
        "value": values.plain(parameter.value),
        "article": parameter.article,
        "note": parameter.note,
        "source": parameter.source,
    }


def diff_of(version: SchemeVersion) -> list[DiffLine]:
    """What a version changes against the approved one that held before its day."""
    earlier = version.scheme.versions.filter(
        status=VersionStatus.APPROVED, effective_on__lt=version.effective_on
    )
    same_day = version.scheme.versions.filter(
        status=VersionStatus.APPROVED, effective_on=version.effective_on, number__lt=version.number
    )
    before = (earlier | same_day).order_by("-effective_on", "-number").first()
    if before is None:
        return []
    return diff(
        before.parameters, version.parameters, without_own(policy_on(version.effective_on), version.scheme)
    )


@dataclass(frozen=True)
class Past:
    """A version with what it changed and the names of its people."""

    version: SchemeVersion
    proposed_by: str
    decided_by: str
    changes: list[DiffLine]
    is_first: bool


def names_of(usernames: set[str]) -> dict[str, str]:
    """姓名（工号） for each 工号; the system's own acts in words."""
    known = dict(User.objects.filter(username__in=usernames).values_list("username", "name"))
    return {
        one: f"{known[one]}（{one}）" if one in known else _("系统") if one.startswith("system:") else one
        for one in usernames
    }


def history(scheme: Scheme, policy: Policy) -> list[Past]:
    """Every version of a scheme, the latest first; each compared with the approved one before its day."""
    versions = list(scheme.versions.order_by("effective_on", "number"))
    names = names_of(
        {one.proposed_by for one in versions} | {one.decided_by for one in versions if one.decided_by}
    )
    held = without_own(policy, scheme)
    found: list[Past] = []
    before: SchemeVersion | None = None
    for version in versions:
        changes = [] if before is None else diff(before.parameters, version.parameters, held)
        found.append(
            Past(
                version,
                names[version.proposed_by],
                names.get(version.decided_by, ""),
                changes,
                before is None,
            )
        )
        if version.status == VersionStatus.APPROVED:
            before = version
    return sorted(found, key=lambda one: -one.version.number)


@dataclass(frozen=True)
class Field:
    """A parameter in the form: what holds, its fields, and what is wrong with what was typed."""

    line: Line
    controls: list[controls.Control]
    note: str
    adopt: bool
    error: str = ""


@dataclass
class ChangeForm:
    """A change of a scheme as it is typed: everything that was typed stays."""

    scheme: Scheme
    today: date
    data: Mapping[str, str]
    errors: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[DiffLine] = field(default_factory=list)
    effective_on: date | None = None
    base: SchemeVersion | None = None

    @property
    def effective_text(self) -> str:
        """What stands in the field of the day."""
        return self.data.get("effective_on", "")

    @property
    def reason(self) -> str:
        """What stands in the field of the reason."""
        return self.data.get("reason", "").strip()

    def read(self, schemes: Sequence[tuple[str, str]]) -> None:
        """Compare what was typed with what will hold on the effective day."""
        self._read_day()
        day = self.effective_on or self.today
        policy = policy_on(day)
        self.base = version_in_force(self.scheme, day)
        own = dict(self.base.parameters) if self.base else {}
        held = entries(policy, self.scheme.pk)
        self.parameters = dict(own)
        for line in lines(policy, self.scheme.pk):
            self._read_parameter(line, held[line.parameter.name], list(schemes))
        self.changes = diff(own, self.parameters, held)

    def _read_day(self) -> None:
        text = self.data.get("effective_on")
        if text is None:
            return
        try:
            self.effective_on = read_day(text)
        except NoDay as error:
            self.errors.append(_("请填写生效日：%(why)s。") % {"why": error})
            return
        if self.effective_on < self.today:
            self.errors.append(
                _("生效日 %(day)s 早于今天：新版本不能改变已经作出的判断，请另选生效日。") % {"day": text}
            )

    def _read_parameter(self, line: Line, held: dict[str, Any], schemes: list[tuple[str, str]]) -> None:
        name = line.parameter.name
        error = ""
        try:
            value = controls.read(name, held["value"], self.data, schemes)
        except Invalid as wrong:
            value, error = held["value"], str(wrong)
            self.errors.append(f"{line.title}：{wrong}")
        note = self.data.get(f"note:{name}", held["note"]).replace("\r\n", "\n").strip()
        adopt = line.shipped and bool(self.data.get(f"adopt:{name}"))
        if adopt or value != held["value"] or note != held["note"].strip():
            self.parameters[name] = held | {"value": value, "note": note}
        self.fields.append(
            Field(line, controls.controls(name, held["value"], self.data, schemes), note, adopt, error)
        )

    def finish(self) -> bool:
        """Whether it can be looked at as a change; otherwise `errors` say why not."""
        if self.effective_on is None and not self.errors:
            self.errors.append(_("请填写生效日。"))
        if not self.reason:
            self.errors.append(_("请写明变更理由。"))
        if not self.changes and not self.errors:
            self.errors.append(_("没有任何改动：请先修改参数，或勾选采用软件所带的参数。"))
        return not self.errors

    def as_change(self) -> dict[str, Any]:
        """As a preview keeps it."""
        assert self.effective_on is not None
        changed = {line.name for line in self.changes}
        return {
            "scheme": self.scheme.pk,
            "parameters": self.parameters,
            "effective_on": self.effective_on.isoformat(),
            "reason": self.reason,
            "base": self.base.number if self.base else 0,
            "typed": {
                name: text for name, text in self.data.items()
                if name in ("effective_on", "reason") or (f"{name}:".split(":")[1] in changed)
            },
        }  # fmt: skip
