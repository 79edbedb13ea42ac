"""Seals over the audit: no writer waits, and no entry slips in below a seal (docs/adr/0002-audit.md)."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Sum, TextField
from django.db.models.functions import Cast

from core import clock
from core.models import AuditEntry, AuditSeal

GENESIS = "0" * 64
# Every column, in this order, is what a seal covers. A new column needs a new kind of seal: old digests stay.
COLUMNS = (
    "id", "at", "on", "actor", "actor_name", "on_behalf_of", "address", "act", "subject",
    "borrower_number", "before", "after", "note", "xid",
)  # fmt: skip
_JSON = frozenset({"before", "after"})
_ONE_SEALER = 0x6175_6469_7473_6561  # one sealer at a time per database
_FLOORS = 0x6175  # the upper 16 bits of the locks that writers hold (migration 0002)


@transaction.atomic
def seal(*, limit: int = 10_000) -> AuditSeal | None:
    """Seal the settled entries that follow the last seal, at most so many; None where there are none to seal.

    A transaction that writes entries holds, until it ends, a shared lock that names the highest id given out
    before its own. The order of the three readings matters: what is visible, who is still writing, then the
    rows. Whoever starts writing after the second reading gets higher ids; whoever ended before it is seen by
    the third.
    """
    if not _scalar("SELECT pg_try_advisory_xact_lock(%s)", _ONE_SEALER):
        return None
    last = AuditSeal.objects.order_by("-last_id").first()
    after = last.last_id if last else 0
    newest = AuditEntry.objects.filter(id__gt=after).aggregate(newest=Max("id"))["newest"]
    if newest is None:
        return None
    settled = min(newest, _oldest_floor(newest))
    rows = hashlib.sha256()
    count, last_id = 0, after
    for row in _rows(after + 1, settled, limit=limit):
        rows.update(_canonical(row))
        count, last_id = count + 1, row[0]
    if not count:
        return None
    fresh = AuditSeal(
        first_id=after + 1,
        last_id=last_id,
        entries=count,
        previous_digest=last.digest if last else GENESIS,
        sealed_at=clock.now(),
    )
    fresh.digest = _digest(fresh, rows.hexdigest())
    fresh.save(force_insert=True)
    return fresh


def seal_all() -> int:
    """Seal until nothing settled is left; how many seals were set."""
    seals = 0
    while seal() is not None:
        seals += 1
    return seals


def _oldest_floor(otherwise: int) -> int:
    """The highest id below which no transaction can still add an entry."""
    floor = _scalar(
        "SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) FROM pg_locks"
        " WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = %s"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        _FLOORS,
    )
    return otherwise if floor is None else int(floor)


def _scalar(sql: str, *arguments: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        (value,) = cursor.fetchone()
    return value


def _rows(first: int, last: int, *, limit: int | None = None) -> Iterator[tuple[Any, ...]]:
    """The entries of a range, in order; JSON as the database writes it, so that no digit is rounded."""
    columns = [Cast(name, TextField()) if name in _JSON else name for name in COLUMNS]
    entries = AuditEntry.objects.filter(id__range=(first, last)).order_by("id").values_list(*columns)
    yield from (entries[:limit] if limit else entries).iterator(chunk_size=2000)


def _canonical(row: tuple[Any, ...]) -> bytes:
    return _line(
        [
            row[0],
            row[1].astimezone(UTC).isoformat(timespec="microseconds"),
            row[2].isoformat(),
            *row[3:],
        ]
    )


def _digest(of: AuditSeal, rows: str) -> str:
    sealed_at = of.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    line = _line([of.previous_digest, of.first_id, of.last_id, of.entries, sealed_at, rows])
    return hashlib.sha256(line).hexdigest()


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Anchor:
    """What the end of the chain was at some moment, kept outside the database."""

    place: str
    at: str
    last_id: int
    seals: int
    entries: int
    digest: str


@dataclass(frozen=True)
class Finding:
    """A range of the audit that is not what was sealed, and what is wrong with it."""

    first_id: int
    last_id: int
    what: str

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}：{self.what}"


@dataclass(frozen=True)
class Report:
    """The result of reading the whole chain again."""

    seals: int
    entries: int
    unsealed: int
    findings: tuple[Finding, ...]
    anchors: int

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify(anchors: Iterable[Anchor] = ()) -> Report:
    """Read every sealed entry again, follow the chain, and compare its end with the anchors."""
    findings: list[Finding] = []
    previous, previous_digest, seals, entries = 0, GENESIS, 0, 0
    below = AuditEntry.objects.filter(id__lt=1).count()
    if below:
        findings.append(Finding(0, 0, f"多出 {below} 行，编号不在任何封条之内"))
    for one in AuditSeal.objects.order_by("last_id").iterator():
        findings.extend(_check(one, previous, previous_digest))
        previous, previous_digest = one.last_id, one.digest
        seals, entries = seals + 1, entries + one.entries
    compared = list(anchors)
    for anchor_ in compared:
        findings.extend(_compare(anchor_))
    return Report(
        seals=seals,
        entries=entries,
        unsealed=AuditEntry.objects.filter(id__gt=previous).count(),
        findings=tuple(findings),
        anchors=len(compared),
    )


def _check(one: AuditSeal, previous: int, previous_digest: str) -> Iterator[Finding]:
    if one.first_id != previous + 1:
        yield Finding(previous + 1, one.first_id - 1, "封条不衔接，中间的封条缺失或被改动")
    if one.previous_digest != previous_digest:
        yield Finding(one.first_id, one.last_id, "封条断链，前一封条被改动、删除或插入")
    rows = hashlib.sha256()
    count = 0
    for row in _rows(one.first_id, one.last_id):
        rows.update(_canonical(row))
        count += 1
    if count < one.entries:
        yield Finding(one.first_id, one.last_id, f"缺少 {one.entries - count} 行")
    elif count > one.entries:
        yield Finding(one.first_id, one.last_id, f"多出 {count - one.entries} 行")
    elif _digest(one, rows.hexdigest()) != one.digest:
        yield Finding(one.first_id, one.last_id, "内容或封条被改动")


def _compare(anchor_: Anchor) -> Iterator[Finding]:
    if not anchor_.last_id:
        return
    one = AuditSeal.objects.filter(last_id=anchor_.last_id).first()
    if one is None:
        yield Finding(1, anchor_.last_id, f"{anchor_.place} 记下的封条不见了：尾部被截断或重做")
        return
    if one.digest != anchor_.digest:
        yield Finding(1, anchor_.last_id, f"{anchor_.place} 记下的指纹与现在的不同：封条被重做")
    upto = AuditSeal.objects.filter(last_id__lte=anchor_.last_id)
    if upto.count() != anchor_.seals or (upto.aggregate(n=Sum("entries"))["n"] or 0) != anchor_.entries:
        yield Finding(1, anchor_.last_id, f"{anchor_.place} 记下的封条数或行数与现在的不同")


def anchor() -> Path:
    """Seal what is settled and write the chain's end to today's anchor file; a later anchor adds a line."""
    seal_all()
    last = AuditSeal.objects.order_by("-last_id").first()
    entries = AuditSeal.objects.aggregate(n=Sum("entries"))["n"] or 0
    directory = anchor_directory()
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{clock.today().isoformat()}.txt"
    line = (
        f"{clock.now().isoformat(timespec='seconds')} last_id={last.last_id if last else 0}"
        f" seals={AuditSeal.objects.count()} entries={entries} digest={last.digest if last else GENESIS}\n"
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return path


def anchor_directory() -> Path:
    """Where anchors are written; a copy elsewhere is what makes them proof (docs/adr/0002-audit.md)."""
    return Path(settings.VAR_DIR) / "anchors"


def known_anchors() -> list[Anchor]:
    """Every anchor under the anchor directory; what a page compares with, where no copy from elsewhere is given."""
    return [anchor_ for path in sorted(anchor_directory().glob("*.txt")) for anchor_ in read_anchors(path)]


def read_anchors(path: Path) -> list[Anchor]:
    """The anchors of a file; a line that is none is an error, since it may have been tampered with."""
    anchors = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        place = f"{path.name} 第 {number} 行"
        at, *pairs = line.split()
        found = dict(pair.partition("=")[::2] for pair in pairs)
        try:
            anchors.append(
                Anchor(
                    place,
                    at,
                    int(found["last_id"]),
                    int(found["seals"]),
                    int(found["entries"]),
                    found["digest"],
                )
            )
        except (KeyError, ValueError) as error:
            raise ValueError(f"{place}不是锚点：{line}") from error
    return anchors
