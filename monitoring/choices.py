"""Enumerations of what is watched."""

from __future__ import annotations

from django.db import models


class DebtKind(models.TextChoices):
    """What falls due; on one day they are met in the order in which they stand here."""

    INTEREST = "INTEREST", "利息"
    LOAN = "LOAN", "本金"
    ACCEPTANCE = "ACCEPTANCE", "银行承兑汇票"
    GUARANTEE = "GUARANTEE", "保函索赔"
