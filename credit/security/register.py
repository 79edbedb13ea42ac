"""保函: letters of guarantee that are not yet done with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.choices import BUSINESS_ROLES, Role
from credit.models import Loan
from credit.security.services import Standing, reason_not_to_release, standings, visible_letters
from credit.selectors.exposures import maturity
from workflow.registers.columns import Chip, Column, Day, Html, Money, Mono, Text
from workflow.registers.filters import Filters, Pick
from workflow.registers.lists import Asked, Register


class LetterFilters(Filters):
    """Those that have expired, or whose original or margin is still out."""

    state = Pick(
        _("状态"),
        {
            "expired": (_("已到期"), lambda on: Q(expires_on__lt=on)),
            "out": (_("原件未收回"), Q(letter_returns__isnull=True) & ~Q(letter__is_electronic=True)),
            "held": (_("保证金未释放"), Q(margin__gt=0, margin_release__isnull=True)),
        },
        every=_("全部未办结"),
    )


def expiry(row: Any) -> Any:
    """Whether it has expired."""
    return (_t("已到期"), "doubt") if row.standing.has_expired else ""


def original(row: Any) -> Any:
    """Where the original is."""
    letter: Standing = row.standing
    if letter.is_electronic:
        return _t("电子保函，免收"), ""
    if letter.original:
        return letter.original.get_outcome_display(), "ok"
    return _t("未收回"), "doubt" if letter.has_expired else ""


def claim(row: Any) -> Any:
    """A claim that is not settled."""
    return (_t("未了"), "doubt") if row.standing.claim else ""


def release(row: Any) -> Any:
    """The button that begins to release the margin, or why it may not be."""
    word = _t("释放保证金")
    if not row.why_not:
        return format_html(
            '<a class="btn btn-primary" href="{}">{}</a>', reverse("margin_release", args=[row.number]), word
        )
    button = (
        '<button class="btn btn-plain" type="button" disabled title="{}">{}</button><div class="why">{}</div>'
    )
    return format_html(button, row.why_not, word, row.why_not)


class Letters(Register):
    """Letters whose original is out or whose margin is held, the earliest expiry first."""

    route, model, roles = "letters", Loan, BUSINESS_ROLES
    title, noun, counter = _("保函"), _("保函"), _("笔")
    sub = _(
        "签发原件尚未收回，或保证金尚未释放的保函。到期后收回原件由客户经理办理，释放保证金由会计登记；索赔未了不得释放。"
    )
    empty = (_("没有待办的保函"), _("您可见范围内的保函，原件均已收回，保证金均已释放。"))
    also = ("margin_release",)
    filters = LetterFilters
    order = ("expires_on", "number")
    related = ("borrower",)
    columns = (
        Mono(_("保函"), "number"),
        Mono(_("客户编号"), "borrower.number", where="sheet"),
        # No way to the page: whoever keeps the accounts does not read it.
        Text(
            _("客户"), "borrower.name", css="name",
            under=(Text(_("受益人"), "standing.letter.beneficiary", lead=_("受益人")),),
        ),
        Day(_("到期日"), "expires_on", under=(Chip(_("到期"), expiry),)),
        Money(_("金额"), "amount", total=True),
        Chip(
            _("原件"), original,
            under=(
                Day(_("收回日"), "standing.original.effective_on"), Text(_("保管"), "standing.original.custody"),
            ),
        ),
        Chip(
            _("索赔"), claim,
            under=(
                Day(_("索赔日"), "standing.claim.claimed_on"), Money(_("索赔金额"), "standing.claim.amount"),
            ),
        ),
        Money(
            _("保证金"), "margin", total=True,
            under=(Day(_("释放日"), "standing.released.effective_on", lead=_("已释放")),),
        ),
        Html(_("释放"), release, css="why no-print"),
    )  # fmt: skip

    def rows(self, asked: Asked) -> QuerySet[Any]:
        held = Q(margin__gt=0, margin_release__isnull=True)
        out = Q(letter_returns__isnull=True) & ~Q(letter__is_electronic=True)
        letters = visible_letters(asked.user, asked.on).annotate(expires_on=maturity(asked.on))
        return letters.filter(held | out)

    def dress(self, rows: list[Any], asked: Asked) -> None:
        known = {
            one.loan.pk: one for one in standings(Loan.objects.filter(pk__in=[r.pk for r in rows]), asked.on)
        }
        for row in rows:
            row.standing = known[row.pk]
            row.why_not = reason_not_to_release(row.standing, asked.user)

    def shown_columns(self, asked: Asked) -> Sequence[Column]:
        return self.columns if asked.user.scope.has(Role.ACCOUNTANT) else self.columns[:-1]
