"""Who signs 附件3, and the draw of the normal borrowers that are visited in a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Unit
from core import audit
from core.errors import Refused
from core.obligations import claims
from core.parameters import Policy
from core.policy import policy_on
from credit.choices import ResponsibleRole
from credit.models import Borrower
from credit.responsibilities.selectors import roles_of
from credit.selectors.responsible import responsible
from inspections.duties import SampledVisit, sampling_period
from inspections.models import Sample, SampledBorrower
from inspections.rules import draw, seed_of
from inspections.selectors import booking_units, normal_borrowers
from workflow.duty_forms import people_around
from workflow.engine import Progress
from workflow.models import Document
from workflow.registry import Preparation
from workflow.rules import Signer, resolve_chain

DRAWN = audit.act("inspections.sample.drawn", _("抽取检查样本"))


@claims("GR-30", does=_("附件3 按条文的顺序送签"))
def signers(*, document: Document, on: date) -> Sequence[Signer]:
    """客户经理 → 客户部门负责人 → 经营主责任人 (第三十条), as the policy in force on the day orders them."""
    borrower = Borrower.objects.get(pk=document.subject_id)
    manager = responsible(borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
    unit = manager.unit if manager else document.unit
    principal = responsible(borrower, ResponsibleRole.PRINCIPAL, on)
    if principal is None:
        raise Refused(f"“{borrower.name}”没有在任的经营主责任人，请先由部门负责人落实责任人，再提交签字。")
    people = people_around(document, unit=unit, on=on, principal=principal.person_id)
    return resolve_chain(roles_of(document.form, policy_on(on), "GR"), people)


def draw_samples(*, on: date, policy: Policy) -> int:
    """Draw the normal borrowers of the day's period, branch by branch; a branch that has drawn does not draw again.

    Runs on the first day closed in a period; a branch that then has nobody to draw from draws when it has.
    """
    period = sampling_period(policy, SampledVisit.scheme, on)
    drawn = Sample.objects.filter(scheme=SampledVisit.scheme, period_key=period.key)
    done = set(drawn.values_list("unit", flat=True))
    units = {unit: branch for unit, branch in booking_units().items() if branch not in done}
    if not units:
        return 0
    normal = normal_borrowers(on, policy, SampledVisit.scheme, units)
    waiting = Unit.objects.filter(pk__in=normal).exclude(kind=UnitKind.DEPARTMENT).order_by("path")
    for branch in waiting:
        draw_sample(branch, normal[branch.pk], on=on, policy=policy)
    return len(waiting)


def prepare_samples(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """The draw as a step of the day; a branch's draw is one, whoever is asked about."""
    return Counter(samples=draw_samples(on=on, policy=policy))


PREPARATION = Preparation(
    SampledVisit.prepared_by, "抽取正常类检查样本", None, prepare_samples, may_be_sampled=False
)


@transaction.atomic
def draw_sample(branch: Unit, ids: Mapping[str, int], *, on: date, policy: Policy) -> Sample:
    """Draw a branch's sample of the day's period from these borrowers (number → id) and keep what it was drawn from."""
    scheme, period = SampledVisit.scheme, sampling_period(policy, SampledVisit.scheme, on)
    rate = policy.get(scheme, "normal_sampling.rate").decimal
    seed = seed_of(scheme, branch.code, period.key, ids)
    sample = Sample.objects.create(
        unit=branch, scheme=scheme, period_key=period.key, first_on=period.first, last_on=period.last,
        drawn_on=on, rate=rate, seed=seed, population=sorted(ids),
    )  # fmt: skip
    chosen = draw(seed, ids, rate)
    SampledBorrower.objects.bulk_create(
        SampledBorrower(sample=sample, borrower_id=ids[number]) for number in chosen
    )
    audit.record(
        act=DRAWN,
        subject=sample,
        after={"seed": seed, "population": len(ids), "drawn": chosen},
    )
    return sample
