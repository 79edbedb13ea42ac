"""Documents: answers to a form definition, in revisions, with what is attached."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.db import models
from django.db.models import Q

from accounts.models import Unit, User
from core.days import AFTER, FIRST, believable
from workflow.choices import ConsentStatus, DocumentStatus, SubjectKind
from workflow.definitions import Prefill, TypedAnswers
from workflow.querysets import DocumentQuerySet, LateEntryQuerySet

CANON = 2  # how papers are hashed from their submission on; 1: without matter


class Document(models.Model):
    """One revision of one document. A correction of a locked one is a new revision with a new chain.

    `content` is {field name: answer}, money as strings of digits. `version` counts saves, so that two browsers that
    write the same draft notice each other; `conflict` keeps what the later one typed. `matter` is what of the subject
    it is about, empty where one paper answers everything about it; `canon` says how the signed paper is hashed
    (`rules.canonical`): papers of before there were matters are hashed as they were.
    """

    form = models.CharField("表单", max_length=40)
    form_version = models.PositiveSmallIntegerField("表单版本")
    number = models.CharField("编号", max_length=40)
    revision = models.PositiveSmallIntegerField("版次", default=1)
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    subject_kind = models.CharField("对象类型", max_length=12, choices=SubjectKind.choices)
    subject_id = models.BigIntegerField("对象")
    matter = models.CharField("事项", max_length=100, blank=True, default="", db_default="")
    borrower_number = models.CharField("客户编号", max_length=40, blank=True)
    borrower_name = models.CharField("客户名称", max_length=120, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+"
    )  # who was on leave, where a deputy is the author
    status = models.CharField(
        "状态", max_length=12, choices=DocumentStatus.choices, default=DocumentStatus.DRAFT
    )
    content = models.JSONField("内容", default=dict)
    prefilled = models.JSONField(
        "带出值", default=dict
    )  # what the system filled in, to mark what a person changed
    version = models.PositiveIntegerField("保存次数", default=0)
    conflict = models.JSONField("冲突内容", null=True)
    content_hash = models.CharField("内容指纹", max_length=64, blank=True)
    canon = models.PositiveSmallIntegerField("指纹规则", default=CANON, db_default=1)
    created_on = models.DateField("建立日")
    saved_at = models.DateTimeField("保存时间")
    locked_on = models.DateField("锁定日", null=True)
    locked_at = models.DateTimeField("锁定时间", null=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "文书"
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=["number", "revision"], name="a_revision_has_its_own_number"),
            models.CheckConstraint(
                condition=Q(status__in=["DRAFT", "DISCARDED"]) | ~Q(content_hash=""),
                name="what_is_signed_has_a_fingerprint",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["LOCKED", "SUPERSEDED"], locked_at__isnull=False, locked_on__isnull=False
                )
                | (
                    ~Q(status__in=["LOCKED", "SUPERSEDED"])
                    & Q(locked_at__isnull=True, locked_on__isnull=True)
                ),
                name="a_locked_document_says_when",
            ),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True) | ~Q(on_behalf_of=models.F("author")),
                name="nobody_writes_on_their_own_behalf",
            ),
        )
        indexes = (
            models.Index(fields=["subject_id", "form"], name="documents_of_a_subject"),
            models.Index(fields=["borrower_number", "form"], name="documents_of_a_borrower"),
            models.Index(fields=["author", "status"], name="documents_of_an_author"),
        )

    def __str__(self) -> str:
        return f"{self.number} 第{self.revision}版"

    @cached_property
    def kept(self) -> Prefill:
        """What the system filled in when it was started, read once; nothing changes it afterwards."""
        return Prefill.from_json(self.prefilled)

    @property
    def answers(self) -> TypedAnswers:
        """Its answers as days, amounts and rows."""
        return TypedAnswers(self.content)

    @property
    def written_by(self) -> str:
        """The author of the document, with both names where a deputy wrote it: 李四（代王五）."""
        return self.author.standing_in_for(self.on_behalf_of)


class LateEntry(models.Model):
    """A document that tells of work done on paper, entered afterwards (补录, 第五条): it needs the head's consent.

    `actual_on` is the day on which the work was done. Duties that such a document discharges count apart.
    """

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="late_entry")
    actual_on = models.DateField("实际日期")
    reason = models.CharField("补录原因", max_length=300)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_on = models.DateField("申请日")
    requested_at = models.DateTimeField("申请时间")
    status = models.CharField(
        "状态", max_length=8, choices=ConsentStatus.choices, default=ConsentStatus.PENDING
    )
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_on = models.DateField("审批日", null=True)
    decided_at = models.DateTimeField("审批时间", null=True)
    remark = models.CharField("审批意见", max_length=300, blank=True)

    objects = LateEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "补录"
        ordering = ("-requested_on", "id")
        constraints = (
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="a_late_entry_gives_its_reason",
                violation_error_message="请写明补录原因。",
            ),
            models.CheckConstraint(
                condition=Q(actual_on__lte=models.F("requested_on")), name="a_late_entry_tells_of_the_past"
            ),
            models.CheckConstraint(
                condition=Q(
                    status="PENDING",
                    decided_by__isnull=True,
                    decided_on__isnull=True,
                    decided_at__isnull=True,
                )
                | Q(
                    status__in=["GRANTED", "REFUSED"],
                    decided_by__isnull=False,
                    decided_on__isnull=False,
                    decided_at__isnull=False,
                ),
                name="a_consent_says_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("requested_by")),
                name="nobody_consents_to_their_own_late_entry",
            ),
            models.CheckConstraint(
                condition=~Q(status="REFUSED") | ~Q(remark=""), name="a_refused_late_entry_says_why"
            ),
        )
        indexes = (
            models.Index(fields=["requested_on"], condition=Q(status="PENDING"), name="consents_waiting"),
        )

    def __str__(self) -> str:
        return f"{self.document} {self.get_status_display()}"


def attachment_path(attachment: Attachment, filename: str) -> str:
    """Where a file lies under MEDIA_ROOT: by its fingerprint, never by a name that somebody typed."""
    return f"attachments/{attachment.sha256[:2]}/{attachment.sha256}"


class Attachment(models.Model):
    """A photograph or a file of a document; its fingerprint is part of what is signed."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="attachments")
    section = models.CharField("所属部分", max_length=40, blank=True)
    file = models.FileField(upload_to=attachment_path)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=80)
    size = models.PositiveBigIntegerField("大小（字节）")
    sha256 = models.CharField("指纹", max_length=64)
    note = models.CharField("说明", max_length=200, blank=True)
    taken_at = models.DateTimeField("拍摄时间", null=True)  # as the photograph itself says, if it does
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "附件"
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["document", "sha256"],
                name="a_file_is_attached_once",
                violation_error_message="这个文件已经上传过了。",
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | Q(taken_at__gte=FIRST, taken_at__lt=AFTER),
                name="a_photograph_was_taken_on_a_day_of_the_calendar",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """A photograph, rather than a file to read."""
        return self.content_type.startswith("image/")

    @property
    def taken(self) -> datetime | None:
        """When it was taken, as far as that can be believed; every page and paper asks here."""
        return believable(self.taken_at)
