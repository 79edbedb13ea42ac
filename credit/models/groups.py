"""Groups of borrowers (集团客户) and who else is connected with a borrower (关联方)."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from simple_history.models import HistoricalRecords

from accounts.models import User
from accounts.querysets import DatedQuerySet
from core.money import percent
from credit.choices import GroupRole, RelationKind
from credit.models.borrowers import Borrower, OfBorrowerQuerySet


class GroupQuerySet(models.QuerySet):
    """Groups."""

    def visible_to(self, user: User) -> GroupQuerySet:
        """Groups with a member that the person may read, those they lead, and the larger groups around them."""
        scope = user.scope
        if scope.reads_all:
            return self
        if not scope.roles:
            return self.none()
        members = GroupMember.objects.current(scope.on).filter(
            group=OuterRef("pk"), known_on__lte=scope.on, borrower__in=Borrower.objects.visible_to(user)
        )
        every = self.model._default_manager
        parents = dict(every.values_list("pk", "parent"))
        seen: set[int] = set()
        for pk in every.filter(Exists(members) | Q(lead_manager=user)).values_list("pk", flat=True):
            while pk is not None and pk not in seen:
                seen.add(pk)
                pk = parents[pk]
        return self.filter(pk__in=seen)


class Group(models.Model):
    """A group of borrowers seen as one (集团客户). A group may belong to a larger one, never to itself."""

    number = models.CharField("集团编号", max_length=40, unique=True)
    name = models.CharField("集团名称", max_length=120)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="subgroups"
    )
    lead_manager = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # 主办客户经理

    objects = GroupQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "集团"
        ordering = ("number",)
        constraints = (
            # Longer circles are refused by a trigger (migration 0006).
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="a_group_does_not_contain_itself",
                violation_error_message="集团不能是自己的上级。",
            ),
        )

    def __str__(self) -> str:
        return self.name


class OfMemberQuerySet(DatedQuerySet, OfBorrowerQuerySet):  # type: ignore[override]
    """Dated rows of a borrower."""


class GroupMember(models.Model):
    """A borrower belongs to a group from a day to a day; to one group at a time."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="members")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField("成员类型", max_length=12, choices=GroupRole.choices)
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)
    known_on = models.DateField("知悉日期")

    objects = OfMemberQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("group", "role", "borrower")
        constraints = (
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
                name="a_membership_ends_after_it_begins",
            ),
            models.UniqueConstraint(
                fields=["group", "borrower", "from_on"], name="a_membership_is_entered_once"
            ),
            models.UniqueConstraint(
                fields=["borrower"],
                condition=Q(to_on__isnull=True),
                name="a_borrower_is_in_one_group_at_a_time",
                violation_error_message="这个客户已在一个集团中，请先写明退出日期。",
            ),
        )

    def __str__(self) -> str:
        return f"{self.group} {self.borrower}"


class RelatedParty(models.Model):
    """A person or company connected with a borrower; `party` where it is itself a customer."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="related_parties")
    relation = models.CharField("关系", max_length=12, choices=RelationKind.choices)
    name = models.CharField("关联方名称", max_length=120)
    id_number = models.CharField("关联方证件号", max_length=40, blank=True)
    party = models.ForeignKey(
        Borrower, null=True, blank=True, on_delete=models.PROTECT, related_name="related_to"
    )
    share = models.DecimalField("持股比例", max_digits=9, decimal_places=6, null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    objects = OfBorrowerQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("borrower", "relation", "name")
        constraints = (
            models.UniqueConstraint(
                fields=["borrower", "relation", "name"], name="a_related_party_is_entered_once"
            ),
            models.CheckConstraint(
                condition=Q(party__isnull=True) | ~Q(party=F("borrower")),
                name="nobody_is_related_to_themselves",
            ),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gte=0, share__lte=1), name="a_share_is_a_fraction"
            ),
        )

    def __str__(self) -> str:
        return f"{self.borrower} {self.get_relation_display()} {self.name}"

    @property
    def share_percent(self) -> str:
        """The share in per cent without trailing zeros, or empty."""
        return percent(self.share)
