"""Which database is the demonstration's: it is marked while it is empty, and nothing is loaded where no mark is."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, User
from core import actor, audit, clock, policy_files
from core.errors import Refused
from core.locks import one_at_a_time
from core.models import AuditEntry, Demonstration, ImportBatch, SchemeVersion
from core.parameters import BASE
from core.reference import PROPOSER
from credit.models import Borrower

PASSWORDS_SET = audit.act("demo.passwords.set", _("设置演示账号密码"))
MARKED = audit.act("demo.database.marked", _("标记为演示数据库"))

LOADER = actor.job("load_demo")
_OF_THE_LENDER = ("lender.", "extracts.")


def found() -> Demonstration | None:
    """The mark of this database; None where it is a lender's own."""
    return Demonstration.objects.first()


def is_loaded() -> bool:
    """Whether this database was made for the demonstration, and all of it is there."""
    return Demonstration.objects.filter(loaded_at__isnull=False).exists()


@transaction.atomic
def write_by_name(name: str) -> None:
    """Mark the database that a person named, if it is this one and empty; once marked it stays so."""
    one_at_a_time("demonstration")
    here = str(connection.get_connection_params()["dbname"])
    if name != here:
        raise Refused(f"现在连接的数据库是“{here}”，不是“{name}”。请核对 DATABASE_URL，再写出它的名称。")
    if found():
        return
    if held := "、".join(_holdings()):
        raise Refused(
            f"这个数据库里已有{held}，不能用来演示，没有作任何改动。演示支行只装进为它新建的空数据库："
            "请另建一个，把 DATABASE_URL 指过去。"
        )
    _write()


@transaction.atomic
def write_where_ours() -> None:
    """Mark the embedded database, which `./run` made: while it is empty, or where an earlier version loaded the
    demonstration before there were marks. What a lender of its own has put there is left without one."""
    one_at_a_time("demonstration")
    if found():
        return
    if _was_loaded_before_marks():
        # The passwords were the last thing that it set: without them the load was cut short, and goes on.
        whole = AuditEntry.objects.filter(act=PASSWORDS_SET.name, actor=LOADER.id).exists()
        _write(is_loaded=whole)
    elif not any(_holdings()):
        _write()


def check_undisturbed() -> None:
    """Raise Refused where anybody but the demonstration has brought in anything before all of it was there."""
    if ImportBatch.objects.exclude(received_by=LOADER.id).exists():
        raise Refused(
            "演示支行还没有装完，期间另有数据导入或录入，不再继续，以免覆盖它们。要重新演示，请换一个空的数据库"
            "（内置数据库：./run --reset）。"
        )


def set_loaded() -> None:
    """All of it is there."""
    Demonstration.objects.update(loaded_at=clock.now())


def _write(*, is_loaded: bool = False) -> None:
    at = clock.now()
    mark = Demonstration.objects.create(
        marked_at=at, marked_by=actor.current().id, loaded_at=at if is_loaded else None
    )
    audit.record(act=MARKED, subject=mark, after={"loaded": is_loaded})


def _holdings() -> Iterator[str]:
    """What a lender has put into the database, in words; nothing for one that is empty."""
    counted = (("机构", Unit, "个"), ("人员", User, "人"), ("客户", Borrower, "户"))
    for noun, model, measure in counted:
        if count := model._default_manager.count():
            yield f"{noun} {count} {measure}"
    yield from _settings()
    if changes := SchemeVersion.objects.exclude(proposed_by=PROPOSER).count():
        yield f"管理方案的变更 {changes} 项"


def _settings() -> Iterator[str]:
    """What was set for a lender when the policy was loaded first, in words."""
    shipped = policy_files.shipped(settings.POLICY_DIR)[BASE]
    first = SchemeVersion.objects.filter(scheme=BASE, proposed_by=PROPOSER).first()
    set_here = {
        name: entry["value"]
        for name, entry in (first.parameters if first else {}).items()
        if name.startswith(_OF_THE_LENDER) and name in shipped and entry["value"] != shipped[name]["value"]
    }
    if name := set_here.pop("lender.name", ""):
        yield f"行名“{name}”"
    if set_here:
        yield f"上线设定 {len(set_here)} 项"


def _was_loaded_before_marks() -> bool:
    """Whether the first thing that ever came in was the demonstration: units and people come only by imports, so
    there was nobody before it."""
    first = ImportBatch.objects.order_by("pk").first()
    return first is not None and first.received_by == LOADER.id and not any(_settings())
