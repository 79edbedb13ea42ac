"""How a person has a list: which columns are put away, and which filters are kept under a name."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User


class ListSettings(models.Model):
    """One person's way of looking at one list (workflow.registers)."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name="人员"
    )
    register = models.CharField("列表", max_length=60)
    hidden = ArrayField(
        models.CharField(max_length=60), verbose_name="不显示的栏目", default=list, blank=True
    )
    saved = models.JSONField("常用筛选", default=dict, blank=True)  # {name: the address's query}

    class Meta:
        verbose_name = "列表设置"
        constraints = (models.UniqueConstraint(fields=["person", "register"], name="one_setting_a_list"),)

    def __str__(self) -> str:
        return f"{self.person_id} {self.register}"

    @classmethod
    def of(cls, person: User, register: str) -> ListSettings:
        """A person's settings of a list; those that everybody begins with are not kept."""
        return cls.objects.filter(person=person, register=register).first() or cls(
            person=person, register=register
        )
