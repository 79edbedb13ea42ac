"""Borrowers and who answers for them."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from accounts.models import Unit, User
from accounts.querysets import DatedQuerySet
from credit.choices import BorrowerKind, ContactWay, ResponsibleRole
from credit.querysets import BorrowerQuerySet, FactQuerySet
from workflow.querysets import in_force


class Borrower(models.Model):
    """A borrower (借款人/客户): 法人, 个体 or 个人."""

    number = models.CharField("客户编号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=120)
    initials = models.CharField("拼音首字母", max_length=120, blank=True, editable=False)
    kind = models.CharField("类型", max_length=12, choices=BorrowerKind.choices)
    id_number = models.CharField("证件号", max_length=40, blank=True)
    industry = models.CharField("行业", max_length=60, blank=True)
    address = models.CharField("地址", max_length=200, blank=True)
    area = models.CharField("片区", max_length=60, blank=True)  # to plan a day of visits by place
    legal_representative = models.CharField("法定代表人", max_length=60, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)
    main_business = models.CharField("主营业务", max_length=200, blank=True)
    rating = models.CharField("信用等级", max_length=20, blank=True)

    objects = BorrowerQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "客户"
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(number="") & ~Q(name=""), name="a_borrower_has_a_number_and_a_name"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BorrowerKind.values), name="a_borrower_is_of_a_known_kind"
            ),
        )
        # Those that find a fragment and the tail of a certificate are written in SQL (migration 0009).
        indexes = (
            models.Index(fields=["initials"], opclasses=["varchar_pattern_ops"], name="borrower_initials"),
            models.Index(fields=["name"], opclasses=["varchar_pattern_ops"], name="borrower_name"),
        )

    def __str__(self) -> str:
        return self.name


class Responsibility(models.Model):
    """A person answers for a borrower in a role from a day to a day (逐户落实到人：第八条); one at a time."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="responsibilities")
    role = models.CharField("岗位", max_length=20, choices=ResponsibleRole.choices)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    known_on = models.DateField("知悉日期")

    objects = DatedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("borrower", "role", "from_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
                name="a_responsibility_ends_after_it_begins",
            ),
            # Closed periods are kept apart by a trigger (migration 0002): an exclusion would need an extension.
            models.UniqueConstraint(
                fields=["borrower", "role"],
                condition=Q(to_on__isnull=True),
                name="one_open_responsibility_per_role",
                violation_error_message="这个客户的该岗位已有在任人员，请先办移交。",
            ),
        )
        indexes = (models.Index(fields=["person", "role"], name="responsibilities_of_a_person"),)

    def __str__(self) -> str:
        return f"{self.borrower} {self.get_role_display()} {self.person}"


class OfBorrowerQuerySet(models.QuerySet):
    """Rows that belong to a borrower and are seen by whoever sees the borrower."""

    borrower_path = "borrower"

    def visible_to(self, user: User) -> OfBorrowerQuerySet:
        """Rows of borrowers that the person may read."""
        return self.filter(**{f"{self.borrower_path}__in": Borrower.objects.visible_to(user)})


class ContactQuerySet(FactQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """How borrowers are reached."""

    def known(self, on: date) -> ContactQuerySet:
        """Contacts made and known by the day that no correction had taken the place of."""
        return self.filter(in_force(on), effective_on__lte=on)


class Contact(models.Model):
    """The fixed way in which a borrower is reached (固定联系方式：个贷规定第三条). Appended; the newest is in force.

    `replaced_on` is the day on which a correction took its place.
    """

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="contacts")
    person = models.CharField("联系人", max_length=60)
    relation = models.CharField("与借款人关系", max_length=20)
    phone = models.CharField("电话", max_length=40)
    reachable_at = models.CharField("地址或微信", max_length=200)
    way = models.CharField("约定方式", max_length=8, choices=ContactWay.choices)
    effective_on = models.DateField("联系日")
    known_on = models.DateField("知悉日期")
    replaced_on = models.DateField("更正日期", null=True)
    reference = models.CharField("凭证", max_length=120)  # the document that says so

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = "固定联系方式"
        ordering = ("borrower", "effective_on")
        constraints = (
            models.CheckConstraint(
                condition=~Q(person="") & ~Q(phone="") & ~Q(reachable_at=""),
                name="a_contact_says_whom_and_where",
            ),
            models.CheckConstraint(
                condition=Q(way__in=ContactWay.values), name="a_contact_is_kept_in_a_known_way"
            ),
            models.CheckConstraint(
                condition=Q(known_on__gte=F("effective_on")), name="a_contact_is_known_afterwards"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower_id} {self.person}"
