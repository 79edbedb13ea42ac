"""Loads the demonstration branch the way a bank loads its book: policy first, then the extracts of every date.

Only into a database that was made for it (postloan.demo.mark): there it is alone, so that every unit, person and
setting in it is its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from core import clock, policy
from core.errors import Refused
from core.models import ImportBatch, Scheme
from core.models.imports import ImportStatus
from core.parameters import BASE
from credit.imports.run import import_folder, profile
from credit.models import Borrower
from postloan.demo import layout, mark, papers
from postloan.demo.accounts import set_passwords
from postloan.demo.builder import DEFAULT_SEED, build
from postloan.demo.cast import LENDER
from postloan.demo.days import Timeline
from postloan.demo.freezes import freeze

NOT_MADE_FOR_IT = (
    "这个数据库不是为演示建立的，不装载演示支行，没有作任何改动。要看演示，请新建一个空的数据库并写出它的名称："
    "manage.py load_demo --database 库名，或 ./run --demo 库名。"
)
PROPOSER, APPROVER = "10061", "10001"  # 系统管理员 proposes, 行长 approves


def begun(folder: Path) -> date | None:
    """The date of a load that was cut short: it goes on with the same extracts."""
    if not Borrower.objects.exists() or not folder.is_dir():
        return None
    dates = [date.fromisoformat(sub.name) for sub in folder.iterdir() if sub.is_dir()]
    return max(dates, default=None)


def check_may_load() -> None:
    """Raise Refused in a database that was not made for it, and where others have brought in anything in between."""
    if mark.found() is None:
        raise Refused(NOT_MADE_FOR_IT)
    mark.check_undisturbed()


def load(*, as_of: date, folder: Path) -> Iterator[ImportBatch]:
    """Set the lender's policy, write the extracts, import every date in order, set the passwords.

    Yields each batch; ends after one that is refused, without passwords. Each part done before is not done again.
    Refused as `check_may_load` says.
    """
    check_may_load()
    set_policy(as_of=as_of, at=clock.now())
    shutil.rmtree(folder, ignore_errors=True)  # sets of another date would be imported with these
    layout.write(build(as_of, DEFAULT_SEED), folder)
    for batch in import_folder(folder, layout=profile("native")):
        yield batch
        if batch.status == ImportStatus.REJECTED:
            return
    _complete(as_of)


@transaction.atomic
def _complete(as_of: date) -> None:
    """The last of it: from here on nothing is done again, so that a password that somebody changed stays."""
    mark.check_undisturbed()
    freeze(as_of)
    set_passwords()
    papers.write(as_of)
    mark.set_loaded()


def _lender() -> str:
    return str(policy.policy_on(clock.today()).get(BASE, "lender.name").value)


@transaction.atomic
def set_policy(*, as_of: date, at: datetime) -> None:
    """The lender's name and the first day to be closed, proposed by one and approved by another."""
    if _lender() == LENDER:
        return
    scheme = Scheme.objects.get(pk=BASE)
    newest = scheme.versions.filter(status="APPROVED").latest("effective_on")
    parameters = {name: dict(entry) for name, entry in newest.parameters.items()}
    parameters["lender.name"]["value"] = LENDER
    parameters["lender.go_live_on"]["value"] = Timeline(as_of).go_live.isoformat()
    version = policy.propose(
        scheme=scheme,
        parameters=parameters,
        effective_on=clock.local(at).date(),
        reason="演示支行上线设定：行名与上线日",
        by=PROPOSER,
        at=at,
    )
    policy.approve(version=version, by=APPROVER, at=at)
