"""People, units and dated posts."""

from __future__ import annotations

from functools import cached_property

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from accounts.choices import Line, Role, UnitKind
from accounts.querysets import DatedQuerySet, LeaveQuerySet, UnitQuerySet
from accounts.scope import Scope, scope_of


class Unit(models.Model):
    """A node of the lender's tree: bank, branch, department. `path` is "/bank/branch/…/" by codes."""

    code = models.CharField("机构号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("类型", max_length=12, choices=UnitKind.choices)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=200, unique=True, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ("path",)

    def __str__(self) -> str:
        return self.name

    @property
    def branch_id(self) -> int:
        """The branch that a department hangs below; any other unit is its own."""
        above = self.parent_id if self.kind == UnitKind.DEPARTMENT else None
        return above or self.pk


class UserManager(BaseUserManager["User"]):
    """Creates people; there is no superuser and no bypass."""

    def create_user(self, username: str, password: str | None = None, **fields: object) -> User:
        """Add a person by 工号."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person with one line. What they may do follows from their posts, never from a flag."""

    username = models.CharField("工号", max_length=40, unique=True)
    name = models.CharField("姓名", max_length=40)
    line = models.CharField("条线", max_length=12, choices=Line.choices)
    email = models.EmailField("邮箱", blank=True)
    is_active = models.BooleanField("在职", default=True)

    last_login = None  # signing in is in the audit; a column would write a history row each time

    objects = UserManager()
    history = HistoricalRecords(excluded_fields=["password"])

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name", "line"]

    class Meta:
        verbose_name = "人员"
        ordering = ("username",)
        constraints = (
            models.CheckConstraint(condition=Q(line__in=Line.values), name="a_person_has_one_known_line"),
        )

    def __str__(self) -> str:
        return self.name

    def standing_in_for(self, absent: User | None) -> str:
        """The name, with that of the person on leave in whose place this one acted: 李四（代王五）."""
        return f"{self.name}（代{absent.name}）" if absent else self.name

    @cached_property
    def scope(self) -> Scope:
        """What this person's posts let them see and do today; computed once per request."""
        return scope_of(self)


class Post(models.Model):
    """A person holds a role in a unit from a day to a day."""

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField("岗位", max_length=20, choices=Role.choices)
    from_on = models.DateField("起")
    to_on = models.DateField("止", null=True, blank=True)

    objects = DatedQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ("person", "from_on")
        constraints = (
            models.CheckConstraint(
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
                name="a_post_ends_after_it_begins",
            ),
            models.CheckConstraint(condition=~Q(role="PRINCIPAL"), name="principal_is_not_a_post"),
            models.UniqueConstraint(
                fields=["person", "unit", "role", "from_on"], name="a_post_is_entered_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.unit} {self.get_role_display()} {self.person}"


class Deputy(models.Model):
    """Somebody stands in for a person on leave (AB角), from a day to a day, on the same line only.

    The deputy sees and does what the absent person would, with both names on what is signed, and never signs their
    own work. One deputy at a time; the same line and no overlap are held by triggers (migration 0004).
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="leaves")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="stands_in")
    from_on = models.DateField("起")
    to_on = models.DateField("止")
    reason = models.CharField("事由", max_length=100, blank=True)
    # Empty in leaves of before it was kept.
    registered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = LeaveQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = "休假代理"
        ordering = ("-from_on", "person")
        constraints = (
            models.CheckConstraint(condition=Q(to_on__gte=F("from_on")), name="a_leave_ends_after_it_begins"),
            models.CheckConstraint(
                condition=~Q(person=F("deputy")),
                name="nobody_stands_in_for_themselves",
                violation_error_message="代理人不能是本人。",
            ),
            models.CheckConstraint(
                condition=~Q(registered_by=F("deputy")),
                name="nobody_makes_themselves_a_deputy",
                violation_error_message="代理人不能由代理人自己登记。",
            ),
            models.UniqueConstraint(fields=["person", "from_on"], name="a_leave_is_entered_once"),
        )

    def __str__(self) -> str:
        return f"{self.deputy} 代 {self.person}"
