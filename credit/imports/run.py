"""Imports the extracts of a date: all of its files or none, one import at a time, every batch on record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from core import actor, audit, clock
from core.days import RANGE, is_within
from core.errors import Conflict, Invalid
from core.models import ImportBatch, ImportFile
from core.models.imports import ImportSource, ImportStatus
from core.staging.dialect import execute, ident, prepare, rows, scalar
from core.staging.problems import Problem, listed
from core.staging.profiles import FileSpec, Profile, load_profile
from core.staging.stage import Stage
from core.staging.text_files import fingerprint
from credit.imports import book, facts, findings, movements, opening, trade, whole_merges
from credit.imports.checks import check_book
from credit.imports.completion import complete
from credit.imports.differences import difference_sheet
from credit.imports.kinds import KINDS
from credit.imports.notices import notices
from workflow.services import days

FINISHED = {
    ImportStatus.APPLIED: audit.act("credit.extracts.applied", _("数据入账")),
    ImportStatus.UNCHANGED: audit.act("credit.extracts.unchanged", _("数据重复，未变更")),
    ImportStatus.REJECTED: audit.act("credit.extracts.rejected", _("数据退回")),
}

PROFILES = Path(__file__).resolve().parent.parent / "profiles"
MERGES = {
    **book.MERGES,
    **whole_merges.MERGES,
    **trade.MERGES,
    **opening.MERGES,
    **facts.MERGES,
    **movements.MERGES,
}
PATIENCE = "5s"  # how long somebody who saves a row waits for the import before
_LOCK = 0x696D706F727473  # "imports": one import at a time per database
_DATED = re.compile(r"^(\d{4})-?(\d{2})-?(\d{2})$")


def profile_names() -> dict[str, str]:
    """The profiles at hand: name and title."""
    return {path.stem: profile(path.stem).title for path in sorted(PROFILES.glob("*.yaml"))}


def profile(name: str) -> Profile:
    """A profile by name."""
    path = PROFILES / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9_]+", name) or not path.is_file():
        raise Invalid(f"没有名为“{name}”的映射方案。")
    return load_profile(path, KINDS)


def import_folder(folder: Path, *, layout: Profile, as_of: date | None = None) -> Iterator[ImportBatch]:
    """Import a folder of one date, or its dated subfolders in order; stops at the first that is refused."""
    if not folder.is_dir():
        raise Invalid(f"没有这个文件夹：{folder}")
    dated = sorted((on, sub) for sub in folder.iterdir() if sub.is_dir() and (on := _date_of(sub.name)))
    if not dated or layout.replay_from:
        on = as_of or _date_of(folder.name) or layout.cutoff_on
        if on is None:
            raise Invalid("请用 --as-of 写明数据日期，或把文件放在以日期命名的文件夹里（如 2026-11-23）。")
        dated = [(on, folder)]
    for on, sub in dated:
        batch = import_files(
            {path.name: path for path in sorted(sub.iterdir()) if path.is_file()}, layout=layout, as_of=on
        )
        yield batch
        if batch.status == ImportStatus.REJECTED:
            return


def _date_of(name: str) -> date | None:
    found = _DATED.match(name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Taken:
    """A file of the import: what it is, where it lies, and what its bringer called it."""

    spec: FileSpec
    path: Path
    name: str


@dataclass
class Result:
    """What an import came to, per file, before it is put on record."""

    rejected: bool = False
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    difference: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    per_day: dict[date, dict[str, int]] = field(default_factory=dict)


class _Rejected(Exception):
    """Rolls the work back; the result says why."""


@transaction.atomic
def import_files(
    files: Mapping[str, Path],
    *,
    layout: Profile,
    as_of: date,
    source: ImportSource = ImportSource.EXTRACT,
) -> ImportBatch:
    """Import the files of one date; the batch that comes back is APPLIED, UNCHANGED or REJECTED with every reason.

    Rows typed on screen come the same way. They are never the same as an extract, nor the other way round.
    """
    if not _take_turn(source):
        raise Conflict("另一批数据正在导入，请等它完成后再试。")
    if as_of > clock.today():
        raise Invalid(f"数据日期 {as_of} 晚于今天，请核对。")
    if not is_within(as_of):
        raise Invalid(f"数据日期 {as_of} 不对：{RANGE}，请核对年份。")
    batch = ImportBatch(
        profile=layout.name,
        source=source,
        as_of=as_of,
        known_on=known_on(as_of, layout),
        received_at=clock.now(),
        received_by=actor.current().id,
    )
    taken, refused = _assign(files, layout)
    if refused:
        return _record(batch, ImportStatus.REJECTED, Result(files=refused))
    entries = {kind: _entry(kind, file.path, file.name) for kind, file in taken.items()}
    from_files = source == ImportSource.EXTRACT
    if from_files and all(_seen(layout, as_of, entry) for entry in entries.values()):
        return _record(batch, ImportStatus.UNCHANGED, Result(files=entries))
    result = Result(files=entries)
    try:
        with transaction.atomic(), _temporary():
            _apply(batch, layout, taken, result)
            if result.rejected:
                raise _Rejected
    except _Rejected:
        return _record(batch, ImportStatus.REJECTED, result)
    _record(batch, ImportStatus.APPLIED, result)
    _record_days(batch, layout, result)
    return batch


def _take_turn(source: ImportSource) -> bool:
    """One import at a time. A file does not wait; a person who saves a row waits a moment for the one before."""
    if source == ImportSource.EXTRACT:
        return bool(scalar("SELECT pg_try_advisory_xact_lock(%(key)s)", {"key": _LOCK}))
    try:
        with transaction.atomic():
            execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})
            execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError:
        return False
    return True


def known_on(as_of: date, layout: Profile) -> date:
    """The day from which the facts count: their own while it is open, else the next open day."""
    last, wanted = days.last_closed_day(), layout.replay_from or as_of
    return wanted if last is None or wanted > last else last + timedelta(days=1)


def _assign(files: Mapping[str, Path], layout: Profile) -> tuple[dict[str, Taken], dict[str, dict[str, Any]]]:
    """Which file is which; a table that the profile does not know is refused, since a misspelt name loses data."""
    taken: dict[str, Taken] = {}
    refused: dict[str, dict[str, Any]] = {}
    known = "、".join(pattern for spec in layout.files.values() for pattern in spec.names)
    for name, path in files.items():
        if layout.ignores(name):
            continue
        spec = layout.file_of(name)
        if spec is None:
            reason = f"无法识别的文件名；本方案的文件：{known}。"
        elif spec.name in taken:
            reason = f"与 {taken[spec.name].name} 是同一种文件，一个日期只能有一个。"
        else:
            taken[spec.name] = Taken(spec, path, name)
            continue
        refused[name] = {**_entry("", path, name), "errors": listed([Problem(None, "", name, reason)])}
    if not taken and not refused:
        raise Invalid(f"没有可以导入的文件；本方案的文件：{known}。")
    return taken, refused


def _entry(kind: str, path: Path, name: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name[:200],
        "sha256": fingerprint(path),
        "size": path.stat().st_size,
    }


def _seen(layout: Profile, as_of: date, entry: Mapping[str, Any]) -> bool:
    """Whether the newest applied file of this kind and date is the same, byte for byte."""
    newest = (
        ImportFile.objects.filter(
            kind=entry["kind"],
            status=ImportStatus.APPLIED,
            batch__profile=layout.name,
            batch__source=ImportSource.EXTRACT,
            batch__as_of=as_of,
        )
        .exclude(sha256="")
        .order_by("-id")
        .first()
    )
    return newest is not None and newest.sha256 == entry["sha256"]


@contextmanager
def _temporary() -> Iterator[None]:
    """Temporary tables end with the import, also where a test's transaction goes on around it."""
    yield
    names = rows("SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'")
    if names:
        execute(f"DROP TABLE {', '.join('pg_temp.' + ident(name) for (name,) in names)} CASCADE")


def _apply(batch: ImportBatch, layout: Profile, taken: Mapping[str, Taken], result: Result) -> None:
    """Stage, check and merge every file; what is wrong is gathered over all of them before anything is refused."""
    prepare()
    stage = Stage(layout, batch.as_of, batch.known_on)
    stage.restated_on = {} if layout.replay_from else _restated_on(layout, batch.as_of)
    stage.listed = findings.listed(batch.as_of)
    for file in taken.values():
        stage.read(file.spec, file.path)
    for target in layout.targets:
        if layout.source_of(target.source) in taken and stage.map(target):
            stage.check_values(target)
            stage.check_keys(target)
            stage.check_references(target)
            stage.type(target)
            complete(stage, target)
            check_book(stage, target)
            stage.keep_good(target)
            MERGES[target.kind.name](stage, target)
    findings.judge(stage)
    feeds: dict[str, list[str]] = {}
    for target in layout.targets:
        feeds.setdefault(layout.source_of(target.source), []).append(target.kind.name)
    counted = {
        kind: (int(inserted), int(changed))
        for kind, inserted, changed in rows(
            "SELECT kind, sum(inserted), sum(changed) FROM import_counts GROUP BY kind"
        )
    }
    for name, entry in result.files.items():
        problems, total = stage.problems_of(name)
        aside, aside_total = stage.set_aside_of(name)
        said, said_total = notices(stage, name) if not total else ([], 0)
        fed = [counted.get(kind, (0, 0)) for kind in feeds.get(name, ())]
        entry.update(
            rows=stage.files[name].rows,
            inserted=sum(inserted for inserted, _ in fed),
            changed=sum(changed for _, changed in fed),
            errors=listed([*problems, *said], total + said_total),
            set_aside=listed(aside, aside_total),
        )
        result.rejected |= total > 0
    if not result.rejected:
        result.difference = difference_sheet()
        result.counts = {kind: {"inserted": i, "changed": c} for kind, (i, c) in sorted(counted.items())}
        for on, kind, inserted in rows(
            "SELECT known_on, kind, sum(inserted) FROM import_counts GROUP BY known_on, kind ORDER BY 1, 2"
        ):
            result.per_day.setdefault(on, {})[kind] = int(inserted)


def _restated_on(layout: Profile, as_of: date) -> dict[str, str]:
    """For each file, the next date whose extract has been applied already: these facts are late for it."""
    later = (
        ImportFile.objects.filter(
            status__in=[ImportStatus.APPLIED, ImportStatus.UNCHANGED],
            batch__profile=layout.name,
            batch__source=ImportSource.EXTRACT,
            batch__as_of__gt=as_of,
            batch__status__in=[ImportStatus.APPLIED, ImportStatus.UNCHANGED],
        )
        .order_by("-batch__as_of")
        .values_list("kind", "batch__as_of")
    )
    return {kind: str(on) for kind, on in later}


def _record(batch: ImportBatch, status: ImportStatus, result: Result) -> ImportBatch:
    """Put the batch and its files on record, with one entry in the audit."""
    batch.status, batch.finished_at, batch.difference = status, clock.now(), result.difference
    batch.save()
    for entry in result.files.values():
        if status == ImportStatus.REJECTED:
            entry = {**entry, "inserted": 0, "changed": 0}
        ImportFile.objects.create(batch=batch, status=status, **entry)
    audit.record(
        act=FINISHED[status],
        subject=batch,
        after={
            "profile": batch.profile,
            "source": batch.source,
            "as_of": batch.as_of,
            "known_on": batch.known_on,
            "files": {entry["name"]: entry["sha256"] for entry in result.files.values()},
            "counts": result.counts,
            "problems": sum(len(entry.get("errors", ())) for entry in result.files.values()),
            "late": len(result.difference),
        },
    )
    return batch


def _record_days(batch: ImportBatch, layout: Profile, result: Result) -> None:
    """A book fed day by day leaves a batch per day, so that each day's close finds its facts."""
    if not layout.replay_from:
        return
    first, last = batch.known_on, batch.as_of
    batches = ImportBatch.objects.bulk_create(
        ImportBatch(
            profile=layout.name,
            as_of=first + timedelta(days=n),
            known_on=first + timedelta(days=n),
            status=ImportStatus.APPLIED,
            received_at=batch.received_at,
            received_by=batch.received_by,
            finished_at=clock.now(),
        )
        for n in range((last - first).days)  # the last day is the batch itself
    )
    ImportFile.objects.bulk_create(
        ImportFile(
            batch=day,
            kind=kind,
            name=f"{KINDS[kind].label} {day.as_of}",
            sha256="",
            size=0,
            rows=inserted,
            inserted=inserted,
            status=ImportStatus.APPLIED,
        )
        for day in batches
        for kind, inserted in result.per_day.get(day.as_of, {}).items()
        if inserted
    )
