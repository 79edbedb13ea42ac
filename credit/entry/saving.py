"""Saves what was typed: as a small file through the import, with the same checks, the same merge, the same audit."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import DataError, IntegrityError, InternalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Unit, User
from core import audit
from core.errors import Invalid, Refused
from core.models import ImportBatch, ImportFile
from core.models.imports import ImportSource, ImportStatus
from core.staging.shapes import Kind
from credit.choices import ResponsibleRole
from credit.entry import guards
from credit.entry.kinds import WHOLE
from credit.entry.rows import Texts, found, model_of, plan_of, stands, written
from credit.entry.scope import Complaint, manager_posts
from credit.imports.kinds import KINDS
from credit.imports.run import import_files, profile
from credit.models import Account, Borrower, Contract, Guarantee, Loan, Responsibility
from workflow.models import WorkItem
from workflow.services.duties import reassign

ADDED = audit.act("credit.entry.added", gettext_lazy("手工录入"), about={"book": gettext_lazy("业务数据")})
CORRECTED = audit.act(
    "credit.entry.corrected", gettext_lazy("手工更正"), about={"book": gettext_lazy("业务数据")}
)
HANDED_OVER = audit.act("credit.customer.handed_over", gettext_lazy("移交客户"))

HEADER = 1  # lines before the first row


@dataclass
class Outcome:
    """What came of saving: refused with complaints, or on record, perhaps with something to be told."""

    complaints: list[Complaint] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    batch: ImportBatch | None = None


class _Undone(Exception):
    """Rolls back what was refused; a form that is sent back leaves nothing behind."""


def enter(
    *,
    kind: Kind,
    rows: Sequence[Texts],
    by: User,
    on: date,
    also: Mapping[str, Sequence[Texts]] | None = None,
    only_check: bool = False,
) -> Outcome:
    """Enter rows of a kind; `also` are rows of other kinds that belong to the same act. All of them or none."""
    files = {kind.name: rows, **(also or {})}
    outcome = Outcome()
    before = {name: _standing(KINDS[name], of, on) for name, of in files.items()}
    try:
        with transaction.atomic(), TemporaryDirectory() as folder:
            refused = guards.refused(kind, rows, before[kind.name], on)
            batch = import_files(
                {path.name: path for path in _write(Path(folder), files)},
                layout=profile("native"),
                as_of=on,
                source=ImportSource.SCREEN,
            )
            outcome = _outcome(batch, kind)
            outcome.complaints += refused
            if outcome.complaints or only_check:
                raise _Undone
            for name, of in files.items():
                if name in WHOLE:
                    _keep_plan(KINDS[name], of, before[name], on)
                else:
                    _keep(KINDS[name], of, before[name], by, on)
    except _Undone:
        pass
    except (
        IntegrityError,
        DataError,
        InternalError,
    ) as error:  # what no check foresaw and the database refused
        outcome = Outcome([Complaint(None, "", _sentence(kind, error))])
    return outcome


def _sentence(kind: Kind, error: Exception) -> str:
    """What the database refused, in the constraint's own words where it has some."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for constraint in model_of(kind.table)._meta.constraints:
        if (
            constraint.name == name
            and constraint.violation_error_message != constraint.default_violation_error_message
        ):
            return str(constraint.violation_error_message)
    return str(
        _("这些内容与已登记的不相容，没有保存，请核对（%(error)s）。") % {"error": str(error).splitlines()[0]}
    )


def _write(folder: Path, files: Mapping[str, Sequence[Texts]]) -> list[Path]:
    """The rows as files with the headers of the native layout; one row, one line."""
    paths = []
    for name, rows in files.items():
        columns = KINDS[name].columns
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file)
            lines.writerow([column.label for column in columns])
            lines.writerows([written(column, row.get(column.name, "")) for column in columns] for row in rows)
        paths.append(path)
    return paths


def _outcome(batch: ImportBatch, kind: Kind) -> Outcome:
    """What the import said, row by row and field by field."""
    names = {column.label: column.name for column in kind.columns}
    complaints: list[Complaint] = []
    notices: list[str] = []
    for file in ImportFile.objects.filter(batch=batch):
        for entry in file.errors:
            own = file.kind == kind.name and entry["line"]
            row = entry["line"] - HEADER - 1 if own and entry["line"] > HEADER else None
            column = names.get(entry["column"], "") if own else ""
            if entry.get("notice"):
                notices.append(entry["reason"])
            else:
                reason = entry["reason"] if column else f"{entry['column']} {entry['reason']}".strip()
                complaints.append(Complaint(row, column, reason))
    if batch.status == ImportStatus.REJECTED and not complaints:
        complaints.append(Complaint(None, "", _("没有保存，请核对后再试。")))
    return Outcome(complaints, notices, None if complaints else batch)


def _standing(kind: Kind, rows: Sequence[Texts], on: date) -> list[Any]:
    """What stands before the act: under each row, or, of a plan, the whole of it."""
    if kind.name in WHOLE:
        return plan_of(kind, rows[0][WHOLE[kind.name]])
    return [stands(kind, row, on) for row in rows]


def _keep_plan(kind: Kind, rows: Sequence[Texts], before: Sequence[Texts], on: date) -> None:
    """A plan is replaced as a whole, and the audit says from what to what."""
    owner = WHOLE[kind.name]
    after = plan_of(kind, rows[0][owner])
    if after != list(before):
        named = [column for column in kind.columns if column.name != owner]
        told = [[" ".join(row[column.name] for column in named) for row in plan] for plan in (before, after)]
        audit.record(
            act=CORRECTED if before else ADDED,
            subject=f"book:{kind.label} {rows[0][owner]}",
            borrower_number=borrower_number(kind, rows[0]),
            before=told[0] or None,
            after=told[1],
        )


def _keep(kind: Kind, rows: Sequence[Texts], before: Sequence[Texts | None], by: User, on: date) -> None:
    """Field by field what became of every row: in its history, and in the audit under its customer."""
    for row, was in zip(rows, before, strict=True):
        one = found(kind, row, on).first()
        now = stands(kind, row, on)
        if one is None or now is None or now == was:
            continue
        if history := getattr(type(one), "history", None):
            history.bulk_history_create([one], update=was is not None, default_user=by)
        changed = [name for name, text in now.items() if text != (was or {}).get(name, "")]
        labels = {column.name: column.label for column in kind.columns}
        audit.record(
            act=CORRECTED if was else ADDED,
            subject=f"book:{kind.label} {' '.join(row.get(name, '') for name in kind.key)}"[:200],
            borrower_number=borrower_number(kind, row),
            before=was and {labels[name]: was[name] for name in changed},
            after={labels[name]: now[name] for name in changed},
        )


_OF: dict[str, tuple[Any, str]] = {
    "contract": (Contract, "number"),
    "loan": (Loan, "number"),
    "guarantee": (Guarantee, "number"),
    "account": (Account, "number"),
}


def borrower_number(kind: Kind, row: Texts) -> str:
    """The customer that a row is about; empty where it is about none."""
    if kind.name == "customers":
        return row.get("number", "")
    if number := row.get("borrower"):
        return number
    for name, (model, key) in _OF.items():
        if text := row.get(name):
            numbers = model.objects.filter(**{key: text}).values_list("borrower__number", flat=True)
            return str(numbers.first() or "")
    return ""


def with_manager(rows: Sequence[Texts], *, manager: User, on: date) -> dict[str, list[Texts]]:
    """New customers have a customer manager from the first day (逐户落实到人：第八条)."""
    post = manager_posts(on).filter(person=manager).first()
    if post is None:
        raise Invalid(_("%(name)s没有在任的客户经理岗位。") % {"name": manager.name})
    return {
        "responsibilities": [
            _responsibility(row["number"], ResponsibleRole.CUSTOMER_MANAGER, manager, post.unit, on)
            for row in rows
            if row.get("number")
        ]
    }


def _responsibility(
    borrower: str, role: str, person: User, unit: Unit, from_on: date, to_on: date | None = None
) -> Texts:
    """A row of the responsibilities."""
    return {
        "borrower": borrower,
        "role": str(role),
        "person": person.username,
        "unit": unit.code,
        "from_on": from_on.isoformat(),
        "to_on": to_on.isoformat() if to_on else "",
    }


def managed_by(person: User, head: User, on: date) -> QuerySet[Responsibility]:
    """What a person manages in the head's department on the day, by customer."""
    rows = Responsibility.objects.current(on).filter(
        person=person, role=ResponsibleRole.CUSTOMER_MANAGER, unit__in=head.scope.unit_ids
    )
    return rows.select_related("borrower", "unit", "person").order_by("borrower__number")


@transaction.atomic
def hand_over(
    *, customers: Sequence[Responsibility], to: User, from_on: date, reason: str, by: User, on: date
) -> int:
    """Another person manages these customers from a day on; what is still open about them goes along.

    A handover that lies ahead moves the open duties when its day is closed.
    """
    if not customers:
        raise Refused(_("请选择要移交的客户。"))
    post = manager_posts(from_on).filter(person=to, unit__in=by.scope.unit_ids).first()
    if post is None:
        raise Refused(_("%(name)s在移交日不是本部门的客户经理。") % {"name": to.name})
    kind = KINDS["responsibilities"]
    rows: list[Texts] = []
    for one in customers:
        if one.person_id == to.pk:
            raise Refused(_("移交人和接收人是同一人。"))
        if one.from_on >= from_on:
            raise Refused(
                _("“%(name)s”自 %(on)s 起才由移交人管理，移交日须在这一天之后。")
                % {"name": one.borrower.name, "on": one.from_on.isoformat()}
            )
        number, ends_on = one.borrower.number, from_on - timedelta(days=1)
        rows += [
            _responsibility(number, one.role, one.person, one.unit, one.from_on, ends_on),
            _responsibility(number, one.role, to, post.unit, from_on, one.to_on),
        ]
    outcome = enter(kind=kind, rows=rows, by=by, on=on)
    if outcome.complaints:
        raise Invalid("；".join(dict.fromkeys(one.reason for one in outcome.complaints)))
    numbers = [one.borrower.number for one in customers]
    moved = 0
    if from_on <= on:
        open_items = WorkItem.objects.open().filter(
            borrower_number__in=numbers, person__in=[one.person_id for one in customers], line=to.line
        )
        moved = reassign(items=open_items, to=to, by=by, reason=reason)
    for one in customers:
        audit.record(
            act=HANDED_OVER,
            subject=one.borrower,
            borrower_number=one.borrower.number,
            before={"person": one.person.username},
            after={"person": to.username, "from_on": from_on},
            note=reason,
        )
    return moved


def visible(number: str, user: User) -> bool:
    """Whether the person has the page of that customer."""
    return bool(number) and Borrower.objects.visible_to(user).filter(number=number).exists()
