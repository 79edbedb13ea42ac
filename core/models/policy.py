"""管理方案: every figure of a regulation is a dated parameter of a scheme, proposed by one, approved by another."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Scheme(models.Model):
    """A management scheme (管理方案); a parameter it lacks is looked up in its parent, at last in the base scheme."""

    code = models.CharField("代码", max_length=8, primary_key=True)
    name = models.CharField("名称", max_length=80)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class VersionStatus(models.TextChoices):
    """Where a proposed version stands."""

    PROPOSED = "PROPOSED", "待批准"
    APPROVED = "APPROVED", "已批准"
    REJECTED = "REJECTED", "未批准"


VERSION_TRANSITIONS = {
    VersionStatus.PROPOSED: frozenset({VersionStatus.APPROVED, VersionStatus.REJECTED}),
    VersionStatus.APPROVED: frozenset(),
    VersionStatus.REJECTED: frozenset(),
}


class SchemeVersion(models.Model):
    """One version of a scheme's parameters: never rewritten; the next version supersedes it from its date on.

    `parameters` is {name: {"value": …, "article": "第二十七条", "note": "…", "title": …}}; before 2026-12 without a
    title. People are named by 工号, not by a foreign key: policy lies below accounts.
    """

    scheme = models.ForeignKey(Scheme, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField("版本")
    parameters = models.JSONField("参数")
    effective_on = models.DateField("生效日")
    status = models.CharField(
        "状态", max_length=10, choices=VersionStatus.choices, default=VersionStatus.PROPOSED
    )
    proposed_by = models.CharField("提出人", max_length=40)
    proposed_at = models.DateTimeField("提出时间")
    reason = models.TextField("变更理由", blank=True)
    decided_by = models.CharField("批准人", max_length=40, blank=True)
    decided_at = models.DateTimeField("批准时间", null=True, blank=True)

    class Meta:
        verbose_name = "方案版本"
        ordering = ("scheme", "number")
        constraints = (
            models.UniqueConstraint(fields=["scheme", "number"], name="a_scheme_version_has_its_own_number"),
            models.UniqueConstraint(
                fields=["scheme", "effective_on"],
                condition=Q(status="APPROVED"),
                name="one_approved_version_takes_effect_on_a_day",
                violation_error_message="该方案在此生效日已有一个批准的版本，请另选生效日。",
            ),
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("proposed_by")),
                name="a_policy_is_not_approved_by_its_proposer",
                violation_error_message="方案须由提出人以外的人批准。",
            ),
            models.CheckConstraint(
                condition=(Q(status="PROPOSED") & Q(decided_by="") & Q(decided_at__isnull=True))
                | (~Q(status="PROPOSED") & ~Q(decided_by="") & Q(decided_at__isnull=False)),
                name="a_decided_policy_names_who_and_when",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scheme_id} v{self.number}"


class PreviewQuerySet(models.QuerySet["Preview"]):
    """Previews."""

    def readable_by(self, username: str) -> PreviewQuerySet:
        """What the person typed, and what others have sent: an unsent change is its author's alone."""
        return self.filter(Q(by=username) | Q(version__isnull=False) | Q(sent_at__isnull=False))


class Preview(models.Model):
    """What a change of policy or calendar would do to the duties of the coming quarter, worked out in the background.

    `change` says what: a version's scheme, parameters and effective day, or a year and its days; `version` is the
    proposal that it has become, or that was rehearsed once more. `sent_at` is when it became a proposal or an
    announcement: once, and then it stays as it is (migration 0005). `result` is what the rehearsal found. Kept, so
    that whoever approved can be shown what he saw.
    """

    change = models.JSONField("变更")
    version = models.ForeignKey(
        SchemeVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="previews"
    )
    on = models.DateField("推演日")
    by = models.CharField("推演人", max_length=40)
    at = models.DateTimeField("提出时间")
    started_at = models.DateTimeField("开始", null=True, blank=True)
    progress = models.PositiveSmallIntegerField("进度", default=0)  # percent
    result = models.JSONField("结果", null=True, blank=True)
    error = models.TextField("原因", blank=True)
    sent_at = models.DateTimeField("提交时间", null=True, blank=True)

    objects = PreviewQuerySet.as_manager()

    class Meta:
        verbose_name = "推演"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(sent_at__isnull=False),
                name="a_proposal_comes_of_one_preview",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(version__isnull=True) | Q(result__isnull=False),
                name="what_is_proposed_was_rehearsed",
            ),
            models.UniqueConstraint(
                fields=["version"],
                condition=Q(result__isnull=True, error=""),
                name="a_version_is_rehearsed_once_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk} {self.on}"
